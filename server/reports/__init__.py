"""Reports: the cohort in numbers, and each surgeon's logbook. Read only; they change nothing in the record."""

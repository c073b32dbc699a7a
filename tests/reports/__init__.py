"""Stories about what is counted from the record: the logbook, and what else is reported."""

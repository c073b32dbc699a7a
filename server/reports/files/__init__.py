"""The cohort report as files: one long table, a workbook. Pure: a report in, bytes out."""

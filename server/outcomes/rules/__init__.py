"""What is pure in the outcomes: the checklist, instruments as data and their scoring, a rater's order."""

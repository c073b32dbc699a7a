"""Stories of the outcomes."""

"""Stories about procedures."""

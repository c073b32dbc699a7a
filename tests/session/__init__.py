"""Stories about session."""

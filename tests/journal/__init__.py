"""Stories about journal."""

"""Stories about reports and their numbers."""

"""Stories about workers."""

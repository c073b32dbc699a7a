"""Stories about patients."""

"""Stories about followup."""

"""Stories of backup and restore."""

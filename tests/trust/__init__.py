"""Stories about trust: limits, headers, secrets, and what is never said where it could be overheard."""

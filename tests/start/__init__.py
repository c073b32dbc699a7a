"""Stories about starting: configuration, command line, demo, the first minute of a new user."""

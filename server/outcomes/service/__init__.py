"""What is done with outcomes: one transaction each, nothing of HTTP."""

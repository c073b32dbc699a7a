"""Stories about the wire's shapes."""

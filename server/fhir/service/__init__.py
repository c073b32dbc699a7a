"""Which rows make which resources, read with a session."""

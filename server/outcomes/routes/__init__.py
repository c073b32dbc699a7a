"""HTTP of the outcomes."""

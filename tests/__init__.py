"""Stories about Graftlog, told by named people on real databases."""

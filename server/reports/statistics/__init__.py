"""Statistics: what scipy lacks, each proved against published numbers, and what is asked of scipy. Pure; nothing of the record."""

"""Digests: what a report counts of each procedure, packed beforehand; they follow the journal and are no part of the record."""

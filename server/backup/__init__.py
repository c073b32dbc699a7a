"""Backup and restore of the whole database, on both kinds; what the tablets are told about it is the journal's epoch."""

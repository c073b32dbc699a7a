"""The newest migration, by name: starting up must not load the migration machinery to compare one string."""

NEWEST = "0017"

"""The drill: real processes, killed and cut off at seeded moments, and a count of every message afterwards."""

"""Benchmarks: each figure stands next to its limit, measured in the same run."""

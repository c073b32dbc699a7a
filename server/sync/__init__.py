"""Offline tablets: what they pull, what they push, and what a person must look at afterwards."""

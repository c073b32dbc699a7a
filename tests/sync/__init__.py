"""Offline tablets: pull, push, what a person must look at."""

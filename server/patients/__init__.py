"""Patients and their scars: a scar outlives any single procedure."""

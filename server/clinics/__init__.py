"""Clinics, their people, and the sessions in which people are signed in."""

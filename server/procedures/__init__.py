"""Procedures: plan, entries, totals, signature, addenda, note."""

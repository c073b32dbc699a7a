"""Drawings of the procedure's page: pure functions from data to SVG that takes its colours from the stylesheet."""

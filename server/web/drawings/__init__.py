"""Drawings that pages show: pure functions from marks to SVG."""

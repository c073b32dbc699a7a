"""The figures of the cohort report: pure functions from a part of its document to SVG."""

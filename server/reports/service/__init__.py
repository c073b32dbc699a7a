"""What makes a report: counting, computing, keeping it; nothing of HTTP."""

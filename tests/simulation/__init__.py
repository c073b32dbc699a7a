"""Two years of a clinic's life in seconds: what the engine sent is held against a naive calculation that knows nothing of its code."""

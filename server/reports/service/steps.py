"""What a report counts, in this order; shown while it does."""

GATHERING = "procedures"
"""Before it counts for the first time: a digest of every procedure is made."""

STEPS = ("patients", "visits", "redness", "ratings", "scores", "volumes", "process", "places")

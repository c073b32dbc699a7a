"""Which instruments a patient is asked through the link, by how long ago the procedure was."""

EARLY_DAYS = 42
"""Before this many days nobody asks about a result that is not there yet."""
EARLY = ("pain", "erythema")
LATER = ("pain", "gais", "satisfaction")


def asked_after(days: int) -> tuple[str, ...]:
    """Keys of the free instruments of a visit in person, in the order in which they are asked."""
    return EARLY if days < EARLY_DAYS else LATER


def asks_for_results(days: int) -> bool:
    """Whether what the clinic has licensed is asked as well: instruments of results."""
    return days >= EARLY_DAYS

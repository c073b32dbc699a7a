"""The sign of a CTCAE grade, the same wherever an adverse event is drawn; and the end of one that is not over."""

PATHS: dict[int | None, str] = {
    None: "M0 -4.5A4.5 4.5 0 1 0 0 4.5A4.5 4.5 0 1 0 0 -4.5Z",
    1: "M0 -4.5A4.5 4.5 0 1 0 0 4.5A4.5 4.5 0 1 0 0 -4.5Z",
    2: "M-4.5 -4.5H4.5V4.5H-4.5Z",
    3: "M0 -6L6 5H-6Z",
    4: "M0 -6.5L6.5 0L0 6.5L-6.5 0Z",
    5: "M-5 -5L5 5M5 -5L-5 5",
}
"""Grade → path around the place: a ring where nobody graded it, a dot, a square, a triangle, a diamond, a cross."""

ARROW = "M5 0H20M15 -4L20 0L15 4"
"""It goes on: drawn from the last mark to the right."""


def sign(ctcae: int | None) -> int | None:
    """Which of `PATHS` it has."""
    return ctcae if ctcae in PATHS else None

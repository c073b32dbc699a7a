"""Several tests of one question: Holm's correction. Pure."""

from collections.abc import Sequence


def holm(ps: Sequence[float | None]) -> tuple[float | None, ...]:
    """Adjusted p values by the step-down method of Holm (1979), in the order given.

    A test that could not be done is None, stays None, and does not count among the tests. ValueError for what is no p value.
    """
    if any(p is not None and not 0 <= p <= 1 for p in ps):
        raise ValueError("p values are between 0 and 1")
    done = sorted((p, place) for place, p in enumerate(ps) if p is not None)
    adjusted: list[float | None] = [None] * len(ps)
    highest = 0.0
    for rank, (p, place) in enumerate(done):
        highest = max(highest, min(1.0, p * (len(done) - rank)))
        adjusted[place] = highest
    return tuple(adjusted)

"""How long the skin was red, as far as it was seen: the bounds of an interval, never a single day. Pure."""

from collections.abc import Iterable


def span(seen: Iterable[tuple[int, bool | None]]) -> tuple[int | None, int | None]:
    """(last day seen red, first later day seen clear) from (day, red or not); days after the procedure.

    What nobody was sure of says nothing. Red again after a clear day counts: only a clear day after the last red one ends it. Never
    seen red: (None, first day seen clear). Of one day's two opinions red is the one that counts.
    """
    known = [(day, red) for day, red in seen if red is not None]
    last_present = max((day for day, red in known if red), default=None)
    first_absent = min((day for day, red in known if not red and (last_present is None or day > last_present)), default=None)
    return last_present, first_absent

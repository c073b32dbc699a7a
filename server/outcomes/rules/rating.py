"""What follows from a rater's seed and from her words: her order, the sides, the grade, and what several raters say together."""

import hmac
import uuid
from collections.abc import Iterable
from dataclasses import dataclass

from schemas.rating_words import Agreed, Gais, Verdict

LEFT, RIGHT = "left", "right"
RATERS = 3
"""So many have to grade a pair before its majority counts."""

TO_THE_RIGHT = {
    Verdict.LEFT_MUCH_BETTER: -3,
    Verdict.LEFT_BETTER: -2,
    Verdict.LEFT_SLIGHTLY_BETTER: -1,
    Verdict.NO_DIFFERENCE: 0,
    Verdict.RIGHT_SLIGHTLY_BETTER: 1,
    Verdict.RIGHT_BETTER: 2,
    Verdict.RIGHT_MUCH_BETTER: 3,
}
"""How much better the right one is. Whatever is not here is a reason why nothing can be said."""

GAIS = {
    3: Gais.VERY_MUCH_IMPROVED,
    2: Gais.MUCH_IMPROVED,
    1: Gais.IMPROVED,
    0: Gais.NO_CHANGE,
    -1: Gais.WORSE,
    -2: Gais.WORSE,
    -3: Gais.WORSE,
}
"""Our seven grades on the five levels of the GAIS, which does not tell apart how much worse. Fixed: decision 0042."""


@dataclass(frozen=True)
class Place:
    """Where a pair stands for one rater."""

    key: bytes
    swapped: bool
    """The follow-up stands on the left."""


def place(seed: str, pair_id: uuid.UUID) -> Place:
    """From HMAC-SHA256 of the pair's id under the rater's seed: 31 bytes to sort by, and the last one's lowest bit for the side."""
    drawn = hmac.digest(bytes.fromhex(seed), pair_id.bytes, "sha256")
    return Place(drawn[:-1], bool(drawn[-1] & 1))


def grade(verdict: Verdict, *, swapped: bool) -> int | None:
    """-3 … +3 of the follow-up against the baseline, whichever stood where; None where nothing can be said."""
    right = TO_THE_RIGHT.get(verdict)
    return None if right is None else -right if swapped else right


def together(grades: Iterable[int | None]) -> Agreed:
    """Improved: more than half of those who graded the pair, at least `RATERS`, put it above zero. Fewer have decided nothing."""
    given = [one for one in grades if one is not None]
    if len(given) < RATERS:
        return Agreed.UNDECIDED
    return Agreed.IMPROVED if 2 * sum(one > 0 for one in given) > len(given) else Agreed.NOT_IMPROVED

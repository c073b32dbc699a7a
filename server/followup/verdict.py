"""Whether a message to a patient may be sent, as things stand: the one judgement behind the last look and the forecast. Pure."""

import functools
from typing import NamedTuple

from schemas.vocabulary import Purpose, VisitState
from server.followup.comparison import CHASED, NO_CONSENT, OPEN


class Standing(NamedTuple):
    """What the judgement follows from. `visit` is None for a message about no visit.

    `procedure` is the state of one that is not followed up (any more).
    """

    purpose: Purpose
    visit: VisitState | None
    consent: bool
    has_address: bool
    stopped: bool = False
    died: bool = False
    procedure: str | None = None


@functools.lru_cache(maxsize=1024)
def refusal(one: Standing) -> str | None:
    """The reason why it may not be sent; None: it may. Thousands stand alike."""
    if one.died:
        return "patient_died"
    return _about_visit(one) or _about_way(one)


def _about_visit(one: Standing) -> str | None:
    if one.visit is None:
        return None
    if one.procedure:
        return f"procedure_{one.procedure}"
    return None if fits(one.purpose, one.visit) else f"visit_{one.visit}"


def fits(purpose: Purpose, visit: VisitState) -> bool:
    """Whether a message for this purpose still makes sense about a visit in this state."""
    if purpose == Purpose.CHASE and visit == VisitState.BOOKED:
        return False
    return visit in (CHASED if purpose in {Purpose.CHASE, Purpose.LINK} else OPEN)


def _about_way(one: Standing) -> str | None:
    if not one.consent:
        return NO_CONSENT
    if not one.has_address:
        return "no_address"
    return "stopped" if one.stopped else None

"""What the address says of the list of procedures: for the list itself, and for the log's way to the next one of it."""

import uuid
from dataclasses import dataclass
from typing import Any

from schemas.common import Page
from schemas.fields import Choice, Day, Text
from schemas.vocabulary import ProcedureState
from server.access import Permission
from server.clinics import service as clinics
from server.http import person, session
from server.photos.service import album
from server.problems import Problem, invalid
from server.procedures.models import Procedure
from server.procedures.service import listing
from server.web.forms import filters, kept


class Filters(Page):
    """What the address of the list may say. Without any of it who signs is shown what is hers and not signed, others everything."""

    whose = Text(longest=36)
    state = Choice(("any", "unsigned", *ProcedureState))
    photos = Choice(("missing",))
    planned_from = Day()
    planned_to = Day()
    q = Text(longest=100)


NARROWS = frozenset({"whose", "state", "photos", "planned_from", "planned_to", "q"})


@dataclass(frozen=True)
class Way:
    """From one procedure through the list: what the address says of the list, and which procedures stand above and below."""

    listed: dict[str, Any]
    above: uuid.UUID | None
    below: uuid.UUID | None


def asked_for() -> tuple[dict[str, Any], bool]:
    """(what the address asks for, whether it leaves that to us)."""
    asked = filters(Filters())
    default = not asked.keys() & NARROWS
    return asked | (_usual() if default else {}), default


def _usual() -> dict[str, str]:
    return {"whose": "mine", "state": "unsigned"} if person().may(Permission.SIGN) else {}


def narrowing(asked: dict[str, Any]) -> listing.Narrowing:
    """The same in the service's words. Raises 422 for a surgeon whom the clinic does not have."""
    state = asked.get("state", "any")
    return {
        "states": listing.UNSIGNED if state == "unsigned" else () if state == "any" else (state,),
        "surgeon_id": _surgeon(asked.get("whose", "all")),
        "planned_from": asked.get("planned_from"),
        "planned_to": asked.get("planned_to"),
        "q": asked.get("q"),
        "also": [album.without_photo()] if asked.get("photos") == "missing" else [],
    }


def _surgeon(whose: str) -> uuid.UUID | None:
    """Whose procedures are wanted; None for everybody's."""
    if whose == "mine":
        return person().user_id
    if whose == "all":
        return None
    known = {str(one.id): one.id for one in clinics.surgeons(session())}
    if whose not in known:
        raise invalid("/whose", "Choose from the list: mine, everybody's, or those of one surgeon.")
    return known[whose]


def listed() -> dict[str, Any]:
    """What the address says of the list, its page included, for the addresses of its procedures and back."""
    return kept(*NARROWS, "limit", "cursor")


def way(procedure: Procedure) -> Way | None:
    """Ids only, so that no other patient's record is read here; None for a reader to whom an emergency opened this one record.

    A list that cannot be asked for so (its surgeon is no surgeon any more) does not keep anybody from the log.
    """
    if not person().may(Permission.READ_RECORD):
        return None
    try:
        wanted, said = narrowing(asked_for()[0]), listed()
    except Problem:
        wanted, said = narrowing(_usual()), {}
    return Way(said, *listing.neighbours(session(), procedure, **wanted))

"""What the stories of the panel begin with: a patient who agreed, photographed before and after, and raters who begin."""

import secrets
import uuid
from collections.abc import Callable
from typing import Any

from schemas.vocabulary import ProcedureState, Role
from server.app import App
from server.clinics.models import User
from server.outcomes.rules import rating
from server.outcomes.service import queue
from server.photos.service.thumbnails import make_waiting
from tests import make
from tests.api import Api
from tests.days import camera, today
from tests.days import days_ago as noon_of
from tests.photos.pictures import cheek
from tests.photos.tablet import sent

As = Callable[[make.Person], Api]
DAYS = {"2w": 14, "3m": 90, "1y": 365}


def consent(vera: Api, patient_id: str, *, given: bool = True, purpose: str = "rating") -> None:
    """The patient's decision of today."""
    body = {"purpose": purpose, "given": given, "decided_on": today().isoformat()}
    vera.post(f"/patients/{patient_id}/photo-consents", body)


def operated(app: App, clinic: make.Clinic, *, days_ago: float = 400, patient_id: str | None = None, **more: Any) -> dict[str, Any]:
    """A procedure (wire form) that Vera did so many days ago."""
    at = noon_of(days_ago)
    return make.procedure(app.db, clinic, state=ProcedureState.COMPLETED, patient_id=patient_id, started_at=at, ended_at=at, **more)


def photographed(vera: Api, procedure: dict[str, Any], days: float, *, days_ago: float = 400, **more: Any) -> dict[str, Any]:
    """A photograph so many days after the procedure, which was `days_ago`; before it, a baseline."""
    kind = "baseline" if days <= 0 else "follow_up"
    picture = cheek(300, 400 + secrets.randbelow(400))
    return sent(vera, procedure["patient_id"], picture, **{"kind": kind, "taken_at": camera(days_ago - days), **more})


def ready(app: App, clinic: make.Clinic, vera: Api, *steps: str, **more: Any) -> dict[str, Any]:
    """A procedure of a patient who agreed, with a front view before it and at each step; nothing is offered yet."""
    procedure = operated(app, clinic, **more)
    consent(vera, procedure["patient_id"])
    photographed(vera, procedure, -1)
    for step in steps or ("3m",):
        photographed(vera, procedure, DAYS[step])
    make_waiting(app.db, app.settings)
    return procedure


def offered(app: App, clinic: make.Clinic, vera: Api, count: int = 1, **more: Any) -> list[dict[str, Any]]:
    """So many patients' pairs, each at three months, as the clinic sees them."""
    for _ in range(count):
        ready(app, clinic, vera, **more)
    vera.post("/rating-pairs", {}, 200)
    return list(vera.get("/rating-pairs")["items"])


def another_surgeon(app: App, clinic: make.Clinic) -> uuid.UUID:
    """Dr Márk Balogh, who operated on those whom Vera may rate."""
    return _member(app, clinic, "Dr Márk Balogh", Role.SURGEON).user_id


def another_rater(app: App, clinic: make.Clinic, name: str = "Dr Gábor Molnár") -> make.Person:
    """One more rater of this clinic."""
    return _member(app, clinic, name, Role.RATER)


def _member(app: App, clinic: make.Clinic, name: str, role: Role) -> make.Person:
    with app.db.transaction(clinic.id) as session:
        user = User(email=f"{secrets.token_hex(6)}@clinic.example", name=name, roles=[role], password_hash="")
        session.add(user)
        session.flush()
        return make.Person(user.id, clinic.id, name, user.email, (role,))


def begun(rater: Api) -> Api:
    """The same rater, her queue begun."""
    rater.post("/ratings/queue", {}, (200, 201))
    return rater


def follow_up_is_on(app: App, clinic: make.Clinic, rater: make.Person, pair_id: str) -> str:
    """The side on which the follow-up stands for this rater: what only the stored seed knows."""
    with app.db.transaction(clinic.id, write=False) as session:
        mine = queue.of_rater(session, rater.user_id)
        assert mine is not None
        return "left" if rating.place(mine.seed, uuid.UUID(pair_id)).swapped else "right"

"""One minimal successful call for each route of the raters' panel that changes something."""

from typing import Any, cast
from uuid import UUID

from schemas.ratings import PairsOffer, QueueCreate, RatingCreate
from server.app import App
from server.outcomes.models import RatingPair
from tests import make
from tests.api import Api
from tests.outcomes import panel_case

Made = tuple[str, str, dict[str, object], str | None]


def _app(tablet: Api) -> App:
    return cast("App", tablet.client.application)


def pair_of(tablet: Api, clinic: make.Clinic) -> str:
    """Id of a pair that the clinic offers, of a patient on whom somebody else than Vera operated."""
    app = _app(tablet)
    return str(panel_case.offered(app, clinic, tablet, surgeon_id=panel_case.another_surgeon(app, clinic))[0]["id"])


def paired(app: App, clinic: make.Clinic, photo: dict[str, str], procedure_id: str) -> str:
    """Id of a pair of this one photograph with itself: enough for what is only listed."""
    ids = {"patient_id": photo["patient_id"], "procedure_id": procedure_id, "baseline_id": photo["id"], "follow_up_id": photo["id"]}
    with app.db.transaction(clinic.id, actor=clinic.surgeon) as session:
        pair = RatingPair(step="3m", view="front", **{name: UUID(one) for name, one in ids.items()})
        session.add(pair)
        session.flush()
        return str(pair.id)


def rated(tablet: Api, clinic: make.Clinic) -> None:
    """Vera has rated a pair."""
    method, path, body, _ = _rated(tablet, clinic)
    assert method == "POST"
    tablet.post(path, body)


def _offered(tablet: Api, clinic: make.Clinic) -> Made:
    return "POST", "/rating-pairs", {"procedure_id": panel_case.ready(_app(tablet), clinic, tablet)["id"], "step": "3m"}, None


def _rated(tablet: Api, clinic: make.Clinic) -> Made:
    pair_id = pair_of(tablet, clinic)
    panel_case.begun(tablet)
    return "POST", "/ratings", {"pair_id": pair_id, "verdict": "left_better", "milliseconds": 4200}, None


RATING_BODIES: dict[str, Any] = {
    "POST /rating-pairs": PairsOffer,
    "POST /ratings/queue": QueueCreate,
    "POST /ratings": RatingCreate,
}
RATING_CALLS = {
    "POST /rating-pairs": _offered,
    "POST /ratings/queue": lambda _tablet, _clinic: ("POST", "/ratings/queue", {}, None),
    "POST /ratings": _rated,
}

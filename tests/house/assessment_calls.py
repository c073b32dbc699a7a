"""One minimal successful call for each route of assessments that changes something."""

from typing import Any

from tests import make
from tests.api import Api
from tests.house.follow_up_calls import visit_of
from tests.procedures import case as stages
from tests.procedures.case import Case

Made = tuple[str, str, dict[str, object], str | None]
FULL: dict[str, Any] = {
    "assessed_on": "2026-03-02",
    "erythema": 1,
    "findings": [{"complication": "oil_cyst", "present": "yes", "clavien_dindo": "I", "ctcae": 1}],
}


def assessed(case: Case) -> dict[str, Any]:
    """A result of everything: redness, a complication, a scar measured again."""
    measured = [{"scar_id": case.scar_ids[0], "depth_mm": 0.4}]
    return dict(case.tablet.post(f"{case.path}/assessments", FULL | {"measurements": measured}))


def _at_visit(tablet: Api, clinic: make.Clinic) -> Made:
    visit = visit_of(tablet, stages.completed(tablet, clinic))
    return "POST", f"/visits/{visit['id']}/assessment", dict(FULL), None


def _without_visit(tablet: Api, clinic: make.Clinic) -> Made:
    return "POST", f"{stages.completed(tablet, clinic).path}/assessments", dict(FULL), None


ASSESSMENT_CALLS = {
    "POST /visits/{visit_id}/assessment": _at_visit,
    "POST /procedures/{procedure_id}/assessments": _without_visit,
}

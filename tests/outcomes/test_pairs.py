"""Pairs for the raters: which photographs are compared, and why there are none."""

from datetime import date, datetime, timedelta
from uuid import UUID

import pytest

from schemas.rating_words import Step, Unpaired
from schemas.ratings import WithoutPair
from schemas.vocabulary import PhotoKind, PhotoView
from server.app import App
from server.outcomes.rules import pairing
from server.outcomes.rules.pairing import WINDOWS, Operation, Shot
from tests import make
from tests.api import Api
from tests.outcomes.panel_case import consent, operated, photographed, ready

FRONT = (PhotoView.FRONT, None)
DAY = date(2026, 1, 10)
OPERATION = Operation(UUID(int=1), UUID(int=2), DAY, None, None)


def shot(days: int, *, angle: pairing.Angle = FRONT, poor: bool = False) -> Shot:
    """A photograph so many days after the procedure, a baseline up to its day."""
    day = DAY + timedelta(days=days)
    at = datetime.fromisoformat(f"{day.isoformat()}T09:00:00+00:00")
    kind = PhotoKind.BASELINE if days <= 0 else PhotoKind.FOLLOW_UP
    return Shot(UUID(int=1000 + days), kind, angle, at, day, poor)


def days_of(found: dict[pairing.Angle, tuple[Shot, Shot]] | Unpaired) -> dict[pairing.Angle, tuple[int, int]] | Unpaired:
    """The same as days after the procedure."""
    if isinstance(found, Unpaired):
        return found
    return {angle: ((first.day - DAY).days, (second.day - DAY).days) for angle, (first, second) in found.items()}


def offered(vera: Api, **body: str) -> tuple[int, int, dict[str, int]]:
    """(made, standing, why there are no others)."""
    came = vera.post("/rating-pairs", body, 200)
    return came["made"], came["standing"], {why: count for why, count in came["without"].items() if count}


@pytest.mark.parametrize(("step", "taken"), [("2w", 14), ("3m", 90), ("1y", 365)])
def test_the_newest_baseline_meets_the_photograph_nearest_to_the_steps_day(step: str, taken: int) -> None:
    near = [shot(days) for days in (-30, -2, 10, 14, 20, 80, 90, 95, 350, 365, 371)]
    assert days_of(pairing.choose(OPERATION, near, Step(step))) == {FRONT: (-2, taken)}


def test_the_windows_leave_no_day_between_them() -> None:
    first, second, third = (WINDOWS[step] for step in Step)
    assert (first.opens, first.closes + 1, second.closes + 1, third.closes) == (1, second.opens, third.opens, 730)
    for day, step in ((1, 0), (45, 0), (46, 1), (182, 1), (183, 2), (730, 2)):
        answers = [not isinstance(pairing.choose(OPERATION, [shot(0), shot(day)], one), Unpaired) for one in Step]
        assert answers == [place == step for place in range(3)], day


def test_what_a_later_procedure_did_is_not_put_down_to_this_one() -> None:
    again = Operation(OPERATION.id, OPERATION.patient_id, DAY, DAY - timedelta(days=100), DAY + timedelta(days=60))
    shots = [shot(-120), shot(90)]
    assert pairing.choose(again, shots, Step.THREE_MONTHS) == Unpaired.NO_BASELINE
    assert pairing.choose(again, [*shots, shot(-20)], Step.THREE_MONTHS) == Unpaired.NO_FOLLOW_UP
    assert days_of(pairing.choose(again, [*shots, shot(-20), shot(60)], Step.THREE_MONTHS)) == {FRONT: (-20, 60)}


def test_a_poor_photograph_is_passed_over_for_another_one() -> None:
    assert days_of(pairing.choose(OPERATION, [shot(-9), shot(-1, poor=True), shot(90, poor=True), shot(99)], Step.THREE_MONTHS)) == {
        FRONT: (-9, 99)
    }
    assert pairing.choose(OPERATION, [shot(-1), shot(90, poor=True)], Step.THREE_MONTHS) == Unpaired.POOR


def test_close_ups_are_compared_scar_by_scar_and_other_views_not_at_all() -> None:
    brow, chin = UUID(int=8), UUID(int=9)
    brow_view, chin_view = (PhotoView.CLOSE_UP, brow), (PhotoView.CLOSE_UP, chin)
    shots = [shot(-1, angle=brow_view), shot(-2, angle=chin_view), shot(88, angle=brow_view), shot(91, angle=chin_view)]
    assert days_of(pairing.choose(OPERATION, shots, Step.THREE_MONTHS)) == {brow_view: (-1, 88), chin_view: (-2, 91)}
    assert pairing.choose(OPERATION, [shots[0], shots[3]], Step.THREE_MONTHS) == Unpaired.OTHER_VIEW
    assert pairing.angle(PhotoView.CLOSE_UP, None) is pairing.angle(PhotoView.OTHER, None) is None


def test_of_a_patient_who_agreed_each_step_becomes_a_pair_once(app: App, clinic: make.Clinic, vera: Api) -> None:
    anna = ready(app, clinic, vera, "2w", "3m", "1y")
    assert offered(vera) == (3, 0, {})
    assert offered(vera) == (0, 3, {})
    pairs = vera.get("/rating-pairs")["items"]
    assert {one["step"] for one in pairs} == {"2w", "3m", "1y"}
    assert {one["patient_id"] for one in pairs} == {anna["patient_id"]}
    photos = {one["id"]: one["kind"] for one in vera.get(f"/photos?patient_id={anna['patient_id']}")["items"]}
    assert {(photos[one["baseline_id"]], photos[one["follow_up_id"]]) for one in pairs} == {("baseline", "follow_up")}


def test_one_procedure_and_one_step_can_be_asked_for(app: App, clinic: make.Clinic, vera: Api) -> None:
    anna, bea = ready(app, clinic, vera, "2w", "3m"), ready(app, clinic, vera, "3m")
    assert offered(vera, procedure_id=anna["id"], step="3m") == (1, 0, {})
    assert [one["procedure_id"] for one in vera.get("/rating-pairs")["items"]] == [anna["id"]]
    assert offered(vera, procedure_id=bea["id"]) == (1, 0, {"no_follow_up": 2})


def test_a_better_photograph_that_comes_later_changes_no_pair(app: App, clinic: make.Clinic, vera: Api) -> None:
    anna = ready(app, clinic, vera)
    offered(vera)
    before = vera.get("/rating-pairs")["items"]
    photographed(vera, anna, 91)
    photographed(vera, anna, -0.5)
    assert offered(vera, step="3m") == (0, 1, {})
    assert vera.get("/rating-pairs")["items"] == before


def test_each_reason_is_counted_once_for_a_procedure_and_a_step(app: App, clinic: make.Clinic, vera: Api) -> None:
    asked_for_teaching_only = operated(app, clinic)
    consent(vera, asked_for_teaching_only["patient_id"], purpose="teaching")
    took_it_back = ready(app, clinic, vera)
    consent(vera, took_it_back["patient_id"], given=False)
    never_photographed = operated(app, clinic)
    consent(vera, never_photographed["patient_id"])
    not_again = operated(app, clinic)
    consent(vera, not_again["patient_id"])
    photographed(vera, not_again, -1)
    from_the_side = operated(app, clinic)
    consent(vera, from_the_side["patient_id"])
    photographed(vera, from_the_side, -1)
    photographed(vera, from_the_side, 90, view="left_profile")
    blurred = operated(app, clinic)
    consent(vera, blurred["patient_id"])
    photographed(vera, blurred, -1)
    photo = photographed(vera, blurred, 90)
    vera.post(f"/photos/{photo['id']}/grades", {"quality": "poor", "flaws": ["focus"]})
    make.procedure(app.db, clinic)  # only planned: none of these
    why = {"no_consent": 2, "no_baseline": 1, "no_follow_up": 1, "other_view": 1, "poor": 1}
    assert offered(vera, step="3m") == (0, 0, why)
    assert vera.get("/rating-pairs")["items"] == []


def test_a_usable_photograph_will_do_and_so_will_an_ungraded_one(app: App, clinic: make.Clinic, vera: Api) -> None:
    anna = ready(app, clinic, vera)
    photo = vera.get(f"/photos?patient_id={anna['patient_id']}")["items"][0]
    vera.post(f"/photos/{photo['id']}/grades", {"quality": "usable", "flaws": ["light"]})
    assert offered(vera, step="3m") == (1, 0, {})


def test_a_procedure_that_was_not_done_is_refused(app: App, clinic: make.Clinic, vera: Api) -> None:
    planned = make.procedure(app.db, clinic)
    refusal = vera.post("/rating-pairs", {"procedure_id": planned["id"]}, 422)
    assert refusal["errors"][0]["pointer"] == "/procedure_id"


def test_every_reason_has_its_count() -> None:
    assert set(WithoutPair().fields) == set(Unpaired)


def test_all_pairs_are_listed_page_by_page(app: App, clinic: make.Clinic, vera: Api) -> None:
    ready(app, clinic, vera, "2w", "3m", "1y")
    offered(vera)
    first = vera.get("/rating-pairs?limit=2")
    second = vera.get(f"/rating-pairs?limit=2&cursor={first['next_cursor']}")
    assert second["next_cursor"] is None
    assert len({one["id"] for one in first["items"] + second["items"]}) == 3

"""A rater's queue: blinded, in her own random order, once for each pair, and only what may be shown at this moment."""

import itertools
import json
from collections import Counter
from io import BytesIO
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from PIL import Image

from schemas.rating_words import Agreed, Gais, Verdict
from schemas.reading_words import Reading
from server.app import App
from server.ids import uuid7
from server.journal.access import AccessRow
from server.outcomes.models import RatingQueue
from server.outcomes.rules import rating
from tests import make
from tests.api import Api
from tests.outcomes.panel_case import As, another_rater, another_surgeon, begun, consent, follow_up_is_on, offered, ready


@pytest.fixture
def reka(clinic: make.Clinic, as_: As) -> Api:
    """Dr Réka Nagy, rater, who has begun."""
    return begun(as_(clinic.rater))


def through(rater: Api, verdict: str = "left_better") -> list[str]:
    """Rate all that waits; the ids of the pairs in the order they were shown."""
    seen = []
    while pair := rater.get("/ratings/next")["pair"]:
        seen.append(pair["pair_id"])
        rater.post("/ratings", {"pair_id": pair["pair_id"], "verdict": verdict})
    return seen


def test_each_rater_has_her_own_order_and_keeps_it(app: App, clinic: make.Clinic, vera: Api, reka: Api, as_: As) -> None:
    offered(app, clinic, vera, 5)
    gabor, emese = (begun(as_(another_rater(app, clinic, name))) for name in ("Dr Gábor Molnár", "Dr Emese Fekete"))
    assert reka.get("/ratings/next") == reka.get("/ratings/next")
    assert reka.post("/ratings/queue", {}, 200) == reka.post("/ratings/queue", {}, 200)
    orders = [through(one) for one in (reka, gabor, emese)]
    assert all(sorted(one) == sorted(orders[0]) for one in orders)
    with app.db.transaction(clinic.id, write=False) as session:
        queue = session.scalars(sa.select(RatingQueue).where(RatingQueue.rater_id == clinic.rater.user_id)).one()
    assert orders[0] == sorted(orders[0], key=lambda one: rating.place(queue.seed, UUID(one)).key)


def test_the_seed_decides_order_and_side_and_both_come_out_even() -> None:
    seed = "00" * 32
    pairs = [UUID(int=number) for number in range(4000)]
    places = {one: rating.place(seed, one) for one in pairs}
    assert rating.place(seed, pairs[3]) == places[pairs[3]] != rating.place("01" * 32, pairs[3])
    assert 1800 < sum(one.swapped for one in places.values()) < 2200
    in_order = sorted(pairs, key=lambda one: places[one].key)
    assert 1800 < sum(one < two for one, two in itertools.pairwise(in_order)) < 2200


def test_the_next_one_says_nothing_but_the_view(app: App, clinic: make.Clinic, vera: Api, reka: Api) -> None:
    (pair,) = offered(app, clinic, vera)
    asked = reka.get("/ratings/next")
    assert asked.keys() == {"rated", "waiting", "pair"}
    assert asked["pair"].keys() == {"pair_id", "view", "left", "right"}
    receipt = reka.post("/ratings", {"pair_id": pair["id"], "verdict": "no_difference"})
    assert receipt.keys() == {"id", "pair_id", "created_at"}
    said = json.dumps([asked, receipt, reka.post("/ratings/queue", {}, 200)])
    for secret in (pair["patient_id"], pair["procedure_id"], pair["baseline_id"], pair["follow_up_id"], "seed", "taken", "swapped", "3m"):
        assert secret not in said


def test_a_picture_is_where_the_seed_puts_it_and_says_nothing_of_its_file(app: App, clinic: make.Clinic, vera: Api, reka: Api) -> None:
    (pair,) = offered(app, clinic, vera)
    right = {"left": "follow_up_id", "right": "baseline_id"}
    if follow_up_is_on(app, clinic, clinic.rater, pair["id"]) == "right":
        right = {"left": "baseline_id", "right": "follow_up_id"}
    for side, name in right.items():
        got = reka.call("GET", f"/ratings/pairs/{pair['id']}/{side}")
        assert got.status_code == 200
        assert got.data == vera.call("GET", f"/photos/{pair[name]}/thumbnail?size=1280").data
        assert got.headers["Cache-Control"] == "no-store"
        assert not {"Content-Disposition", "ETag", "Last-Modified"} & set(got.headers.keys())
        assert Image.open(BytesIO(got.data)).getexif() == {}


def test_each_showing_stands_in_the_log_of_who_read_the_record(app: App, clinic: make.Clinic, vera: Api, reka: Api) -> None:
    (pair,) = offered(app, clinic, vera)
    reka.get("/ratings/next")
    reka.call("GET", f"/ratings/pairs/{pair['id']}/left")
    with app.db.transaction(clinic.id, write=False) as session:
        query = sa.select(AccessRow).where(AccessRow.user_id == clinic.rater.user_id)
        rows = [(str(one.patient_id), one.reading) for one in session.scalars(query)]
    assert rows == [(pair["patient_id"], Reading.PHOTO)] * 2


@pytest.mark.parametrize(("verdict", "to_the_right"), rating.TO_THE_RIGHT.items())
def test_the_same_words_mean_the_same_whichever_stood_where(verdict: Verdict, to_the_right: int) -> None:
    assert rating.grade(verdict, swapped=False) == to_the_right
    assert rating.grade(verdict, swapped=True) == -to_the_right


def test_what_is_stored_is_of_the_follow_up_against_the_baseline(app: App, clinic: make.Clinic, vera: Api, reka: Api) -> None:
    pairs = offered(app, clinic, vera, 4)
    for _ in pairs:
        pair_id = reka.get("/ratings/next")["pair"]["pair_id"]
        side = follow_up_is_on(app, clinic, clinic.rater, pair_id)
        reka.post("/ratings", {"pair_id": pair_id, "verdict": f"{side}_better", "milliseconds": 3100})
    given = [one for pair in pairs for one in vera.get(f"/rating-pairs/{pair['id']}/ratings")["items"]]
    assert [one["grade"] for one in given] == [2, 2, 2, 2]
    assert sorted(one["place"] for one in given) == [1, 2, 3, 4]
    assert {(one["reason"], one["milliseconds"]) for one in given} == {(None, 3100)}


def test_who_cannot_judge_says_why_and_grades_nothing(app: App, clinic: make.Clinic, vera: Api, reka: Api) -> None:
    (pair,) = offered(app, clinic, vera)
    reka.post("/ratings", {"pair_id": pair["id"], "verdict": "recognised"})
    (given,) = vera.get(f"/rating-pairs/{pair['id']}/ratings")["items"]
    assert (given["grade"], given["reason"]) == (None, "recognised")
    assert reka.get("/ratings/next") == {"rated": 1, "waiting": 0, "pair": None}


def test_the_surgeon_who_operated_is_neither_shown_nor_heard(app: App, clinic: make.Clinic, vera: Api) -> None:
    (pair,) = offered(app, clinic, vera)
    begun(vera)
    assert vera.get("/ratings/next") == {"rated": 0, "waiting": 0, "pair": None}
    refusal = vera.post("/ratings", {"pair_id": pair["id"], "verdict": "right_much_better"}, 403)
    assert refusal["detail"].startswith("You operated on this patient.")
    assert vera.get(f"/ratings/pairs/{pair['id']}/left", 403)["code"] == "not_allowed"
    assert vera.get(f"/rating-pairs/{pair['id']}/ratings")["items"] == []


def test_who_operated_on_the_patient_at_another_time_counts_as_her_surgeon(app: App, clinic: make.Clinic, vera: Api) -> None:
    mark = another_surgeon(app, clinic)
    anna = ready(app, clinic, vera, surgeon_id=mark)
    bea = ready(app, clinic, vera, surgeon_id=mark)
    make.procedure(app.db, clinic, patient_id=anna["patient_id"])  # with Vera, next week
    vera.post("/rating-pairs", {}, 200)
    begun(vera)
    asked = vera.get("/ratings/next")
    assert asked["waiting"] == 1
    whose = {one["id"]: one["patient_id"] for one in vera.get("/rating-pairs")["items"]}
    assert whose[asked["pair"]["pair_id"]] == bea["patient_id"]


def test_a_second_rating_is_refused_and_the_same_one_repeated_is_not(app: App, clinic: make.Clinic, vera: Api, reka: Api) -> None:
    (pair,) = offered(app, clinic, vera)
    said = {"id": str(uuid7()), "pair_id": pair["id"], "verdict": "left_better"}
    first = reka.post("/ratings", said)
    assert reka.post("/ratings", said, 200) == first
    assert reka.post("/ratings", said | {"verdict": "right_better"}, 409)["code"] == "id_taken"
    refusal = reka.post("/ratings", said | {"id": str(uuid7())}, 409)
    assert refusal["detail"].startswith("You have rated this pair.")
    assert reka.get(f"/ratings/pairs/{pair['id']}/left", 409)["detail"] == refusal["detail"]
    assert len(vera.get(f"/rating-pairs/{pair['id']}/ratings")["items"]) == 1


def test_from_the_moment_a_patient_changes_her_mind_nothing_is_shown(app: App, clinic: make.Clinic, vera: Api, reka: Api) -> None:
    (pair,) = offered(app, clinic, vera)
    assert reka.get("/ratings/next")["waiting"] == 1
    consent(vera, pair["patient_id"], given=False)
    assert reka.get("/ratings/next") == {"rated": 0, "waiting": 0, "pair": None}
    for side in ("left", "right"):
        assert "no longer agrees" in reka.get(f"/ratings/pairs/{pair['id']}/{side}", 409)["detail"]
    assert "no longer agrees" in reka.post("/ratings", {"pair_id": pair["id"], "verdict": "left_better"}, 409)["detail"]
    consent(vera, pair["patient_id"])
    assert reka.get("/ratings/next")["waiting"] == 1


def test_an_erased_photograph_is_not_offered(app: App, clinic: make.Clinic, vera: Api, reka: Api) -> None:
    (pair,) = offered(app, clinic, vera)
    make.erasure(app.db, clinic, pair["patient_id"])
    consent(vera, pair["patient_id"])  # as if she had thought better of it: the photographs are gone all the same
    assert reka.get("/ratings/next")["pair"] is None
    assert reka.get(f"/ratings/pairs/{pair['id']}/left", 410)["code"] == "gone"
    reka.post("/ratings", {"pair_id": pair["id"], "verdict": "left_better"}, 410)


@pytest.mark.parametrize("verdict", ["much_better", "4", "", 3, None])
def test_a_grade_outside_the_seven_is_refused(verdict: object, app: App, clinic: make.Clinic, vera: Api, reka: Api) -> None:
    (pair,) = offered(app, clinic, vera)
    refusal = reka.post("/ratings", {"pair_id": pair["id"], "verdict": verdict}, 422)
    assert refusal["errors"][0]["pointer"] == "/verdict"
    assert reka.get("/ratings/next")["rated"] == 0


def test_nobody_rates_before_beginning_or_what_is_not_there(app: App, clinic: make.Clinic, vera: Api, as_: As) -> None:
    reka = as_(clinic.rater)
    (pair,) = offered(app, clinic, vera)
    assert "Begin your queue first" in reka.get("/ratings/next", 409)["detail"]
    assert "Begin your queue first" in reka.post("/ratings", {"pair_id": pair["id"], "verdict": "left_better"}, 409)["detail"]
    assert "Begin your queue first" in reka.get(f"/ratings/pairs/{pair['id']}/left", 409)["detail"]
    begun(reka)
    assert reka.post("/ratings", {"pair_id": str(uuid4()), "verdict": "left_better"}, 422)["errors"][0]["pointer"] == "/pair_id"
    assert reka.get("/ratings/next")["rated"] == 0


def test_a_rater_sees_no_record_and_no_result(app: App, clinic: make.Clinic, vera: Api, reka: Api) -> None:
    (pair,) = offered(app, clinic, vera)
    for path in (f"/patients/{pair['patient_id']}", f"/photos/{pair['baseline_id']}/content", "/rating-pairs", "/reports/panel"):
        reka.get(path, 403)
    reka.get(f"/rating-pairs/{pair['id']}/ratings", 403)
    reka.post("/rating-pairs", {}, 403)


def test_who_does_not_rate_is_not_let_in(clinic: make.Clinic, as_: As) -> None:
    for person in (clinic.nurse, clinic.coordinator, clinic.admin):
        as_(person).get("/ratings/next", 403)
        as_(person).post("/ratings/queue", {}, 403)


@pytest.mark.parametrize(
    ("grades", "said"),
    [
        ([1, 3, 2], Agreed.IMPROVED),
        ([1, 3, 0], Agreed.IMPROVED),
        ([1, 0, -1], Agreed.NOT_IMPROVED),
        ([0, -1, 0], Agreed.NOT_IMPROVED),
        ([3, 3], Agreed.UNDECIDED),
        ([3, 3, None], Agreed.UNDECIDED),
        ([1, 1, 0, 0], Agreed.NOT_IMPROVED),
        ([1, 1, 1, 0], Agreed.IMPROVED),
        ([], Agreed.UNDECIDED),
    ],
)
def test_the_majority_of_at_least_three_decides(grades: list[int | None], said: Agreed) -> None:
    assert rating.together(grades) == said


def test_seven_grades_have_a_fixed_place_on_the_five_levels() -> None:
    assert set(rating.GAIS) == set(rating.TO_THE_RIGHT.values())
    assert Counter(rating.GAIS.values()) == {level: 3 if level == Gais.WORSE else 1 for level in Gais}
    assert (rating.GAIS[3], rating.GAIS[0]) == (Gais.VERY_MUCH_IMPROVED, Gais.NO_CHANGE)

"""One adverse event at every look: when it began, how bad it was, whether it has gone."""

from datetime import date
from typing import Any

from hypothesis import given
from hypothesis import strategies as some

from schemas.outcome_words import Complication, Presence
from server.ids import uuid7
from server.outcomes.rules import course
from tests.api import Api
from tests.outcomes.result import Result, finding, look


def of(vera: Api, result: Result) -> list[dict[str, Any]]:
    """All events of the procedure."""
    return list(vera.get(result.events)["items"])


def test_a_cyst_is_followed_from_onset_until_it_has_gone(vera: Api, result: Result) -> None:
    begin = finding("oil_cyst", scar_id=result.scar_id, onset_on=result.day(30), clavien_dindo="I", ctcae=1, relation="related")
    event = vera.post(result.path, look(result.day(40), begin))["findings"][0]["event_id"]
    worse = finding("oil_cyst", event_id=event, clavien_dindo="IIIa", ctcae=2, treatment="Punctured.")
    vera.post(result.path, look(result.day(60), worse))
    (seen,) = of(vera, result)
    assert (seen["ongoing"], seen["last_present"], seen["first_absent"]) == (True, result.day(60), None)
    vera.post(result.path, look(result.day(90), finding("oil_cyst", "no", event_id=event, first_absent=result.day(80))))
    (seen,) = of(vera, result)
    assert seen["first_seen"] == result.day(40)
    assert (seen["onset_on"], seen["last_present"], seen["first_absent"]) == (result.day(30), result.day(60), result.day(80))
    assert (seen["clavien_dindo"], seen["ctcae"], seen["relation"], seen["ongoing"]) == ("IIIa", 2, "related", False)
    assert seen["scar_id"] == result.scar_id
    assert [(one["day"], one["over"], one["ctcae"]) for one in seen["observations"]] == [(40, False, 1), (60, False, 2), (90, True, None)]


def test_the_two_scales_never_follow_from_each_other(vera: Api, result: Result) -> None:
    vera.post(
        result.path, look(result.day(9), finding("vision_change", ctcae=4), finding("haematoma", clavien_dindo="IIIb", disability=True))
    )
    blind, blood = of(vera, result)
    assert (blind["clavien_dindo"], blind["disability"], blind["ctcae"]) == (None, False, 4)
    assert (blood["clavien_dindo"], blood["disability"], blood["ctcae"]) == ("IIIb", True, None)


def test_two_at_different_places_are_two_events(vera: Api, result: Result) -> None:
    vera.post(
        result.path, look(result.day(9), finding("nodule", subunit="chin", side="midline"), finding("nodule", scar_id=result.scar_id))
    )
    assert [(one["subunit"], one["scar_id"]) for one in of(vera, result)] == [("chin", None), (None, result.scar_id)]


def test_none_anywhere_ends_every_event_of_its_kind(vera: Api, result: Result) -> None:
    vera.post(result.path, look(result.day(9), finding("nodule", subunit="chin"), finding("nodule", subunit="brow"), finding("pain")))
    vera.post(result.path, look(result.day(30), finding("nodule", "no")))
    assert [(one["complication"], one["ongoing"]) for one in of(vera, result)] == [("nodule", False), ("nodule", False), ("pain", True)]


def test_not_being_sure_ends_nothing(vera: Api, result: Result) -> None:
    event = vera.post(result.path, look(result.day(9), finding("numbness")))["findings"][0]["event_id"]
    vera.post(result.path, look(result.day(30), finding("numbness", "unknown", event_id=event)))
    (seen,) = of(vera, result)
    assert (seen["ongoing"], seen["last_present"]) == (True, result.day(9))


def test_what_came_and_went_between_two_visits_is_told_at_once(vera: Api, result: Result) -> None:
    past = finding("herpes_flare", onset_on=result.day(3), last_present=result.day(8), first_absent=result.day(10), ctcae=2)
    vera.post(result.path, look(result.day(30), past))
    (seen,) = of(vera, result)
    assert (seen["ongoing"], seen["last_present"], seen["first_absent"]) == (False, result.day(8), result.day(10))


def test_it_cannot_have_gone_before_somebody_saw_it(vera: Api, result: Result) -> None:
    event = vera.post(result.path, look(result.day(40), finding("donor_seroma")))["findings"][0]["event_id"]
    body = look(result.day(60), finding("donor_seroma", "no", event_id=event, first_absent=result.day(35)))
    refusal = vera.post(result.path, body, 422)
    assert refusal["errors"][0]["pointer"] == "/findings/0/first_absent"


def test_an_event_stays_what_it_was(vera: Api, result: Result) -> None:
    event = vera.post(result.path, look(result.day(40), finding("nodule")))["findings"][0]["event_id"]
    refusal = vera.post(result.path, look(result.day(60), finding("oil_cyst", event_id=event)), 422)
    assert refusal["errors"][0]["pointer"] == "/findings/0/event_id"
    assert "nodule" in refusal["errors"][0]["message"]


def test_a_corrected_look_counts_no_more(vera: Api, result: Result) -> None:
    first = vera.post(result.path, look(result.day(40), finding("nodule", ctcae=3)))
    event = first["findings"][0]["event_id"]
    corrected = look(result.day(40), finding("nodule", event_id=event, ctcae=1), replaces=first["id"], reason="Typed 3 for 1.")
    vera.post(result.path, corrected)
    (seen,) = of(vera, result)
    assert (seen["event_id"], seen["ctcae"], len(seen["observations"])) == (event, 1, 1)


_ROW = some.fixed_dictionaries(
    {
        "complication": some.sampled_from([Complication.NODULE, Complication.PAIN]),
        "present": some.sampled_from(Presence),
        "event": some.integers(0, 3),
        "absent": some.booleans(),
    }
)


@given(some.lists(_ROW, max_size=12))
def test_whatever_was_seen_an_event_was_present_and_its_days_are_in_order(rows: list[dict[str, Any]]) -> None:
    ids = {(kind, number): uuid7() for kind in (Complication.NODULE, Complication.PAIN) for number in range(4)}
    blank = dict.fromkeys(
        (
            "scar_id",
            "subunit",
            "side",
            "onset_on",
            "last_present",
            "first_absent",
            "clavien_dindo",
            "ctcae",
            "treatment",
            "note",
            "photo_id",
        )
    )
    seen = []
    for place, one in enumerate(rows):
        day = date(2026, 3, 1 + place)
        gone = day if one["absent"] and one["present"] == Presence.YES else None
        named = {"complication": one["complication"], "present": one["present"], "event_id": ids[one["complication"], one["event"]]}
        about = {"id": uuid7(), "assessment_id": uuid7(), "assessed_on": day, "disability": False, "relation": "unknown"}
        seen.append(blank | named | about | {"subunit": "chin", "first_absent": gone})
    for event in course.events(seen, date(2026, 2, 1)):
        assert any(one["present"] == Presence.YES for one in event["observations"])
        assert event["ongoing"] == (event["first_absent"] is None)
        assert event["first_absent"] is None or event["last_present"] is None or event["last_present"] < event["first_absent"]

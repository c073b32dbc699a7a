"""A clinic edits its protocol: what is refused, what a dry run says, and what then happens to procedures that are under way."""

import copy
import threading
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from schemas.vocabulary import ProcedureState, ReminderState
from server import clock
from server.db import Database
from server.followup.protocol import DEFAULT, from_content, to_content
from server.followup.service import protocol_changes, protocols
from tests import make
from tests.api import Api
from tests.followup.editing import PATH, activate, content, head, put, with_six_weeks, without
from tests.followup.story import Story, budapest

As = Callable[[make.Person], Api]


@pytest.fixture
def adam(clinic: make.Clinic, as_: As) -> Api:
    """Ádám Varga, administrator of Riverside: he sets up the clinic and reads no patient."""
    return as_(clinic.admin)


def test_a_clinic_begins_with_the_built_in_protocol(adam: Api) -> None:
    answer = adam.get(PATH)
    assert (answer["version"], answer["content"], answer["created_by"]) == ("default-2", to_content(DEFAULT), None)
    assert [one["version"] for one in adam.get(f"{PATH}/versions")["items"]] == ["default-2"]


def test_a_change_is_a_new_version_with_its_author_and_the_old_one_stays_readable(adam: Api, clinic: make.Clinic) -> None:
    put(adam, {"content": with_six_weeks(), "note": "Visit after 6 weeks."}, "default-2")
    answer = adam.get(PATH)
    assert (answer["version"], answer["created_by"], answer["note"]) == ("2", str(clinic.admin.user_id), "Visit after 6 weeks.")
    activate(adam, content())
    versions = adam.get(f"{PATH}/versions")["items"]
    assert [(one["version"], len(one["content"]["steps"])) for one in versions] == [("3", 7), ("2", 8), ("default-2", 7)]
    first = adam.get(f"{PATH}/versions?limit=1")
    rest = adam.get(f"{PATH}/versions?limit=1&cursor={first['next_cursor']}")
    assert [one["version"] for one in (*first["items"], *rest["items"])] == ["3", "2", "default-2"]
    adam.get(f"{PATH}/versions?cursor=nonsense", 422)


def test_what_is_in_force_already_gets_no_new_version(adam: Api, db: Database, clinic: make.Clinic) -> None:
    """Also when only the order of the holidays or weekdays differs."""
    wanted = content() | {"holidays": ["12-25", "01-01"], "closed_weekdays": ["sunday", "saturday"]}
    assert activate(adam, wanted)["protocol"]["version"] == "2"
    before = head(db, clinic)
    again = wanted | {"holidays": ["01-01", "12-25"], "closed_weekdays": ["saturday", "sunday"]}
    assert activate(adam, again)["protocol"]["version"] == "2"
    assert head(db, clinic) == before


def test_two_people_who_edit_at_once_do_not_overwrite_each_other(adam: Api, vera: Api) -> None:
    """The second is told to read again."""
    put(adam, {"content": with_six_weeks()}, "default-2")
    put(vera, {"content": without("d7")}, "default-2", expect=412)
    put(vera, {"content": without("d7")}, None, expect=428)
    assert vera.get(PATH)["version"] == "2"


def test_two_people_who_edit_at_the_same_moment_make_one_version(db: Database, clinic: make.Clinic, adam: Api) -> None:
    """The first is not yet stored when the second begins, which then waits, and is told to read again."""
    answers: list[int] = []

    def second() -> None:
        answers.append(adam.call("PUT", PATH, json={"content": without("d7")}, headers={"If-Match": '"default-2"'}).status_code)

    other = threading.Thread(target=second)
    with db.transaction(clinic.id, actor=clinic.admin) as session:
        protocol_changes.activate(session, with_six_weeks(), standing="default-2", note=None, open_too=False, by=None)
        other.start()
        other.join(0.3)
    other.join()
    assert answers == [412]
    assert [one["version"] for one in adam.get(f"{PATH}/versions")["items"]] == ["2", "default-2"]


def test_an_unchanged_protocol_is_not_sent_again(adam: Api) -> None:
    first = adam.call("GET", PATH)
    assert adam.call("GET", PATH, headers={"If-None-Match": first.headers["ETag"]}).status_code == 304
    again = adam.call("PUT", PATH, json={"content": without("d7")}, headers={"If-Match": first.headers["ETag"]})
    assert (again.status_code, again.headers["ETag"]) == (200, '"2"')


def test_who_may_read_and_who_may_change_it(clinic: make.Clinic, as_: As) -> None:
    """Everybody may know it; only those who set up the clinic change it."""
    for person in clinic.people.values():
        as_(person).get(PATH)
        as_(person).get(f"{PATH}/versions")
    for person in (clinic.coordinator, clinic.nurse, clinic.rater):
        put(as_(person), {"content": with_six_weeks()}, "default-2", expect=403)


def test_another_clinic_keeps_its_own(adam: Api, as_: As, other_clinic: make.Clinic) -> None:
    activate(adam, with_six_weeks())
    hillside = as_(other_clinic.admin)
    assert hillside.get(PATH)["version"] == "default-2"
    assert activate(hillside, without("d7"))["protocol"]["version"] == "2"
    assert len(hillside.get(PATH)["content"]["steps"]) == 6
    assert len(adam.get(PATH)["content"]["steps"]) == 8


def test_what_is_possible_and_often_not_meant_is_said(adam: Api) -> None:
    wanted = without("1y")
    wanted["steps"][-1] |= {"chase_days_after_window": [40], "messages": []}
    said = put(adam, {"content": wanted}, "default-2", dry_run=True)["warnings"]
    assert len(said) == 2
    assert "never sent" in said[0]
    assert "not reminded" in said[1]
    assert put(adam, {"content": content()}, "default-2", dry_run=True)["warnings"] == []
    crowded = with_six_weeks()
    crowded["steps"][5]["chase_days_after_window"] = [5, 30]
    assert "already open" in put(adam, {"content": crowded}, "default-2", dry_run=True)["warnings"][0]


def test_for_new_procedures_only_leaves_the_others_where_they_were(db: Database, clinic: make.Clinic, adam: Api, vera: Api) -> None:
    """Anna's follow-up keeps its version, also when it is planned again; Bea's begins with the new one."""
    ended = datetime(2026, 3, 2, 11, tzinfo=UTC)
    with clock.at(ended):
        anna = make.procedure(db, clinic, state=ProcedureState.COMPLETED, ended_at=ended)
        answer = activate(adam, with_six_weeks())
        assert answer["difference"]["sentence"] == "changes nothing for open procedures"
        bea = make.procedure(db, clinic, state=ProcedureState.COMPLETED, ended_at=ended)
        patient = vera.get(f"/patients/{anna['patient_id']}")
        vera.patch(f"/patients/{patient['id']}", {"time_zone": "America/New_York"}, patient["write_id"])
    of = {one: vera.get(f"/procedures/{one}/visits")["items"] for one in (anna["id"], bea["id"])}
    assert {visit["protocol_version"] for visit in of[anna["id"]]} == {"default-2"}
    assert {visit["protocol_version"] for visit in of[bea["id"]]} == {"2"}
    assert [len(visits) for visits in of.values()] == [7, 8]
    in_use = {one["version"]: one["procedures"] for one in adam.get(PATH)["in_force_for"]}
    assert in_use == {"2": 1, "default-2": 1}


def states(anna: Story) -> dict[str, tuple[str, str | None]]:
    """(state, reason) of each visit."""
    return {visit.step: (str(visit.state), visit.reason) for visit in anna.visits()}


def test_a_step_that_is_removed_takes_its_visits_along_and_brings_them_back(anna: Story, adam: Api) -> None:
    """Anna has three visits; the one after three months goes and returns, with its messages."""
    with clock.at(budapest("2026-03-03T09:00")):
        three = to_content(from_content(adam.get(PATH)["content"], "x"))
        two = copy.deepcopy(three)
        two["steps"] = [one for one in two["steps"] if one["step"] != "3m"]
        gone = activate(adam, two, "open")["difference"]
        assert gone["sentence"] == "cancels 1 visit, cancels 3 messages"
        assert states(anna)["3m"] == ("cancelled", "not_in_protocol")
        back = activate(adam, three, "open")["difference"]
        assert back["sentence"] == "adds 1 visit, adds 3 messages"
    assert states(anna)["3m"] == ("planned", None)
    assert sum(one.state == ReminderState.PENDING for one in anna.reminders()) == 9
    assert {visit.protocol_version for visit in anna.visits()} == {"4"}


def test_a_dry_run_writes_nothing(anna: Story, adam: Api) -> None:
    before = head(anna.db, anna.clinic)
    wanted = adam.get(PATH)["content"]
    wanted["send_at"] = "11:30"
    with clock.at(budapest("2026-03-03T09:00")):
        said = put(adam, {"content": wanted, "applies_to": "open"}, "2", dry_run=True)
    assert said["difference"]["sentence"] == "moves 9 messages"
    assert said["protocol"] is None
    assert head(anna.db, anna.clinic) == before
    assert adam.get(PATH)["version"] == "2"


def test_a_follow_up_stays_under_its_new_version_whatever_was_settled_before(anna: Story, adam: Api, vera: Api) -> None:
    """Anna came after two weeks; then three months become four. A new address does not undo that."""
    visit = anna.visits()[0]
    with clock.at(budapest("2026-03-16T12:00")):
        vera.patch(f"/visits/{visit.id}", {"state": "attended"}, str(visit.write_id))
        wanted = adam.get(PATH)["content"]
        wanted["steps"][1]["after"] = {"months": 4}
        assert activate(adam, wanted, "open")["difference"]["sentence"] == "moves 1 visit, moves 3 messages"
        patient = vera.get(f"/patients/{anna.patient['id']}")
        vera.patch(f"/patients/{patient['id']}", {"time_zone": "America/New_York"}, patient["write_id"])
    assert [str(one.target_date) for one in anna.visits()] == ["2026-03-16", "2026-07-02", "2027-03-02"]
    assert states(anna)["2w"] == ("attended", None)


def test_activating_for_open_procedures_what_new_ones_have_already_makes_no_new_version(anna: Story, adam: Api) -> None:
    """First only for new procedures, a day later for all."""
    wanted = adam.get(PATH)["content"]
    wanted["steps"][1]["after"] = {"months": 4}
    with clock.at(budapest("2026-03-03T09:00")):
        activate(adam, wanted)
        assert {one.protocol_version for one in anna.visits()} == {"2"}
        answer = activate(adam, wanted, "open")
    assert answer["protocol"]["version"] == "3"
    assert answer["difference"]["visits_moved"] == 1
    assert {one.protocol_version for one in anna.visits()} == {"3"}


def test_reading_a_version_twice_is_the_same_version(db: Database, clinic: make.Clinic, adam: Api) -> None:
    """By its number, as visits name it; an unknown one is the built-in."""
    activate(adam, with_six_weeks())
    with db.transaction(clinic.id, write=False) as session:
        assert protocols.of_version(session, "2") is protocols.in_force(session)
        assert protocols.of_version(session, "77") is DEFAULT

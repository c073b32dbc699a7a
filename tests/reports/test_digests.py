"""Digests follow the journal: what they say is what the record says, however the record came to say it."""

import threading
import uuid
from collections.abc import Sequence
from datetime import date, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from schemas.outcome_words import ResponseState
from schemas.vocabulary import CallOutcome, ProcedureState, ReminderState, Sex, Side, VisitState
from server.clinics.models import Clinic
from server.db import Database, table_of
from server.followup.models import Reminder, Visit
from server.journal.service import Journaled
from server.outcomes.models import Response
from server.patients.models import Patient, Scar
from server.procedures.models import Procedure
from server.reports.digest import following, form
from server.reports.digest.columns import Columns, load
from server.reports.digest.touched import FOLLOWED
from server.reports.digest.words import Words
from server.reports.models import CohortDigest, CohortDigestHead
from server.reports.rules import Filters
from server.reports.service.cohort import Frame, frame_of
from server.reports.service.computing import compute
from server.snapshot import moment
from tests import make
from tests.reports.lives import Lives, noon, raters
from tests.reports.recount import Book
from tests.reports.test_the_recount import Chance, a_clinic, differences, some_filters

_D, _H = table_of(CohortDigest), table_of(CohortDigestHead)
UNREAD = {
    "addenda": "signed words",
    "alerts": "the report says nothing of alerts",
    "answers": "check-ins; what they say of redness is a row of redness",
    "devices": "tablets",
    "emergency_accesses": "who read what",
    "erasures": "what was erased is a change of each erased record",
    "instruments": "words and ranges are read with the report",
    "licences": "likewise",
    "message_templates": "texts",
    "pauses": "what was not sent then was not sent",
    "pin_tries": "who signed in where",
    "photo_consents": "the panel's queue asks, the report counts what was graded",
    "photo_grades": "of the pictures, not of the result",
    "photos": "pairs are",
    "protocols": "visits carry their version",
    "push_subscriptions": "browsers",
    "rating_queues": "numbers of raters are read with the report",
    "reset_links": "passwords",
    "scar_measurements": "the report is of the size before treatment",
    "signatures": "the procedure's state says that it is signed",
    "sync_issues": "quarantine",
    "users": "names are read with the report",
    "webhook_endpoints": "other systems",
}
"""Journaled collections that no digest holds anything of, and why."""


def stored(db: Database, clinic: make.Clinic) -> dict[uuid.UUID, dict[str, Any]]:
    """Digests of the clinic, with words for their numbers: two makings may number them otherwise."""
    with moment(db, clinic.id) as session:
        rows = session.connection().execute(sa.select(_D).where(_D.c.clinic_id == clinic.id)).mappings().all()
        words = session.connection().scalar(sa.select(_H.c.words).where(_H.c.clinic_id == clinic.id)) or []
    return {row["procedure_id"]: {one.name: readable(one, row[one.name], words) for one in form.SECTIONS} for row in rows}


def readable(section: form.Section, packed: bytes, words: Sequence[str]) -> list[list[Any]]:
    """The records of one section."""
    counted = {"place"}
    return [
        [
            words[value] if code == "H" and name not in counted else str(value)
            for (name, code), value in zip(section.fields, record, strict=True)
        ]
        for record in section.packer.iter_unpack(packed)
    ]


def anew(db: Database, clinic: make.Clinic) -> dict[uuid.UUID, dict[str, Any]]:
    """All made at once of the record as it is."""
    with db.transaction(clinic.id) as session:
        session.connection().execute(sa.delete(_D).where(_D.c.clinic_id == clinic.id))
        session.connection().execute(sa.delete(_H).where(_H.c.clinic_id == clinic.id))
    following.follow(db, clinic.id)
    return stored(db, clinic)


def changed(db: Database, clinic: make.Clinic, model: type[Any], pick: Chance, **fields: Any) -> None:
    """One of the records is another from now on."""
    with db.transaction(clinic.id, actor=clinic.surgeon) as session:
        row = pick.choice(session.scalars(sa.select(model).order_by(model.id)).all())
        for name, value in fields.items():
            setattr(row, name, value)


def test_every_journaled_collection_is_followed_or_is_said_not_to_be_read() -> None:
    """A new table has to be decided upon: what a digest holds and nobody follows would be an old number for ever."""

    def below(model: type[Any]) -> set[str]:
        own = {model.collection} if hasattr(model, "__tablename__") else set()
        return own.union(*(below(one) for one in model.__subclasses__()))

    assert below(Journaled) == FOLLOWED | set(UNREAD)
    assert not FOLLOWED & set(UNREAD)


@pytest.mark.parametrize("seed", range(2))
def test_digests_that_followed_the_journal_are_those_made_anew(seed: int, db: Database, clinic: make.Clinic) -> None:
    """A clinic's life in pieces, followed after each: new lives, changed ones, and corrections of what was said before."""
    chance = Chance(seed)
    surgeons = a_clinic(db, clinic, chance)
    following.follow(db, clinic.id)
    later = date(2026, 2, 1)
    for model, fields in (
        (Patient, {"sex": Sex.MALE}),
        (Scar, {"side": Side.RIGHT, "width_um": 7_000}),
        (Procedure, {"state": ProcedureState.ENTERED_IN_ERROR, "closed_reason": "another patient"}),
        (Procedure, {"state": ProcedureState.COMPLETED, "ended_at": noon(later), "started_at": noon(later) - timedelta(hours=1)}),
        (Visit, {"state": VisitState.CANCELLED}),
        (Visit, {"target_date": later}),
        (Reminder, {"state": ReminderState.DELIVERED}),
        (Response, {"state": ResponseState.WITHDRAWN}),
    ):
        changed(db, clinic, model, chance, **fields)
        if chance.often(0.5):
            following.follow(db, clinic.id)
    a_clinic(db, clinic, chance)
    followed = follow_in_small_steps(db, clinic)
    assert followed == anew(db, clinic)
    for filters in some_filters(chance, surgeons):
        with moment(db, clinic.id) as session:
            frame = frame_of(session, filters)
            assert differences(compute(frame), Book(session, filters, ZoneInfo("Europe/Budapest"), frame.today)) == [], filters


def follow_in_small_steps(db: Database, clinic: make.Clinic) -> dict[uuid.UUID, dict[str, Any]]:
    """As a worker does that is stopped after every part."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(following, "STRETCH", 40)
        patch.setattr(following, "PART", 3)
        for _ in range(1000):
            turns = iter((True,))
            if following.follow(db, clinic.id, partial(next, turns, False)):
                return stored(db, clinic)
    raise AssertionError("never done")


def test_what_says_something_of_a_procedure_through_another_row_is_followed(db: Database, clinic: make.Clinic) -> None:
    """A call names a visit, a grade names a pair: neither names the procedure."""
    lives, panel = Lives(clinic), raters(db, clinic)
    done = lives.procedure(lives.patient(), noon(date(2025, 3, 1)))
    visit = lives.visit(done, "3m", 90, VisitState.MISSED)
    lives.pair(done, dict.fromkeys(panel, 1))
    lives.store(db)
    following.follow(db, clinic.id)
    assert stored(db, clinic)[done.id]["visits"][0][-2] == str(form.SILENT)
    later = Lives(clinic)
    later.call(visit, CallOutcome.ANSWERED)
    later.store(db)
    following.follow(db, clinic.id)
    assert stored(db, clinic)[done.id]["visits"][0][-2] == str(form.ASKED)
    assert len(stored(db, clinic)[done.id]["ratings"]) == len(panel)


def test_the_order_in_which_digests_were_stored_changes_no_report(db: Database, clinic: make.Clinic) -> None:
    """At one lock everything is the same, down to which point is named first."""
    a_clinic(db, clinic, Chance(3))
    following.follow(db, clinic.id)

    def said() -> dict[str, Any]:
        with moment(db, clinic.id) as session:
            return {name: value for name, value in compute(frame_of(session, Filters())).items() if name != "computed_at"}

    before = said()
    assert any(visit["points"] for scale in before["satisfaction"]["scales"] for visit in scale["visits"])
    with db.transaction(clinic.id) as session:
        rows = [dict(row) for row in session.connection().execute(sa.select(_D).where(_D.c.clinic_id == clinic.id)).mappings()]
        session.connection().execute(sa.delete(_D).where(_D.c.clinic_id == clinic.id))
        session.connection().execute(sa.insert(_D), rows[::-1])
    assert said() == before


def test_a_report_counts_what_is_newer_than_its_digests(db: Database, clinic: make.Clinic) -> None:
    """Between the last step of the worker and the report somebody signs for another procedure, and takes one back."""
    lives = Lives(clinic)
    wrong = lives.procedure(lives.patient(), noon(date(2025, 3, 1)))
    lives.procedure(lives.patient(), noon(date(2025, 3, 2)))
    lives.store(db)
    following.follow(db, clinic.id)
    with db.transaction(clinic.id, actor=clinic.surgeon) as session:
        row = session.get_one(Procedure, (clinic.id, wrong.id))
        row.state, row.closed_reason = ProcedureState.ENTERED_IN_ERROR, "another patient"
    more = Lives(clinic)
    new = more.procedure(more.patient(), noon(date(2025, 3, 3)))
    more.store(db)
    with moment(db, clinic.id) as session:
        columns = load(frame_of(session, Filters()))
        said = compute(frame_of(session, Filters()))
    assert said["counts"]["procedures"] == 2
    assert {wrong.id, new.id} & ids(columns) == {new.id}
    assert stored(db, clinic).keys() != ids(columns), "a report stores no digests: it only reads"


def ids(columns: Columns) -> set[uuid.UUID]:
    """Of the procedures."""
    return {uuid.UUID(bytes=bytes(one).ljust(16, b"\0")) for one in columns.facts["procedure"]}


def test_a_clinic_that_moves_to_another_zone_has_them_made_anew(db: Database, clinic: make.Clinic) -> None:
    lives = Lives(clinic)
    late = lives.procedure(lives.patient(), noon(date(2025, 3, 1)) + timedelta(hours=10))
    lives.store(db)
    following.follow(db, clinic.id)
    with db.transaction(clinic.id, actor=clinic.surgeon) as session:
        session.get_one(Clinic, clinic.id).time_zone = "Pacific/Auckland"
    day = [name for name, _ in form.FACTS.fields].index("performed_on")
    before = stored(db, clinic)[late.id]["facts"][0][day]
    following.follow(db, clinic.id)
    assert int(stored(db, clinic)[late.id]["facts"][0][day]) == int(before) + 1


def test_two_workers_that_follow_at_once_make_nothing_twice(db: Database, clinic: make.Clinic) -> None:
    a_clinic(db, clinic, Chance(7))
    workers = [threading.Thread(target=following.follow, args=(db, clinic.id)) for _ in range(2)]
    for one in workers:
        one.start()
    for one in workers:
        one.join()
    first = stored(db, clinic)
    with moment(db, clinic.id) as session:
        done = sa.select(Procedure.id).where(Procedure.state.in_((ProcedureState.COMPLETED, ProcedureState.SIGNED)))
        assert first.keys() == set(session.scalars(done))
    assert first == anew(db, clinic)


def test_clinics_whose_journal_is_ahead_are_those_that_a_worker_goes_to(lonely_db: Database) -> None:
    one, other = make.clinic(lonely_db), make.clinic(lonely_db)

    def behind() -> set[uuid.UUID]:
        with lonely_db.transaction(write=False, everywhere=True) as session:
            return set(following.behind(session))

    assert behind() == {one.id, other.id}
    following.follow_all(lonely_db)
    assert behind() == set()
    make.patient(lonely_db, other)
    assert behind() == {other.id}
    following.follow_all(lonely_db, lambda: False)
    assert behind() == {other.id}, "the time was up"


def test_what_fails_at_one_clinic_keeps_no_other_waiting(
    lonely_db: Database, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    broken, _other = make.clinic(lonely_db), make.clinic(lonely_db)
    whole = following._go_on

    def fails_there(frame: Frame, head: CohortDigestHead) -> bool:
        if head.clinic_id == broken.id:
            raise ValueError("Anna Petrauskienė")
        return whole(frame, head)

    monkeypatch.setattr(following, "_go_on", fails_there)
    following.follow_all(lonely_db)
    with lonely_db.transaction(write=False, everywhere=True) as session:
        assert set(following.behind(session)) == {broken.id}
    assert str(broken.id) in caplog.text
    assert "Petrauskienė" not in caplog.text


def test_a_word_keeps_its_number_and_an_unknown_one_finds_nothing() -> None:
    words = Words(["3m", "1y"])
    assert [words.number(one) for one in ("1y", "6w", "3m", "6w")] == [1, 2, 0, 2]
    assert words.find("9w") == len(words.list) == 3

"""Workers die, stop, overtake each other and come too late; each reminder is still sent once or not at all, and says why."""

import threading
import uuid
from collections import Counter
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from schemas.vocabulary import Channel, ProcedureState, ReminderState, VisitState
from server import clock
from server.db import Database
from server.followup import links
from server.followup.engine import begin, finish, pump, queue
from server.followup.engine.finish import Result
from server.followup.models import Outcome, Reminder
from server.followup.service import schedule
from server.patients.models import Patient
from server.procedures.models import Procedure
from server.procedures.service import lifecycle
from tests import make
from tests.followup.mailbox import Mailbox
from tests.followup.story import Story, budapest

DUE = "2026-03-13T10:00"


def claim(anna: Story, wall: str) -> tuple[uuid.UUID, uuid.UUID]:
    """(reminder, token) of a worker that claims and then is gone."""
    with clock.at(budapest(wall)), anna.db.transaction(anna.clinic.id) as session:
        token, (reminder_id,) = queue.claim(session, Channel.EMAIL, limit=1)
    return reminder_id, token


def begun(anna: Story, session: Session, reminder_id: uuid.UUID, token: uuid.UUID) -> list[str]:
    """What the last look before sending says: `send`, or the state that the message has got instead."""
    found = begin.begin(session, [reminder_id], token, anna.config)
    return ["send" for _ in found.letters] + [str(one.state) for one in found.settled]


def finished(session: Session, reminder_id: uuid.UUID, token: uuid.UUID, outcome: Outcome) -> list[str]:
    """What an answer makes of the message."""
    return [str(state) for state in finish.finish(session, token, {reminder_id: Result(outcome)}, idempotent=False)]


def test_a_worker_that_dies_before_sending(anna: Story, mailbox: Mailbox) -> None:
    """Its claim lapses after a minute; the next worker sends, and the dead one's token opens nothing."""
    reminder_id, token = claim(anna, DUE)
    assert anna.run("2026-03-13T10:00:59") == {}
    assert anna.run("2026-03-13T10:01:00") == {"accepted": 1}
    with anna.db.transaction(anna.clinic.id) as session:
        assert begun(anna, session, reminder_id, token) == []
    assert len(mailbox.mails) == 1


def test_a_worker_that_dies_while_sending(anna: Story, mailbox: Mailbox) -> None:
    """SMTP cannot be asked what happened: uncertain. If the worker was only slow, its answer still counts."""
    reminder_id, token = claim(anna, DUE)
    with clock.at(budapest(DUE)), anna.db.transaction(anna.clinic.id) as session:
        assert begun(anna, session, reminder_id, token) == ["send"]
    assert anna.run("2026-03-13T10:02:59") == {}
    assert anna.run("2026-03-13T10:03:00") == {"uncertain": 1}
    assert anna.run("2026-03-13T11:00") == {}
    assert (anna.first.reason, mailbox.mails) == ("worker_lost", [])
    with anna.db.transaction(anna.clinic.id) as session:
        assert finished(session, reminder_id, token, Outcome.ACCEPTED) == ["accepted"]
        assert finished(session, reminder_id, token, Outcome.NOT_SENT) == []
    assert anna.attempts() == [(1, "uncertain", "lease_lapsed"), (1, "accepted", None)]


def test_what_changes_between_claim_and_sending_counts(anna: Story) -> None:
    """Consent, address, visit and procedure are looked at once more, in the transaction that says `sending`."""
    patient_key = (anna.clinic.id, uuid.UUID(anna.patient["id"]))

    def attempt(change: dict[str, object]) -> tuple[str, str | None]:
        reminder_id, token = claim(anna, DUE)
        with clock.at(budapest(DUE)), anna.db.transaction(anna.clinic.id) as session:
            patient = session.get_one(Patient, patient_key)
            for name, value in ({"reminder_consent": True, "email": "anna@example.org"} | change).items():
                setattr(patient, name, value)
            session.flush()
            (state,) = begun(anna, session, reminder_id, token)
            reminder = session.get_one(Reminder, (anna.clinic.id, reminder_id))
            answer = (state, reminder.reason)
            reminder.state = ReminderState.PENDING
        return answer

    assert attempt({"reminder_consent": False}) == ("suppressed", "no_consent")
    assert attempt({"email": None}) == ("suppressed", "no_address")
    with anna.db.transaction(anna.clinic.id) as session:
        schedule.visits_of(session, anna.procedure_id)[0].state = VisitState.ATTENDED
    assert attempt({}) == ("cancelled", "visit_attended")
    with anna.db.transaction(anna.clinic.id) as session:
        session.get_one(Procedure, (anna.clinic.id, anna.procedure_id)).state = ProcedureState.ENTERED_IN_ERROR
    assert attempt({}) == ("cancelled", "procedure_entered_in_error")


def test_a_withdrawal_overtakes_a_claim(anna: Story, mailbox: Mailbox) -> None:
    """The worker comes back with a token that is no longer anybody's."""
    reminder_id, token = claim(anna, DUE)
    with anna.db.transaction(anna.clinic.id) as session:
        lifecycle.withdraw(session, session.get_one(Procedure, (anna.clinic.id, anna.procedure_id)), "Wrong patient")
    with clock.at(budapest(DUE)), anna.db.transaction(anna.clinic.id) as session:
        assert begun(anna, session, reminder_id, token) == []
    assert (anna.first.state, mailbox.mails) == (ReminderState.CANCELLED, [])


def test_an_outage_never_ends_in_a_burst_of_stale_messages(anna: Story, mailbox: Mailbox) -> None:
    """Back after three weeks: both messages of the first visit are worthless, and it is said why."""
    assert anna.run("2026-04-04T08:00") == {"expired": 2}
    assert {(one.state, one.reason) for one in anna.reminders()[:2]} == {(ReminderState.EXPIRED, "too_late")}
    assert mailbox.mails == []
    assert anna.run("2026-05-25T10:00") == {"accepted": 1}, "an invitation to book is still good after six days"


def test_a_lease_that_runs_into_the_end_of_the_day_sends_nothing(anna: Story) -> None:
    """Claimed in time, begun too late."""
    reminder_id, token = claim(anna, "2026-03-13T21:59")
    with clock.at(budapest("2026-03-13T22:00")), anna.db.transaction(anna.clinic.id) as session:
        assert begun(anna, session, reminder_id, token) == ["expired"]


def test_a_worker_that_is_asked_to_stop_gives_back_what_it_claimed(anna: Story, mailbox: Mailbox) -> None:
    """Stopped before the first message: pending again at once, not after a minute."""
    answers = iter([True, False])
    with clock.at(budapest(DUE)):
        pump.run_due(anna.db, anna.config, clinic_id=anna.clinic.id, go_on=lambda: next(answers))
    assert (anna.first.state, anna.first.lease_token) == (ReminderState.PENDING, None)
    assert anna.run(DUE) == {"accepted": 1}
    assert len(mailbox.mails) == 1


def test_many_workers_send_each_message_once(db: Database, anna: Story, clinic: make.Clinic, mailbox: Mailbox) -> None:
    """Twelve patients, four workers at the same moment, small batches."""
    with clock.at(budapest("2026-03-02T12:40")):
        for number in range(11):
            other = make.patient(db, clinic, email=f"patient{number}@example.org")
            make.procedure(db, clinic, state=ProcedureState.COMPLETED, patient_id=other["id"], ended_at=budapest("2026-03-02T12:40"))
    counts: Counter[str] = Counter()
    start = threading.Barrier(4)

    def work() -> None:
        start.wait()
        with clock.at(budapest(DUE)):
            while found := pump.run_due(db, anna.config, limit=2, clinic_id=clinic.id):
                counts.update(found)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(mailbox.mails) == len({str(mail["To"]) for mail in mailbox.mails}) == 12
    assert counts["accepted"] == 12


def test_two_workers_that_begin_at_once_make_one_link(anna: Story) -> None:
    """The mail and the text message about one visit: whoever comes second waits, and finds the same address."""
    visit = anna.visits()[0]
    wanted = {visit.id: (visit.patient_id, budapest("2026-04-30T00:00"))}
    found: list[str] = []

    def make_link() -> None:
        with anna.db.transaction(anna.clinic.id) as session:
            found.append(links.ensure(session, anna.config, wanted)[visit.id])

    second = threading.Thread(target=make_link)
    with anna.db.transaction(anna.clinic.id) as session:
        found.append(links.ensure(session, anna.config, wanted)[visit.id])
        second.start()
        second.join(0.2)  # it has looked and found none, and now waits for our commit
    second.join()
    assert len(found) == 2
    assert len(set(found)) == 1


def test_one_clinic_never_claims_what_is_anothers(anna: Story, other_clinic: make.Clinic) -> None:
    """Wall one holds for bulk updates too."""
    with clock.at(budapest(DUE)), anna.db.transaction(other_clinic.id) as session:
        assert queue.claim(session, Channel.EMAIL, limit=20)[1] == []
        assert finish.reap(session, {}) == {}
        assert finish.expire(session, Channel.EMAIL) == 0


def test_an_empty_tick_reads_small_indexes(db: Database) -> None:
    """However many reminders lie in the future or the past, the plan touches the partial indexes alone."""
    with db.transaction(write=False, everywhere=True) as session:
        if not db.is_sqlite:
            session.execute(sa.text("SET LOCAL enable_seqscan = off"))
        statements: list[tuple[str, Any]] = []

        def note(_conn: object, _cursor: object, statement: str, parameters: Any, *_: object) -> None:
            if statement.startswith("SELECT"):
                statements.append((statement, parameters))

        engine = db.engine
        sa.event.listen(engine, "before_cursor_execute", note)
        try:
            queue.due_channels(session)
            queue.clinics_with_lapsed_leases(session)
        finally:
            sa.event.remove(engine, "before_cursor_execute", note)
        explain = "EXPLAIN QUERY PLAN " if db.is_sqlite else "EXPLAIN "
        connection = session.connection()
        plan = "".join(str(connection.exec_driver_sql(explain + statement, parameters).all()) for statement, parameters in statements)
    assert plan.count("ix_reminders_pending") >= len(Channel)
    assert "ix_reminders_leased" in plan
    assert "SCAN reminders'" not in plan
    assert "Seq Scan" not in plan

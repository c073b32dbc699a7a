"""Migrations that make tables anew: what was there before is there afterwards."""

from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from server.db import Database
from server.ids import uuid7
from server.migrations.upgrade import upgrade
from tests import databases

NOW = "2026-03-02 12:00:00+00:00"


@pytest.fixture
def old_db(worker_name: str) -> Iterator[Database]:
    """A database at migration 0001 with Anna's procedure, her first visit, a reminder that was sent and one that waits."""
    with databases.empty(worker_name) as url:
        database = Database(databases.owners(url))
        upgrade(database, "0001")
        yield database
        database.close()


def test_the_follow_up_of_before_is_carried_over(old_db: Database) -> None:
    """0002 makes visits, reminders and attempts anew: every row is there afterwards, with what was not known before filled in."""
    names = ("clinic", "user", "patient", "op", "visit", "sent", "waits", "attempt", "w")
    ids = {name: uuid7().hex if old_db.is_sqlite else str(uuid7()) for name in names}
    with old_db.engine.begin() as connection:
        for table, row in _past(ids):
            connection.execute(_insert(table, row))
    upgrade(old_db)
    with old_db.engine.connect() as connection:
        visit = connection.execute(sa.text("SELECT title, kind, state FROM visits")).one()
        rows = connection.execute(
            sa.text("SELECT state, purpose, due_at = next_at, next_at > due_at, about_on FROM reminders ORDER BY due_at")
        ).all()
        attempts = connection.execute(sa.text("SELECT outcome, number FROM attempts")).all()
        phone = connection.execute(sa.text("SELECT phone_e164 FROM patients")).scalar_one()
        head = connection.execute(sa.text("SELECT seq, epoch IS NOT NULL FROM journal_heads")).one()
    assert tuple(visit) == ("3 months", "visit", "planned")
    assert [(row[0], row[1], bool(row[2]), bool(row[3]), str(row[4])) for row in rows] == [
        ("accepted", "book", True, False, "2026-06-02"),
        ("pending", "near", False, True, "2026-06-02"),
    ]
    assert [tuple(one) for one in attempts] == [("accepted", 1)]
    assert phone == "+36301234567"
    assert (head[0], bool(head[1])) == (7, True)
    with pytest.raises(sa.exc.DBAPIError, match="append-only"), old_db.engine.begin() as connection:
        connection.execute(sa.text("UPDATE attempts SET number = 2"))


def test_the_entries_of_before_are_carried_over(old_db: Database) -> None:
    """0005 makes entries anew on SQLite: a signed case, its struck entry and its triggers are there afterwards."""
    upgrade(old_db, "0002")
    names = ("clinic", "user", "patient", "op", "visit", "sent", "waits", "attempt", "w", "fact", "struck", "signature", "other")
    ids = {name: uuid7().hex if old_db.is_sqlite else str(uuid7()) for name in names}
    with old_db.engine.begin() as connection:
        for table, row in [one for one in _past(ids) if one[0] in {"clinics", "users", "patients", "procedures"}] + _recorded(ids):
            connection.execute(_insert(table, row))
        before = connection.execute(sa.text("SELECT * FROM entries ORDER BY id")).all()
    upgrade(old_db)
    with old_db.engine.connect() as connection:
        assert connection.execute(sa.text("SELECT * FROM entries ORDER BY id")).all() == before
    _, fact = _recorded(ids)[0]
    refused = {
        "append-only": sa.text("UPDATE entries SET late = true"),
        "closed": _insert("entries", fact | {"id": ids["other"]}),
        "(?i)foreign key": _insert("entries", fact | {"id": ids["other"], "late": True, "device_id": ids["op"]}),
    }
    for reason, statement in refused.items():
        with pytest.raises(sa.exc.DBAPIError, match=reason), old_db.engine.begin() as connection:
            connection.execute(statement)


def test_the_photos_of_before_are_known_to_lie_plain(old_db: Database) -> None:
    """0011 lists those that are stored, for workers to encrypt; one that is only announced will be encrypted when it comes."""
    upgrade(old_db, "0008")
    names = ("clinic", "user", "patient", "op", "visit", "sent", "waits", "attempt", "w", "stored", "announced")
    ids = {name: uuid7().hex if old_db.is_sqlite else str(uuid7()) for name in names}
    whose = {"clinic_id": ids["clinic"], "patient_id": ids["patient"], "write_id": ids["w"], "created_at": NOW, "updated_at": NOW}
    photo = whose | {"view": "front", "kind": "baseline", "sha256": "0" * 64, "size_bytes": 1, "content_hash": "x"}
    with old_db.engine.begin() as connection:
        for table, row in _past(ids):
            if table in {"clinics", "patients"}:
                connection.execute(_insert(table, row))
        connection.execute(_insert("photos", photo | {"id": ids["stored"], "state": "stored", "stored_at": NOW}))
        connection.execute(_insert("photos", photo | {"id": ids["announced"], "state": "announced"}))
    upgrade(old_db)
    with old_db.engine.connect() as connection:
        rows = connection.execute(sa.text("SELECT photo_id, problem FROM plain_photos")).all()
    assert [(str(row[0]), row[1]) for row in rows] == [(ids["stored"], None)]


def test_the_alerts_and_answers_of_before_are_carried_over(old_db: Database) -> None:
    """0016 makes both anew on SQLite: an open concerning answer is told again from now on, a wish and a closed one never."""
    upgrade(old_db, "0002")
    names = ("clinic", "user", "patient", "op", "visit", "sent", "waits", "attempt", "w", "answer", "open", "closed", "wish", "flag")
    ids = {name: uuid7().hex if old_db.is_sqlite else str(uuid7()) for name in names}
    tables = {"clinics", "users", "patients", "procedures"}
    about = {"clinic_id": ids["clinic"], "patient_id": ids["patient"]}
    said = {"question": "worse", "answer": "yes", "concerning": True, "via": "link", "given_at": NOW}
    alert = about | {"detail": "Worse.", "raised_at": NOW, "write_id": ids["w"], "created_at": NOW, "updated_at": NOW}
    days = {"target_date": "2026-03-09", "opens_on": "2026-03-09", "closes_on": "2026-03-12"}
    check_in = {"step": "d7", "title": "Day 7", "kind": "check_in", "protocol_version": "default-1", "state": "answered", "generation": 1}
    of = {"procedure_id": ids["op"], "write_id": ids["w"], "created_at": NOW, "updated_at": NOW}
    with old_db.engine.begin() as connection:
        for table, row in _past(ids):
            if table in tables:
                connection.execute(_insert(table, row))
        connection.execute(_insert("visits", about | of | days | check_in | {"id": ids["visit"]}))
        connection.execute(_insert("answers", about | said | {"id": ids["answer"], "visit_id": ids["visit"]}))
        for name, more in (("open", {}), ("closed", {"closed_at": NOW}), ("wish", {"kind": "wants_a_call"})):
            connection.execute(_insert("alerts", alert | {"kind": "concerning_answer", "id": ids[name]} | more))
    upgrade(old_db)
    with old_db.engine.connect() as connection:
        rows = connection.execute(sa.text("SELECT id, escalation_level, next_escalation_at IS NOT NULL FROM alerts")).all()
        answer = connection.execute(sa.text("SELECT answer, flags FROM answers")).one()
    assert {str(row[0]): (row[1], bool(row[2])) for row in rows} == {
        ids["open"]: (0, True),
        ids["closed"]: (0, False),
        ids["wish"]: (0, False),
    }
    assert tuple(answer) == ("yes", None)
    flag = alert | {"kind": "red_flag", "id": ids["flag"]}
    with old_db.engine.begin() as connection:
        connection.execute(_insert("alerts", flag))
        connection.execute(_insert("answers", about | said | {"id": ids["flag"], "question": "red_flags", "flags": '["vision"]'}))
    refused = {
        "append-only": sa.text("DELETE FROM alerts"),
        "answers: append-only": sa.text("UPDATE answers SET answer = 'no'"),
        "(?i)check": _insert("alerts", flag | {"id": ids["w"], "kind": "itch"}),
        "(?i)foreign key": _insert("alerts", flag | {"id": ids["w"], "acknowledged_by": ids["op"]}),
    }
    for reason, statement in refused.items():
        with pytest.raises(sa.exc.DBAPIError, match=reason), old_db.engine.begin() as connection:
            connection.execute(statement)


def _recorded(ids: dict[str, str]) -> list[tuple[str, dict[str, Any]]]:
    """A note, the retraction of it, and the signature under both."""
    of = {"clinic_id": ids["clinic"], "procedure_id": ids["op"]}
    said = {
        "recorded_at": NOW,
        "recorded_offset_min": 60,
        "received_at": NOW,
        "recorded_by": ids["user"],
        "late": False,
        "confirmed": False,
    }
    fact = of | said | {"id": ids["fact"], "kind": "note", "details": '{"text": "calm"}', "warnings": "[]", "content_hash": "x"}
    signed = {"signer_id": ids["user"], "signer_name": "Dr Vera Kovács", "meaning": "author", "signed_at": NOW, "manifest": "{}"}
    return [
        ("entries", fact),
        ("entries", fact | {"id": ids["struck"], "kind": "retraction", "retracts": ids["fact"], "reason": "slip"}),
        ("signatures", of | signed | {"id": ids["signature"], "signature": "x", "key_id": "x", "public_key": "x"}),
    ]


def _insert(table: str, row: dict[str, Any]) -> sa.TextClause:
    values = ", ".join(f":{name}" for name in row)
    untyped = [sa.bindparam(name, value, type_=sa.types.NullType()) for name, value in row.items()]  # the columns know better
    return sa.text(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({values})").bindparams(*untyped)


def _past(ids: dict[str, str]) -> list[tuple[str, dict[str, Any]]]:
    """Rows as migration 0001 had them."""
    stamp = {"write_id": ids["w"], "created_at": NOW, "updated_at": NOW}
    of = {"clinic_id": ids["clinic"]}
    whose = {"visit_id": ids["visit"], "procedure_id": ids["op"], "patient_id": ids["patient"]}
    message = of | whose | stamp | {"recipient": "patient", "channel": "email", "generation": 1, "zone": "Europe/Budapest", "attempts": 1}
    days = {"target_date": "2026-06-02", "opens_on": "2026-05-19", "closes_on": "2026-06-16"}
    who = {
        "family_name": "Petrauskienė",
        "given_name": "Anna",
        "mrn": "RPS-1",
        "phone": "+36 30 123 4567",
        "sex": "female",
        "language": "en",
    }
    surgeon = {"email": "vera@clinic.example", "name": "Dr Vera Kovács", "roles": '["surgeon"]', "password_hash": "x", "active": True}
    operation = {"planned_for": NOW, "title": "x", "urgency": "elective", "state": "completed", "content_hash": "x"}
    return [
        ("clinics", stamp | {"id": ids["clinic"], "name": "Riverside", "time_zone": "Europe/Budapest", "locale": "en", "demo": False}),
        ("journal_heads", of | {"seq": 7, "hash": b"h" * 32}),
        ("users", of | stamp | surgeon | {"id": ids["user"]}),
        ("patients", of | stamp | who | {"id": ids["patient"], "reminder_consent": True, "search": "anna", "content_hash": "x"}),
        ("procedures", of | stamp | operation | {"id": ids["op"], "patient_id": ids["patient"], "surgeon_id": ids["user"]}),
        (
            "visits",
            of | stamp | days | {"id": ids["visit"], "procedure_id": ids["op"], "patient_id": ids["patient"], "step": "3m"}
            | {"protocol_version": "default-1", "state": "planned", "generation": 1},
        ),
        (
            "reminders",
            message | {"id": ids["sent"], "rung": 14, "purpose": "book", "wall": "2026-05-19T10:00", "due_at": "2026-05-19 08:00:00+00:00"}
            | {"expires_at": "2026-05-26 08:00:00+00:00", "state": "accepted", "idempotency_key": ids["sent"], "next_attempt_at": None},
        ),
        (
            "reminders",
            message | {"id": ids["waits"], "rung": 3, "purpose": "near", "wall": "2026-05-30T10:00", "due_at": "2026-05-30 08:00:00+00:00"}
            | {"expires_at": "2026-05-31 08:00:00+00:00", "state": "pending", "idempotency_key": ids["waits"]}
            | {"next_attempt_at": "2026-05-30 08:02:00+00:00"},
        ),
        (
            "attempts",
            of | {"id": ids["attempt"], "reminder_id": ids["sent"], "number": 1, "lease_token": ids["w"], "started_at": NOW}
            | {"ended_at": NOW, "outcome": "accepted"},
        ),
    ]  # fmt: skip

"""How long a sign-in lasts, with the clock moved."""

import uuid
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from server import clock
from server.clinics.models import SignIn
from server.db import Database
from tests import make
from tests.api import Api

MONDAY = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


def signed_in(anyone: Api, person: make.Person) -> Api:
    """The person's tablet, signed in at MONDAY."""
    with clock.at(MONDAY):
        anyone.token = anyone.post("/session", {"email": person.email, **make.proof()})["token"]
    return anyone


def look(tablet: Api, after: timedelta, expect: int = 200) -> None:
    """Ask who is signed in, that much later."""
    with clock.at(MONDAY + after):
        tablet.get("/session", expect)


def last_seen(db: Database, user_id: uuid.UUID) -> datetime:
    """When the person's only sign-in was last used."""
    with db.transaction(write=False, everywhere=True) as session:
        return session.scalars(sa.select(SignIn.last_seen_at).where(SignIn.user_id == user_id)).one()


def test_an_idle_hour_ends_the_sign_in(anyone: Api, clinic: make.Clinic) -> None:
    tablet = signed_in(anyone, clinic.surgeon)
    look(tablet, timedelta(minutes=59))
    look(tablet, timedelta(minutes=59 + 61), 401)


def test_the_last_minute_counts_as_idle_no_longer(anyone: Api, clinic: make.Clinic) -> None:
    look(signed_in(anyone, clinic.surgeon), timedelta(minutes=60), 401)


def test_work_keeps_it_alive_but_not_beyond_twelve_hours(anyone: Api, clinic: make.Clinic) -> None:
    tablet = signed_in(anyone, clinic.surgeon)
    for half_hours in range(1, 24):
        look(tablet, timedelta(minutes=30 * half_hours))
    look(tablet, timedelta(hours=12), 401)


def test_the_answer_says_when_it_ends(anyone: Api, clinic: make.Clinic) -> None:
    tablet = signed_in(anyone, clinic.surgeon)
    with clock.at(MONDAY):
        assert tablet.get("/session")["expires_at"] == "2026-11-23T20:00:00Z"


def test_last_use_is_noted_at_most_once_a_minute(anyone: Api, clinic: make.Clinic, db: Database) -> None:
    tablet = signed_in(anyone, clinic.nurse)
    look(tablet, timedelta(seconds=59))
    assert last_seen(db, clinic.nurse.user_id) == MONDAY
    look(tablet, timedelta(seconds=61))
    assert last_seen(db, clinic.nurse.user_id) == MONDAY + timedelta(seconds=61)
    look(tablet, timedelta(seconds=100))
    assert last_seen(db, clinic.nurse.user_id) == MONDAY + timedelta(seconds=61)

"""What the tablets' stories do again and again."""

import secrets
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from server import clock
from server.clinics.models import PinTries
from server.db import Database
from server.journal.models import JournalRow
from tests import make
from tests.api import Api

WRONG = "507193"


def new_secret() -> str:
    """As a tablet makes it."""
    return secrets.token_urlsafe(24)


def pair(anyone: Api, code: str, secret: str, expect: int = 201, **kwargs: Any) -> Any:
    """The call of a tablet that has read a code."""
    return anyone.post("/devices/pairing", {"code": code, "secret": secret}, expect, **kwargs)


def enter_pin(tablet: Api, person: make.Person, pin: str = make.PIN, expect: int = 201, *, at: datetime | None = None) -> Any:
    """Sign in on the tablet."""
    body = {"user_id": str(person.user_id), "pin": pin}
    if at is None:
        return tablet.post("/devices/session", body, expect)
    with clock.at(at):
        return tablet.post("/devices/session", body, expect)


def journal(db: Database, clinic: make.Clinic, collection: str) -> list[JournalRow]:
    """The journal's rows of one collection."""
    with db.transaction(clinic.id, write=False) as session:
        query = sa.select(JournalRow).where(JournalRow.clinic_id == clinic.id, JournalRow.collection == collection)
        return list(session.scalars(query.order_by(JournalRow.seq)))


def failures(db: Database, person: make.Person) -> int:
    """Wrong PINs that are remembered of a person."""
    with db.transaction(person.clinic_id, write=False) as session:
        return session.scalar(sa.select(sa.func.sum(PinTries.failures)).where(PinTries.user_id == person.user_id)) or 0

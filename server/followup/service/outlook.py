"""What the judgement about a message follows from, read in one way for the engine's last look and for the forecast."""

from collections.abc import Collection, Sequence
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from schemas.vocabulary import Channel
from server.db import table_of
from server.followup.models import PATIENT, Reminder, StoppedAddress, Visit
from server.followup.service.contact import address_hash
from server.followup.service.schedule import FOLLOWED
from server.followup.verdict import Standing
from server.patients.models import Patient
from server.procedures.models import Procedure

Row = sa.RowMapping
R, V, P, OP = table_of(Reminder), table_of(Visit), table_of(Patient), table_of(Procedure)
_VISIT = ("state", "kind", "title", "protocol_version", "target_date", "opens_on", "closes_on", "booked_for", "generation")
_PATIENT = ("given_name", "family_name", "email", "phone_e164", "language", "time_zone", "reminder_consent", "died_on")
_AT_ONCE = 500
"""Addresses looked up in one statement."""


def _joined(table: sa.Table, column: str) -> sa.ColumnElement[bool]:
    return sa.and_(table.c.clinic_id == R.c.clinic_id, table.c.id == R.c[column])


_FACTS: tuple[sa.ColumnElement[Any], ...] = (
    *R.c,
    *(V.c[name].label(f"visit_{name}") for name in _VISIT),
    *(P.c[name].label(f"patient_{name}") for name in _PATIENT),
    OP.c.state.label("procedure_state"),
)


def with_facts(names: Collection[str] = ()) -> sa.Select[Any]:
    """Messages with their visit, patient and procedure, as columns, or only the `names`. It names no clinic: whoever runs it does."""
    return (
        sa.select(*(one for one in _FACTS if not names or one.key in names))
        .select_from(R)
        .outerjoin(V, _joined(V, "visit_id"))
        .outerjoin(P, _joined(P, "patient_id"))
        .outerjoin(OP, _joined(OP, "procedure_id"))
    )


WITH_FACTS = with_facts()


def address_of(row: Row) -> str | None:
    """The patient's address on the message's channel; None for what is not for a patient."""
    if row["recipient"] != PATIENT:
        return None
    address: str | None = row["patient_email"] if row["channel"] == Channel.EMAIL else row["patient_phone_e164"]
    return address


def zone_of(row: Row, clinic: ZoneInfo) -> ZoneInfo:
    """By which clock the patient lives."""
    return ZoneInfo(row["patient_time_zone"]) if row["patient_time_zone"] else clinic


def stopped_among(session: Session, rows: Sequence[Row]) -> frozenset[bytes]:
    """Hashes of those of the patients' addresses that said stop."""
    written = {(row["channel"], address_of(row)) for row in rows}
    hashes = [address_hash(channel, to) for channel, to in written if to]
    found: set[bytes] = set()
    for place in range(0, len(hashes), _AT_ONCE):
        some = hashes[place : place + _AT_ONCE]
        found.update(session.scalars(sa.select(StoppedAddress.address_hash).where(StoppedAddress.address_hash.in_(some))))
    return frozenset(found)


def standing_of(row: Row, stopped: frozenset[bytes]) -> Standing:
    """How things stand with a message to a patient."""
    address = address_of(row)
    return Standing(
        purpose=row["purpose"],
        visit=row["visit_state"],
        consent=row["patient_reminder_consent"],
        has_address=bool(address),
        stopped=bool(address and stopped) and address_hash(row["channel"], address or "") in stopped,
        died=row["patient_died_on"] is not None,
        procedure=None if row["procedure_state"] in FOLLOWED else row["procedure_state"],
    )

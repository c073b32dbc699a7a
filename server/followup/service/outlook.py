"""What the judgement about a message follows from, read in one way for the engine's last look and for the forecast."""

from collections.abc import Collection, Mapping
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from schemas.vocabulary import Channel, Purpose, VisitState
from server.db import table_of
from server.followup.models import PATIENT, Reminder, StoppedAddress, Visit
from server.followup.service.contact import address_hash
from server.followup.service.schedule import FOLLOWED
from server.followup.verdict import Standing
from server.patients.models import Patient
from server.procedures.models import Procedure

Row = Mapping[Any, Any]
"""Facts of a message by their names."""
R, V, P, OP = table_of(Reminder), table_of(Visit), table_of(Patient), table_of(Procedure)
_VISIT = ("state", "kind", "title", "protocol_version", "target_date", "opens_on", "closes_on", "booked_for", "generation")
_PATIENT = ("given_name", "family_name", "language", "time_zone", "reminder_consent", "died_on")
_AT_ONCE = 500
"""Addresses looked up in one statement."""


def _joined(table: sa.Table, column: str) -> sa.ColumnElement[bool]:
    return sa.and_(table.c.clinic_id == R.c.clinic_id, table.c.id == R.c[column])


_FACTS: tuple[sa.ColumnElement[Any], ...] = (
    *R.c,
    *(V.c[name].label(f"visit_{name}") for name in _VISIT),
    *(P.c[name].label(f"patient_{name}") for name in _PATIENT),
    OP.c.state.label("procedure_state"),
    sa.case((R.c.channel == Channel.EMAIL, P.c.email), else_=P.c.phone_e164).label("patient_address"),
)


def facts(*names: str, raw: bool = False) -> list[sa.ColumnElement[Any]]:
    """Those columns in this order; `raw`: as the database holds them, for thousands of rows that have few values."""
    found = {one.key: one for one in _FACTS}
    return [sa.type_coerce(found[name], sa.Text()).label(name) if raw else found[name] for name in names]


def with_facts(*some: sa.ColumnElement[Any]) -> sa.Select[Any]:
    """Messages with their visit, patient and procedure, as columns, or only some of these. It names no clinic: whoever runs it does."""
    return (
        sa.select(*(some or _FACTS))
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
    address: str | None = row["patient_address"]
    return address


def zone_of(row: Row, clinic: ZoneInfo) -> ZoneInfo:
    """By which clock the patient lives."""
    return ZoneInfo(row["patient_time_zone"]) if row["patient_time_zone"] else clinic


def stopped_among(session: Session, written: Collection[tuple[Channel, str | None]]) -> frozenset[bytes]:
    """Hashes of those of the patients' addresses that said stop."""
    hashes = [address_hash(channel, to) for channel, to in written if to]
    found: set[bytes] = set()
    for place in range(0, len(hashes), _AT_ONCE):
        some = hashes[place : place + _AT_ONCE]
        found.update(session.scalars(sa.select(StoppedAddress.address_hash).where(StoppedAddress.address_hash.in_(some))))
    return frozenset(found)


def is_among(stopped: frozenset[bytes], channel: Channel, address: str | None) -> bool:
    """Whether an address said stop, by the hashes of those that did."""
    return bool(address and stopped) and address_hash(channel, address or "") in stopped


def standing_of(row: Row, *, has_address: bool, stopped: bool) -> Standing:
    """How things stand with a message to a patient."""
    return Standing(
        purpose=Purpose(row["purpose"]),
        visit=VisitState(row["visit_state"]) if row["visit_state"] else None,
        consent=row["patient_reminder_consent"],
        has_address=has_address,
        stopped=stopped,
        died=row["patient_died_on"] is not None,
        procedure=None if row["procedure_state"] in FOLLOWED else row["procedure_state"],
    )

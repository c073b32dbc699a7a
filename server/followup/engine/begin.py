"""The last look before sending: consent, visit, procedure, hours, address, once more, in the transaction that says `sending`."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from schemas.vocabulary import PATIENT_CHANNELS, Channel, Purpose, ReminderState, VisitState
from server import clock
from server.clinics.models import Clinic, User
from server.config import Config
from server.db import table_of
from server.followup import links
from server.followup.calendar import Hours, end_of
from server.followup.engine import store
from server.followup.engine.store import Row, Settled
from server.followup.messages.letter import Letter, Text
from server.followup.messages.templates import text_for
from server.followup.models import PATIENT, Pause, PushSubscription, Reminder, StoppedAddress, Visit, WebhookEndpoint
from server.followup.service import protocols, templates
from server.followup.service.contact import address_hash
from server.followup.service.schedule import FOLLOWED
from server.followup.verdict import Standing, refusal
from server.patients.models import Patient
from server.procedures.models import Procedure

R, V, P, OP = table_of(Reminder), table_of(Visit), table_of(Patient), table_of(Procedure)
A_PAUSE_IS_ASKED_EVERY = timedelta(minutes=1)
_VISIT = ("state", "kind", "protocol_version", "target_date", "opens_on", "closes_on", "booked_for", "generation")
_PATIENT = ("given_name", "family_name", "email", "phone_e164", "language", "time_zone", "reminder_consent", "died_on")


def _joined(table: sa.Table, column: str) -> sa.ColumnElement[bool]:
    return sa.and_(table.c.clinic_id == R.c.clinic_id, table.c.id == R.c[column])


_FACTS = (
    sa.select(
        R,
        *(V.c[name].label(f"visit_{name}") for name in _VISIT),
        *(P.c[name].label(f"patient_{name}") for name in _PATIENT),
        OP.c.state.label("procedure_state"),
    )
    .select_from(R)
    .outerjoin(V, _joined(V, "visit_id"))
    .outerjoin(P, _joined(P, "patient_id"))
    .outerjoin(OP, _joined(OP, "procedure_id"))
    .where(
        R.c.clinic_id == sa.bindparam("clinic", type_=sa.Uuid()),
        R.c.id.in_(sa.bindparam("ids", expanding=True, type_=sa.Uuid())),
        R.c.lease_token == sa.bindparam("token", type_=sa.Uuid()),
        R.c.state == ReminderState.CLAIMED,
    )
    .order_by(R.c.id)
    .with_for_update(of=R)
)


@dataclass
class Begun:
    """What may be sent now, and what became of the others by state."""

    letters: list[Letter]
    settled: list[Settled]


@dataclass(frozen=True)
class _Look:
    """What is the same for all messages of one look at one clinic."""

    clinic: Clinic
    zone: ZoneInfo
    now: datetime
    paused: bool
    stopped: frozenset[bytes]
    hours: Mapping[str | None, Hours]
    """Of each protocol version that a visit names; None: what is about no visit."""


def begin(session: Session, ids: Sequence[uuid.UUID], token: uuid.UUID, config: Config) -> Begun:
    """Check everything once more and say `sending`; commit before calling anybody. Those that are no longer ours are left alone."""
    values = {"clinic": session.info["clinic_id"], "ids": list(ids), "token": token}
    rows = list(session.connection().execute(_FACTS, values).mappings())
    look = _look(session, rows)
    going, settled, later = [], [], []
    for row in rows:
        verdict = _verdict(row, look)
        if verdict is None:
            going.append(row)
        elif isinstance(verdict, datetime):
            later.append((row, verdict))
        else:
            settled.append(verdict)
    store.settle(session, settled)
    store.postpone(session, later)
    letters = _letters(session, going, look, config)
    written = {letter.reminder_id for letter in letters}
    _say_sending(session, sorted(written), look.now, timedelta(seconds=config.lease_seconds))
    gone = [_no_endpoint(row) for row in going if row["id"] not in written]
    store.settle(session, gone)
    return Begun(letters, [*settled, *gone])


def _look(session: Session, rows: Sequence[Row]) -> _Look:
    clinic = session.get_one(Clinic, session.info["clinic_id"])
    hashes = [address_hash(row["channel"], to) for row in rows if (to := _patient_address(row))]
    stopped = session.scalars(sa.select(StoppedAddress.address_hash).where(StoppedAddress.address_hash.in_(hashes))) if hashes else ()
    paused = session.scalar(sa.select(Pause.id).where(Pause.ended_at.is_(None)).limit(1)) is not None
    hours = {version: _hours_of(session, version) for version in {row["visit_protocol_version"] for row in rows}}
    return _Look(clinic, ZoneInfo(clinic.time_zone), clock.now(), paused, frozenset(stopped), hours)


def _hours_of(session: Session, version: str | None) -> Hours:
    return (protocols.of_version(session, version) if version else protocols.in_force(session)).hours


def _patient_address(row: Row) -> str | None:
    if row["recipient"] != PATIENT:
        return None
    address: str | None = row["patient_email"] if row["channel"] == Channel.EMAIL else row["patient_phone_e164"]
    return address


def _verdict(row: Row, look: _Look) -> Settled | datetime | None:
    """Why this may not be sent, or when it may; None: now."""
    if row["expires_at"] <= look.now:
        return Settled(row, ReminderState.EXPIRED, "expire", "too_late")
    if look.paused:
        return look.now + A_PAUSE_IS_ASKED_EVERY
    if row["recipient"] != PATIENT:
        return None
    why = refusal(_standing(row, look))
    if why:
        calls_off = why == "patient_died" or why.startswith(("procedure_", "visit_"))
        state, action = (ReminderState.CANCELLED, "cancel") if calls_off else (ReminderState.SUPPRESSED, "suppress")
        return Settled(row, state, action, why)
    return _out_of_hours(row, look)


def _standing(row: Row, look: _Look) -> Standing:
    address, about_a_visit = _patient_address(row), row["visit_id"] is not None
    return Standing(
        purpose=row["purpose"],
        visit=row["visit_state"] if about_a_visit else None,
        consent=row["patient_reminder_consent"],
        has_address=bool(address),
        stopped=address is not None and address_hash(row["channel"], address) in look.stopped,
        died=row["patient_died_on"] is not None,
        procedure=row["procedure_state"] if about_a_visit and row["procedure_state"] not in FOLLOWED else None,
    )


def _out_of_hours(row: Row, look: _Look) -> Settled | datetime | None:
    """A retry or a late message must not ring at night; what somebody has just asked for may."""
    if row["purpose"] == Purpose.LINK:
        return None
    moment = look.hours[row["visit_protocol_version"]].next_moment(look.now, ZoneInfo(row["patient_time_zone"] or look.clinic.time_zone))
    if moment == look.now:
        return None
    if moment >= row["expires_at"]:
        return Settled(row, ReminderState.EXPIRED, "expire", "sending_hours")
    return moment


def _no_endpoint(row: Row) -> Settled:
    return Settled(row, ReminderState.CANCELLED, "cancel", "endpoint_gone")


def _say_sending(session: Session, ids: Sequence[uuid.UUID], now: datetime, lease: timedelta) -> None:
    """Bookkeeping, like the claim: shown as pending until it is known what became of it."""
    if ids:
        values = {"state": ReminderState.SENDING, "begun_at": now, "lease_until": now + lease, "attempts": R.c.attempts + 1}
        session.connection().execute(sa.update(R).where(R.c.clinic_id == session.info["clinic_id"], R.c.id.in_(ids)).values(values))


def _letters(session: Session, rows: Sequence[Row], look: _Look, config: Config) -> list[Letter]:
    visits = {
        row["visit_id"]: (row["patient_id"], _link_ends(row, look)) for row in rows if row["visit_id"] and row["recipient"] == PATIENT
    }
    addresses = links.ensure(session, config, visits)
    own = templates.own_texts(session) if any(row["recipient"] == PATIENT for row in rows) else {}
    made = []
    for row in rows:
        if row["channel"] in PATIENT_CHANNELS and row["recipient"] == PATIENT:
            text = text_for(own, row["purpose"], row["channel"], row["patient_language"])
            made.append(_to_patient(row, look, addresses.get(row["visit_id"]), text))
        elif (letter := _to_others(session, row, look)) is not None:
            made.append(letter)
    return made


def _link_ends(row: Row, look: _Look) -> datetime:
    return end_of(row["visit_closes_on"], look.zone) + links.OUTLIVES_WINDOW


def _basics(row: Row, look: _Look) -> dict[str, Any]:
    return {
        "clinic_id": row["clinic_id"],
        "reminder_id": row["id"],
        "key": row["idempotency_key"],
        "channel": Channel(row["channel"]),
        "purpose": Purpose(row["purpose"]),
        "clinic": look.clinic.name,
        "phone": look.clinic.phone,
        "payload": row["payload"] or {},
    }


def _to_patient(row: Row, look: _Look, link: str | None, own: Text | None) -> Letter:
    zone = ZoneInfo(row["patient_time_zone"]) if row["patient_time_zone"] else look.zone
    return Letter(
        **_basics(row, look),
        to=_patient_address(row) or "",
        written_at=look.now.astimezone(zone),
        given_name=row["patient_given_name"],
        family_name=row["patient_family_name"],
        language=row["patient_language"],
        visit_id=row["visit_id"],
        visit_on=row["visit_target_date"],
        opens_on=row["visit_opens_on"],
        closes_on=row["visit_closes_on"],
        booked=row["visit_state"] == VisitState.BOOKED,
        booked_for=row["visit_booked_for"].astimezone(look.zone) if row["visit_booked_for"] else None,
        generation=row["visit_generation"] or 1,
        link=link,
        own=own,
    )


def _to_others(session: Session, row: Row, look: _Look) -> Letter | None:
    """To staff or to a clinic's own system, at the address as it is now; None when that is gone."""
    to, secret = _endpoint(session, row)
    return Letter(**_basics(row, look), to=to, written_at=look.now.astimezone(look.zone), secrets=secret) if to else None


def _endpoint(session: Session, row: Row) -> tuple[str | None, dict[str, str]]:
    clinic_id, payload = row["clinic_id"], row["payload"] or {}
    if row["channel"] == Channel.EMAIL:
        user = session.get(User, (clinic_id, row["user_id"]))
        return (user.email, {}) if user and user.active else (None, {})
    if row["channel"] == Channel.PUSH:
        push = session.get(PushSubscription, (clinic_id, uuid.UUID(payload["subscription_id"])))
        return (push.endpoint, {"p256dh": push.p256dh, "auth": push.auth}) if push and push.active else (None, {})
    hook = session.get(WebhookEndpoint, (clinic_id, uuid.UUID(payload["endpoint_id"])))
    return (hook.url, {"secret": hook.secret}) if hook and hook.active else (None, {})

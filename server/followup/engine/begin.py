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
from server.followup import links
from server.followup.calendar import Hours, end_of
from server.followup.engine import store
from server.followup.engine.store import Row, Settled
from server.followup.messages.letter import Letter, Text
from server.followup.messages.templates import text_for
from server.followup.models import PATIENT, Pause, PushSubscription, WebhookEndpoint
from server.followup.service import protocols, templates
from server.followup.service.outlook import WITH_FACTS, R, address_of, is_among, standing_of, stopped_among, zone_of
from server.followup.verdict import refusal

A_PAUSE_IS_ASKED_EVERY = timedelta(minutes=1)
_FACTS = (
    WITH_FACTS.where(
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
    paused = session.scalar(sa.select(Pause.id).where(Pause.ended_at.is_(None)).limit(1)) is not None
    hours = {version: _hours_of(session, version) for version in {row["visit_protocol_version"] for row in rows}}
    stopped = stopped_among(session, {(row["channel"], address_of(row)) for row in rows})
    return _Look(clinic, ZoneInfo(clinic.time_zone), clock.now(), paused, stopped, hours)


def _hours_of(session: Session, version: str | None) -> Hours:
    return (protocols.of_version(session, version) if version else protocols.in_force(session)).hours


def _verdict(row: Row, look: _Look) -> Settled | datetime | None:
    """Why this may not be sent, or when it may; None: now."""
    if row["expires_at"] <= look.now:
        return Settled(row, ReminderState.EXPIRED, "expire", "too_late")
    if look.paused and row["purpose"] != Purpose.ALERT:
        return look.now + A_PAUSE_IS_ASKED_EVERY
    if row["recipient"] != PATIENT:
        return None
    address = address_of(row)
    why = refusal(standing_of(row, has_address=bool(address), stopped=is_among(look.stopped, row["channel"], address)))
    if why:
        calls_off = why == "patient_died" or why.startswith(("procedure_", "visit_"))
        state, action = (ReminderState.CANCELLED, "cancel") if calls_off else (ReminderState.SUPPRESSED, "suppress")
        return Settled(row, state, action, why)
    return _out_of_hours(row, look)


def _out_of_hours(row: Row, look: _Look) -> Settled | datetime | None:
    """A retry or a late message must not ring at night; what somebody has just asked for may."""
    if row["purpose"] == Purpose.LINK:
        return None
    moment = look.hours[row["visit_protocol_version"]].next_moment(look.now, zone_of(row, look.zone))
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
        "demo": look.clinic.demo,
        "payload": row["payload"] or {},
    }


def _to_patient(row: Row, look: _Look, link: str | None, own: Text | None) -> Letter:
    return Letter(
        **_basics(row, look),
        to=address_of(row) or "",
        written_at=look.now.astimezone(zone_of(row, look.zone)),
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

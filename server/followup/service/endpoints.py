"""Where staff and a clinic's own systems are told, and putting messages to them into the queue."""

import base64
import secrets
import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Session

from schemas.vocabulary import Channel, Purpose, ReminderState
from server import clock
from server.canonical import instant
from server.clinics import service as clinics
from server.db import find
from server.followup.channels.lines import fault_of
from server.followup.channels.push_crypto import BadKeys, read_keys
from server.followup.channels.webhook import SECRET_PREFIX
from server.followup.models import STAFF, SYSTEM, PushSubscription, Reminder, WebhookEndpoint, due_now
from server.ids import uuid7
from server.journal.service import say
from server.problems import Problem, invalid

Endpoint = TypeVar("Endpoint", PushSubscription, WebhookEndpoint)
MOST_WEBHOOKS, MOST_BROWSERS = 20, 20
"""Of a clinic, and of one person: every event becomes a message to each."""
EVENT_KEEPS, PUSH_KEEPS = timedelta(days=3), timedelta(days=1)
GONE = frozenset({"endpoint_gone", "subscription_gone", "bad_keys"})
"""Errors after which nothing will ever arrive at this address."""


def subscribe(
    session: Session, user_id: uuid.UUID, *, endpoint: str, p256dh: str, auth: str, private: bool
) -> tuple[PushSubscription, bool]:
    """A browser wants to be told; (the subscription, whether it is new). The same browser again is the same row, newest keys and person.

    `private` allows addresses inside the house. Raises `invalid` for an address or keys that no push service gave.
    """
    _check_address(endpoint, "/endpoint", private=private)
    try:
        read_keys(p256dh, auth)
    except BadKeys as error:
        raise invalid(f"/{error.field}", "Not a key that a browser made; send it as PushSubscription.toJSON() gives it.") from None
    row = session.scalar(sa.select(PushSubscription).where(PushSubscription.endpoint == endpoint).with_for_update())
    if row is not None:
        row.user_id, row.p256dh, row.auth, row.active = user_id, p256dh, auth, True
        session.flush()
        return row, False
    if _count(session, PushSubscription, PushSubscription.user_id == user_id) >= MOST_BROWSERS:
        raise Problem("conflict", f"You are told in {MOST_BROWSERS} browsers already; end one of those first.")
    row = PushSubscription(clinic_id=session.info["clinic_id"], user_id=user_id, endpoint=endpoint, p256dh=p256dh, auth=auth)
    session.add(row)
    session.flush()
    return row, True


def unsubscribe(session: Session, user_id: uuid.UUID, subscription_id: uuid.UUID) -> PushSubscription | None:
    """End one's own subscription; None where there is none of one's own."""
    row = find(session, PushSubscription, subscription_id, lock=True)
    return _end(session, row) if row is not None and row.user_id == user_id else None


def browsers(session: Session, user_id: uuid.UUID) -> Sequence[PushSubscription]:
    """Where this person is told, oldest first."""
    mine = sa.select(PushSubscription).where(PushSubscription.user_id == user_id, PushSubscription.active)
    return session.scalars(mine.order_by(PushSubscription.id)).all()


def webhooks(session: Session) -> Sequence[WebhookEndpoint]:
    """The clinic's active endpoints, oldest first."""
    return session.scalars(sa.select(WebhookEndpoint).where(WebhookEndpoint.active).order_by(WebhookEndpoint.id)).all()


def add_webhook(session: Session, url: str, *, private: bool) -> WebhookEndpoint:
    """A system wants to be told. An address that was removed comes back with a new secret.

    Raises `duplicate` for an active one, `invalid` for an address that may not be called.
    """
    _check_address(url, "/url", private=private)
    row = session.scalar(sa.select(WebhookEndpoint).where(WebhookEndpoint.url == url).with_for_update())
    if row is not None and row.active:
        message = "This address is told already. Remove it first if you need a new secret."
        raise Problem("duplicate", message, errors=[{"pointer": "/url", "message": message}])
    if _count(session, WebhookEndpoint, WebhookEndpoint.active) >= MOST_WEBHOOKS:
        raise Problem("conflict", f"{MOST_WEBHOOKS} addresses are told already; remove one of them first.")
    if row is None:
        row = WebhookEndpoint(clinic_id=session.info["clinic_id"], url=url, secret=_secret())
        session.add(row)
    else:
        row.secret, row.active = _secret(), True
    session.flush()
    return row


def remove_webhook(session: Session, endpoint_id: uuid.UUID) -> WebhookEndpoint | None:
    """Tell it nothing more; None where there is none."""
    row = find(session, WebhookEndpoint, endpoint_id, lock=True)
    return _end(session, row) if row is not None else None


def _end(session: Session, row: Endpoint) -> Endpoint:
    if row.active:
        row.active = False
        say(session, row, "remove")
        session.flush()
    return row


def _check_address(url: str, pointer: str, *, private: bool) -> None:
    fault = fault_of(url, private=private)
    if fault:
        raise invalid(pointer, fault)


def _count(session: Session, model: type[PushSubscription | WebhookEndpoint], which: sa.ColumnElement[bool] | Any) -> int:
    return session.scalar(sa.select(sa.func.count()).select_from(model).where(model.active, which)) or 0


def _secret() -> str:
    return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def send_event(session: Session, kind: str, data: dict[str, Any], systems: Sequence[WebhookEndpoint] | None = None) -> list[Reminder]:
    """Tell `systems` (None: every active endpoint of the session's clinic), in this transaction.

    `data` holds ids and states, nothing clinical, no name.
    """
    event_id, now = uuid7(), clock.now()
    said = {"type": kind, "timestamp": instant(now), "data": data}
    rows = []
    for one in webhooks(session) if systems is None else systems:
        key, payload = uuid.uuid5(event_id, str(one.id)), {"endpoint_id": str(one.id), **said}
        rows.append(_message(session, Channel.WEBHOOK, Purpose.EVENT, key, payload, now + EVENT_KEEPS))
    return _queued(session, rows)


def send_push(
    session: Session,
    user_ids: Iterable[uuid.UUID] | None,
    title: str,
    body: str,
    path: str,
    *,
    purpose: Purpose,
    key: uuid.UUID | None = None,
    until: datetime | None = None,
) -> list[Reminder]:
    """Tell these members of staff (None: all) in each of their browsers, in this transaction. `path` is the page of ours to open.

    From `key` the messages' own keys follow, so that the same news is never queued twice; `until`: not said any later than this.
    No name and nothing clinical: it appears on locked screens.
    """
    query = sa.select(PushSubscription).where(PushSubscription.active).order_by(PushSubscription.id)
    if user_ids is not None:
        query = query.where(PushSubscription.user_id.in_(list(user_ids)))
    event_id = key or uuid7()
    shown = {"title": title, "body": body, "path": path, "urgency": "high" if purpose == Purpose.ALERT else "normal"}
    rows = []
    for one in session.scalars(query):
        payload = {"subscription_id": str(one.id), **shown}
        row = _message(session, Channel.PUSH, purpose, uuid.uuid5(event_id, str(one.id)), payload, until or clock.now() + PUSH_KEEPS)
        row.user_id = one.user_id
        rows.append(row)
    return _queued(session, rows)


def send_mail(
    session: Session, to: Mapping[uuid.UUID, uuid.UUID], subject: str, text: str, path: str, *, purpose: Purpose, until: datetime
) -> list[Reminder]:
    """Mail these members of staff (id → the message's key) in this transaction; `path` is the page of ours to open, said below the text.

    No name and nothing clinical: mail is not private.
    """
    rows = []
    for user_id, key in to.items():
        row = _message(session, Channel.EMAIL, purpose, key, {"subject": subject, "text": text, "path": path}, until)
        row.user_id = user_id
        rows.append(row)
    return _queued(session, rows)


def _queued(session: Session, rows: list[Reminder]) -> list[Reminder]:
    session.add_all(rows)
    session.flush()
    return rows


def _message(session: Session, channel: Channel, purpose: Purpose, key: uuid.UUID, payload: dict[str, Any], until: datetime) -> Reminder:
    return Reminder(
        **due_now(clinics.zone_of(session)),
        id=uuid7(),
        clinic_id=session.info["clinic_id"],
        purpose=purpose,
        recipient=SYSTEM if channel == Channel.WEBHOOK else STAFF,
        channel=channel,
        expires_at=until,
        state=ReminderState.PENDING,
        idempotency_key=key,
        payload=payload,
    )


def retire(session: Session, reminder: Reminder) -> bool:
    """After a message that ended with one of GONE: tell its browser or system nothing more. Whether that changed anything."""
    payload = reminder.payload or {}
    row: PushSubscription | WebhookEndpoint | None = None
    if reminder.channel == Channel.PUSH and "subscription_id" in payload:
        row = find(session, PushSubscription, uuid.UUID(payload["subscription_id"]), lock=True)
    elif reminder.channel == Channel.WEBHOOK and "endpoint_id" in payload:
        row = find(session, WebhookEndpoint, uuid.UUID(payload["endpoint_id"]), lock=True)
    if row is None or not row.active or reminder.last_error not in GONE:
        return False
    row.active = False
    say(session, row, "retire")
    session.flush()
    return True

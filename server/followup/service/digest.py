"""The morning digest: one mail to each coordinator (or nurse, or surgeon) of a clinic where something needs a person."""

import uuid
from collections.abc import Sequence
from datetime import datetime, time
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from schemas.vocabulary import Channel, Purpose, Role
from schemas.work import WorkKind
from server import clock
from server.clinics import service as clinics
from server.clinics.models import User
from server.config import Config
from server.followup.calendar import instant
from server.followup.models import STAFF, Reminder, due_now
from server.followup.service import protocols, worklist
from server.followup.service.endpoints import send_push
from server.ids import uuid7

FROM, UNTIL = time(7, 30), time(12)
"""On the clinic's clock. A digest of the morning that arrives after noon says what is no longer so."""
PATH = "/follow-up/work-list"
_WHO = (Role.COORDINATOR, Role.NURSE, Role.SURGEON)
_KEYS = uuid.UUID("0a0f7f0c-2f7e-5b1c-8f53-7a0c4e2d9b61")
_LINES = {
    WorkKind.CONCERNING: ("answer that worries", "answers that worry", "call now"),
    WorkKind.ASKING: ("patient who asks for you", "patients who ask for you", "call back"),
    WorkKind.OVERDUE: ("overdue visit", "overdue visits", "call, or mark who came"),
    WorkKind.DUE: ("visit due this week without a time", "visits due this week without a time", "call to arrange"),
    WorkKind.BAD_CONTACT: ("address that does not work", "addresses that do not work", "find out the right one"),
}


def send_digests(session: Session, config: Config) -> int:
    """Queue today's digests where they are due and nobody has them yet; how many."""
    zone = clinics.zone_of(session)
    local = clock.now().astimezone(zone)
    if not FROM <= local.time() < UNTIL or not protocols.in_force(session).hours.is_open(local.date()):
        return 0
    people = _people(session)
    keys = {user.id: uuid.uuid5(_KEYS, f"{user.clinic_id}|{user.id}|{local.date()}") for user in people}
    have = set(session.scalars(sa.select(Reminder.idempotency_key).where(Reminder.idempotency_key.in_(keys.values()))))
    lacking = [user for user in people if keys[user.id] not in have]
    counts = worklist.counts(session) if lacking else {}
    if not any(counts.values()):
        return 0
    payload = {"subject": subject(counts, clinics.current(session).name), "text": text(counts, f"{config.public_url}{PATH}")}
    until = instant(datetime.combine(local.date(), UNTIL), zone)
    for user in lacking:
        session.add(_mail(user, keys[user.id], payload, zone, until))
    session.flush()
    send_push(session, [user.id for user in lacking], payload["subject"], "Open the work list.", PATH, purpose=Purpose.DIGEST)
    return len(lacking)


def _people(session: Session) -> Sequence[User]:
    """The coordinators; where there is none the nurses; where there is none the surgeons."""
    active = session.scalars(sa.select(User).where(User.active.is_(True)).order_by(User.id)).all()
    return next((found for role in _WHO if (found := [user for user in active if user.has(role)])), [])


def _mail(user: User, key: uuid.UUID, payload: dict[str, str], zone: ZoneInfo, until: datetime) -> Reminder:
    return Reminder(
        **due_now(zone),
        id=uuid7(),
        clinic_id=user.clinic_id,
        user_id=user.id,
        purpose=Purpose.DIGEST,
        recipient=STAFF,
        channel=Channel.EMAIL,
        expires_at=until,
        idempotency_key=key,
        payload=payload,
    )


def subject(counts: dict[WorkKind, int], clinic: str) -> str:
    """How much there is to do; a worry is said at once."""
    worries = counts[WorkKind.CONCERNING]
    first = f"{worries} {_LINES[WorkKind.CONCERNING][worries != 1]}, " if worries else ""
    whole = sum(counts.values())
    return f"{clinic}: {first}{whole} on the work list"


def text(counts: dict[WorkKind, int], address: str) -> str:
    """Numbers and what to do. No names: mail is not private."""
    lines = [f"{number} {_LINES[kind][number != 1]}: {_LINES[kind][2]}" for kind, number in counts.items() if number]
    return "\n".join(["Good morning.", "", "Today's work list:", "", *lines, "", "Open it here:", address])

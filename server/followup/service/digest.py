"""The morning digest: one mail to each coordinator (or nurse, or surgeon) of a clinic where something needs a person."""

import uuid
from datetime import datetime, time

import sqlalchemy as sa
from sqlalchemy.orm import Session

from schemas.vocabulary import Purpose
from schemas.work import WorkKind
from server import clock
from server.clinics import service as clinics
from server.followup.calendar import instant
from server.followup.models import Reminder
from server.followup.service import protocols, staff, worklist
from server.followup.service.endpoints import send_mail, send_push

FROM, UNTIL = time(7, 30), time(12)
"""On the clinic's clock. A digest of the morning that arrives after noon says what is no longer so."""
PATH = "/follow-up/work-list"
_KEYS = uuid.UUID("0a0f7f0c-2f7e-5b1c-8f53-7a0c4e2d9b61")
_LINES = {
    WorkKind.RED_FLAG: ("red flag", "red flags", "call now"),
    WorkKind.CONCERNING: ("answer that worries", "answers that worry", "call now"),
    WorkKind.ASKING: ("patient who asks for you", "patients who ask for you", "call back"),
    WorkKind.OVERDUE: ("overdue visit", "overdue visits", "call, or mark who came"),
    WorkKind.DUE: ("visit due this week without a time", "visits due this week without a time", "call to arrange"),
    WorkKind.BAD_CONTACT: ("address that does not work", "addresses that do not work", "find out the right one"),
}


def send_digests(session: Session) -> int:
    """Queue today's digests where they are due and nobody has them yet; how many."""
    zone = clinics.zone_of(session)
    local = clock.now().astimezone(zone)
    if not FROM <= local.time() < UNTIL or not protocols.in_force(session).hours.is_open(local.date()):
        return 0
    people = staff.in_charge(session)
    keys = {user.id: uuid.uuid5(_KEYS, f"{user.clinic_id}|{user.id}|{local.date()}") for user in people}
    have = set(session.scalars(sa.select(Reminder.idempotency_key).where(Reminder.idempotency_key.in_(keys.values()))))
    lacking = [user for user in people if keys[user.id] not in have]
    counts = worklist.counts(session) if lacking else {}
    if not any(counts.values()):
        return 0
    title, until = subject(counts, clinics.current(session).name), instant(datetime.combine(local.date(), UNTIL), zone)
    to = {user.id: keys[user.id] for user in lacking}
    send_mail(session, to, title, text(counts), PATH, purpose=Purpose.DIGEST, until=until)
    send_push(session, list(to), title, "Open the work list.", PATH, purpose=Purpose.DIGEST)
    return len(lacking)


def subject(counts: dict[WorkKind, int], clinic: str) -> str:
    """How much there is to do; a worry is said at once."""
    urgent = [(kind, counts[kind]) for kind in (WorkKind.RED_FLAG, WorkKind.CONCERNING) if counts[kind]]
    first = "".join(f"{number} {_LINES[kind][number != 1]}, " for kind, number in urgent)
    whole = sum(counts.values())
    return f"{clinic}: {first}{whole} on the work list"


def text(counts: dict[WorkKind, int]) -> str:
    """Numbers and what to do. No names: mail is not private."""
    lines = [f"{number} {_LINES[kind][number != 1]}: {_LINES[kind][2]}" for kind, number in counts.items() if number]
    return "\n".join(["Good morning.", "", "Today's work list:", "", *lines])

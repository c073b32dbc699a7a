"""Which messages are due, and whose they are: idle probes, fair turns between clinics, claims under a lease, lapsed leases.

`claimed`, `sending` and the lease are bookkeeping between workers: no document shows them (both read as pending), so these
statements pass the journal by. Everything that a person could see is journaled.
"""

import uuid
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from schemas.vocabulary import Channel, Purpose, ReminderState
from server import clock
from server.column_types import UtcDateTime
from server.db import table_of
from server.followup.models import IS_LEASED, IS_PENDING, Reminder

CLAIM_LEASE = timedelta(seconds=60)
R = table_of(Reminder)
_NOW = sa.bindparam("now", type_=UtcDateTime())


def _probe(channel: Channel) -> sa.Select[str]:
    # Not "any row up to now": for that, PostgreSQL's plan of a prepared statement guesses that a third is due and reads the whole table.
    # Channel and limit stand in the text, so that one plan serves all looks; planning would take longer than looking.
    on, first = R.c.channel == sa.literal_column(f"'{channel.value}'"), sa.literal_column("1", sa.Integer())
    earliest = sa.select(R.c.next_at).where(IS_PENDING, on).order_by(R.c.next_at).limit(first).scalar_subquery()
    return sa.select(sa.literal(str(channel))).where(earliest <= _NOW)


_DUE_CHANNELS = sa.union_all(*(_probe(channel) for channel in Channel))
_LAPSED = sa.select(R.c.clinic_id).where(IS_LEASED, R.c.lease_until <= _NOW)
_CLINICS = (
    sa.text(
        """
    WITH RECURSIVE clinics_waiting(clinic_id) AS (
      SELECT (SELECT clinic_id FROM reminders WHERE state = 'pending' AND channel = :channel ORDER BY clinic_id LIMIT 1)
      UNION ALL
      SELECT (SELECT r.clinic_id FROM reminders r WHERE r.state = 'pending' AND r.channel = :channel AND r.clinic_id > w.clinic_id
              ORDER BY r.clinic_id LIMIT 1)
      FROM clinics_waiting w WHERE w.clinic_id IS NOT NULL)
    SELECT w.clinic_id FROM clinics_waiting w
    WHERE w.clinic_id IS NOT NULL
      AND (SELECT r.next_at FROM reminders r WHERE r.state = 'pending' AND r.channel = :channel
           AND r.clinic_id = w.clinic_id ORDER BY r.next_at LIMIT 1) <= :now
    """
    )
    .bindparams(sa.bindparam("channel", type_=sa.Text()), _NOW)
    .columns(clinic_id=sa.Uuid())
)
"""From clinic to clinic by the index: one look per clinic, however many messages each has."""


def due_channels(session: Session) -> list[Channel]:
    """Channels with something to send now; one index look for each, however many messages lie in the future."""
    return [Channel(str(one)) for one in session.connection().execute(_DUE_CHANNELS, {"now": clock.now()}).scalars()]


def clinics_with_lapsed_leases(session: Session) -> list[uuid.UUID]:
    """Clinics in which a worker was lost."""
    return list(dict.fromkeys(session.connection().execute(_LAPSED, {"now": clock.now()}).scalars()))


def clinics_due(session: Session, channel: Channel) -> list[uuid.UUID]:
    """Clinics with a message due on this channel."""
    return list(session.connection().execute(_CLINICS, {"channel": str(channel), "now": clock.now()}).scalars())


_DUE = (
    sa.select(R.c.clinic_id, R.c.id)
    .where(
        IS_PENDING,
        R.c.channel == sa.bindparam("on", type_=R.c.channel.type),
        R.c.clinic_id == sa.bindparam("clinic", type_=sa.Uuid()),
        R.c.next_at <= _NOW,
        R.c.expires_at > _NOW,
        sa.or_(sa.bindparam("all", type_=sa.Boolean()), R.c.purpose == Purpose.ALERT),
    )
    .order_by(R.c.next_at)
    .limit(sa.bindparam("most", type_=sa.Integer()))
    .with_for_update(skip_locked=True)
    .cte("due")
)
_CLAIM = (
    sa.update(R)
    .where(R.c.clinic_id == _DUE.c.clinic_id, R.c.id == _DUE.c.id)
    .values(
        state=ReminderState.CLAIMED,
        lease_until=sa.bindparam("until", type_=UtcDateTime()),
        lease_token=sa.bindparam("token", type_=sa.Uuid()),
    )
    .returning(R.c.id)
)


def claim(
    session: Session, channel: Channel, *, limit: int, lease: timedelta = CLAIM_LEASE, alerts_only: bool = False
) -> tuple[uuid.UUID, list[uuid.UUID]]:
    """(token, ids) of due messages of the session's clinic, oldest first, that are this caller's alone until the lease ends.

    `alerts_only`: the clinic has paused its messages, and what its staff must know at once is none of those.
    """
    now, token = clock.now(), uuid.uuid4()
    values = {"clinic": session.info["clinic_id"], "on": channel, "now": now, "most": limit, "until": now + lease, "token": token}
    values["all"] = not alerts_only
    return token, list(session.connection().execute(_CLAIM, values).scalars())


def release(session: Session, token: uuid.UUID) -> None:
    """Give back what was claimed under `token` and not begun."""
    _unclaim(session, R.c.lease_token == token)


def free_lapsed(session: Session) -> None:
    """Give back what a lost worker had claimed and not begun."""
    _unclaim(session, R.c.lease_until <= clock.now())


def _unclaim(session: Session, which: sa.ColumnElement[bool]) -> None:
    claimed = (R.c.clinic_id == session.info["clinic_id"], IS_LEASED, R.c.state == ReminderState.CLAIMED, which)
    ids = session.connection().execute(sa.select(R.c.id).where(*claimed).with_for_update(skip_locked=True)).scalars().all()
    if ids:  # skipping what is locked, so this never waits for a person's change
        free = {"state": ReminderState.PENDING, "lease_until": None, "lease_token": None}
        session.connection().execute(sa.update(R).where(R.c.clinic_id == session.info["clinic_id"], R.c.id.in_(ids)).values(free))

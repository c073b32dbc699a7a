"""Claiming and recording in batches, against the bare driver doing the same to the same tables in turns."""

import itertools
import secrets
import statistics
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from bench.bulk import plain_url
from bench.place import Place
from bench.reminders_fill import make_due
from schemas.vocabulary import Channel
from server.config import Config
from server.db import Database
from server.followup.engine import begin, finish, queue
from server.followup.engine.finish import Result
from server.followup.models import Outcome
from tests import make

LEASE = timedelta(seconds=60)
CLAIM = """
UPDATE reminders SET state = 'claimed', lease_until = %(until)s, lease_token = %(token)s
FROM (SELECT clinic_id, id FROM reminders WHERE state = 'pending' AND channel = 'sms' AND clinic_id = %(clinic)s AND next_at <= %(now)s
      ORDER BY next_at LIMIT %(most)s FOR UPDATE SKIP LOCKED) due
WHERE reminders.clinic_id = due.clinic_id AND reminders.id = due.id RETURNING reminders.id"""
BEGIN = "UPDATE reminders SET state = 'sending', begun_at = %s, attempts = attempts + 1 WHERE clinic_id = %s AND id = ANY(%s)"
FINISH = """
UPDATE reminders SET state = 'accepted', sent_at = %s, message_id = 'SM1', lease_until = NULL, lease_token = NULL
WHERE clinic_id = %s AND id = ANY(%s)"""
PUT_BACK = """
UPDATE reminders SET state = 'pending', lease_until = NULL, lease_token = NULL,
       due_at = due_at + interval '300 days', next_at = next_at + interval '300 days', expires_at = expires_at + interval '300 days'
WHERE state IN ('claimed', 'sending') OR (state = 'pending' AND next_at <= now())"""
"""What was only claimed lies in the future again, so that nobody sends it later."""
_NUMBERS = itertools.count(1_000_000)
"""Of links and journal rows, beyond any that Graftlog itself gives out."""
WRITTEN = ("attempts", "links", "journal")


@dataclass
class Times:
    """Seconds of each batch, by what was done."""

    batch: int
    seconds: dict[str, list[float]] = field(default_factory=dict)

    def rate(self, name: str) -> float:
        """Messages per second of the median batch: what else the machine does makes some batches slow."""
        return self.batch / statistics.median(self.seconds[name][2:])

    def take(self, name: str, work: Callable[[], int]) -> None:
        """Time one batch."""
        began = time.perf_counter()
        done = work()
        self.seconds.setdefault(name, []).append(time.perf_counter() - began)
        if done != self.batch:
            raise RuntimeError(f"{name}: {done} messages instead of {self.batch}")


class Ours:
    """The engine's own functions, one clinic, no sending: every call is taken to be accepted."""

    def __init__(self, database: Database, config: Config, clinic_id: uuid.UUID) -> None:
        self.database, self.config, self.clinic_id = database, config, clinic_id

    def claim(self, batch: int) -> tuple[uuid.UUID, list[uuid.UUID]]:
        """One transaction."""
        with self.database.transaction(self.clinic_id) as session:
            return queue.claim(session, Channel.SMS, limit=batch, lease=LEASE)

    def whole(self, batch: int) -> int:
        """Claim, look once more and begin, record: three transactions, with attempts, links and journal."""
        token, ids = self.claim(batch)
        with self.database.transaction(self.clinic_id) as session:
            letters = begin.begin(session, ids, token, self.config).letters
        accepted = {letter.reminder_id: Result(Outcome.ACCEPTED, message_id="SM1") for letter in letters}
        with self.database.transaction(self.clinic_id) as session:
            return sum(finish.finish(session, token, accepted, idempotent=True).values())


class Raw:
    """The bare driver on another clinic's messages."""

    def __init__(self, place: Place, clinic_id: uuid.UUID) -> None:
        self.connection, self.clinic_id = psycopg.connect(plain_url(place)), clinic_id
        self.rows: dict[str, tuple[list[str], tuple[Any, ...]]] = {}
        self.mine: dict[str, uuid.UUID] = {}

    def learn(self) -> None:
        """One row of each table that a message leaves behind, as ours has just written it."""
        for table in WRITTEN:
            cursor = self.connection.execute(f"SELECT * FROM {table} ORDER BY ctid DESC LIMIT 1".encode())
            row = cursor.fetchone()
            self.rows[table] = [column.name for column in cursor.description or ()], row or ()
        found = self.connection.execute("SELECT id, patient_id FROM visits WHERE clinic_id = %s LIMIT 1", (self.clinic_id,)).fetchone()
        self.mine = dict(zip(("visit_id", "patient_id"), found or (), strict=True))
        self.connection.commit()

    def claim(self, batch: int) -> list[uuid.UUID]:
        """One statement, one transaction."""
        now = datetime.now(UTC)
        values = {"clinic": self.clinic_id, "now": now, "until": now + LEASE, "token": uuid.uuid4(), "most": batch}
        ids = [row[0] for row in self.connection.execute(CLAIM, values)]
        self.connection.commit()
        return ids

    def claim_and_finish(self, batch: int) -> int:
        """Two statements, two transactions, nothing else."""
        ids = self.claim(batch)
        self._finish(ids)
        self.connection.commit()
        return len(ids)

    def same_rows(self, batch: int) -> int:
        """Every row that ours writes, in as many transactions; ready-made, nothing checked, nothing computed."""
        ids = self.claim(batch)
        self.connection.execute(BEGIN, (datetime.now(UTC), self.clinic_id, ids))
        self._insert("links", ids)
        self.connection.commit()
        self._finish(ids)
        self._insert("attempts", ids)
        self.connection.execute("SELECT seq FROM journal_heads WHERE clinic_id = %s FOR UPDATE", (self.clinic_id,))
        self._insert("journal", ids)
        self.connection.execute("UPDATE journal_heads SET hash = hash WHERE clinic_id = %s", (self.clinic_id,))
        self.connection.commit()
        return len(ids)

    def _finish(self, ids: list[uuid.UUID]) -> None:
        self.connection.execute(FINISH, (datetime.now(UTC), self.clinic_id, ids))

    def _insert(self, table: str, ids: list[uuid.UUID]) -> None:
        columns, sample = self.rows[table]
        made = []
        for one in ids:
            number = next(_NUMBERS)
            fresh = {"clinic_id": self.clinic_id, "id": uuid.uuid4(), "reminder_id": one, "record_id": one, "seq": number}
            fresh |= self.mine | {"token_hash": secrets.token_bytes(32), "serial": number}
            row = [fresh.get(name, value) for name, value in zip(columns, sample, strict=True)]
            made.append([Jsonb(value) if isinstance(value, dict) else value for value in row])
        marks = ", ".join(["%s"] * len(columns))
        with self.connection.cursor() as cursor:
            cursor.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})".encode(), made)


def compare(place: Place, config: Config, clinics: list[make.Clinic], batch: int, batches: int) -> Times:
    """Both sides in turns."""
    moment = datetime.now(UTC)
    for clinic, kinds in zip(clinics[:2], (2, 3), strict=True):
        make_due(place, Channel.SMS, batch * (batches * kinds + 2), moment, clinic_id=clinic.id)
    database = place.database()
    ours, raw, times = Ours(database, config, clinics[0].id), Raw(place, clinics[1].id), Times(batch)
    ours.whole(batch)
    raw.learn()
    for _ in range(batches):
        times.take("ours, claim", lambda: len(ours.claim(batch)[1]))
        times.take("raw, claim", lambda: len(raw.claim(batch)))
        times.take("ours, whole", lambda: ours.whole(batch))
        times.take("raw, claim and finish", lambda: raw.claim_and_finish(batch))
        times.take("raw, same rows", lambda: raw.same_rows(batch))
    raw.connection.execute(PUT_BACK)
    raw.connection.commit()
    raw.connection.close()
    database.close()
    return times

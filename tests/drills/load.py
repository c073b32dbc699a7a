"""Writers at work while things go wrong. Each writes down what it asks for before it asks, and what it was told."""

import json
import random
import threading
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import pairwise
from time import monotonic, sleep

from schemas.vocabulary import ProcedureState
from server import clock
from server.canonical import instant
from server.db import Database
from server.ids import uuid7
from tests import make
from tests.drills.serving import Answer, NoAnswer, call

WRITERS = 6
GIVES_UP_AFTER_S = 60.0
Send = Callable[[int, str, str, bytes, dict[str, str], random.Random], Answer]


class Told(StrEnum):
    """What the writer knows at the end."""

    DONE = "done"
    REFUSED = "refused"
    UNKNOWN = "unknown"


@dataclass
class Act:
    """One thing to be stored. Patients carry an id; a note carries an id, a key or both, as its writer's dice say."""

    mark: str
    path: str
    body: bytes
    id: str | None
    key: str | None
    token: str
    told: Told = Told.UNKNOWN
    tries: int = 0
    nothing_was_stored: bool = False
    """The last answer said so, and nobody asked again."""
    answer: bytes = b""


def plainly(port: int, token: str, path: str, body: bytes, headers: dict[str, str], _dice: random.Random) -> Answer:
    """As a well-behaved client sends it."""
    return call(port, token, "POST", path, body, headers)


@dataclass
class Desk:
    """Where one writer works."""

    clinic_id: uuid.UUID
    token: str
    procedure_id: str


@dataclass
class Load:
    """Writers of a few clinics. `stop` returns when each knows what became of its last act, or has given up."""

    db: Database
    port: int
    seed: int
    writers: int = WRITERS
    send: Send = plainly
    clinics: list[make.Clinic] = field(default_factory=list)
    acts: list[Act] = field(default_factory=list)
    statuses: dict[int, int] = field(default_factory=dict)
    acknowledged: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    _enough: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    threads: list[threading.Thread] = field(default_factory=list)
    desks: list[Desk] = field(default_factory=list)

    def prepare(self) -> None:
        """Clinics, people and procedures, while nothing goes wrong yet."""
        self.clinics = self.clinics or [make.clinic(self.db, name=f"Clinic {number}") for number in range(2)]
        for number in range(self.writers):
            clinic = self.clinics[number % len(self.clinics)]
            patient_id = make.patient(self.db, clinic)["id"]
            made = make.procedure(self.db, clinic, state=ProcedureState.IN_PROGRESS, patient_id=patient_id)
            self.desks.append(Desk(clinic.id, make.token(self.db, clinic.surgeon), made["id"]))

    def start(self) -> "Load":
        """All writers, each with dice of its own."""
        if not self.desks:
            self.prepare()
        for number, desk in enumerate(self.desks):
            dice = random.Random(self.seed * 1000 + number)
            self.threads.append(threading.Thread(target=self._write, args=(desk, number, dice), daemon=True))
            self.threads[-1].start()
        return self

    def stop(self) -> None:
        """No new acts; those under way come to an end."""
        self._enough.set()
        for thread in self.threads:
            thread.join(GIVES_UP_AFTER_S * 3)

    def run(self, seconds: float) -> "Load":
        """Start, work for so long, stop."""
        self.start()
        sleep(seconds)
        self.stop()
        return self

    def _write(self, desk: Desk, number: int, dice: random.Random) -> None:
        turn = 0
        while not self._enough.is_set():
            turn += 1
            act = _act(desk, f"S{self.seed}-W{number}-{turn}", dice)
            with self._lock:
                self.acts.append(act)
            self._see_through(act, dice, gives_up=dice.random() < 0.1)

    def _see_through(self, act: Act, dice: random.Random, *, gives_up: bool) -> None:
        """Send it until somebody says what became of it; some writers give up the first time that nobody does."""
        end = monotonic() + GIVES_UP_AFTER_S
        while monotonic() < end:
            act.tries += 1
            headers = {"Idempotency-Key": act.key} if act.key else {}
            with suppress(NoAnswer):
                answer = self.send(self.port, act.token, act.path, act.body, headers, dice)
                if self._understood(act, answer):
                    return
            if gives_up:
                return
            sleep(0.05 + dice.random() * 0.1)

    def _understood(self, act: Act, answer: Answer) -> bool:
        with self._lock:
            self.statuses[answer.status] = self.statuses.get(answer.status, 0) + 1
            self.seconds.append(answer.seconds)
            if answer.status < 300:
                self.acknowledged.append(monotonic())
        act.nothing_was_stored = act.tries == 1 and answer.status >= 500 and b"othing was stored" in answer.body
        if answer.status >= 500 or answer.status == 429:
            return False
        act.told, act.answer = (Told.DONE if answer.status < 300 else Told.REFUSED), answer.body
        return True

    def a_note(self) -> Act:
        """One that is acknowledged; waited for."""
        while True:
            for act in list(self.acts):
                if act.told == Told.DONE and act.path.startswith("/procedures"):
                    return act
            sleep(0.05)

    def done_by(self, clinic: make.Clinic) -> int:
        """Acts of that clinic's writers that are acknowledged by now."""
        tokens = {desk.token for desk in self.desks if desk.clinic_id == clinic.id}
        return sum(act.told == Told.DONE and act.token in tokens for act in list(self.acts))

    def count(self, told: Told) -> int:
        """Acts that ended so."""
        return sum(act.told == told for act in self.acts)

    @property
    def longest_silence(self) -> float:
        """Seconds between two acknowledgements, of whatever writer, at most."""
        times = sorted(self.acknowledged)
        return max((later - before for before, later in pairwise(times)), default=0.0)

    def slowest(self, share: float) -> float:
        """Seconds within which this share of all calls was answered."""
        return sorted(self.seconds)[min(len(self.seconds) - 1, int(len(self.seconds) * share))] if self.seconds else 0.0


def _act(desk: Desk, mark: str, dice: random.Random) -> Act:
    kind = dice.random()
    if kind < 0.15:
        body = {"id": str(uuid7()), "mrn": mark, "family_name": "Petrauskienė", "given_name": "Anna"}
        return Act(mark, "/patients", json.dumps(body).encode(), body["id"], str(uuid7()) if dice.random() < 0.5 else None, desk.token)
    note: dict[str, object] = {"kind": "note", "text": mark, "recorded_at": instant(clock.now())}
    how = dice.choice(("id", "key", "both"))
    if how != "key":
        note["id"] = str(uuid7())
    if kind > 0.9:
        note["passes"] = 30  # no note has that: refused
    key = None if how == "id" else str(uuid7())
    return Act(
        mark, f"/procedures/{desk.procedure_id}/entries", json.dumps(note).encode(), str(note.get("id", "")) or None, key, desk.token
    )

"""Make the demo clinic and let its past happen in order, with the clock moved: cases, reminders, visits."""

import heapq
import itertools
import random
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from schemas.vocabulary import PATIENT_CHANNELS
from server import clock
from server.access import TABLET_ROLES
from server.app import create_app
from server.clinics import demo as known
from server.clinics import pins, second_factor
from server.clinics import service as clinics
from server.clinics.models import Clinic, User
from server.config import Config
from server.db import Database
from server.demo import earlier, panel, people, questionnaires, results
from server.demo.client import Client, inside
from server.demo.redness import first_clear
from server.followup.engine.pump import Pump
from server.ids import uuid7

VISITED = 0.88
ANSWERED = 0.8
MISTAKEN = 0.03
"""Share of check-ins that say of the redness what the surgeon would not."""
RECENTLY = 10
"""Days."""
Event = tuple[datetime, int, Callable[[], None]]


def run(config: Config, database: Database, say: Callable[[str], None]) -> bool:
    """Whether the demo was made: only where there is no clinic at all."""
    with database.transaction(write=False, everywhere=True) as session:
        if session.scalar(sa.select(sa.func.count()).select_from(Clinic)):
            return False
    say("Making the demo clinic: forty cases over eighteen months…")
    today = clock.now()
    with clock.at(today - timedelta(days=30 * earlier.MONTHS_BACK + 30)):
        _people(database)
    _Past(config, database, today).happen()
    return True


def into_files(config: Config) -> Config:
    """The same settings without the ways to real people: nothing of the demo's past is mailed or texted to anybody."""
    return replace(config, smtp_url=None, sms_url=None)


def _people(database: Database) -> None:
    with database.transaction() as session:
        clinics.create_clinic(session, name=people.CLINIC, time_zone=people.TIME_ZONE, phone=people.PHONE, demo=True)
        for email, name, roles in known.ACCOUNTS:
            user = clinics.create_user(session, email=email, name=name, roles=roles, password=known.PASSWORD)
            if TABLET_ROLES & set(roles):
                pins.put_pin(session, user, known.PIN)
            if known.ENROLLED & set(roles):
                second_factor.enrol(session, user, known.SECOND_FACTOR)


class _Past:
    """Events in order of time; what happens may plan further events."""

    def __init__(self, config: Config, database: Database, today: datetime) -> None:
        self.config, self.database, self.today = config, database, today
        self.app = create_app(config, database)
        self.zone = ZoneInfo(people.TIME_ZONE)
        self.dice = random.Random(52)
        self.worse: str | None = None
        self.photographed: dict[str, dict[str, Any]] = {}
        with database.transaction(write=False, everywhere=True) as session:
            found = sa.select(User).where(User.email == "surgeon@demo.example")
            self.surgeon = session.scalars(found, execution_options={"all_clinics": True}).one()
        self.order = itertools.count()
        self.events: list[Event] = []

    def at(self, moment: datetime, what: Callable[[], None]) -> None:
        """Let `what` happen at `moment`, unless that is still to come."""
        if moment < self.today:
            heapq.heappush(self.events, (moment, next(self.order), what))

    def happen(self) -> None:
        """Everything up to today."""
        for number, day in enumerate(earlier.days(self.today.date())):
            evening = datetime.combine(day, time(17), self.zone)
            self.at(evening, lambda number=number, day=day: self._operate(number, day))  # type: ignore[misc]  # reason: bound per turn
        with Pump(self.database, into_files(self.config)) as self.pump:
            while self.events:
                moment, _, what = heapq.heappop(self.events)
                with clock.at(moment):
                    what()
        client = self._client()
        panel.happen(self.database, client, panel.raters(self.database, self.surgeon.clinic_id, client, timedelta(hours=1)))

    def _client(self) -> Client:
        """The surgeon's; signing in with a password takes longer than everything else that happens."""
        client = inside(self.app)
        with self.database.transaction(self.surgeon.clinic_id) as session:
            token, _ = clinics.open_session(session, self.surgeon, timedelta(hours=1))
        client.headers["Authorization"] = f"Bearer {token}"
        return client

    def _operate(self, number: int, day: Any) -> None:
        client = self._client()
        procedure = earlier.play(client, number, day)
        if number >= earlier.CASES - earlier.PHOTOGRAPHED:
            self.photographed[procedure["id"]] = procedure
        for visit in client.get(f"/procedures/{procedure['id']}/visits")["items"]:
            target = datetime.fromisoformat(visit["target_date"]).replace(tzinfo=self.zone)
            what = self._check_in if visit["kind"] == "check_in" else self._visit
            self.at(target + timedelta(hours=15), lambda visit=visit, what=what: what(visit))  # type: ignore[misc]  # reason: bound per turn
            for reminder in client.get(f"/reminders?visit_id={visit['id']}")["items"]:
                self.at(datetime.fromisoformat(reminder["due_at"]) + timedelta(seconds=2), self._remind)

    def _remind(self) -> None:
        for channel in PATIENT_CHANNELS:
            self.pump.round(channel)

    def _check_in(self, visit: dict[str, Any]) -> None:
        """Most patients answer; one who answered lately feels worse, so that the work list has somebody to call."""
        if self.dice.random() < ANSWERED:
            lately = self.worse is None and self.today - clock.now() < timedelta(days=RECENTLY)
            self.worse = visit["id"] if lately else self.worse
            client, path = self._client(), f"/visits/{visit['id']}/answers"
            red = int(visit["step"].removeprefix("d")) < first_clear(client.get(f"/patients/{visit['patient_id']}")["mrn"])
            red ^= self.dice.random() < MISTAKEN
            client.post(path, {"id": str(uuid7()), "question": "redness", "answer": "yes" if red else "no"})
            if lately:
                client.post(path, {"id": str(uuid7()), "question": "worse", "answer": "yes"})
            else:
                client.post(path, {"id": str(uuid7()), "question": "red_flags", "answer": "no"})

    def _visit(self, planned: dict[str, Any]) -> None:
        client = self._client()
        visits = client.get(f"/procedures/{planned['procedure_id']}/visits")["items"]
        visit = next(one for one in visits if one["id"] == planned["id"])
        came = self.dice.random() < VISITED
        client.patch(f"/visits/{visit['id']}", {"state": "attended" if came else "missed"}, visit["write_id"])
        if came:
            with self.database.transaction(self.surgeon.clinic_id) as session:
                questionnaires.answer(session, planned)
            results.assess(client, planned, clock.now())
        if came and planned["procedure_id"] in self.photographed:
            earlier.seen_again(client, self.photographed[planned["procedure_id"]], clock.now())

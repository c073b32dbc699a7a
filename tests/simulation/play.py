"""Playing a script through the real services and the real engine, with the clock moved from one interesting moment to the next."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from schemas.vocabulary import PATIENT_CHANNELS, ProcedureState, ReminderState, VisitState
from server import clock
from server.config import Config
from server.db import Database, find, table_of
from server.followup.comparison import ALREADY_TOLD
from server.followup.engine import chores
from server.followup.engine.pump import Pump
from server.followup.models import IS_PENDING, Reminder, Visit
from server.followup.protocol import DEFAULT_VERSION, from_content
from server.followup.service.visits import mark_visit
from server.patients import service as patients
from server.patients.models import Patient
from server.problems import Problem
from server.procedures.models import Procedure
from server.procedures.service import lifecycle
from tests import make
from tests.simulation.script import CLINIC_ZONE, Happening, Line, Script, What

R = table_of(Reminder)
TURN = time(0, 5)
AT_ONCE = 200
V = table_of(Visit)
_TODAY = sa.bindparam("today", type_=sa.Date())
_OPENS = sa.and_(V.c.state == VisitState.PLANNED, V.c.opens_on <= _TODAY)
_CLOSED = sa.and_(V.c.state.in_((VisitState.PLANNED, VisitState.DUE)), V.c.closes_on < _TODAY)
_TURNING = sa.select(sa.literal(1)).where(sa.or_(_OPENS, _CLOSED)).select_from(V).limit(1)
_NEXT = sa.select(sa.func.min(R.c.next_at)).where(IS_PENDING)


@dataclass
class Played:
    """What came of it. `proofs`: rows that each nightly proof found missing; `rules`: protocols by the label that visits carry."""

    clinic: make.Clinic
    lines: list[Line] = field(default_factory=list)
    proofs: list[tuple[datetime, int]] = field(default_factory=list)
    rounds: int = 0
    rules: dict[str, dict[str, Any]] = field(default_factory=dict)
    procedures: dict[str, uuid.UUID] = field(default_factory=dict)


class Player:
    """One clinic on a database of its own."""

    def __init__(self, db: Database, config: Config, script: Script) -> None:
        """`config` says where messages go."""
        self.db, self.script = db, script
        self.config = replace(config, sms_per_second=0, email_per_second=0)
        self.patients: dict[str, uuid.UUID] = {}
        self.now = script.begins

    def play(self, proofs: int) -> Played:
        """From the first day to the last; the nightly proof runs so many times on the way, and at the end."""
        with clock.at(self.script.begins):
            self.played = Played(make.clinic(self.db, time_zone=CLINIC_ZONE))
            self.played.rules[DEFAULT_VERSION] = self.script.protocols["default"]
        every = (self.script.ends - self.script.begins) / (proofs or 1)
        proved = [self.script.begins + every * number for number in range(1, proofs)]
        with Pump(self.db, self.config) as self.pump:
            for at, happening in self._agenda():
                self._work_until(at)
                self.now = at  # what fell due in an outage is looked at after it
                with clock.at(at):
                    if happening:
                        self._happen(happening)
                    elif self._has_turned():
                        chores.turn_visits(self.db, self.played.clinic.id, self.config)
                    self._send()
                    if proved and at > proved[0] and happening is None:
                        proved.pop(0)
                        self._prove()
            self._work_until(self.script.ends)
            with clock.at(self.script.ends):
                self._prove()
        self.played.lines += self._lines()
        return self.played

    def _agenda(self) -> list[tuple[datetime, Happening | None]]:
        """All events and all turns of the calendar."""
        found: list[tuple[datetime, Happening | None]] = [(one.at, one) for one in self.script.happenings]
        found += [(at, None) for at in self._turns()]
        return sorted(found, key=lambda one: one[0])

    def _turns(self) -> Iterator[datetime]:
        at, one = datetime.combine(self.script.begins.date(), TURN, ZoneInfo(CLINIC_ZONE)), timedelta(days=1)
        while at < self.script.ends:
            if not self._down(at):
                yield at.astimezone(UTC)
            at += one
        yield from (outage.ends for outage in self.script.outages)

    def _has_turned(self) -> bool:
        """Saves the nights on which no window opens or closes, but for one a week."""
        today = clock.now().astimezone(ZoneInfo(CLINIC_ZONE)).date()
        with self.db.transaction(write=False, everywhere=True) as session:
            return today.weekday() == 0 or bool(session.connection().execute(_TURNING, {"today": today}).scalar())

    def _down(self, at: datetime) -> bool:
        return any(one.begins <= at < one.ends for one in self.script.outages)

    def _work_until(self, until: datetime) -> None:
        """The engine wakes whenever something is due, as if it ticked without pause."""
        while (due := self._next()) is not None and (at := max(due, self.now)) < until and not self._down(at):
            self.now = at
            with clock.at(at):
                self._send()

    def _next(self) -> datetime | None:
        with self.db.transaction(write=False, everywhere=True) as session:
            found: datetime | None = session.connection().execute(_NEXT).scalar()
        return found

    def _send(self) -> None:
        """All that is due now, as often as it takes."""
        now = clock.now()
        while not self._down(now) and (at := self._next()) is not None and at <= now:
            self.played.rounds += 1
            for channel in PATIENT_CHANNELS:
                self.pump.round(channel, limit=AT_ONCE)

    def _prove(self) -> None:
        self.played.proofs.append((clock.now(), chores.prove(self.db, self.played.clinic.id, self.config)))

    def _happen(self, one: Happening) -> None:
        clinic = self.played.clinic
        if one.what == What.PROTOCOL:
            content = self.script.protocols[one.value]
            self.played.rules[make.protocol(self.db, clinic, from_content(content, "new"))] = content
        elif one.what == What.REGISTERED:
            family, _, given = one.who.partition(" ")
            fields = {"mrn": one.who, "family_name": family, "given_name": given} | one.facts
            self.patients[one.who] = uuid.UUID(make.patient(self.db, clinic, **fields)["id"])
        elif one.what == What.COMPLETED:
            patient_id = str(self.patients[one.who])
            made = make.procedure(self.db, clinic, state=ProcedureState.COMPLETED, patient_id=patient_id, ended_at=one.moment)
            self.played.procedures[one.procedure] = uuid.UUID(made["id"])
        else:
            with self.db.transaction(clinic.id, actor=clinic.surgeon) as session:
                refused = self._change(session, one)
            if refused:
                self.played.lines.append(refused)

    def _change(self, session: Session, one: Happening) -> Line | None:
        if one.what == What.CHANGED:
            patients.change_patient(session, self._locked(session, Patient, self.patients[one.who]), dict(one.facts))
            return None
        procedure_id = self.played.procedures[one.procedure]
        if one.what == What.MARKED:
            return self._mark(session, one, procedure_id)
        procedure = self._locked(session, Procedure, procedure_id)
        if one.what == What.WITHDRAWN:
            lifecycle.withdraw(session, procedure, "recorded for the wrong patient")
        elif one.moment:
            lifecycle.change_procedure(session, procedure, {"started_at": one.moment - timedelta(hours=1), "ended_at": one.moment})
        return None

    def _mark(self, session: Session, one: Happening, procedure_id: uuid.UUID) -> Line | None:
        known = session.scalar(sa.select(Visit.id).where(Visit.procedure_id == procedure_id, Visit.step == one.step))
        try:
            if known:
                mark_visit(session, self._locked(session, Visit, known), VisitState(one.value), booked_for=one.moment)
                return None
        except Problem as problem:
            if problem.code != "conflict" and "when the visit may take place" not in problem.detail:
                raise
        return Line(one.who, one.procedure, one.step, "", one.value, 0, "refused", f"{one.at:%Y-%m-%d %H:%M:%S}")

    @staticmethod
    def _locked(session: Session, model: type[Any], row_id: uuid.UUID) -> Any:
        row = find(session, model, row_id, lock=True)
        assert row is not None
        return row

    def _lines(self) -> Iterator[Line]:
        """One for each stored message; that a message need not be repeated is no message."""
        who = {value: key for key, value in self.patients.items()}
        procedure = {value: key for key, value in self.played.procedures.items()}
        with self.db.transaction(self.played.clinic.id, write=False) as session:
            for row, step in session.execute(sa.select(Reminder, Visit.step).join(Visit, Visit.id == Reminder.visit_id)):
                if row.patient_id and row.procedure_id and row.reason != ALREADY_TOLD:
                    about = row.about_on.isoformat() if row.about_on else ""
                    yield Line(
                        who[row.patient_id], procedure[row.procedure_id], step, about, row.purpose, row.rung, _became(row), _wall(row)
                    )


def _became(row: Reminder) -> str:
    if row.state == ReminderState.ACCEPTED:
        return f"sent by {row.channel}"
    return "waiting" if row.state == ReminderState.PENDING else f"{row.state}: {row.reason}"


def _wall(row: Reminder) -> str:
    return (row.sent_at or row.due_at).astimezone(ZoneInfo(row.zone)).strftime("%Y-%m-%d %H:%M:%S")

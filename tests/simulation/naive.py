"""What should be sent, worked out patient by patient with plain dates and loops from the design's page. Imports nothing of the server."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tests.simulation.naive_dates import Said, clinic_day, messages, next_opening, target_of
from tests.simulation.script import CLINIC_ZONE, Happening, Line, Script, What

TURN = time(0, 5)
"""When the clinic's calendar is turned, by its own clock."""
OPEN, BOOKED, OVERDUE, MISSED, CANCELLED = "open", "booked", "overdue", "missed", "cancelled"
"""`overdue` is missed by the calendar alone; a person has said nothing yet."""
UNSETTLED = (OPEN, BOOKED, OVERDUE)


@dataclass
class Waiting:
    """A planned message; not looked at before `look`."""

    said: Said
    look: datetime


@dataclass
class Visit:
    """One visit of one procedure."""

    step: dict[str, Any]
    target: date
    state: str = OPEN
    booked_for: datetime | None = None
    waiting: list[Waiting] = field(default_factory=list)
    done: set[tuple[str, int, date]] = field(default_factory=set)

    @property
    def closes(self) -> date:
        """Last day of the window."""
        return self.target + timedelta(days=self.step["closes_days_after"])

    @property
    def earliest(self) -> date:
        """Before it nobody can have come or stayed away."""
        opens = self.target - timedelta(days=self.step["opens_days_before"])
        return min(opens, clinic_day(self.booked_for)) if self.booked_for else opens


@dataclass
class Procedure:
    """One procedure; `rules` is the protocol that its first visit was scheduled under."""

    key: str
    ended: datetime
    withdrawn: bool = False
    rules: dict[str, Any] | None = None
    visits: dict[str, Visit] = field(default_factory=dict)


class Patient:
    """One patient's life; `lines` is what becomes of every message."""

    def __init__(self, script: Script, who: str) -> None:
        """Nothing has happened yet."""
        self.script, self.who = script, who
        self.facts: dict[str, Any] = {
            "reminder_consent": True,
            "died_on": None,
            "time_zone": None,
            "email": None,
            "phone": None,
            "contact_by": None,
        }
        self.procedures: dict[str, Procedure] = {}
        self.lines: list[Line] = []

    @property
    def zone(self) -> ZoneInfo:
        """Where the patient's clock hangs."""
        return ZoneInfo(self.facts["time_zone"] or CLINIC_ZONE)

    def live(self) -> list[Line]:
        """From the first event to the last day."""
        rules = self.script.protocols["default"]
        turns = list(_turns(self.script))
        events: list[tuple[datetime, Happening | None]] = [(at, None) for at in turns]
        events += [(one.at, one) for one in self.script.happenings if one.who == self.who or one.what == What.PROTOCOL]
        for at, happening in sorted(events, key=lambda one: one[0]):
            if happening is None:
                self._turn(at)
            elif happening.what == What.PROTOCOL:
                rules = self.script.protocols[happening.value]
            else:
                self._send(at)
                self._happen(happening, rules)
        self._send(self.script.ends)
        for procedure, visit in self._visits():
            for one in visit.waiting:
                self._write(procedure, visit, one.said, "waiting")
        return self.lines

    def _visits(self) -> Iterator[tuple[Procedure, Visit]]:
        for procedure in self.procedures.values():
            for visit in procedure.visits.values():
                yield procedure, visit

    def _turn(self, at: datetime) -> None:
        """A visit whose window closed yesterday, and of which nobody has said anything, was missed."""
        today = clinic_day(at)
        for procedure, visit in self._visits():
            if visit.state == OPEN and visit.closes < today:
                self._send(at)
                visit.state = OVERDUE
                self._plan(procedure, visit, at, "visit_missed")

    def _happen(self, one: Happening, rules: dict[str, Any]) -> None:
        reason = "superseded"
        if one.what in {What.REGISTERED, What.CHANGED}:
            self.facts |= one.facts
        elif one.what == What.COMPLETED:
            assert one.moment is not None
            self.procedures[one.procedure] = Procedure(one.procedure, one.moment)
        elif one.what == What.CORRECTED:
            assert one.moment is not None
            self.procedures[one.procedure].ended = one.moment
        elif one.what == What.WITHDRAWN:
            self.procedures[one.procedure].withdrawn = True
        elif one.what == What.MARKED:
            procedure = self.procedures[one.procedure]
            visit = procedure.visits.get(one.step)
            if visit is None or visit.state == CANCELLED or (one.value in {"attended", MISSED} and clinic_day(one.at) < visit.earliest):
                self.lines.append(refusal(one))
                return
            visit.state = one.value
            visit.booked_for = one.moment if one.value == BOOKED else visit.booked_for
            self._plan(procedure, visit, one.at, f"visit_{one.value}")
            return
        for procedure in self.procedures.values():
            self._follow(procedure, one.at, rules, reason)

    def _why_not(self, procedure: Procedure, target: date) -> str | None:
        if self.facts["died_on"]:
            return "patient_died"
        if procedure.withdrawn:
            return "procedure_entered_in_error"
        later = [one.ended for one in self.procedures.values() if one.ended > procedure.ended and not one.withdrawn]
        return "re_treatment" if later and target >= clinic_day(min(later)) else None

    def _follow(self, procedure: Procedure, at: datetime, rules: dict[str, Any], reason: str) -> None:
        """The visits of a procedure as its facts now ask for them."""
        for step in (procedure.rules or rules)["steps"]:
            target = target_of(step, clinic_day(procedure.ended))
            why_not = self._why_not(procedure, target)
            visit = procedure.visits.get(step["step"])
            if visit is None:
                if why_not is None:
                    procedure.rules = procedure.rules or rules
                    procedure.visits[step["step"]] = Visit(step, target)
                    self._plan(procedure, procedure.visits[step["step"]], at, reason, everything=True)
            elif why_not is None:
                self._stand(visit, target)
                self._plan(procedure, visit, at, reason)
            else:
                if visit.state in UNSETTLED:
                    visit.state = CANCELLED
                if visit.state == CANCELLED or why_not != "re_treatment":
                    self._drop(procedure, visit, visit.waiting, f"cancelled: {why_not}")

    def _stand(self, visit: Visit, target: date) -> None:
        """A cancelled visit comes back, booked if it was for a time; one that nobody has settled moves with the procedure's day."""
        if visit.state == CANCELLED:
            visit.state, visit.target = BOOKED if visit.booked_for else OPEN, target
        elif visit.state in UNSETTLED and visit.target != target:
            visit.target = target
            visit.state = OPEN if visit.state == OVERDUE else visit.state

    def _wanted(self, procedure: Procedure, visit: Visit) -> list[Said]:
        if not self.facts["reminder_consent"] or visit.state not in {*UNSETTLED, MISSED}:
            return []
        assert procedure.rules is not None
        booked_day = clinic_day(visit.booked_for) if visit.booked_for else None
        found = messages(procedure.rules, visit.step, booked_day or visit.target, visit.closes, self.zone)
        if visit.state in {OVERDUE, MISSED}:
            return [one for one in found if one.purpose == "chase"]
        if visit.state == OPEN:
            return found
        found = [one for one in found if one.purpose == "near"]  # a booked visit is neither asked to be booked nor chased
        if visit.booked_for is None:
            return found
        return [one.until(visit.booked_for) for one in found if one.due < visit.booked_for]

    def _plan(self, procedure: Procedure, visit: Visit, at: datetime, reason: str, *, everything: bool = False) -> None:
        """`everything`: a new visit has the messages whose time has passed, too; they are never sent."""
        wanted = self._wanted(procedure, visit)
        gone = [one for one in visit.waiting if one.said not in wanted]
        self._drop(procedure, visit, gone, f"cancelled: {reason}" if self.facts["reminder_consent"] else "suppressed: no_consent")
        there = [one.said for one in visit.waiting]
        for one in wanted:
            if one not in there and one.what not in visit.done and (everything or one.expires > at):
                visit.waiting.append(Waiting(one, max(one.due, at)))

    def _drop(self, procedure: Procedure, visit: Visit, gone: Iterable[Waiting], became: str) -> None:
        for one in list(gone):
            visit.waiting.remove(one)
            self._write(procedure, visit, one.said, became)

    def _send(self, until: datetime) -> None:
        """All that an engine without delay does before `until`."""
        for procedure, visit in self._visits():
            for one in list(visit.waiting):
                self._settle(procedure, visit, one, until)

    def _settle(self, procedure: Procedure, visit: Visit, one: Waiting, until: datetime) -> None:
        assert procedure.rules is not None
        while (at := self._up(one.look)) < until:
            opens = next_opening(procedure.rules, at, self.zone)
            channel = self._channel()
            if one.said.expires <= at:
                became = "expired: too_late"
            elif channel is None:
                became = "suppressed: no_address"
            elif opens > at and opens >= one.said.expires:
                became = "expired: sending_hours"
            elif opens > at:
                one.look = opens
                continue
            else:
                became = f"sent by {channel}"
            visit.waiting.remove(one)
            visit.done.add(one.said.what)
            self._write(procedure, visit, one.said, became, at if channel and became.startswith("sent") else None)
            return

    def _channel(self) -> str | None:
        addresses = {"email": self.facts["email"], "sms": self.facts["phone"]}
        order = [self.facts["contact_by"], "email", "sms"]
        return next((one for one in order if one and addresses[one]), None)

    def _up(self, at: datetime) -> datetime:
        """`at`, or the end of the outage that it lies in."""
        return next((one.ends for one in self.script.outages if one.begins <= at < one.ends), at)

    def _write(self, procedure: Procedure, visit: Visit, said: Said, became: str, sent: datetime | None = None) -> None:
        wall = (sent or said.due).astimezone(self.zone if sent else ZoneInfo(said.zone)).strftime("%Y-%m-%d %H:%M:%S")
        about = said.about.isoformat()
        self.lines.append(Line(self.who, procedure.key, visit.step["step"], about, said.purpose, said.rung, became, wall))


def refusal(one: Happening) -> Line:
    """What is said of a visit that is cancelled, or was never planned."""
    return Line(one.who, one.procedure, one.step, "", one.value, 0, "refused", f"{one.at:%Y-%m-%d %H:%M:%S}")


def _turns(script: Script) -> Iterator[datetime]:
    """Each night, unless nothing runs; then as soon as something does."""
    day = script.begins.date()
    while (at := datetime.combine(day, TURN, ZoneInfo(CLINIC_ZONE)).astimezone(UTC)) < script.ends:
        if not any(one.begins <= at < one.ends for one in script.outages):
            yield at
        day += timedelta(days=1)
    yield from (one.ends for one in script.outages)


def log_of(script: Script) -> list[Line]:
    """What becomes of every message of everybody."""
    return [line for who in script.people for line in Patient(script, who).live()]

"""The protocol of a clinic as plain data: its steps, windows, messages and hours; the default; and reading it from its wire form."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time
from typing import Any

from schemas.vocabulary import PATIENT_CHANNELS, Channel, Purpose, VisitKind
from server.followup.calendar import Hours, Offset

DEFAULT_VERSION = "default-2"
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_DAYS_A_MONTH, _DAYS_A_YEAR = 30, 365


@dataclass(frozen=True)
class Rung:
    """One message of a step's ladder, so many days before the visit (0: on the day; -1: a check-in's question again, a day after)."""

    days: int
    purpose: Purpose = Purpose.NEAR


@dataclass(frozen=True)
class Step:
    """One visit or check-in: its distance from the procedure, its window in days, its messages, its chase in days after the window."""

    step: str
    title: str
    offset: Offset
    opens: int
    closes: int
    ladder: tuple[Rung, ...]
    chase: tuple[int, ...] = ()
    kind: VisitKind = VisitKind.VISIT

    @property
    def about(self) -> int:
        """Days after the procedure, near enough to put steps in order."""
        return self.offset.days + self.offset.months * _DAYS_A_MONTH + self.offset.years * _DAYS_A_YEAR


@dataclass(frozen=True)
class Protocol:
    """Everything that decides when which message is due. `channels` in order of preference; visits lost so long after the last window."""

    version: str
    steps: tuple[Step, ...]
    send_at: time = time(10)
    hours: Hours = field(default_factory=Hours)
    channels: tuple[Channel, ...] = PATIENT_CHANNELS
    lost_after_days: int = 28

    def step(self, key: str) -> Step | None:
        """The step of that name."""
        return next((one for one in self.steps if one.step == key), None)


_CHASE = (4, 11)
_VISITS = (
    Step("2w", "2 weeks", Offset(days=14), 4, 7, (Rung(3), Rung(1)), _CHASE),
    Step("3m", "3 months", Offset(months=3), 14, 14, (Rung(14, Purpose.BOOK), Rung(3), Rung(1)), _CHASE),
    Step("1y", "1 year", Offset(years=1), 30, 30, (Rung(30, Purpose.BOOK), Rung(7), Rung(3), Rung(1)), _CHASE),
)


def _check_ins(opens: int, closes: int, *rungs: int) -> tuple[Step, ...]:
    ladder = tuple(Rung(one, Purpose.CHECK_IN) for one in rungs)
    return tuple(Step(f"d{day}", f"Day {day}", Offset(days=day), opens, closes, ladder, kind=VisitKind.CHECK_IN) for day in (7, 14, 21, 28))


DEFAULT = Protocol(DEFAULT_VERSION, _check_ins(2, 2, 0, -1) + _VISITS)
"""3 days and 1 day before is what the largest trial (54 066 patients) found best; see the design's page on follow-up."""
BUILT_IN = {DEFAULT_VERSION: DEFAULT, "default-1": Protocol("default-1", _check_ins(0, 3, 0) + _VISITS)}
"""By version: a follow-up keeps the one that it was scheduled under."""


def to_content(protocol: Protocol) -> dict[str, Any]:
    """Wire form, without the version: what a person edits."""
    return {
        "steps": [_step_content(step) for step in protocol.steps],
        "send_at": protocol.send_at.isoformat("minutes"),
        "sending_hours": {"from": protocol.hours.opens.isoformat("minutes"), "until": protocol.hours.closes.isoformat("minutes")},
        "closed_weekdays": [WEEKDAYS[day] for day in sorted(protocol.hours.closed_weekdays)],
        "holidays": sorted(protocol.hours.holidays),
        "channels": [str(channel) for channel in protocol.channels],
        "lost_after_days": protocol.lost_after_days,
    }


def _step_content(step: Step) -> dict[str, Any]:
    units = {"days": step.offset.days, "months": step.offset.months, "years": step.offset.years}
    return {
        "step": step.step,
        "title": step.title,
        "kind": str(step.kind),
        "after": {unit: number for unit, number in units.items() if number},
        "opens_days_before": step.opens,
        "closes_days_after": step.closes,
        "messages": [{"days_before": rung.days, "purpose": str(rung.purpose)} for rung in step.ladder],
        "chase_days_after_window": list(step.chase),
    }


def from_content(content: Mapping[str, Any], version: str) -> Protocol:
    """A protocol from a wire form that `schemas.protocol.ProtocolContent` has accepted."""
    return Protocol(
        version=version,
        steps=tuple(_step_from(one) for one in content["steps"]),
        send_at=time.fromisoformat(content["send_at"]),
        hours=Hours(
            opens=time.fromisoformat(content["sending_hours"]["from"]),
            closes=time.fromisoformat(content["sending_hours"]["until"]),
            closed_weekdays=frozenset(WEEKDAYS.index(day) for day in content["closed_weekdays"]),
            holidays=frozenset(content["holidays"]),
        ),
        channels=tuple(Channel(one) for one in content["channels"]),
        lost_after_days=content["lost_after_days"],
    )


def _step_from(one: Mapping[str, Any]) -> Step:
    return Step(
        step=one["step"],
        title=one["title"],
        offset=Offset(**one["after"]),
        opens=one["opens_days_before"],
        closes=one["closes_days_after"],
        ladder=tuple(Rung(each["days_before"], Purpose(each["purpose"])) for each in one["messages"]),
        chase=tuple(one["chase_days_after_window"]),
        kind=VisitKind(one["kind"]),
    )

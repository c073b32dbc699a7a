"""Plain facts of a simulated life: who lives where, what happens when, and one line for each message. Knows nothing of the server."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

CLINIC_ZONE = "Europe/Budapest"


class What(StrEnum):
    """What can happen."""

    REGISTERED = "registered"
    COMPLETED = "completed"
    CORRECTED = "end corrected"
    WITHDRAWN = "entered in error"
    MARKED = "visit marked"
    CHANGED = "patient changed"
    PROTOCOL = "protocol in force"


@dataclass(frozen=True)
class Happening:
    """One event. `moment` is a procedure's end or a time agreed on; `value` a visit's state; `facts` the patient's changed ones."""

    at: datetime
    what: What
    who: str = ""
    procedure: str = ""
    step: str = ""
    value: str = ""
    moment: datetime | None = None
    facts: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        """A line of a story."""
        parts = (self.procedure, self.step, self.value, f"{self.moment:%Y-%m-%d %H:%M}Z" if self.moment else "", self.facts or "")
        return f"{self.at:%Y-%m-%d %H:%M:%S}Z {self.what}: " + " ".join(str(one) for one in parts if one)


@dataclass(frozen=True)
class Outage:
    """From when until when nothing runs; people go on working."""

    begins: datetime
    ends: datetime


@dataclass(frozen=True)
class Script:
    """All that happens, in order of time. `protocols` in wire form, by the `value` of the happening that puts one in force."""

    happenings: tuple[Happening, ...]
    outages: tuple[Outage, ...]
    protocols: dict[str, dict[str, Any]]
    begins: datetime
    ends: datetime

    def of(self, who: str) -> tuple[Happening, ...]:
        """What happens to one patient."""
        return tuple(one for one in self.happenings if one.who == who)

    @property
    def people(self) -> list[str]:
        """Everybody who is ever registered, in that order."""
        return [one.who for one in self.happenings if one.what == What.REGISTERED]

    def only(self, who: str) -> "Script":
        """The same life with one patient alone."""
        return replace(self, happenings=tuple(one for one in self.happenings if one.who in {who, ""}))


@dataclass(frozen=True, order=True)
class Line:
    """What became of one message. `wall` is the patient's clock: when it was sent, else when it was due."""

    who: str
    procedure: str
    step: str
    about_on: str
    purpose: str
    rung: int
    became: str
    wall: str

    def __str__(self) -> str:
        """A line of a story."""
        return f"{self.procedure} {self.step} on {self.about_on}: {self.purpose} {self.rung}, {self.became} at {self.wall}"

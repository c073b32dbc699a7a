"""How a digest is packed: its sections, field by field, as `struct` writes them and numpy reads them. Pure.

Days are ordinals (`date.toordinal`), words are numbers of the clinic's list (`words`), ids are their 16 bytes, and NEVER is no day.
"""

from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from struct import Struct
from typing import Any

from schemas.outcome_words import Complication

NEVER = -(2**31)
NO_GRADE = 127
NOBODY = b"\0" * 16
SILENT, ASKED, ANSWERED = 0, 1, 2
"""How far a visit came: nobody answered; she was asked (a message about it was taken, or she was spoken to); it was answered."""

UNSEEN, NEVER_RED, WAS_RED = 0, 1, 2
"""What is known of a procedure's redness."""

COMPLICATIONS = tuple(Complication)
"""A complication is a bit, by its place here."""

_NUMPY = {"16s": "S16", "q": "<i8", "Q": "<u8", "d": "<f8", "i": "<i4", "H": "<u2", "B": "u1", "b": "i1"}


@dataclass(frozen=True)
class Section:
    """Records of one kind, one behind the other: (field, code of `struct`), without gaps, the low byte first."""

    name: str
    fields: tuple[tuple[str, str], ...]

    @property
    def packer(self) -> Struct:
        """Writes a record."""
        return Struct("<" + "".join(code for _, code in self.fields))

    @property
    def dtype(self) -> list[tuple[str, str]]:
        """Reads many, as numpy takes it."""
        return [(name, _NUMPY[code]) for name, code in self.fields]


def _section(name: str, **fields: str) -> Section:
    return Section(name, tuple(fields.items()))


FACTS = _section(
    "facts",
    procedure="16s",
    patient="16s",
    surgeon="16s",
    performed_at="q",  # microseconds since 1970
    performed_on="i",
    sex="H",
    timed="B",  # its length is known
    redness="B",
    contradicted="B",  # of its redness, on one day
    red_until="i",  # last day it was seen red, counted from the procedure
    clear_from="i",  # first day it was seen clear after that, or NEVER
    asked="Q",  # complications of which a standing assessment says yes or no
    present="Q",  # of which one says yes
    assessed="B",
    looked_for="B",  # the serious ones
    serious="B",
)
VISITS = _section("visits", step="H", title="H", protocol="H", kind="H", state="H", stand="B", target_on="i")
RESPONSES = _section("responses", response="16s", instrument="H", outside="B", step="H", answered_on="i")
SCORES = _section("scores", place="H", instrument="H", scale="H", value_e3="i")  # `place` of its response in this digest
SCARS = _section("scars", scar="16s", subunit="H", side="H", aetiology="H", volume_ul="i", area_cm2="d")
PAIRS = _section("pairs", pair="16s", scar="16s", step="H", front="B")
RATINGS = _section("ratings", place="H", rater="H", grade="b")  # `place` of its pair in this digest
EVENTS = _section(
    "events", event="16s", complication="H", began_on="i", from_day="i", last_day="i", absent_day="i", clavien_dindo="H", ctcae="B"
)
SECTIONS = (FACTS, VISITS, RESPONSES, SCORES, SCARS, PAIRS, RATINGS, EVENTS)

_MEANING = 1
"""Raised when a field comes to mean something else, so that every digest is made anew."""


def of_zone(zone: str) -> str:
    """What digests must have been made by to be read: this form, and the clinic's zone, on which their days depend."""
    described = repr((_MEANING, [(one.name, one.fields) for one in SECTIONS], [str(one) for one in COMPLICATIONS]))
    return f"{sha256(described.encode()).hexdigest()[:16]} {zone}"


def ordinal(day: date | None) -> int:
    """The day's number."""
    return NEVER if day is None else day.toordinal()


def day_of(number: Any) -> date | None:
    """And back."""
    return None if number == NEVER else date.fromordinal(int(number))

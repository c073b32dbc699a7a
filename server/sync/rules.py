"""Rules of the sync, pure: how two changes of one document are merged, which entries look alike, which numbers are missing."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from schemas.entry_columns import COLUMNS
from schemas.vocabulary import EntryKind
from server.procedures.facts import Fact

CAREFUL = frozenset({"side", "allergies", "plan"})
"""Never merged by themselves: where a wrong value harms. The plan holds the volume that each scar may get, and the side of the harvest."""
ALIKE_WITHIN = timedelta(minutes=1)
LOOK_BACK = 2000
"""Numbers of a tablet that are searched for missing ones."""
CLOCK_TOLERANCE = timedelta(minutes=2)
_VALUES = tuple(column for column in COLUMNS if column not in {"started_at", "ended_at"})
Document = Mapping[str, Any]
Same = Callable[[str, Any, Any], bool]
"""Whether two wire values of a field mean the same, however they are written."""


@dataclass(frozen=True)
class Merge:
    """What of a tablet's document is taken over, and what stays as the server has it."""

    taken: list[str]
    lost: list[dict[str, Any]]
    same_base: bool


def merge(mine: Document, base: Document | None, current: Document, names: Iterable[str], fixed: frozenset[str], same: Same) -> Merge:
    """Merge `names` of a tablet's document into the current one; `base` is what the tablet had before, `fixed` what nobody changes."""
    touched = [name for name in names if name in mine]
    same_base = base is not None and (
        base.get("write_id") == current.get("write_id") or all(name in base and same(name, base[name], current[name]) for name in touched)
    )
    taken, lost = [], []
    for name in touched:
        if same(name, mine[name], current[name]) or _only_theirs(name, mine, base, same):
            continue
        if name not in fixed and (same_base or _only_mine(name, mine, base, current, same)):
            taken.append(name)
        else:
            lost.append({"field": name, "sent": mine[name], "kept": current[name]})
    return Merge(taken, lost, same_base)


def _only_mine(name: str, mine: Document, base: Document | None, current: Document, same: Same) -> bool:
    if base is None or name not in base or name in CAREFUL:
        return False
    return same(name, base[name], current[name]) and not same(name, mine[name], base[name])


def _only_theirs(name: str, mine: Document, base: Document | None, same: Same) -> bool:
    return base is not None and name in base and same(name, mine[name], base[name])


def alike(one: Fact, other: Fact) -> bool:
    """Whether two entries of different tablets could be one act that both wrote down."""
    if one["device_id"] == other["device_id"] or one["kind"] != other["kind"] or one["kind"] == EntryKind.RETRACTION:
        return False
    if abs(one["recorded_at"] - other["recorded_at"]) > ALIKE_WITHIN:
        return False
    return all(one[column] == other[column] for column in _VALUES) and one["details"] == other["details"]


@dataclass(frozen=True)
class Gap:
    """Entries that a tablet says it recorded and that have not come. `numbers` is empty where they cannot be told from other cases'."""

    recorded: int
    arrived: int
    numbers: tuple[int, ...]

    def sentence(self, tablet: str) -> str:
        """As the signing page says it."""
        said = f"{tablet} recorded {self.recorded} entries, {self.arrived} arrived"
        if len(self.numbers) == 1:
            return f"{said}, number {self.numbers[0]} is missing."
        if self.numbers:
            return f"{said}, numbers {', '.join(map(str, self.numbers))} are missing."
        return f"{said}, {self.recorded - self.arrived} not."


def gap(recorded: int, highest: int, here: frozenset[int], anywhere: frozenset[int]) -> Gap | None:
    """What is missing of a tablet's entries in one procedure; `here` and `anywhere` are its numbers that came, of this case and of all."""
    missing = recorded - len(here)
    if missing <= 0:
        return None
    free = [number for number in range(max(1, highest - LOOK_BACK), highest + 1) if number not in anywhere]
    if len(free) != missing:  # others may be another case's, still on their way
        free = [number for number in free if number > min(here, default=0)]
    return Gap(recorded, len(here), tuple(free) if len(free) == missing else ())

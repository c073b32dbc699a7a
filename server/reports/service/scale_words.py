"""What a scale is called, its range and its direction, from the instruments that the clinic has loaded."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from server.outcomes.models import Instrument

UNKNOWN = "unknown"


@dataclass(frozen=True)
class Words:
    """`better` is high, low or unknown; bounds are None where the instrument names none."""

    title: str
    low: float | None
    high: float | None
    better: str


def of_clinic(session: Session) -> dict[tuple[str, str], Words]:
    """(instrument, scale) → its words, of the newest version."""
    found: dict[tuple[str, str], Words] = {}
    for one in session.scalars(sa.select(Instrument).order_by(Instrument.created_at, Instrument.id)):
        for scale in one.definition.get("scales", ()):
            found[one.key, str(scale["id"])] = _words(scale)
    return found


def _words(scale: Mapping[str, Any]) -> Words:
    """A converted score goes from 0 to 100, whatever the range of its items."""
    bounds = (0, 100) if scale.get("conversion", "none") != "none" else (*scale.get("range", ()), None, None)
    low, high = (None if bound is None else float(bound) for bound in bounds[:2])
    return Words(str(scale.get("title", scale["id"])), low, high, str(scale.get("best", UNKNOWN)))

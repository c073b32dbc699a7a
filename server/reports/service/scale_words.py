"""What a scale is called, its range and its direction: of every instrument that there is, the newest version's words."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from server.clinics import service as clinics
from server.outcomes.rules.instrument import Scale
from server.outcomes.service import catalogue

UNKNOWN = "unknown"


@dataclass(frozen=True)
class Words:
    """`better` is high, low or unknown; bounds are None where the instrument names none."""

    title: str
    low: float | None
    high: float | None
    better: str


def of_clinic(session: Session) -> dict[tuple[str, str], Words]:
    """(instrument, scale) → its words."""
    known = catalogue.instruments(session, clinics.today(session))
    return {(one.instrument.key, scale.id): _words(scale) for one in known if one.newest for scale in one.instrument.scales}


def _words(scale: Scale) -> Words:
    low, high = scale.span
    return Words(scale.title, float(low), float(high), str(scale.best))

"""Which instruments there are: those that this program ships, and those that the clinic has loaded, all versions of each."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources

import sqlalchemy as sa
from sqlalchemy.orm import Session

from schemas.instrument_words import Origin
from server.outcomes.models import Instrument as Row
from server.outcomes.models import Licence
from server.outcomes.rules import definition
from server.outcomes.rules.instrument import Instrument
from server.outcomes.rules.use import Term, obstacle
from server.outcomes.service.files import plain
from server.problems import Problem


@dataclass(frozen=True)
class Known:
    """One version of an instrument, where it comes from, and why its wording may not be used today (None: it may)."""

    instrument: Instrument
    origin: Origin
    newest: bool
    obstacle: str | None
    licence: Licence | None


@cache
def shipped() -> tuple[Instrument, ...]:
    """What this program brings along, by key and version."""
    folder = resources.files("server.outcomes") / "instruments"
    found = [definition.read(plain(one.read_bytes())) for one in folder.iterdir() if one.name.endswith(".yaml")]
    return tuple(sorted(found, key=lambda one: (one.key, one.version)))


def shipped_version(key: str, version: str) -> Instrument | None:
    """The one of that key and version that this program brings along."""
    return next((one for one in shipped() if (one.key, one.version) == (key, version)), None)


def instruments(session: Session, today: date, key: str | None = None) -> list[Known]:
    """All versions, by key, of each the newest last: what was loaded is newer than what came along."""
    query = sa.select(Row).order_by(Row.created_at, Row.id)
    loaded = [definition.read(one.definition) for one in session.scalars(query.where(Row.key == key) if key else query)]
    taken = {(one.key, one.version) for one in loaded}
    ours = [one for one in shipped() if key in {None, one.key} and (one.key, one.version) not in taken]
    every = [(one, Origin.SHIPPED) for one in ours] + [(one, Origin.LOADED) for one in loaded]
    newest = {one.key: one for one, _ in every}
    licences = _licences(session, today)
    return [
        Known(
            instrument=one,
            origin=origin,
            newest=newest[one.key] is one,
            obstacle=obstacle(one, _term(licences.get(one.key)), today),
            licence=licences.get(one.key) if one.licensed else None,
        )
        for one, origin in sorted(every, key=lambda pair: pair[0].key)
    ]


def _licences(session: Session, today: date) -> dict[str, Licence]:
    """The newest of each key that has begun, so that a renewal recorded early takes nothing away; where none has, the newest."""
    rows: Sequence[Licence] = session.scalars(sa.select(Licence).order_by(Licence.created_at, Licence.id)).all()
    return {one.key: one for one in rows} | {one.key: one for one in rows if one.valid_from <= today}


def _term(licence: Licence | None) -> Term | None:
    return Term(licence.valid_from, licence.valid_until) if licence else None


def find_known(session: Session, today: date, key: str, version: str | None = None) -> Known | None:
    """That version of it, the newest where none is named."""
    found = instruments(session, today, key)
    return next((one for one in found if (one.newest if version is None else one.instrument.version == version)), None)


def get(session: Session, today: date, key: str, version: str) -> Known:
    """The version under which something is stored."""
    found = find_known(session, today, key, version)
    if found is None:
        raise LookupError(f"a response to {key} {version}, which is not here any more")
    return found


def must_be_usable(known: Known) -> None:
    """Raises `conflict` with the reason."""
    if known.obstacle:
        raise Problem("conflict", f"{known.instrument.title} cannot be asked. {known.obstacle}")

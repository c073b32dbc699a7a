"""Take in instruments from a clinic's own files, and its word that it has licensed them."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from server.ids import uuid7
from server.outcomes.models import Instrument, Licence
from server.outcomes.rules import definition, fhir
from server.outcomes.rules.instrument import Instrument as Read
from server.outcomes.rules.reader import Fault
from server.outcomes.service.catalogue import shipped, shipped_version
from server.problems import Problem, invalid
from server.replay import content_hash, replayed


def load(session: Session, given: Any, questionnaire: Any = None) -> tuple[Instrument, bool]:
    """(instrument, whether it is new) from our form, or from a FHIR Questionnaire with our form beside it.

    Raises 422 with the place and the fix, `conflict` where this version is there with another content.
    """
    try:
        read = definition.read(given) if questionnaire is None else fhir.read(given, questionnaire)
        _must_fit(read)
    except Fault as fault:
        place = fault.pointer if questionnaire is not None and fault.place[:1] == ("questionnaire",) else f"/definition{fault.pointer}"
        raise invalid(place, fault.message) from None
    written = definition.write(read)
    hashed = content_hash(written)
    stored = session.scalar(sa.select(Instrument).where(Instrument.key == read.key, Instrument.version == read.version))
    if stored is not None and stored.content_hash == hashed:
        return stored, False
    ours = shipped_version(read.key, read.version)
    if stored is not None or (ours is not None and ours.worded):
        raise Problem("conflict", f"{read.key} {read.version} is there with another content; give the changed one a version of its own.")
    actor = session.info.get("actor")
    made = Instrument(
        id=uuid7(),
        key=read.key,
        version=read.version,
        title=read.title,
        definition=written,
        loaded_by=actor.user_id if actor else None,
        content_hash=hashed,
    )
    session.add(made)
    session.flush()
    return made, True


def _must_fit(read: Read) -> None:
    """No file makes a licensed instrument free, or turns a scale around whose direction is known. Raises Fault."""
    for ours in (one for one in shipped() if one.key == read.key):
        if ours.licensed and not read.licensed:
            raise Fault(("licence",), f"{ours.title} is licensed by {ours.holder}; name the holder, and record your licence.")
        for place, scale in enumerate(read.scales):
            known = ours.scale(scale.id)
            if known and known.best != scale.best:
                raise Fault(("scales", place, "best"), f"Of this scale {known.direction}; correct it, or give the scale another id.")


def license_it(session: Session, key: str, fields: dict[str, Any]) -> tuple[Licence, bool]:
    """(licence, whether it is new); the newest of a key holds. Raises `not_found` for a key that there is not, `id_taken`."""
    loaded = session.scalar(sa.select(Instrument.id).where(Instrument.key == key).limit(1))
    if loaded is None and all(one.key != key for one in shipped()):
        raise Problem("not_found", "No such instrument. GET /instruments lists those that there are.")
    stored, hashed = replayed(session, Licence, {**fields, "key": key})
    if stored:
        return stored, False
    actor = session.info.get("actor")
    made = Licence(**{"id": uuid7(), **fields}, key=key, recorded_by=actor.user_id if actor else None, content_hash=hashed)
    session.add(made)
    session.flush()
    return made, True

"""Totals in SQL, for lists and cohorts: the same definitions as `totals.totals`, which a test holds them to."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from schemas.vocabulary import DiscardMaterial, EntryKind, ProcedureState
from server.db import table_of
from server.procedures.models import Entry, Procedure

_E, _P = table_of(Entry), table_of(Procedure)
_ENTRY, _BY, _UNDO = _E.alias("entry"), _E.alias("by"), _E.alias("undo")
"""Made once: an alias makes each of its columns anew."""


def _standing(alias: sa.FromClause) -> sa.ColumnElement[bool]:
    """Neither a retraction nor struck through by a standing one."""
    by, undo = _BY, _UNDO
    undone = sa.exists().where(
        undo.c.clinic_id == by.c.clinic_id,
        undo.c.procedure_id == by.c.procedure_id,
        undo.c.kind == EntryKind.RETRACTION,
        undo.c.retracts == by.c.id,
    )
    struck = sa.exists().where(
        by.c.clinic_id == alias.c.clinic_id,
        by.c.procedure_id == alias.c.procedure_id,
        by.c.kind == EntryKind.RETRACTION,
        by.c.retracts == alias.c.id,
        by.c.retracts.is_not(None),  # so that its index answers, which holds just these
        ~undone,
    )
    return sa.and_(alias.c.kind != EntryKind.RETRACTION, ~struck)


def volumes(session: Session, procedure_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, dict[str, Any]]:
    """Per procedure: lipoaspirate, fat, nanofat, injected, discarded in µL (None = not recorded), passes, scars injected."""
    if not procedure_ids:
        return {}
    entry = _ENTRY

    def of(kind: EntryKind, column: str) -> sa.ColumnElement[Any]:
        return sa.func.sum(sa.case((entry.c.kind == kind, entry.c[column])))

    nanofat_discard = sa.and_(entry.c.kind == EntryKind.DISCARD, entry.c.details["material"].as_string() == DiscardMaterial.NANOFAT.value)
    query = (
        sa.select(
            entry.c.procedure_id,
            of(EntryKind.HARVEST, "lipoaspirate_ul").label("lipoaspirate_ul"),
            of(EntryKind.PREPARATION, "fat_ul").label("fat_ul"),
            of(EntryKind.FILTRATION, "nanofat_ul").label("nanofat_ul"),
            of(EntryKind.INJECTION, "volume_ul").label("injected_ul"),
            sa.func.sum(sa.case((nanofat_discard, entry.c.volume_ul))).label("discarded_ul"),
            of(EntryKind.EMULSIFICATION, "passes").label("passes"),
            sa.func.count(sa.distinct(sa.case((entry.c.kind == EntryKind.INJECTION, entry.c.scar_id)))).label("scars"),
        )
        .where(entry.c.clinic_id == session.info["clinic_id"], entry.c.procedure_id.in_(procedure_ids), _standing(entry))
        .group_by(entry.c.procedure_id)
    )
    found = {}
    for row in session.execute(query).mappings():
        numbers = {name: None if value is None else int(value) for name, value in row.items() if name != "procedure_id"}
        found[row["procedure_id"]] = numbers
    return found


def injected(session: Session, procedure_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, tuple[int, int]]:
    """Of the same only what a list shows, from the index of injections: (µL, scars) of those procedures that have any."""
    entry = _ENTRY
    query = (
        sa.select(entry.c.procedure_id, sa.func.sum(entry.c.volume_ul), sa.func.count(sa.distinct(entry.c.scar_id)))
        .where(entry.c.clinic_id == session.info["clinic_id"], entry.c.procedure_id.in_(procedure_ids))
        .where(entry.c.kind == EntryKind.INJECTION, _standing(entry))
        .group_by(entry.c.procedure_id)
    )
    return {procedure_id: (int(volume), scars) for procedure_id, volume, scars in session.execute(query)}


@dataclass(frozen=True)
class Given:
    """What one scar was given so far: nanofat, in how many procedures, the last time."""

    volume_ul: int
    procedures: int
    last_at: datetime


def by_scar(session: Session, scar_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, Given]:
    """Of those scars that were injected at all; what was entered in error counts for nothing."""
    entry = _ENTRY
    query = (
        sa.select(
            entry.c.scar_id,
            sa.func.sum(entry.c.volume_ul),
            sa.func.count(sa.distinct(entry.c.procedure_id)),
            sa.func.max(entry.c.recorded_at),
        )
        .join(_P, sa.and_(_P.c.clinic_id == entry.c.clinic_id, _P.c.id == entry.c.procedure_id))
        .where(
            entry.c.clinic_id == session.info["clinic_id"],
            entry.c.scar_id.in_(scar_ids),
            entry.c.kind == EntryKind.INJECTION,
            _P.c.state != ProcedureState.ENTERED_IN_ERROR,
            _standing(entry),
        )
        .group_by(entry.c.scar_id)
    )
    return {scar_id: Given(int(volume), count, last) for scar_id, volume, count, last in session.execute(query)}

"""The grid of the procedure list: for each procedure of a page where its log, its photographs and its visits stand, in shape and word."""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from schemas.vocabulary import PhotoState, ProcedureState, ReminderState, VisitKind, VisitState
from server.followup.comparison import OPEN
from server.followup.models import Visit
from server.followup.service import listing, protocols
from server.followup.service.listing import Brief
from server.photos.service import album
from server.procedures.note.words import short_day
from server.procedures.service.signing import addenda_counts
from server.web import words
from server.web.blueprint import local
from server.web.words import Said

_SENT = (ReminderState.ACCEPTED, ReminderState.DELIVERED)
_NO_VISIT = Said("None", "none")
_VISITS = words.VISITS | {VisitState.ATTENDED: Said("Seen", "disc"), VisitState.LOST_TO_FOLLOW_UP: Said("Lost", "cross")}
"""Shorter, where a cell has no room."""


@dataclass(frozen=True)
class Line:
    """One procedure: its row of the list, and a state for each column; `visits` in the order of the grid's steps."""

    row: Mapping[str, Any]
    log: Said
    photos: Said
    visits: tuple[Said, ...]


@dataclass(frozen=True)
class Grid:
    """`steps` are the titles of the visits' columns."""

    steps: tuple[str, ...]
    lines: tuple[Line, ...]


def grid(session: Session, rows: Sequence[Mapping[str, Any]], today: date) -> Grid:
    """Of a page of the list, in as many statements however long it is; none for an empty one, for which PostgreSQL would start workers."""
    if not rows:
        return Grid((), ())
    ids = [uuid.UUID(row["id"]) for row in rows]
    visits = listing.visits_of_many(session, ids)
    ahead = {one.procedure_id for one in visits if _ahead(one, today)}
    reminded = listing.reminded(session, list(ahead), _SENT) if ahead else frozenset[uuid.UUID]()
    addenda, pictures = addenda_counts(session, ids), album.counts(session, ids)
    steps = _steps(session, visits)
    found = {(one.procedure_id, one.step): one for one in visits}  # by generation, so the newest one stays
    lines = tuple(
        Line(
            row,
            log(ProcedureState(row["state"]), addenda.get(key, 0)),
            photos(pictures.get(key, {})),
            tuple(visit(found.get((key, step)), today, reminded) for step in steps),
        )
        for key, row in zip(ids, rows, strict=True)
    )
    return Grid(tuple(steps.values()), lines)


def _steps(session: Session, visits: Iterable[Brief]) -> dict[str, str]:
    """Key and title of each visit's column: those of the protocol in force, then what older versions had and it has no more."""
    now = sorted(protocols.in_force(session).steps, key=lambda step: step.about)
    return {one.step: one.title for one in now if one.kind == VisitKind.VISIT} | {one.step: one.title for one in visits}


def log(state: ProcedureState, addenda: int) -> Said:
    """Where the log of a procedure stands."""
    if state == ProcedureState.COMPLETED:
        return Said("Draft", "half", open=True)
    if state == ProcedureState.SIGNED and addenda:
        return Said(f"Signed, {addenda} added", "disc")
    return words.PROCEDURES[state]


def photos(counts: Mapping[PhotoState, int]) -> Said:
    """Where its photographs stand; what is wrong or on its way first."""
    stored, coming, failed = (counts.get(state, 0) for state in (PhotoState.STORED, PhotoState.ANNOUNCED, PhotoState.FAILED))
    if failed:
        return Said(f"{failed} unusable", "cross", open=True)
    if coming:
        return Said(f"{coming} of {stored + coming} to come", "quarter", open=True)
    if stored:
        return Said(f"{stored} stored", "disc")
    return Said("Erased", "slashed") if counts.get(PhotoState.ERASED) else _NO_VISIT


def _ahead(one: Brief | Visit, today: date) -> bool:
    """Whether it is still to come: of no other visit it is said whether a message went out."""
    return one.state in OPEN and today <= one.closes_on


def visit(one: Brief | Visit | None, today: date, reminded: frozenset[uuid.UUID]) -> Said:
    """Where a visit stands, in two words; `reminded` are those about which a message went out."""
    if one is None:
        return _NO_VISIT
    if one.state not in OPEN:
        return _VISITS[one.state]
    if today > one.closes_on:
        return Said(f"{(today - one.closes_on).days} d late", "triangle", open=True)
    if one.state == VisitState.BOOKED:
        return Said(f"Booked {short_day(local(one.booked_for).date())}" if one.booked_for else "Booked", "half")
    if today >= one.opens_on:
        return Said("Due, reminded" if one.id in reminded else "Due", "quarter", open=True)
    return Said("Reminded" if one.id in reminded else "Not due", "ring")

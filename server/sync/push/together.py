"""New documents of a batch, made in few statements where nothing stands against any of them."""

from collections import Counter
from collections.abc import Sequence
from functools import partial
from typing import Any

from marshmallow import ValidationError
from sqlalchemy.orm import Session

from schemas.sync_loading import load_new
from schemas.sync_words import RowStatus
from server.journal.service import Journaled, versions_named
from server.problems import Problem
from server.sync.push.attempts import Refused, attempt, required_id
from server.sync.push.kinds import CreateMany, Kind
from server.sync.push.row import Outcome, Row, Waits
from server.sync.service.people import Acting, acting

Loaded = list[tuple[Row, dict[str, Any]]]


def create(session: Session, kind: Kind, rows: Sequence[tuple[Row, Acting]]) -> dict[int, Outcome]:
    """Outcomes of the rows that could be taken so. The others are left as if nothing had been tried: each by itself says why.

    `rows` are of ids that are not stored.
    """
    if kind.create_many is None:
        return {}
    outcomes: dict[int, Outcome] = {}
    for who, some in _able(kind, rows).items():
        try:
            attempt(session, partial(_create, session, kind.model, kind.create_many, who, some), again=False)
        except (Refused, Waits):
            continue
        outcomes |= {row.index: Outcome(RowStatus.ACCEPTED) for row, _ in some}
    return outcomes


def _able(kind: Kind, rows: Sequence[tuple[Row, Acting]]) -> dict[Acting, Loaded]:
    """Rows by person, without those that cannot succeed and those whose order matters."""
    times = Counter(row.id for row, _ in rows)
    able: dict[Acting, Loaded] = {}
    for row, who in rows:
        if times[row.id] == 1 and who.may(kind.permission):
            try:
                able.setdefault(who, []).append((row, _load(kind, row)))
            except (ValidationError, Problem):
                continue
    return able


def _load(kind: Kind, row: Row) -> dict[str, Any]:
    return load_new(row.collection, row.document) | {name: required_id(row, name) for name in kind.fixed}


def _create(session: Session, model: type[Journaled], create_many: CreateMany, who: Acting, some: Loaded) -> None:
    with acting(session, who), versions_named(session, model, {row.id: row.write_id for row, _ in some}):
        create_many(session, [fields for _, fields in some])

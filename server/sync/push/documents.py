"""One row of a document that changes: made, changed, merged, or kept as the loser of a conflict."""

import uuid
from collections.abc import Iterable
from contextlib import nullcontext
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from schemas.sync_loading import changeable, load_changes, same
from schemas.sync_words import IssueKind, RowStatus, Synced
from schemas.vocabulary import ProcedureState
from server.db import find
from server.journal.service import Journaled, version_named
from server.procedures.models import Procedure
from server.sync.push import course
from server.sync.push.attempts import facts_of, required_id
from server.sync.push.kinds import KINDS, Kind, change, create
from server.sync.push.row import Outcome, Row
from server.sync.rules import Merge, merge
from server.sync.service import issues
from server.sync.service.people import Acting, Sender, acting


def lock(session: Session, model: type[Journaled], ids: Iterable[uuid.UUID]) -> set[uuid.UUID]:
    """Keep others from changing these records until the commit; in one order, so that two batches never wait for each other.

    Tells which of them are stored.
    """
    query = sa.select(model).where(model.id.in_(list(ids))).order_by(model.id)
    stored = session.scalars(query.with_for_update(of=model).execution_options(populate_existing=True))
    return {one.id for one in stored}


def apply(session: Session, row: Row, sender: Sender, who: Acting, *, insist: bool = False) -> Outcome:
    """Take a row over as far as the rules allow. `insist`: a person has decided that it counts against what is stored.

    Raises Problem, ValidationError or Waits; run it under a savepoint.
    """
    kind = KINDS[row.collection]
    record = find(session, kind.model, row.id)
    with acting(session, who):
        if record is None:
            with version_named(session, kind.model, row.id, row.write_id):
                made = create(session, kind, row, who)
            return _unsigned(session, row, sender, who, made)
        return _change(session, kind, record, row, sender, who, insist=insist)


def _unsigned(session: Session, row: Row, sender: Sender, who: Acting, made: Any) -> Outcome:
    """A signed procedure that this server has lost comes back without its signature, and says so."""
    if not isinstance(made, Procedure) or row.document.get("state") != ProcedureState.SIGNED:
        return Outcome(RowStatus.ACCEPTED)
    lost = [{"field": "state", "sent": str(ProcedureState.SIGNED), "kept": str(made.state)}]
    return _conflict(session, row, sender, who, made.document(), lost)


def _change(session: Session, kind: Kind, record: Any, row: Row, sender: Sender, who: Acting, *, insist: bool) -> Outcome:
    current: dict[str, Any] = record.document()
    base = current if insist else row.base
    onward = isinstance(record, Procedure) and course.leads_on(record, row.document, base)
    names = [name for name in kind.names if not (onward and name in course.NAMES)]
    if isinstance(record, Procedure) and not onward:
        names += ["state", "closed_reason"]
    merged = merge(row.document, base, current, names, kind.fixed | _states(record), lambda *values: same(row.collection, *values))
    taken, lost = _without_begun_plan(record, row, current, merged)
    if not (taken or lost or onward):
        return Outcome(RowStatus.ACCEPTED, current=current if current["write_id"] != str(row.write_id) else None)
    _check_lost(row, kind, [one["field"] for one in lost], current)
    as_sent = merged.same_base and not lost
    with version_named(session, kind.model, row.id, row.write_id) if as_sent else nullcontext():
        if taken:
            change(session, kind, record, row, taken, who)
        if onward:
            course.walk(session, record, row.document, who)
    if lost:
        return _conflict(session, row, sender, who, record.document(), lost)
    return Outcome(RowStatus.ACCEPTED) if as_sent else Outcome(RowStatus.MERGED, current=record.document())


def _check_lost(row: Row, kind: Kind, names: list[str], current: dict[str, Any]) -> None:
    """A value that loses is kept to be chosen later, so it has to be one that could be. Raises 422."""
    for name in kind.fixed & set(names):
        required_id(row, name)
    known = {name: row.document[name] for name in names if name in changeable(row.collection) and name not in kind.fixed}
    if known:
        load_changes(row.collection, {"state": current["state"]} | known if row.collection == Synced.VISITS else known)
    course.check_reason(row.document if "closed_reason" in names else {})


def _states(record: Any) -> frozenset[str]:
    """A state moves on by its verbs or not at all: any other difference is a conflict."""
    return frozenset({"state", "closed_reason"}) if isinstance(record, Procedure) else frozenset()


def _without_begun_plan(record: Any, row: Row, current: dict[str, Any], merged: Merge) -> tuple[list[str], list[dict[str, Any]]]:
    """The plan stands as it was when the procedure began; a later one must not keep the rest of the row from being taken."""
    begun = isinstance(record, Procedure) and record.state != ProcedureState.PLANNED
    if not begun or "plan" not in merged.taken:
        return merged.taken, merged.lost
    lost = {"field": "plan", "sent": row.document["plan"], "kept": current["plan"]}
    return [name for name in merged.taken if name != "plan"], [*merged.lost, lost]


def _conflict(session: Session, row: Row, sender: Sender, who: Acting, current: dict[str, Any], lost: list[dict[str, Any]]) -> Outcome:
    issue = issues.open_issue(session, IssueKind.CONFLICT, row.collection, row.id, differences=lost, **facts_of(row, sender, who))
    return Outcome(RowStatus.CONFLICT, current=current, issue=issue)

"""Held rows: taken by themselves in the transaction that brings what they waited for, whoever brings it."""

import json
import uuid
from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from schemas.sync_words import Choice, IssueKind, Synced
from server.db import table_of
from server.journal import service as journal
from server.patients.models import Patient, Scar
from server.procedures.models import Entry, Procedure
from server.sync.models import Issue
from server.sync.push import entries
from server.sync.push.attempts import Refused, attempt
from server.sync.push.documents import apply, lock
from server.sync.push.kinds import KINDS
from server.sync.push.row import Outcome, Row, Waits
from server.sync.service import counting, issues
from server.sync.service.people import Acting, Sender, named

_MODELS: tuple[type[journal.Journaled], ...] = (Patient, Scar, Procedure, Entry)
_WAITED_FOR = frozenset(model.collection for model in _MODELS)


def arrived(session: Session, new: frozenset[journal.Key]) -> None:
    """Take what waited for these records. What is refused now goes to quarantine; what waits for something else goes on waiting."""
    ids = [record_id for collection, record_id in new if collection in _WAITED_FOR]
    counted: dict[uuid.UUID, set[uuid.UUID]] = {}
    for issue in issues.waiting_for(session, ids) if ids else ():
        try:
            take(session, issue)
        except Refused as refused:
            issue.kind, issue.reasons, issue.waits_for = IssueKind.QUARANTINED, refused.reasons, None
        except Waits as waits:
            issue.waits_for = waits.record_id
        else:
            issues.close(session, issue, Choice.ARRIVED)
            if issue.about == Synced.ENTRIES and issue.device_id and issue.procedure_id:
                counted.setdefault(issue.device_id, set()).add(issue.procedure_id)
    for device_id, procedures in counted.items():  # what was missing until now may be missing no more
        counting.watch(session, device_id, procedures)


def catch_up(session: Session) -> None:
    """Take held rows whose record is there after all: it may have been committed while they were being held, and neither saw the other."""
    wanted = set(issues.wanted(session))
    found = {(model.collection, record_id) for model in _MODELS for record_id in _existing(session, model, wanted)} if wanted else set()
    if found:
        arrived(session, frozenset(found))
        session.flush()


def _existing(session: Session, model: type[journal.Journaled], ids: set[uuid.UUID]) -> Sequence[uuid.UUID]:
    table = table_of(model)
    return session.scalars(sa.select(table.c.id).where(table.c.clinic_id == session.info["clinic_id"], table.c.id.in_(ids))).all()


def row_of(issue: Issue) -> Row:
    """The row that was kept."""
    sent = json.loads(issue.sent or "{}")
    return Row(0, Synced(issue.about), sent.get("newDocumentState") or {}, sent.get("assumedMasterState"))


def take(session: Session, issue: Issue, *, insist: bool = False) -> Outcome:
    """Take a kept row after all, as the act of whose it was. Raises Refused or Waits."""
    row = row_of(issue)
    if row.faults:
        raise Refused(row.faults)
    if issue.user_id is None:
        raise Refused([{"pointer": "/recorded_by", "message": "It names no person whose act it was."}])
    who = Acting(issue.user_id, issue.device_id, named(session, [issue.user_id]).get(issue.user_id, ()))
    sender = Sender(issue.user_id, issue.device_id, device_time=issue.device_time, offset_ms=issue.offset_ms)
    if row.collection == Synced.ENTRIES:
        return entries.take_one(session, sender, entries.load(row, who))
    kind = KINDS.get(row.collection)
    if kind is None:
        raise Refused([{"pointer": "", "message": f"This server takes no {row.collection} from tablets."}])
    lock(session, kind.model, [row.id])
    return attempt(session, lambda: apply(session, row, sender, who, insist=insist))


if arrived not in journal.arrivals:
    journal.arrivals.append(arrived)

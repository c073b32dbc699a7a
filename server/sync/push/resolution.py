"""What a person decides about an issue, and what follows from it in the record."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from schemas.entry_loading import load_entry
from schemas.sync_words import CHOICES, Choice, IssueState, RowStatus
from schemas.vocabulary import EntryKind
from server import clock
from server.canonical import instant
from server.db import find
from server.ids import uuid7
from server.problems import Problem, invalid
from server.procedures.models import Addendum, Entry
from server.procedures.service import log, record
from server.sync.models import Issue
from server.sync.push import waiting
from server.sync.push.attempts import Refused, attempt
from server.sync.push.documents import apply, lock
from server.sync.push.kinds import KINDS
from server.sync.push.row import Row, Waits
from server.sync.service import issues
from server.sync.service.people import Acting, Sender

TWICE = "The same act was recorded on two tablets."


def resolve(session: Session, issue: Issue, choice: Choice, note: str | None = None) -> Issue:
    """Carry out what a person decided about a locked issue. Raises `conflict` where it cannot be, 422 for a choice of another kind."""
    if issue.state != IssueState.OPEN:
        raise Problem("conflict", "Somebody has resolved this already; read it again.")
    if choice not in CHOICES[issue.kind]:
        raise invalid("/choice", f"For {issue.kind}: {' or '.join(CHOICES[issue.kind])}.")
    if choice == Choice.REJECT and not note:
        raise invalid("/note", "Say why it is rejected; the row stays in the history.")
    try:
        _carry_out(session, issue, choice, note)
    except Refused as refused:
        raise Problem("conflict", " ".join(one["message"] for one in refused.reasons)) from None
    except Waits:
        raise Problem("conflict", "What it speaks of has still not arrived; it is taken by itself when that comes.") from None
    return issues.close(session, issue, choice, note)


def _carry_out(session: Session, issue: Issue, choice: Choice, note: str | None) -> None:
    if choice == Choice.RELEASE:
        waiting.take(session, issue)
    elif choice == Choice.TAKE_OTHER:
        _take_other(session, issue)
    elif choice == Choice.RETRACT:
        _retract(session, issue, note or TWICE)
    elif choice == Choice.ADDENDUM_WRITTEN:
        _check_addendum(session, issue)


def _take_other(session: Session, issue: Issue) -> None:
    """Only the fields that were lost, over whatever is stored now; as a new version, because it is not the tablet's whole document."""
    sent = waiting.row_of(issue)
    fields: dict[str, Any] = {one["field"]: one["sent"] for one in issue.differences}
    row = Row(0, sent.collection, fields | {"id": str(sent.id), "write_id": str(uuid7())}, None)
    kind, actor = KINDS[row.collection], session.info["actor"]
    lock(session, kind.model, [row.id])
    who, sender = Acting(actor.user_id, actor.device_id, tuple(actor.roles)), Sender(actor.user_id, actor.device_id)

    def act() -> None:
        outcome = apply(session, row, sender, who, insist=True)
        if outcome.status == RowStatus.CONFLICT:
            raise Problem("conflict", "This value cannot be taken over here: change the record itself, then keep the server's value.")

    attempt(session, act)


def _retract(session: Session, issue: Issue, reason: str) -> None:
    entry = find(session, Entry, issue.document_id)
    if entry is None:
        raise Problem("conflict", "The entry is not in the record.")
    procedure = record.get(session, entry.procedure_id, lock=True)
    struck = {"kind": str(EntryKind.RETRACTION), "id": str(uuid7()), "recorded_at": instant(clock.now())}
    log.record_entries(session, procedure, [load_entry(struck | {"retracts": str(entry.id), "reason": reason})])


def _check_addendum(session: Session, issue: Issue) -> None:
    since = sa.select(Addendum.id).where(Addendum.procedure_id == issue.procedure_id, Addendum.signed_at >= issue.created_at)
    if session.scalar(since.limit(1)) is None:
        raise Problem("conflict", "No addendum has been signed since the entry arrived. Write it first.")

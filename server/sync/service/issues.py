"""Issues: what came from a tablet and asks for a person. Kept, listed, closed; each step is in the journal."""

import json
import uuid
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from schemas.sync_words import Choice, IssueKind, IssueState, Synced
from schemas.vocabulary import ProcedureState
from server import clock
from server.followup.service.listing import aware, position
from server.journal.service import say
from server.patients.models import Patient
from server.procedures import rules
from server.procedures.models import Entry, Procedure
from server.procedures.service import record
from server.sync.models import Issue

MOST_REMARKS = 50
MOST_WANTED = 500
_REMARKS = {
    IssueKind.QUARANTINED: "A row of a tablet could not be taken as it came and waits for a person.",
    IssueKind.HELD: "A row of a tablet waits for a record that has not arrived.",
    IssueKind.CONFLICT: "Two people changed the same field; one of the values waits for a decision.",
    IssueKind.LATE: "An entry arrived after the signature. Add a signed addendum about it.",
    IssueKind.POSSIBLE_DUPLICATE: "Two tablets recorded entries that look alike; one of them may be counted twice.",
    IssueKind.UNVERIFIED: "Entries name a person who had not signed in on the tablet that sent them.",
    IssueKind.CLOCK: "The times of entries may be wrong, and are kept as they came.",
}

_STILL_READ = frozenset({ProcedureState.IN_PROGRESS, ProcedureState.COMPLETED})
"""A clock that goes wrong after the signature says nothing about the times of what was signed."""


def open_issue(session: Session, kind: IssueKind, about: str, document_id: uuid.UUID, **facts: Any) -> Issue:
    """Store a new issue."""
    issue = Issue(kind=kind, about=about, document_id=document_id, **({"reasons": [], "differences": []} | facts))
    session.add(issue)
    return issue


def close(session: Session, issue: Issue, choice: Choice, note: str | None = None) -> Issue:
    """Resolve a locked issue; whoever acts is named, nobody when the record resolved it itself."""
    actor = session.info.get("actor")
    issue.state, issue.choice, issue.note, issue.resolved_at = IssueState.RESOLVED, choice, note, clock.now()
    issue.resolved_by = actor.user_id if actor and choice != Choice.ARRIVED else None
    say(session, issue, str(choice))
    session.flush()
    return issue


def of_documents(session: Session, about: str, ids: Sequence[uuid.UUID]) -> list[Issue]:
    """All issues about some documents."""
    return list(session.scalars(sa.select(Issue).where(Issue.about == about, Issue.document_id.in_(ids)).order_by(Issue.created_at)))


def quarantined(session: Session, about: str, ids: Sequence[uuid.UUID]) -> list[Issue]:
    """Open refusals of some documents, locked."""
    open_ones = sa.select(Issue).where(Issue.kind == IssueKind.QUARANTINED, Issue.state == sa.literal_column("'open'"))
    about_them = open_ones.where(Issue.about == about, Issue.document_id.in_(ids))
    return list(session.scalars(about_them.order_by(Issue.created_at, Issue.id).with_for_update()))


def waiting_for(session: Session, ids: Sequence[uuid.UUID]) -> list[Issue]:
    """Held rows that wait for one of these records, locked, in the order in which they came."""
    held = sa.select(Issue).where(Issue.kind == IssueKind.HELD, Issue.waits_for.in_(ids), Issue.state == sa.literal_column("'open'"))
    return list(session.scalars(held.order_by(Issue.created_at, Issue.id).with_for_update()))


def wanted(session: Session) -> Sequence[uuid.UUID]:
    """Records that held rows wait for."""
    held = sa.select(Issue.waits_for).where(Issue.state == sa.literal_column("'open'"), Issue.waits_for.is_not(None))
    return [found for found in session.scalars(held.distinct().limit(MOST_WANTED)) if found]


def listed(session: Session, *, state: str, kind: str | None = None, after: Sequence[str] | None = None, limit: int) -> list[Issue]:
    """Up to `limit` issues, oldest first."""
    query = sa.select(Issue).where(Issue.state == state).order_by(Issue.created_at, Issue.id).limit(limit)
    if kind:
        query = query.where(Issue.kind == kind)
    if after:
        query = query.where(sa.tuple_(Issue.created_at, Issue.id) > position(after, aware))
    return list(session.scalars(query))


def patients_of(session: Session, issues: Sequence[Issue]) -> set[uuid.UUID]:
    """Patients whom the issues show: of their procedures, and those whom the documents put aside are about or name."""
    procedures = {issue.procedure_id for issue in issues if issue.procedure_id}
    found = set(session.scalars(sa.select(Procedure.patient_id).where(Procedure.id.in_(procedures))))
    named = {issue.document_id for issue in issues if issue.about == Synced.PATIENTS} | {one for issue in issues if (one := _named(issue))}
    return found | set(session.scalars(sa.select(Patient.id).where(Patient.id.in_(named))))


def _named(issue: Issue) -> uuid.UUID | None:
    sent = json.loads(issue.sent).get("newDocumentState") if issue.sent else None
    try:
        return uuid.UUID(str((sent or {}).get("patient_id")))
    except (ValueError, AttributeError):
        return None


def counts(session: Session) -> dict[str, int]:
    """Open issues by kind."""
    query = sa.select(Issue.kind, sa.func.count()).where(Issue.state == IssueState.OPEN).group_by(Issue.kind)
    return {str(kind): number for kind, number in session.execute(query)}


def remarks(session: Session, procedure: Procedure) -> list[rules.Warned]:
    """What open issues have to say about a procedure: shown and signed like any other warning."""
    is_open = Issue.state == sa.literal_column("'open'")
    query = sa.select(Issue).where(Issue.procedure_id == procedure.id, is_open)
    found = list(session.scalars(query.order_by(Issue.created_at, Issue.id).limit(MOST_REMARKS)))
    if procedure.state in _STILL_READ:
        tablets = sa.select(Entry.device_id).where(Entry.procedure_id == procedure.id, Entry.device_id.is_not(None))
        clocks = sa.select(Issue).where(Issue.document_id.in_(tablets), Issue.kind == IssueKind.CLOCK, is_open)
        found += session.scalars(clocks.order_by(Issue.created_at, Issue.id))
    return [_remark(issue) for issue in found]


def _remark(issue: Issue) -> rules.Warned:
    said = issue.reasons[0]["message"] if issue.reasons else ""
    message = said if issue.kind == IssueKind.GAP else f"{_REMARKS[issue.kind]} {said}".strip()
    entry_id = str(issue.document_id) if issue.kind in {IssueKind.LATE, IssueKind.POSSIBLE_DUPLICATE} else None
    return rules.warning(f"tablet_{issue.kind}", message, entry_id=entry_id)


if remarks not in record.remarks:
    record.remarks.append(remarks)

"""Held rows: taken by themselves in the transaction that brings what they waited for, whoever brings it."""

import json

from sqlalchemy.orm import Session

from schemas.sync_words import Choice, IssueKind, Synced
from server.journal import service as journal
from server.sync.models import Issue
from server.sync.push import entries
from server.sync.push.attempts import Refused, attempt
from server.sync.push.documents import apply, lock
from server.sync.push.kinds import KINDS
from server.sync.push.row import Outcome, Row, Waits
from server.sync.service import issues
from server.sync.service.people import Acting, Sender, named

_WAITED_FOR = frozenset({Synced.PATIENTS, Synced.SCARS, Synced.PROCEDURES, Synced.ENTRIES})


def arrived(session: Session, new: frozenset[journal.Key]) -> None:
    """Take what waited for these records. What is refused now goes to quarantine; what waits for something else goes on waiting."""
    ids = [record_id for collection, record_id in new if collection in _WAITED_FOR]
    for issue in issues.waiting_for(session, ids) if ids else ():
        try:
            take(session, issue)
        except Refused as refused:
            issue.kind, issue.reasons, issue.waits_for = IssueKind.QUARANTINED, refused.reasons, None
        except Waits as waits:
            issue.waits_for = waits.record_id
        else:
            issues.close(session, issue, Choice.ARRIVED)


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

"""Quarantined rows that their own tablet has corrected: closed by themselves when the better row is taken."""

import uuid
from collections.abc import Sequence

from sqlalchemy.orm import Session

from schemas.sync_words import Choice, IssueKind, Synced
from server.sync.models import Issue
from server.sync.push.row import KEPT_OUT, Outcome, Row
from server.sync.service import issues
from server.sync.service.people import Sender

CORRECTED = "Corrected by a later push."
_BY_TIME = 7
"""Version of the UUIDs that begin with the time at which they were made."""


def close_corrected(session: Session, collection: Synced, rows: Sequence[Row], outcomes: dict[int, Outcome], sender: Sender) -> None:
    """Close what is open about documents of which a later state has been taken.

    Only of the same tablet: what it sends is all that it holds. A colleague's push says nothing about what this tablet wanted.
    """
    taken: dict[uuid.UUID, Row] = {}
    for row in rows:
        if outcomes[row.index].fresh and outcomes[row.index].status not in KEPT_OUT:
            taken[row.id] = row
    if not taken:
        return
    opened = {outcome.issue.id: index for index, outcome in outcomes.items() if outcome.issue}
    for issue in issues.quarantined(session, collection, list(taken)):
        row = taken[issue.document_id]
        if _is_of(issue, sender) and opened.get(issue.id, -1) < row.index and _is_later(row.write_id, issue.document_write_id):
            issues.close(session, issue, Choice.ARRIVED, CORRECTED)


def is_corrected(issue: Issue) -> bool:
    """Whether it was closed here: its row was never taken, another one was."""
    return issue.kind == IssueKind.QUARANTINED and issue.choice == Choice.ARRIVED


def _is_of(issue: Issue, sender: Sender) -> bool:
    if sender.device_id is None:
        return issue.device_id is None and issue.user_id == sender.user_id
    return issue.device_id == sender.device_id


def _is_later(write_id: uuid.UUID, before: uuid.UUID | None) -> bool:
    """A state that was saved earlier and comes late corrects nothing, where the two can be told apart."""
    return before is None or {write_id.version, before.version} != {_BY_TIME} or write_id > before

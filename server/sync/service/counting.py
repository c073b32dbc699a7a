"""What each tablet says it recorded, against what has arrived: before signing, a missing entry is named."""

import uuid

import sqlalchemy as sa
from sqlalchemy.orm import Session

from schemas.sync_words import Choice, IssueKind, IssueState, Synced
from server import clock
from server.db import find, table_of
from server.procedures.models import Entry, Procedure
from server.sync import rules
from server.sync.models import Count, Issue
from server.sync.service import issues
from server.sync.service.people import tablet_name

_ENTRIES = table_of(Entry)
_GAPS = uuid.UUID("5f0b1c9e-3d0c-5b1e-9a53-6c7a1f5e2d11")


def tell(session: Session, device_id: uuid.UUID, counts: dict[uuid.UUID, tuple[int, int]]) -> None:
    """Note what the tablet says; a smaller number than before is an older message that came late."""
    for procedure_id, (recorded, highest) in sorted(counts.items()):
        if find(session, Procedure, procedure_id) is None:
            continue
        key = (session.info["clinic_id"], procedure_id, device_id)
        count = session.get(Count, key, with_for_update=True)
        if count is None:
            count = Count(clinic_id=key[0], procedure_id=procedure_id, device_id=device_id, recorded=0, highest=0)
            session.add(count)
        count.recorded, count.highest = max(count.recorded, recorded), max(count.highest, highest)
        count.told_at = clock.now()
    session.flush()


def watch(session: Session, device_id: uuid.UUID, procedure_ids: set[uuid.UUID]) -> None:
    """Open, renew or close the issue about each procedure's missing entries of this tablet."""
    known = sa.select(Count).where(
        Count.clinic_id == session.info["clinic_id"], Count.device_id == device_id, Count.procedure_id.in_(procedure_ids)
    )
    for count in session.scalars(known.order_by(Count.procedure_id)).all():
        _watch_one(session, count)


def _watch_one(session: Session, count: Count) -> None:
    gap = gap_of(session, count)
    issue_id = uuid.uuid5(_GAPS, f"{count.device_id}|{count.procedure_id}")
    issue = find(session, Issue, issue_id, lock=True)
    if gap is None:
        if issue and issue.state == IssueState.OPEN:
            issues.close(session, issue, Choice.ARRIVED)
        return
    reasons = [{"pointer": "", "message": gap.sentence(tablet_name(session, count.device_id))}]
    if issue is None:
        about = {"id": issue_id, "device_id": count.device_id, "procedure_id": count.procedure_id, "reasons": reasons}
        issues.open_issue(session, IssueKind.GAP, Synced.PROCEDURES, count.procedure_id, **about)
    elif issue.reasons != reasons:
        issue.reasons, issue.state, issue.choice, issue.resolved_at, issue.resolved_by = reasons, IssueState.OPEN, None, None, None
    session.flush()


def gap_of(session: Session, count: Count) -> rules.Gap | None:
    """What is missing of a tablet's entries in a procedure."""
    of_tablet = (_ENTRIES.c.clinic_id == count.clinic_id, _ENTRIES.c.device_id == count.device_id)
    here = session.scalars(
        sa.select(_ENTRIES.c.device_seq).where(
            *of_tablet, _ENTRIES.c.procedure_id == count.procedure_id, _ENTRIES.c.device_seq.is_not(None)
        )
    ).all()
    if len(here) >= count.recorded:
        return None
    recent = _ENTRIES.c.device_seq >= count.highest - rules.LOOK_BACK
    anywhere = session.scalars(sa.select(_ENTRIES.c.device_seq).where(*of_tablet, recent)).all()
    return rules.gap(count.recorded, count.highest, frozenset(here), frozenset(anywhere))

"""A push: every row claimed in the ledger, tried by itself, and acknowledged with what became of it."""

import uuid
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from schemas.sync_loading import unknown
from schemas.sync_words import Choice, IssueKind, IssueState, RowStatus, Synced
from server import clock
from server.canonical import instant
from server.journal import feed
from server.journal.epochs import epoch
from server.journal.service import seal
from server.sync.models import Issue
from server.sync.push import entries, marks, together, waiting
from server.sync.push.attempts import Refused, attempt, hold, refuse
from server.sync.push.corrected import close_corrected, is_corrected
from server.sync.push.documents import apply, lock
from server.sync.push.kinds import KINDS
from server.sync.push.row import KEPT_OUT, Outcome, Row, Waits, id_in, without_stand_ins
from server.sync.service import counting, issues, ledger
from server.sync.service.people import Acting, Sender

REUSED = "This write_id was used before for other content; a write_id names one state of one document."
REVOKED = "The tablet was revoked before this arrived."
_AS_BEFORE = {
    IssueKind.QUARANTINED: RowStatus.QUARANTINED,
    IssueKind.HELD: RowStatus.HELD,
    IssueKind.CONFLICT: RowStatus.CONFLICT,
    IssueKind.LATE: RowStatus.LATE,
    IssueKind.POSSIBLE_DUPLICATE: RowStatus.POSSIBLE_DUPLICATE,
}
_TAKEN_AFTER_ALL = frozenset({Choice.RELEASE, Choice.ARRIVED, Choice.TAKE_OTHER})


def receive(session: Session, collection: Synced, rows: Sequence[Row], sender: Sender) -> dict[str, Any]:
    """Take a batch; the answer to it. Nothing in it makes the whole fail, and repeated it changes nothing.

    It seals the journal, so that the receipts can name the numbers of the changes: nothing may be changed after it.
    """
    new = ledger.claim(session, collection, [(row, unknown(collection, row.document)) for row in rows], sender)
    fresh: list[Row] = []
    for row in rows:
        if (row.id, row.write_id) in new:
            new.discard((row.id, row.write_id))
            fresh.append(row)
    outcomes = _take(session, collection, fresh, sender)
    session.flush()
    close_corrected(session, collection, fresh, outcomes, sender)
    outcomes |= _again(session, collection, [row for row in rows if row.index not in outcomes], sender)
    waiting.catch_up(session)
    if sender.device_id:
        counting.tell(session, sender.device_id, sender.counts)
        touched = {found for row in rows if (found := id_in(row.document, "procedure_id"))}
        counting.watch(session, sender.device_id, touched | sender.counts.keys())
    marks.watch_clock(session, sender)
    numbers = seal(session)
    return {
        "conflicts": [outcome.current | {"_deleted": False} for outcome in outcomes.values() if outcome.current],
        "receipts": _receipts(session, collection, rows, outcomes, {key[1]: seq for key, seq in numbers.items() if key[0] == collection}),
        "epoch": str(epoch(session)),
        "server_time": instant(clock.now()),
    }


def _take(session: Session, collection: Synced, rows: list[Row], sender: Sender) -> dict[int, Outcome]:
    crew = marks.Crew(session, sender, rows)
    if sender.revoked:
        return {row.index: refuse(session, row, sender, crew.known(row), [{"pointer": "", "message": REVOKED}]) for row in rows}
    outcomes: dict[int, Outcome] = {}
    fresh: list[entries.Fresh] = []
    able: list[tuple[Row, Acting]] = []
    for row in rows:
        try:
            who = crew.of(row)
            if row.faults:
                raise Refused(row.faults)  # noqa: TRY301  reason: one place that says what becomes of it
            if collection == Synced.ENTRIES:
                fresh.append(entries.load(row, who))
            else:
                able.append((row, who))
        except Refused as refused:
            outcomes[row.index] = refuse(session, row, sender, sender.person(), refused.reasons)
    if fresh:
        outcomes |= entries.Intake(session, sender, fresh).run()
    if able:
        outcomes |= _documents(session, collection, able, sender)
    crew.note_unverified([row for row in rows if outcomes[row.index].fresh and outcomes[row.index].status not in KEPT_OUT])
    return outcomes


def _documents(session: Session, collection: Synced, rows: list[tuple[Row, Acting]], sender: Sender) -> dict[int, Outcome]:
    kind = KINDS.get(collection)
    if kind is None:
        said = f"This server takes no {collection} from tablets."
        return {row.index: refuse(session, row, sender, who, [{"pointer": "", "message": said}]) for row, who in rows}
    stored = lock(session, kind.model, {row.id for row, _ in rows})
    outcomes = together.create(session, kind, [(row, who) for row, who in rows if row.id not in stored])
    return outcomes | {row.index: _document(session, row, sender, who) for row, who in rows if row.index not in outcomes}


def _document(session: Session, row: Row, sender: Sender, who: Acting) -> Outcome:
    try:
        return attempt(session, lambda: apply(session, row, sender, who))
    except Refused as refused:
        return refuse(session, row, sender, who, refused.reasons)
    except Waits as waits:
        return hold(session, row, sender, who, waits)


def _again(session: Session, collection: Synced, rows: list[Row], sender: Sender) -> dict[int, Outcome]:
    """Rows whose write is known: acknowledged as the first time. Other content under the same write is kept, and doubted."""
    if not rows:
        return {}
    taken = ledger.hashes(session, collection, [(row.id, row.write_id) for row in rows])
    before = {(one.document_id, one.sha256): one for one in issues.of_documents(session, collection, [row.id for row in rows])}
    stored = _stored(session, collection, [row.id for row in rows])
    outcomes = {}
    for row in rows:
        issue = before.get((row.id, row.sha256))
        if taken.get((row.id, row.write_id)) != row.sha256 and issue is None:
            outcomes[row.index] = refuse(session, row, sender, sender.person(), [{"pointer": "/write_id", "message": REUSED}])
            before[row.id, row.sha256] = outcomes[row.index].issue  # type: ignore[assignment]  # reason: a refusal always has one
        else:
            outcomes[row.index] = _as_before(row, issue, stored.get(row.id))
    return outcomes


def _stored(session: Session, collection: Synced, ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, dict[str, Any]]:
    """Documents that change, as they are now, all asked for at once."""
    kind = KINDS.get(collection)
    if kind is None:
        return {}
    rows = session.scalars(sa.select(kind.model).where(kind.model.clinic_id == session.info["clinic_id"], kind.model.id.in_(ids)))
    return {one.id: one.document() for one in rows}


def _as_before(row: Row, issue: Issue | None, current: dict[str, Any] | None) -> Outcome:
    """With the document as it is now, where it has gone on: a tablet whose own save was unsent pulled it and could not take it."""
    if issue is None or (issue.state == IssueState.RESOLVED and issue.choice in _TAKEN_AFTER_ALL and not is_corrected(issue)):
        gone_on = current is not None and current["write_id"] != str(row.write_id)
        return Outcome(RowStatus.ACCEPTED, current=current if gone_on else None)
    return Outcome(_AS_BEFORE.get(issue.kind, RowStatus.ACCEPTED), current=current if issue.kind == IssueKind.CONFLICT else None)


def _receipts(
    session: Session, collection: Synced, rows: Sequence[Row], outcomes: dict[int, Outcome], numbers: dict[uuid.UUID, int]
) -> list[dict[str, Any]]:
    unnumbered = [row.id for row in rows if row.id not in numbers]
    numbers = numbers | (feed.newest(session, collection, unnumbered) if unnumbered else {})
    made = []
    for row in rows:
        outcome = outcomes[row.index]
        status = outcome.status
        if status == RowStatus.HELD and outcome.issue and outcome.issue.state == IssueState.RESOLVED:
            status = RowStatus.ACCEPTED  # what it waited for came later in the same batch
        document_id, write_id = without_stand_ins(row)
        seq = None if status in KEPT_OUT else numbers.get(row.id)
        made.append({"id": document_id, "write_id": write_id, "sha256": row.sha256, "seq": seq, "status": str(status)})
    return made

"""What is noted beside the rows: whose acts they are, whether that person had signed in, and how wrong the tablet's clock is."""

import uuid
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from schemas.sync_words import Choice, IssueKind, IssueState, Synced
from server.db import find
from server.sync import rules
from server.sync.models import Issue
from server.sync.push.attempts import Refused
from server.sync.push.row import NAMESPACE, Row, id_in
from server.sync.service import issues
from server.sync.service.people import Acting, Sender, known_devices, named, tablet_name

TABLETS = "tablets"
"""What an issue is about that concerns a tablet, not a document."""


class Crew:
    """The people behind the rows of a batch. Several share a tablet, so an entry names who recorded it; else it is who signed in."""

    def __init__(self, session: Session, sender: Sender, rows: Sequence[Row]) -> None:
        """Looks the named people and tablets up at once."""
        self.session, self.sender = session, sender
        self.roles = named(session, list({found for row in rows if (found := id_in(row.document, "recorded_by"))}))
        self.devices = known_devices(session, list({found for row in rows if (found := id_in(row.document, "device_id"))}))

    def of(self, row: Row) -> Acting:
        """Who acts. Raises Refused for nobody and for a stranger."""
        person = self.sender.person()
        if person and (row.collection != Synced.ENTRIES or row.document.get("recorded_by") is None):
            return Acting(person.user_id, self._device(row), person.roles)
        if row.document.get("recorded_by") is None:
            raise Refused([{"pointer": "/recorded_by", "message": "Nobody is signed in on the tablet; name the person whose act it was."}])
        who = id_in(row.document, "recorded_by")
        if who is None or who not in self.roles:
            raise Refused([{"pointer": "/recorded_by", "message": "No person of this clinic has this id; see GET /users."}])
        return Acting(who, self._device(row), self.roles[who])

    def known(self, row: Row) -> Acting | None:
        """The same, or None for nobody and for a stranger."""
        try:
            return self.of(row)
        except Refused:
            return None

    def _device(self, row: Row) -> uuid.UUID | None:
        """The tablet that recorded it: not always the one that sends it, because after a restore each gives all that it knows."""
        told = id_in(row.document, "device_id") if row.collection == Synced.ENTRIES else None
        if told is None:
            return self.sender.device_id
        return told if told in self.devices else None

    def note_unverified(self, rows: Sequence[Row]) -> None:
        """One issue for each person and procedure where somebody else, or nobody, had signed in."""
        seen = set()
        for row in rows:
            who = self.of(row)
            procedure_id = id_in(row.document, "procedure_id") if row.collection == Synced.ENTRIES else None
            key = (procedure_id or row.id, who.user_id, who.device_id)
            if who.user_id == self.sender.user_id or key in seen:
                continue
            seen.add(key)
            issue_id = uuid.uuid5(NAMESPACE, "|".join(map(str, ("unverified", *key, self.sender.device_id))))
            about = {"procedure_id": procedure_id, "device_id": self.sender.device_id, "user_id": who.user_id}
            _open_or_again(self.session, IssueKind.UNVERIFIED, row.collection, procedure_id or row.id, issue_id, about)


def _open_or_again(
    session: Session, kind: IssueKind, about: str, document_id: uuid.UUID, issue_id: uuid.UUID, facts: dict[str, Any]
) -> None:
    issue = find(session, Issue, issue_id, lock=True)
    if issue is None:
        issues.open_issue(session, kind, about, document_id, id=issue_id, **facts)
    elif issue.state == IssueState.RESOLVED:
        for name, value in facts.items():
            setattr(issue, name, value)
        issue.state, issue.choice, issue.note, issue.resolved_at, issue.resolved_by = IssueState.OPEN, None, None, None, None
    session.flush()


def watch_clock(session: Session, sender: Sender) -> None:
    """Say when a tablet's clock is wrong by more than two minutes. Its times are kept as they are; its counter gives the order."""
    whose = sender.device_id or sender.user_id
    if whose is None or sender.offset_ms is None or timedelta(milliseconds=abs(sender.offset_ms)) <= rules.CLOCK_TOLERANCE:
        return
    issue_id = uuid.uuid5(NAMESPACE, f"clock|{whose}")
    known = find(session, Issue, issue_id)
    if (
        known
        and known.choice == Choice.SEEN
        and abs((known.offset_ms or 0) - sender.offset_ms) <= rules.CLOCK_TOLERANCE / timedelta(milliseconds=1)
    ):
        return
    way, whole = "ahead of" if sender.offset_ms > 0 else "behind", timedelta(seconds=abs(sender.offset_ms) // 1000)
    message = f"{tablet_name(session, sender.device_id)}: its clock is {whole} {way} the server's. Set it."
    facts: dict[str, Any] = {
        "reasons": [{"pointer": "", "message": message}],
        "device_time": sender.device_time,
        "offset_ms": sender.offset_ms,
    }
    facts |= {"device_id": sender.device_id, "user_id": sender.user_id}
    _open_or_again(session, IssueKind.CLOCK, TABLETS, whose, issue_id, facts)

"""Entries from tablets: facts that are only ever added. All fresh ones of a procedure in one call; in halves where that is refused."""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import sqlalchemy as sa
from marshmallow import ValidationError
from sqlalchemy.orm import Session

from schemas.pointers import pointers
from schemas.sync_loading import PROTOCOL, load_pushed_entry
from schemas.sync_words import IssueKind, RowStatus
from schemas.vocabulary import EntryKind, ProcedureState
from server.access import Permission
from server.db import table_of
from server.patients.models import Scar
from server.problems import Problem
from server.procedures.facts import Fact, entry_document
from server.procedures.models import Entry, Procedure
from server.procedures.service import log, record
from server.sync import rules
from server.sync.push.attempts import Refused, attempt, facts_of, hold, needs, refuse, required_id
from server.sync.push.documents import lock
from server.sync.push.row import Outcome, Row, Waits, reasons_of
from server.sync.service import issues
from server.sync.service.people import Acting, Sender, acting

_ENTRIES = table_of(Entry)
_NOT_CONTENT = PROTOCOL | {"retracted", "device_id"}


@dataclass(frozen=True)
class Fresh:
    """An entry on its way in: its row, its columns in stored units, and whose act it was."""

    row: Row
    columns: dict[str, Any]
    who: Acting
    procedure_id: uuid.UUID

    @property
    def group(self) -> tuple[str, str, str]:
        """What may be recorded in one call."""
        return str(self.procedure_id), str(self.who.user_id), str(self.who.device_id)

    @property
    def order(self) -> tuple[bool, int, int]:
        """Retractions after what they retract, then the tablet's own counter."""
        return self.columns["kind"] == EntryKind.RETRACTION, self.columns.get("device_seq") or 0, self.row.index


def load(row: Row, who: Acting) -> Fresh:
    """Read a row. Raises Refused."""
    try:
        return Fresh(row, load_pushed_entry(row.document), who, required_id(row, "procedure_id"))
    except ValidationError as error:
        raise Refused(pointers(error.messages)) from None
    except Problem as problem:
        raise Refused(reasons_of(problem)) from None


class Intake:
    """A batch of entries: what exists already of all they speak of is asked once."""

    def __init__(self, session: Session, sender: Sender, fresh: Sequence[Fresh]) -> None:
        """Locks the procedures, in id order."""
        self.session, self.sender = session, sender
        lock(session, Procedure, {one.procedure_id for one in fresh})
        self.scars = self._known(table_of(Scar), {one.columns["scar_id"] for one in fresh if "scar_id" in one.columns})
        self.stored = self._facts({one.row.id for one in fresh} | {one.columns["retracts"] for one in fresh if "retracts" in one.columns})
        self.fresh, self.outcomes = list(fresh), dict[int, Outcome]()

    def _known(self, table: sa.Table, ids: Iterable[uuid.UUID]) -> set[uuid.UUID]:
        of_clinic = sa.select(table.c.id).where(table.c.clinic_id == self.session.info["clinic_id"], table.c.id.in_(list(ids)))
        return set(self.session.scalars(of_clinic)) if ids else set()

    def _facts(self, ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, Fact]:
        query = sa.select(_ENTRIES).where(_ENTRIES.c.clinic_id == self.session.info["clinic_id"], _ENTRIES.c.id.in_(list(ids)))
        return {row["id"]: dict(row) for row in self.session.execute(query).mappings()}

    def run(self) -> dict[int, Outcome]:
        """Index of each row → what became of it."""
        ordered = sorted(self.fresh, key=lambda one: (one.group, one.order))
        for _, same in groupby(ordered, key=lambda one: one.group):
            group = [one for one in same if not self.already(one)]
            if group:
                self._take(group)
        return self.outcomes

    def already(self, one: Fresh) -> bool:
        """Whether this very entry is stored: a tablet gives a restored server all that it knows, what came from there included."""
        stored = self.stored.get(one.row.id)
        if stored is None:
            return False
        known = entry_document(stored)
        said = {name: value for name, value in one.row.document.items() if name not in _NOT_CONTENT and value is not None}
        if any(known.get(name) != value for name, value in said.items()):
            return False
        self.outcomes[one.row.index] = Outcome(RowStatus.ACCEPTED, fresh=False)
        return True

    def _take(self, group: list[Fresh]) -> None:
        """All at once, else each half by itself: one bad row among five hundred costs nine more tries, not five hundred."""
        try:
            attempt(self.session, lambda: self.record(group))
        except (Refused, Waits) as failed:
            if len(group) == 1:
                self.outcomes[group[0].row.index] = self._kept(group[0], failed)
                return
            middle = len(group) // 2
            self._take(group[:middle])
            self._take(group[middle:])

    def _kept(self, one: Fresh, failed: Refused | Waits) -> Outcome:
        if isinstance(failed, Refused):
            return refuse(self.session, one.row, self.sender, one.who, failed.reasons)
        return hold(self.session, one.row, self.sender, one.who, failed)

    def record(self, group: list[Fresh]) -> None:
        """Record entries of one procedure, person and tablet. Raises Waits, and whatever the service refuses with."""
        first = group[0]
        needs(first.who, Permission.RECORD)
        procedure = self._check_parents(group)
        late = procedure.state == ProcedureState.SIGNED
        with acting(self.session, first.who):
            log.record_entries(self.session, procedure, [one.columns for one in group], late=True)
        for one in group:
            self.outcomes[one.row.index] = self._late(one) if late else Outcome(RowStatus.ACCEPTED)
        if not late:
            self._look_alikes(group)

    def _check_parents(self, group: list[Fresh]) -> Procedure:
        """The locked procedure. Raises Waits for the first record that is missing."""
        procedure = self.session.get(Procedure, (self.session.info["clinic_id"], group[0].procedure_id))
        if procedure is None:
            raise Waits(group[0].procedure_id)
        here = {one.row.id for one in group}
        for one in group:
            scar_id, retracts = one.columns.get("scar_id"), one.columns.get("retracts")
            if scar_id is not None and scar_id not in self.scars:
                raise Waits(scar_id)
            if retracts is not None and retracts not in self.stored and retracts not in here and not self._known(_ENTRIES, {retracts}):
                raise Waits(retracts)
        return procedure

    def _late(self, one: Fresh) -> Outcome:
        issue = issues.open_issue(self.session, IssueKind.LATE, one.row.collection, one.row.id, **facts_of(one.row, self.sender, one.who))
        return Outcome(RowStatus.LATE, issue=issue)

    def _look_alikes(self, group: list[Fresh]) -> None:
        facts = record.facts_of(self.session, group[0].procedure_id)
        mine = {one.row.id: one for one in group}
        for fact in [fact for fact in facts if fact["id"] in mine and mine[fact["id"]].row.index in self.outcomes]:
            twin = next((other for other in facts if rules.alike(fact, other)), None)
            if twin is not None:
                one = mine[fact["id"]]
                about = facts_of(one.row, self.sender, one.who) | {"other_id": twin["id"]}
                issue = issues.open_issue(self.session, IssueKind.POSSIBLE_DUPLICATE, one.row.collection, one.row.id, **about)
                self.outcomes[one.row.index] = Outcome(RowStatus.POSSIBLE_DUPLICATE, issue=issue)


def take_one(session: Session, sender: Sender, one: Fresh) -> Outcome:
    """A kept entry, after all. Raises Refused or Waits."""
    intake = Intake(session, sender, [one])
    if not intake.already(one):
        attempt(session, lambda: intake.record([one]))
    return intake.outcomes[one.row.index]

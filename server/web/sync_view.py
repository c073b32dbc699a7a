"""What the page about tablets' rows shows of each issue: whose it is, what was sent, and what stands in the record."""

import json
import uuid
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, lazyload

from schemas.sync_words import CHOICES, IssueKind, Synced
from server.clinics.models import User
from server.db import table_of
from server.patients.models import Patient, Scar
from server.procedures.facts import entry_document
from server.procedures.models import Entry, Procedure
from server.procedures.note import describe
from server.sync.models import Issue
from server.sync.service.people import tablet_name
from server.web import sync_words as words

_ENTRIES = table_of(Entry)
_FRAME = frozenset({"id", "write_id", "_deleted", "patient_id", "procedure_id", "surgeon_id", "scar_id", "recorded_by", "device_id"})
"""Fields of a row that say nothing to people."""
MOST_SHOWN = 12
LONGEST_SHOWN = 200


class Surroundings:
    """Everything around some issues, asked at once: people, patients, procedures, entries."""

    def __init__(self, session: Session, issues: Sequence[Issue]) -> None:
        """Reads only."""
        self.session = session
        self.sent = {issue.id: _sent(issue) for issue in issues}
        people = {found for issue in issues for found in (issue.user_id, issue.resolved_by) if found}
        self.people: dict[uuid.UUID, User] = {one.id: one for one in session.scalars(sa.select(User).where(User.id.in_(people)))}
        procedures = [issue.procedure_id for issue in issues if issue.procedure_id]
        self.procedures = {
            one.id: one
            for one in session.scalars(sa.select(Procedure).options(lazyload(Procedure.injections)).where(Procedure.id.in_(procedures)))
        }
        patients = {one.patient_id for one in self.procedures.values()} | {found for issue in issues if (found := self._patient_id(issue))}
        self.patients = {one.id: one for one in session.scalars(sa.select(Patient).where(Patient.id.in_(patients)))}
        entries = {found for issue in issues for found in (issue.document_id, issue.other_id) if found and issue.about == Synced.ENTRIES}
        of_clinic = sa.select(_ENTRIES).where(_ENTRIES.c.clinic_id == session.info["clinic_id"], _ENTRIES.c.id.in_(entries))
        self.entries = {row["id"]: dict(row) for row in session.execute(of_clinic).mappings()}
        scars = {one["scar_id"] for one in self.entries.values() if one["scar_id"]}
        self.scars = {one.id: one.label for one in session.scalars(sa.select(Scar).where(Scar.id.in_(scars)))}

    def _patient_id(self, issue: Issue) -> uuid.UUID | None:
        raw = issue.document_id if issue.about == Synced.PATIENTS else self.sent[issue.id].get("patient_id")
        try:
            return raw if isinstance(raw, uuid.UUID) else uuid.UUID(str(raw))
        except ValueError:
            return None

    def row(self, issue: Issue) -> dict[str, Any]:
        """One issue for the template."""
        procedure = self.procedures.get(issue.procedure_id) if issue.procedure_id else None
        patient = self.patients.get(procedure.patient_id if procedure else self._patient_id(issue))  # type: ignore[arg-type]  # reason: None is in no dict
        person = self.people.get(issue.user_id) if issue.user_id else None
        return {
            "issue": issue,
            "key": str(issue.id),
            "thing": words.thing(issue.about),
            "patient": patient,
            "named": None if patient else self._name_in(issue),
            "procedure": procedure,
            "who": person.name if person else "" if issue.kind == IssueKind.GAP else "Nobody was signed in",
            "tablet": tablet_name(self.session, issue.device_id),
            "explained": words.EXPLAINED[issue.kind],
            "reasons": [one | {"field": words.field(one["pointer"].strip("/").replace("/", " "))} for one in issue.reasons],
            "sides": self._sides(issue),
            "shown": self._shown(issue),
            "choices": [(choice, words.BUTTONS[choice]) for choice in CHOICES[issue.kind]],
        }

    def _name_in(self, issue: Issue) -> str | None:
        names = [self.sent[issue.id].get(name) for name in ("family_name", "given_name")]
        return ", ".join(name for name in names if isinstance(name, str))[:LONGEST_SHOWN] or None

    def _sides(self, issue: Issue) -> list[dict[str, str]]:
        """Both values of a conflict or of a look-alike, to stand beside each other."""
        if issue.kind == IssueKind.CONFLICT:
            return [
                {"field": words.field(one["field"]), "kept": words.value(one["kept"]), "sent": words.value(one["sent"])}
                for one in issue.differences
            ]
        if issue.kind == IssueKind.POSSIBLE_DUPLICATE:
            return [{"field": "Entry", "kept": self._entry(issue.other_id), "sent": self._entry(issue.document_id)}]
        return []

    def _entry(self, entry_id: uuid.UUID | None) -> str:
        fact = self.entries.get(entry_id) if entry_id else None
        if fact is None:
            return "not in the record"
        said = describe.describe(entry_document(fact), self.scars.get(fact["scar_id"], ""))
        return f"{said}. {tablet_name(self.session, fact['device_id'])}"

    def _shown(self, issue: Issue) -> list[tuple[str, str]]:
        """What was sent, field by field, where it is not in the record or stands apart from it."""
        if issue.kind == IssueKind.LATE:
            return [("Entry", self._entry(issue.document_id))]
        if issue.kind not in {IssueKind.QUARANTINED, IssueKind.HELD}:
            return []
        said = [(words.field(name), words.value(raw)[:LONGEST_SHOWN]) for name, raw in self.sent[issue.id].items() if name not in _FRAME]
        return said[:MOST_SHOWN]


def _sent(issue: Issue) -> dict[str, Any]:
    """The document that was sent, as far as a page can show it."""
    document = json.loads(issue.sent).get("newDocumentState") if issue.sent else None
    clean: dict[str, Any] = json.loads(json.dumps(document or {}, ensure_ascii=False).encode(errors="replace"))
    return clean

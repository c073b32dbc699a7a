"""A surgeon's own logbook, derived from signed notes only: what was signed, and what assessments and visits say since."""

import json
import uuid
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, lazyload

from schemas.outcome_words import LogbookRole
from schemas.vocabulary import EntryKind, ProcedureState, VisitKind, VisitState
from server import clock
from server.canonical import instant
from server.clinics import service as clinics
from server.db import table_of
from server.followup.models import Visit
from server.outcomes.service import assessments
from server.procedures import totals as sums
from server.procedures.facts import Fact, of_kind, standing
from server.procedures.models import Entry, Procedure, Signature

_AT_A_TIME = 200
_SEEN = frozenset({VisitState.ATTENDED})


@dataclass(frozen=True)
class Row:
    """One signed procedure, and whose it was; the patient's id is for the access log alone."""

    patient_id: uuid.UUID
    values: dict[str, Any]

    def document(self) -> dict[str, Any]:
        """Wire form."""
        return self.values


def rows(session: Session, user_id: uuid.UUID, name: str, *, done_from: date | None = None, done_to: date | None = None) -> list[Row]:
    """Hers, the newest first: those that she operated, and those whose note names her as the assistant, letter by letter."""
    zone = clinics.zone_of(session)
    done = sa.func.coalesce(Procedure.started_at, Procedure.planned_for)
    query = _signed().where(sa.or_(Procedure.surgeon_id == user_id, sa.func.lower(sa.func.trim(Procedure.assistant)) == name.lower()))
    if done_from:
        query = query.where(done >= datetime.combine(done_from, time(), zone))
    if done_to:
        query = query.where(done < datetime.combine(min(done_to, date.max - timedelta(days=1)) + timedelta(days=1), time(), zone))
    found = [(one, signature) for one, signature in session.execute(query.order_by(done.desc(), Procedure.id.desc()))]
    made: list[Row] = []
    for start in range(0, len(found), _AT_A_TIME):
        made += _of(session, found[start : start + _AT_A_TIME], user_id)
    return made


def totals(shown: Iterable[Row]) -> list[dict[str, Any]]:
    """Procedures per year and role, the newest year first."""
    counts = Counter((int(one.values["done_on"][:4]), one.values["role"]) for one in shown)
    order = list(LogbookRole)
    keys = sorted(counts, key=lambda key: (-key[0], order.index(LogbookRole(key[1]))))
    return [{"year": year, "role": role, "procedures": counts[year, role]} for year, role in keys]


def _signed() -> sa.Select[Procedure, Signature]:
    joined = sa.and_(Signature.clinic_id == Procedure.clinic_id, Signature.procedure_id == Procedure.id)
    query = sa.select(Procedure, Signature).join(Signature, joined).options(lazyload(Procedure.injections))
    return query.where(Procedure.state == ProcedureState.SIGNED)


def _of(session: Session, some: Sequence[tuple[Procedure, Signature]], user_id: uuid.UUID) -> list[Row]:
    ids = [one.id for one, _ in some]
    facts, numbers = _facts(session, ids), _numbers(session, {one.patient_id for one, _ in some})
    events, looks, visits = (
        assessments.events_of(session, [one for one, _ in some]),
        assessments.counts(session, ids),
        _visits(session, ids),
    )
    zone = clinics.zone_of(session)
    made = []
    for one, signature in some:
        manifest = json.loads(signature.manifest)
        signed = {uuid.UUID(entry_id) for entry_id, _ in manifest["entries"]}
        values = {
            "procedure_id": str(one.id),
            "done_on": (one.started_at or one.planned_for).astimezone(zone).date().isoformat(),
            "signed_at": instant(signature.signed_at),
            "mrn": manifest["subject"]["patient"]["mrn"],
            "role": str(LogbookRole.OPERATING if one.surgeon_id == user_id else LogbookRole.ASSISTING),
            "title": one.title,
            "session_number": numbers[one.id],
            **_technique([fact for fact in facts.get(one.id, ()) if fact["id"] in signed], manifest["subject"]["scars"]),
            "complications": [
                {name: event[name] for name in ("complication", "clavien_dindo", "disability", "ctcae", "ongoing")}
                for event in events.get(one.id, ())
            ],
            "assessments": looks.get(one.id, 0),
            **_follow_up(visits.get(one.id, ())),
        }
        made.append(Row(one.patient_id, values))
    return made


def _technique(signed: Sequence[Fact], scars: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """From the entries that the signature covers, those retracted left out, and the scars as they were signed."""
    facts = standing(signed)
    whole = sums.totals(facts, sums.Context())
    treated = [one["scar_id"] for one in whole["scars"]]
    incidents = of_kind(facts, EntryKind.INCIDENT)
    return {
        "scars": len(treated),
        "subunits": _each(scars[one]["subunit"] for one in treated if one in scars),
        "harvest_sites": _each(str(fact["site"]) for fact in of_kind(facts, EntryKind.HARVEST)),
        "injected_ml": whole["injected_ml"],
        "passes": whole["passes"],
        "apertures_um": _each(fact["aperture_um"] for fact in of_kind(facts, EntryKind.FILTRATION) if fact["aperture_um"]),
        "anaesthesia": _each(
            fact["details"]["technique"] for fact in of_kind(facts, EntryKind.ANAESTHESIA) if "technique" in fact["details"]
        ),
        "incidents": [
            {"incident": str(fact["incident"]), "severity": str(fact["severity"]) if fact["severity"] else None} for fact in incidents
        ],
    }


def _each(values: Iterable[Any]) -> list[Any]:
    return list(dict.fromkeys(values))


def _follow_up(visits: Iterable[Visit]) -> dict[str, int]:
    today, known = clock.now().date(), list(visits)
    attended = [one for one in known if one.state in _SEEN]
    due = [one for one in known if one in attended or one.closes_on < today]
    return {"visits_due": len(due), "visits_attended": len(attended), "visits_to_come": len(known) - len(due)}


def _facts(session: Session, ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, list[Fact]]:
    entries = table_of(Entry)
    query = sa.select(entries).where(entries.c.clinic_id == session.info["clinic_id"], entries.c.procedure_id.in_(ids))
    found: dict[uuid.UUID, list[Fact]] = {}
    for row in session.execute(query.order_by(entries.c.recorded_at, entries.c.id)).mappings():
        found.setdefault(row["procedure_id"], []).append(dict(row))
    return found


def _numbers(session: Session, patients: Iterable[uuid.UUID]) -> dict[uuid.UUID, int]:
    """The how manieth signed procedure of its patient each is, whoever operated."""
    done = sa.func.coalesce(Procedure.started_at, Procedure.planned_for)
    query = sa.select(Procedure.id, Procedure.patient_id).where(
        Procedure.patient_id.in_(patients), Procedure.state == ProcedureState.SIGNED
    )
    seen: Counter[uuid.UUID] = Counter()
    numbers = {}
    for procedure_id, patient_id in session.execute(query.order_by(done, Procedure.id)):
        seen[patient_id] += 1
        numbers[procedure_id] = seen[patient_id]
    return numbers


def _visits(session: Session, ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, list[Visit]]:
    query = sa.select(Visit).where(Visit.procedure_id.in_(ids), Visit.kind == VisitKind.VISIT, Visit.state != VisitState.CANCELLED)
    found: dict[uuid.UUID, list[Visit]] = {}
    for one in session.scalars(query):
        found.setdefault(one.procedure_id, []).append(one)
    return found

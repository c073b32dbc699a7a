"""What the page of one procedure shows, in the order in which it is read."""

import uuid
from collections.abc import Mapping
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from schemas.vocabulary import EntryKind, PhotoView, ProcedureState, VisitKind, VisitState
from server import clock
from server.access import Permission, Signed
from server.canonical import digest
from server.followup.service import listing, schedule
from server.followup.service.visits import first_day
from server.outcomes.service import assessing
from server.photos.models import Photo
from server.procedures import note, rules
from server.procedures.days import performed_at
from server.procedures.facts import Fact, retractions
from server.procedures.note import describe
from server.procedures.note.words import age
from server.procedures.service import planning, signing
from server.procedures.service.record import Record
from server.web import outcome_view, patient_words, photo_pairs, procedure_eye, words
from server.web.blueprint import local
from server.web.procedure_figures import figures
from server.web.procedure_history import MOST, changes

_AHEAD = frozenset({ProcedureState.PLANNED, ProcedureState.IN_PROGRESS})
_UNSIGNED = _AHEAD | {ProcedureState.COMPLETED}
_NEVER_BEGUN = frozenset({ProcedureState.PLANNED, ProcedureState.CANCELLED})
_MOST_REMINDERS = 500
MOST_SHOTS = 24


def fingerprint(whole: Record) -> str:
    """Changes whenever the procedure, its entries, its photos or the remarks on it do: what is signed is what was shown."""
    photos = (f"{one.id} {one.sha256}" for one in whole.pictures)
    return digest(
        [str(whole.procedure.write_id), *(str(fact["id"]) for fact in whole.facts), *(one["message"] for one in whole.remarks), *photos]
    )


def view(session: Session, person: Signed, whole: Record, *, in_files: bool) -> dict[str, Any]:
    """Everything for `procedure.html`; `in_files` when messages are not mailed."""
    procedure, today = whole.procedure, clock.now().astimezone(person.time_zone).date()
    numbers = {str(fact["id"]): number for number, fact in enumerate(whole.facts, 1)}
    answers = planning.answers(session, procedure) if procedure.state in _UNSIGNED else None
    totals, document = whole.totals(), note.build(whole)
    return {
        "procedure": procedure,
        "patient": whole.patient,
        "age": age(whole.patient.birth_date, today) if whole.patient.birth_date else None,
        "surgeon": whole.surgeon,
        "said": words.PROCEDURES[procedure.state],
        "note": note.fragment(document) if whole.facts or procedure.state not in _NEVER_BEGUN else None,
        "plan": answers if procedure.state in _AHEAD else None,
        "gaps": procedure_eye.gaps(whole, answers["missing"] if answers else (), may_plan=person.may(Permission.PLAN)),
        "eye": procedure_eye.remarks(whole, numbers),
        "shots": _shots(session, whole),
        "most_shots": MOST_SHOTS,
        "views": patient_words.VIEWS,
        "photo_kinds": patient_words.KINDS,
        "view_of": photo_pairs.view_of,
        "blocks": rules.cannot_sign(whole.facts, whole.context),
        "may_sign": person.may(Permission.SIGN),
        "meanings": words.MEANINGS,
        "seen": fingerprint(whole),
        "signature": whole.signature,
        "faults": signing.faults(session, whole),
        "broken": words.BROKEN,
        "addenda": whole.addenda,
        "totals": totals,
        "figures": figures(whole, document, totals, person.time_zone),
        "entries": _entries(whole, numbers),
        "kinds": list(dict.fromkeys(str(fact["kind"]) for fact in whole.facts)),
        "history": changes(session, whole) if person.may(Permission.READ_JOURNAL) else None,
        "most_history": MOST,
        "outcome": outcome_view.outcome(session, procedure, whole.scars) if procedure.state in assessing.DONE else None,
        "visits": _visits(
            session, procedure.id, today, in_files=in_files, done=procedure.state in assessing.DONE and person.may(Permission.ASSESS)
        ),
    }


def _entries(whole: Record, numbers: Mapping[str, int]) -> list[dict[str, Any]]:
    """Every entry in time order: its sentence, who and when, and what became of it."""
    struck = {str(target): by for target, by in retractions(whole.facts).items()}
    labels = {str(scar.id): scar.label for scar in whole.scars}
    rows = []
    for fact, entry in zip(whole.facts, whole.entries(), strict=True):
        text = describe.describe(entry, labels.get(entry.get("scar_id", ""), ""))
        if entry["kind"] == EntryKind.RETRACTION:
            text = f"Strikes through entry {numbers.get(entry['retracts'], '?')}"
        by = struck.get(entry["id"])
        rows.append(
            {
                "number": numbers[entry["id"]],
                "kind": entry["kind"],
                "at": fact["recorded_at"],
                "text": text,
                "who": _name(whole, fact["recorded_by"]),
                "late": fact["late"],
                "confirmed": fact["confirmed"],
                "reason": fact["reason"],
                "struck": _struck(whole, by, numbers) if by else None,
            }
        )
    return rows


def _struck(whole: Record, by: Fact, numbers: Mapping[str, int]) -> dict[str, Any]:
    return {"number": numbers[str(by["id"])], "at": by["recorded_at"], "who": _name(whole, by["recorded_by"]), "reason": by["reason"]}


def _name(whole: Record, user_id: uuid.UUID) -> str:
    return whole.people[user_id].name if user_id in whole.people else "unknown"


def _shots(session: Session, whole: Record) -> list[photo_pairs.Shot]:
    """The photographs of the procedure, of each view by date; at most `MOST_SHOTS`, the newest ones."""
    query = sa.select(Photo).where(Photo.procedure_id == whole.procedure.id).order_by(Photo.created_at.desc(), Photo.id.desc())
    labels = {scar.id: scar.label for scar in whole.scars}
    begun = [local(performed_at(whole.procedure)).date()] if whole.procedure.started_at else []
    shots = photo_pairs.shots(session.scalars(query.limit(MOST_SHOTS)), begun, labels)
    places = list(PhotoView)
    return sorted(shots, key=lambda shot: (places.index(shot.photo.view), photo_pairs.moment_of(shot.photo), shot.photo.id))


def _visits(session: Session, procedure_id: uuid.UUID, today: date, *, in_files: bool, done: bool) -> list[dict[str, Any]]:
    """Each with its messages, which are read in one question; `done`: whether the result may be assessed."""
    reminders = listing.reminders_of(session, procedure_id, _MOST_REMINDERS)
    return [
        {
            "visit": visit,
            "step": visit.title,
            "assess": done and visit.kind == VisitKind.VISIT and visit.state != VisitState.CANCELLED and first_day(session, visit) <= today,
            "state": words.visit(visit.state, visit.opens_on, visit.closes_on, today),
            "reminders": [
                {"reminder": one, "purpose": words.PURPOSES[one.purpose], "state": words.reminder(one.state, in_files=in_files)}
                for one in reminders
                if one.visit_id == visit.id
            ],
        }
        for visit in schedule.visits_of(session, procedure_id)
    ]

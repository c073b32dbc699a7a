"""Documents that change: how each collection is made and changed, through the same services and shapes as the API."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from schemas.sync_loading import changeable, load_changes, load_new
from schemas.sync_words import Synced
from schemas.vocabulary import ProcedureState, VisitState
from server.access import Permission
from server.db import find
from server.followup.models import Visit
from server.followup.service.visits import mark_visit
from server.journal.service import Journaled
from server.patients import service as patients
from server.patients.models import Patient, Scar
from server.photos.models import Photo
from server.photos.service import album
from server.problems import invalid
from server.procedures.models import Procedure
from server.procedures.service import lifecycle
from server.sync.push import course
from server.sync.push.attempts import needs, required_id
from server.sync.push.row import Row, Waits
from server.sync.service.people import Acting

Create = Callable[[Session, Row, Acting], Any]
Change = Callable[[Session, Any, dict[str, Any]], Any]
CreateMany = Callable[[Session, Sequence[dict[str, Any]]], Any]
"""Of loaded documents."""


@dataclass(frozen=True)
class Kind:
    """A collection whose documents change. `fixed` are fields that nobody changes afterwards: a difference there is a conflict."""

    model: type[Journaled]
    names: tuple[str, ...]
    fixed: frozenset[str]
    permission: Permission
    create: Create
    change: Change
    create_many: CreateMany | None = None
    """All or none, in few statements; None where each is a story of its own."""


def _create_patient(session: Session, row: Row, _who: Acting) -> Patient:
    return patients.create_patient(session, load_new(Synced.PATIENTS, row.document))[0]


def _change_patient(session: Session, patient: Patient, changes: dict[str, Any]) -> None:
    patients.change_patient(session, patient, load_changes(Synced.PATIENTS, changes))


def _create_scar(session: Session, row: Row, _who: Acting) -> Scar:
    patient_id = required_id(row, "patient_id")
    fields = load_new(Synced.SCARS, row.document)
    patient = find(session, Patient, patient_id)
    if patient is None:
        raise Waits(patient_id)
    return patients.create_scar(session, patient, fields)[0]


def _create_scars(session: Session, many: Sequence[dict[str, Any]]) -> None:
    wanted = {fields["patient_id"] for fields in many}
    there = {one.id: one for one in session.scalars(sa.select(Patient).where(Patient.id.in_(wanted)))}
    for missing in wanted - there.keys():
        raise Waits(missing)
    patients.create_scars(session, [(there[fields["patient_id"]], _without(fields, "patient_id")) for fields in many])


def _without(fields: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in fields.items() if key != name}


def _change_scar(session: Session, scar: Scar, changes: dict[str, Any]) -> None:
    patients.change_scar(session, scar, load_changes(Synced.SCARS, changes))


def _create_procedure(session: Session, row: Row, who: Acting) -> Procedure:
    fields = load_new(Synced.PROCEDURES, row.document)
    if find(session, Patient, fields["patient_id"]) is None:
        raise Waits(fields["patient_id"])
    for planned in fields.get("plan", {}).get("injections", ()):
        if find(session, Scar, planned["scar_id"]) is None:
            raise Waits(planned["scar_id"])
    procedure, _ = lifecycle.plan_procedure(session, fields)
    state = row.document.get("state")
    if state not in {None, ProcedureState.SIGNED}:
        course.walk(session, procedure, row.document, who)
    elif state == ProcedureState.SIGNED:  # what a restored server has lost; it has to be signed again
        course.walk(session, procedure, row.document | {"state": str(ProcedureState.COMPLETED)}, who)
    return procedure


def _change_procedure(session: Session, procedure: Procedure, changes: dict[str, Any]) -> None:
    lifecycle.change_procedure(session, procedure, load_changes(Synced.PROCEDURES, changes))


def _no_new_visit(_session: Session, _row: Row, _who: Acting) -> Visit:
    raise invalid("/id", "No such visit; visits are made by the follow-up's protocol.")


def _mark_visit(session: Session, visit: Visit, changes: dict[str, Any]) -> None:
    said = {"state": str(visit.state)} | {name: value for name, value in changes.items() if value is not None}
    loaded = load_changes(Synced.VISITS, said)
    mark_visit(session, visit, VisitState(loaded["state"]), booked_for=loaded.get("booked_for"))


def _create_photo(session: Session, row: Row, _who: Acting) -> Photo:
    fields = load_new(Synced.PHOTOS, row.document)
    for name, model in (("patient_id", Patient), ("procedure_id", Procedure), ("scar_id", Scar)):
        if fields.get(name) and find(session, model, fields[name]) is None:
            raise Waits(fields[name])
    return album.announce(session, fields)[0]


def _never_changed(_session: Session, _photo: Photo, changes: dict[str, Any]) -> None:
    raise invalid(f"/{min(changes)}", "A photo's record is never changed; announce it again under a new id.")


_LINK = frozenset({"patient_id"})
_WRITE = Permission.WRITE_PATIENT
OF_A_PHOTO = ("patient_id", "procedure_id", "scar_id", "view", "kind", "sha256", "size_bytes")
KINDS: dict[str, Kind] = {
    Synced.PATIENTS: Kind(
        Patient, changeable(Synced.PATIENTS), frozenset(), _WRITE, _create_patient, _change_patient, patients.create_patients
    ),
    Synced.SCARS: Kind(Scar, (*changeable(Synced.SCARS), *_LINK), _LINK, _WRITE, _create_scar, _change_scar, _create_scars),
    Synced.PROCEDURES: Kind(
        Procedure, (*changeable(Synced.PROCEDURES), *_LINK), _LINK, Permission.PLAN, _create_procedure, _change_procedure
    ),
    Synced.PHOTOS: Kind(Photo, OF_A_PHOTO, frozenset(), Permission.RECORD, _create_photo, _never_changed),
    Synced.VISITS: Kind(Visit, changeable(Synced.VISITS), frozenset(), Permission.FOLLOW_UP, _no_new_visit, _mark_visit),
}


def create(session: Session, kind: Kind, row: Row, who: Acting) -> Any:
    """A new record of what the row says."""
    needs(who, kind.permission)
    return kind.create(session, row, who)


def change(session: Session, kind: Kind, record: Any, row: Row, names: Iterable[str], who: Acting) -> None:
    """Take these fields of the row over."""
    needs(who, kind.permission)
    kind.change(session, record, {name: row.document[name] for name in names})

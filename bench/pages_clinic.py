"""The clinic whose pages are measured: its surgeons, tablets, and the cases made through the services that all others are copies of."""

import json
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from schemas.reading_words import Reading
from schemas.sync_words import IssueKind, Synced
from schemas.vocabulary import (
    AlertKind,
    CallOutcome,
    PhotoKind,
    PhotoState,
    PhotoView,
    ProcedureState,
    Role,
    SignatureMeaning,
    ThumbnailState,
)
from server import clock
from server.clinics import second_factor
from server.clinics import service as clinics
from server.db import Database, find
from server.followup.models import Alert, Call, Visit
from server.followup.service import schedule
from server.ids import uuid7
from server.journal import access
from server.photos.models import Photo
from server.procedures.models import Procedure
from server.procedures.service import signing
from server.sync.service import issues
from tests import make

SURGEONS = ("Dr Gábor Molnár", "Dr Hana Nováková", "Dr Tomas Petraitis")
"""Beside Dr Vera Kovács. The last one signs at once."""
TABLETS = 3
SCARS = ((0.66, 0.55, "depressed_linear"), (0.73, 0.49, "boxcar_deep"), (0.70, 0.62, "boxcar_shallow"))
PICTURES = (
    (PhotoView.FRONT, PhotoKind.BASELINE),
    (PhotoView.CLOSE_UP, PhotoKind.BASELINE),
    (PhotoView.FRONT, PhotoKind.FOLLOW_UP),
    (PhotoView.CLOSE_UP, PhotoKind.FOLLOW_UP),
)
_SIGNED_READINGS = (Reading.LIST, Reading.RECORD, Reading.NOTE)


@dataclass(frozen=True)
class Case:
    """A procedure and its patient."""

    patient_id: uuid.UUID
    procedure_id: uuid.UUID


@dataclass(frozen=True)
class Originals:
    """What was made: `signed` and `drafts` hold one case of each surgeon, in the order of `surgeons`."""

    clinic: make.Clinic
    surgeons: tuple[make.Person, ...]
    signed: tuple[Case, ...]
    drafts: tuple[Case, ...]
    planned: Case

    @property
    def count(self) -> int:
        """How many cases."""
        return len(self.signed) + len(self.drafts) + 1


def originals(database: Database, keys: Path) -> Originals:
    """A clinic of four surgeons, each with a case just signed and one not signed yet; the first has one planned."""
    clinic = make.clinic(database)
    teams = [clinic, *(_team(database, clinic, name) for name in SURGEONS)]
    for number in range(TABLETS):
        tablet = make.tablet(database, clinic, name=f"Theatre {number + 1}")
        with database.transaction(clinic.id, actor=tablet) as session:
            access.write(session, tablet, Reading.SYNC, [None])
    signed = tuple(_signed(database, team, number, keys) for number, team in enumerate(teams))
    drafts = tuple(_completed(database, team) for team in teams)
    return Originals(clinic, tuple(team.surgeon for team in teams), signed, drafts, _case(database, clinic, ProcedureState.PLANNED)[0])


def _team(database: Database, clinic: make.Clinic, name: str) -> make.Clinic:
    """The clinic with another surgeon."""
    email = f"{uuid7()}@clinic.example"
    with database.transaction(clinic.id, actor=clinic.admin) as session:
        user = clinics.create_user(session, email=email, name=name, roles=[Role.SURGEON], password=make.PASSWORD)
        second_factor.enrol(session, user, make.SECOND_FACTOR)
    surgeon = make.Person(user.id, clinic.id, name, email, (Role.SURGEON,))
    return replace(clinic, people={**clinic.people, Role.SURGEON: surgeon})


def _case(database: Database, team: make.Clinic, state: ProcedureState) -> tuple[Case, list[str]]:
    """(case, its scars); all that lies behind it has just happened."""
    patient = make.patient(database, team, phone="+36201234567")
    scars = [
        make.scar(
            database,
            team,
            patient["id"],
            label=f"Left cheek {number}",
            view="front",
            x_e4=round(x * 10_000),
            y_e4=round(y * 10_000),
            morphology=kind,
        )["id"]
        for number, (x, y, kind) in enumerate(SCARS, 1)
    ]
    planned = [{"scar_id": uuid.UUID(one), "volume_ul": 800, "plane": "intradermal", "needle_gauge": 27} for one in scars]
    plan = {"harvest_site": "lower_abdomen", "passes": 60, "aperture_um": 500, "injections": planned}
    ended = None if state == ProcedureState.PLANNED else clock.now()
    made = make.procedure(database, team, state=state, patient_id=patient["id"], plan=plan, ended_at=ended)
    return Case(uuid.UUID(patient["id"]), uuid.UUID(made["id"])), scars


def _facts(scars: list[str]) -> Iterator[dict[str, Any]]:
    """A dozen entries."""
    yield make.entry("checklist", phase="time_out", item="patient_site_procedure", answer="yes")
    yield make.entry("anaesthesia", technique="tumescent", volume_ml=100, lidocaine_mg_per_l=800)
    yield make.entry("harvest", site="lower_abdomen", cannula_mm=2.4, lipoaspirate_ml=60)
    yield make.entry("preparation", separation="decant", fat_ml=32)
    yield make.entry("emulsification", stage=1, device="luer_luer", connector_mm=2.4, passes=30)
    yield make.entry("emulsification", stage=2, device="luer_luer", connector_mm=1.2, passes=30)
    yield make.entry("filtration", filtered=True, aperture_um=500, filter_passes=1, nanofat_ml=12.0)
    for scar in scars:
        yield make.entry("injection", scar_id=scar, volume_ml=0.8, plane="intradermal", delivery="sharp_needle", needle_gauge=27)
    yield make.entry("discard", volume_ml=9.6, reason="not needed")
    yield make.entry("note", topic="findings", text="Scars level with the skin at the end.")


def _completed(database: Database, team: make.Clinic) -> Case:
    case, scars = _case(database, team, ProcedureState.COMPLETED)
    make.record(database, team, str(case.procedure_id), *_facts(scars))
    return case


def _signed(database: Database, team: make.Clinic, number: int, keys: Path) -> Case:
    """With photographs, follow-up, a call, an alert, something of a tablet, and readers."""
    case, scars = _case(database, team, ProcedureState.COMPLETED)
    make.record(database, team, str(case.procedure_id), *_facts(scars))
    with database.transaction(team.id, actor=team.surgeon) as session:
        session.add_all(_photo(case, uuid.UUID(scars[0]), view, kind) for view, kind in PICTURES)
    make.half_a_minute_later(database)
    with database.transaction(team.id, actor=team.surgeon) as session:
        procedure = find(session, Procedure, case.procedure_id, lock=True)
        if procedure is None:
            raise LookupError("a procedure just made is gone")
        signing.sign(session, procedure, meaning=SignatureMeaning.AUTHOR, keys_folder=keys, **make.proof())
    with database.transaction(team.id, actor=team.surgeon) as session:
        visit = schedule.visits_of(session, case.procedure_id)[0]
        session.add_all(_contact(case, visit, team.coordinator, list(AlertKind)[number % len(AlertKind)]))
        for reading in _SIGNED_READINGS:
            access.write(session, team.surgeon, reading, [case.patient_id])
        issues.open_issue(session, procedure_id=case.procedure_id, user_id=team.nurse.user_id, **_issue(case, number))
    return case


def _photo(case: Case, scar_id: uuid.UUID, view: PhotoView, kind: PhotoKind) -> Photo:
    """As if its bytes were stored; the pages only name them."""
    content = sha256(f"{case.patient_id} {view} {kind}".encode()).hexdigest()
    return Photo(
        patient_id=case.patient_id,
        procedure_id=case.procedure_id,
        scar_id=scar_id if view == PhotoView.CLOSE_UP else None,
        view=view,
        kind=kind,
        taken_at=clock.now(),
        sha256=content,
        size_bytes=4_000_000,
        state=PhotoState.STORED,
        stored_at=clock.now(),
        stored_sha256=content,
        stored_bytes=3_900_000,
        width_px=4000,
        height_px=3000,
        object_key=content,
        thumbnails=ThumbnailState.MADE,
        content_hash="",
    )


def _contact(case: Case, visit: Visit, caller: make.Person, kind: AlertKind) -> tuple[Alert, Call]:
    about = {"patient_id": case.patient_id, "visit_id": visit.id}
    said = "Redder than last week." if kind == AlertKind.CONCERNING_ANSWER else ""
    return (
        Alert(kind=kind, procedure_id=case.procedure_id, detail=said, **about),
        Call(outcome=CallOutcome.NO_ANSWER, called_by=caller.user_id, content_hash="", **about),
    )


def _issue(case: Case, number: int) -> Mapping[str, Any]:
    """Of every other case a conflict, else a row put aside."""
    if number % 2:
        differences = [{"field": "weight_kg", "kept": 64, "sent": 59}, {"field": "allergies", "kept": "none known", "sent": "latex"}]
        return {"kind": IssueKind.CONFLICT, "about": Synced.PATIENTS, "document_id": case.patient_id, "differences": differences}
    entry_id = uuid7()
    row = {"id": str(entry_id), "kind": "injection", "volume_ml": 8000, "plane": "intradermal", "delivery": "sharp_needle"}
    reasons = [{"pointer": "/volume_ml", "message": "Must be at most 100."}]
    sent = json.dumps({"newDocumentState": row})
    return {"kind": IssueKind.QUARANTINED, "about": Synced.ENTRIES, "document_id": entry_id, "sent": sent, "reasons": reasons}

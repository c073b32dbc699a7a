"""The statistician's tables of who was treated where: patients, procedures, scars, and what each scar was given."""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from schemas.vocabulary import Aetiology, EntryKind, Morphology, ProcedureState, Sex, Side, Subunit
from server.db import table_of
from server.patients.models import Patient, Scar
from server.reports.service.cohort import Frame
from server.reports.service.study_columns import Column, Table, day, decimal, millilitres, millimetres, number_of, word
from server.reports.terms import minutes

_PATIENT, _S = table_of(Patient), table_of(Scar)
MEASURED, FROM_SIDES = "measured", "length_times_width"


def _patients(frame: Frame) -> sa.Select[Any]:
    chosen = frame.procedures()
    each = sa.select(chosen.c.patient_id, sa.func.count().label("sessions")).group_by(chosen.c.patient_id).subquery("each")
    born = sa.cast(sa.extract("year", _PATIENT.c.birth_date), sa.Integer)
    query = sa.select(_PATIENT.c.id, _PATIENT.c.sex, born, _PATIENT.c.fitzpatrick, each.c.sessions)
    return query.join(each, each.c.patient_id == _PATIENT.c.id).where(frame.of_clinic(_PATIENT)).order_by(_PATIENT.c.id)


def _procedures(frame: Frame) -> sa.Select[Any]:
    chosen, facts, given = frame.procedures(), frame.standing(), frame.injections()

    def total(kind: EntryKind, column: str) -> sa.ColumnElement[Any]:
        return sa.func.sum(sa.case((facts.c.kind == kind, facts.c[column])))

    made = (
        sa.select(
            facts.c.procedure_id,
            total(EntryKind.HARVEST, "lipoaspirate_ul").label("lipoaspirate_ul"),
            total(EntryKind.PREPARATION, "fat_ul").label("fat_ul"),
            total(EntryKind.FILTRATION, "nanofat_ul").label("nanofat_ul"),
            total(EntryKind.EMULSIFICATION, "passes").label("passes"),
        )
        .group_by(facts.c.procedure_id)
        .subquery("made")
    )
    put = (
        sa.select(given.c.procedure_id, sa.func.sum(given.c.volume_ul).label("injected_ul")).group_by(given.c.procedure_id).subquery("put")
    )
    every = frame.done().subquery("every")
    order = (every.c.performed_at, every.c.id)
    place = sa.func.row_number().over(partition_by=every.c.patient_id, order_by=order).label("place")
    placed = sa.select(every.c.id, place).subquery("placed")
    times = (chosen.c.started_at, chosen.c.ended_at)
    volumes = (made.c.lipoaspirate_ul, made.c.fat_ul, made.c.nanofat_ul, made.c.passes, put.c.injected_ul)
    day_of = frame.day(chosen.c.performed_at)
    return (
        sa.select(chosen.c.id, chosen.c.patient_id, chosen.c.surgeon_id, chosen.c.state, day_of, placed.c.place, *volumes, *times)
        .join(placed, placed.c.id == chosen.c.id)
        .outerjoin(made, made.c.procedure_id == chosen.c.id)
        .outerjoin(put, put.c.procedure_id == chosen.c.id)
        .order_by(chosen.c.id)
    )


def _with_minutes(row: sa.Row[Any]) -> Iterator[tuple[Any, ...]]:
    """Its length in place of its times, which say at what hour somebody was treated."""
    *kept, started_at, ended_at = tuple(row)
    yield (*kept, minutes(started_at, ended_at))


_SIZES = ("length_um", "width_um", "depth_um", "area_mm2_e1", "age_months")


def treated(frame: Frame) -> sa.Subquery:
    """Scars that were injected in the cohort and that the filters leave: those of the table `scars`."""
    chosen, here = frame.procedures(), frame.injections()
    query = sa.select(here.c.scar_id).join(chosen, chosen.c.id == here.c.procedure_id)
    query = query.join(_S, sa.and_(frame.of_clinic(_S), _S.c.id == here.c.scar_id))
    return query.where(*frame.scar_filters()).distinct().subquery("treated")


def _scars(frame: Frame) -> sa.Select[Any]:
    which = treated(frame)
    said = ("id", "patient_id", "subunit", "side", "morphology", "aetiology", *_SIZES)
    query = sa.select(*(_S.c[name] for name in said)).join(which, which.c.scar_id == _S.c.id)
    return query.where(frame.of_clinic(_S)).order_by(_S.c.id)


def _with_area(row: sa.Row[Any]) -> Iterator[tuple[Any, ...]]:
    """The area by which Graftlog's own mL/cm² divides, and where it comes from."""
    scar = Scar(area_mm2_e1=row.area_mm2_e1, length_um=row.length_um, width_um=row.width_um, morphology=row.morphology)
    area = scar.area_for_dose_cm2
    source = MEASURED if row.area_mm2_e1 is not None else FROM_SIDES
    yield (*row, area, None if area is None else source)


def _sessions(frame: Frame) -> sa.Select[Any]:
    chosen, here = frame.procedures(), frame.injections()
    query = sa.select(chosen.c.id, here.c.scar_id, sa.func.sum(here.c.volume_ul), sa.func.count())
    scars = query.join(here, here.c.procedure_id == chosen.c.id).join(_S, sa.and_(frame.of_clinic(_S), _S.c.id == here.c.scar_id))
    return scars.where(*frame.scar_filters()).group_by(chosen.c.id, here.c.scar_id).order_by(chosen.c.id, here.c.scar_id)


PATIENTS = Table(
    "patients",
    (
        number_of("patient"),
        word("sex", "As recorded by the clinic", Sex),
        Column("birth_year", "integer", "Year of birth"),
        Column("fitzpatrick", "integer", "Skin type", allowed="1 to 6"),
        Column("procedures", "integer", "Procedures in this cohort", allowed="1 and above"),
    ),
    _patients,
)
PROCEDURES = Table(
    "procedures",
    (
        number_of("procedure"),
        number_of("patient"),
        number_of("surgeon"),
        word("state", "How the record stands", (ProcedureState.COMPLETED, ProcedureState.SIGNED)),
        day("performed_on", "Day on which it ended"),
        Column("session", "integer", "How manieth of the patient's, those outside the cohort included", allowed="1 and above"),
        millilitres("lipoaspirate_ml", "Lipoaspirate drawn"),
        millilitres("fat_ml", "Fat after separation"),
        millilitres("nanofat_ml", "Nanofat after filtration"),
        Column("passes", "integer", "Passes of all stages", "passes"),
        millilitres("injected_ml", "Injected into all scars"),
        decimal("minutes", "From start to end", "min"),
    ),
    _procedures,
    _with_minutes,
)
SCARS = Table(
    "scars",
    (
        number_of("scar"),
        number_of("patient"),
        word("subunit", "Where on the face", Subunit),
        word("side", "The patient's own side", Side),
        word("morphology", "Form", Morphology),
        word("aetiology", "What left it", Aetiology),
        millimetres("length_mm", "Length before treatment"),
        millimetres("width_mm", "Greatest width before treatment"),
        millimetres("depth_mm", "Depth before treatment"),
        Column("area_cm2", "decimal", "Measured area", "cm²", "above 0", steps=1000),
        Column("age_months", "integer", "Age of the scar", "months"),
        Column("dose_area_cm2", "decimal", "By which mL/cm² is reckoned; a linear scar without a measured area has none", "cm²", "above 0"),
        word("dose_area_from", "Whether that area was measured, or is length times width", (MEASURED, FROM_SIDES)),
    ),
    _scars,
    _with_area,
)
SESSIONS = Table(
    "sessions",
    (
        number_of("procedure"),
        number_of("scar"),
        millilitres("volume_ml", "Nanofat injected into this scar"),
        Column("injections", "integer", "Number of injections", allowed="1 and above"),
    ),
    _sessions,
)

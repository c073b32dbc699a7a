"""The statistician's tables: which rows, which columns, and what each column means."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from schemas.outcome_words import AnsweredBy, ClavienDindo, Complication, Presence, RedSource, Relation, ResponseState
from schemas.vocabulary import Aetiology, EntryKind, Morphology, PhotoView, ProcedureState, Sex, Side, Subunit, VisitKind, VisitState
from server.dates import days_between
from server.db import table_of
from server.followup.models import Redness, Visit
from server.outcomes.models import Finding, Rating, RatingPair, Response, Score
from server.patients.models import Patient, Scar
from server.procedures.models import Entry
from server.reports.service.cohort import Frame
from server.reports.shape import COMPUTED, ENTERED, SCORED

_PATIENT, _S, _V, _R, _SCORE = table_of(Patient), table_of(Scar), table_of(Visit), table_of(Response), table_of(Score)
_RED, _PAIR, _G, _F, _E = table_of(Redness), table_of(RatingPair), table_of(Rating), table_of(Finding), table_of(Entry)


@dataclass(frozen=True)
class Column:
    """`numbered`: whose study number it is. `steps`: stored steps to a unit. `words`: all that it may say."""

    name: str
    type: str
    meaning: str
    unit: str = ""
    allowed: str = ""
    words: tuple[str, ...] = ()
    numbered: str = ""
    steps: int = 0


@dataclass(frozen=True)
class Table:
    """One file; the query's columns stand in the order of `columns`."""

    name: str
    columns: tuple[Column, ...]
    query: Callable[[Frame], sa.Select[Any]]


def _number(of: str) -> Column:
    return Column(f"{of}_no", "integer", f"Study number of the {of}", allowed="1 and above", numbered=of)


def _word(name: str, meaning: str, words: Iterable[str]) -> Column:
    return Column(name, "text", meaning, words=tuple(words))


def _day(name: str, meaning: str) -> Column:
    return Column(name, "date", meaning, "calendar day at the clinic", "ISO 8601")


def _days(name: str, meaning: str) -> Column:
    return Column(name, "integer", meaning, "days after the procedure")


def _millilitres(name: str, meaning: str) -> Column:
    return Column(name, "decimal", meaning, "mL", "0 and above", steps=1000)


def _millimetres(name: str, meaning: str) -> Column:
    return Column(name, "decimal", meaning, "mm", "above 0", steps=1000)


_FLAG = "0 no, 1 yes"


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
    volumes = (made.c.lipoaspirate_ul, made.c.fat_ul, made.c.nanofat_ul, made.c.passes, put.c.injected_ul)
    return (
        sa.select(chosen.c.id, chosen.c.patient_id, chosen.c.state, frame.day(chosen.c.performed_at), placed.c.place, *volumes)
        .join(placed, placed.c.id == chosen.c.id)
        .outerjoin(made, made.c.procedure_id == chosen.c.id)
        .outerjoin(put, put.c.procedure_id == chosen.c.id)
        .order_by(chosen.c.id)
    )


_SIZES = ("length_um", "width_um", "depth_um", "area_mm2_e1", "age_months")


def _scars(frame: Frame) -> sa.Select[Any]:
    chosen, here = frame.procedures(), frame.injections()
    treated = sa.select(here.c.scar_id).join(chosen, chosen.c.id == here.c.procedure_id).distinct().subquery("treated")
    said = ("id", "patient_id", "subunit", "side", "morphology", "aetiology", *_SIZES)
    query = sa.select(*(_S.c[name] for name in said)).join(treated, treated.c.scar_id == _S.c.id)
    return query.where(frame.of_clinic(_S), *frame.scar_filters()).order_by(_S.c.id)


def _sessions(frame: Frame) -> sa.Select[Any]:
    chosen, here = frame.procedures(), frame.injections()
    query = sa.select(chosen.c.id, here.c.scar_id, sa.func.sum(here.c.volume_ul), sa.func.count())
    scars = query.join(here, here.c.procedure_id == chosen.c.id).join(_S, sa.and_(frame.of_clinic(_S), _S.c.id == here.c.scar_id))
    return scars.where(*frame.scar_filters()).group_by(chosen.c.id, here.c.scar_id).order_by(chosen.c.id, here.c.scar_id)


def _of_procedure(frame: Frame, table: sa.Table, *names: str) -> tuple[sa.Select[Any], sa.Subquery]:
    chosen = frame.procedures()
    query = sa.select(table.c.procedure_id, *(table.c[name] for name in names)).join(chosen, chosen.c.id == table.c.procedure_id)
    return query.where(frame.of_clinic(table)).order_by(table.c.procedure_id, table.c.id), chosen


def _visits(frame: Frame) -> sa.Select[Any]:
    return _of_procedure(frame, _V, "step", "kind", "protocol_version", "target_date", "opens_on", "closes_on", "state")[0]


def _responses(frame: Frame) -> sa.Select[Any]:
    query, chosen = _of_procedure(frame, _R, "id", "instrument", "instrument_version", "via", "state", "answered_on")
    after = days_between(_R.c.answered_on, frame.day(chosen.c.performed_at))
    step = sa.select(_V.c.step).where(frame.of_clinic(_V), _V.c.id == _R.c.visit_id).scalar_subquery()
    return query.add_columns(after, step)


def _scores(frame: Frame) -> sa.Select[Any]:
    query, _ = _of_procedure(frame, _SCORE, "response_id", "instrument", "scale", "value_e3", "answered", "items")
    complete = frame.responses().add_columns(_R.c.id, _R.c.via).subquery("complete")
    scored = sa.case((complete.c.via == AnsweredBy.SCORE, ENTERED), else_=COMPUTED)
    return query.join(complete, complete.c.id == _SCORE.c.response_id).add_columns(scored)


def _redness(frame: Frame) -> sa.Select[Any]:
    later = _RED.alias("later")
    replaced = sa.select(later.c.replaces).where(frame.of_clinic(later), later.c.replaces.is_not(None))
    return _of_procedure(frame, _RED, "day", "red", "source")[0].where(_RED.c.id.not_in(replaced), _RED.c.red.is_not(None))


def _ratings(frame: Frame) -> sa.Select[Any]:
    query = _of_procedure(frame, _PAIR, "scar_id", "step", "view")[0]
    query = query.join(_G, sa.and_(frame.of_clinic(_G), _G.c.pair_id == _PAIR.c.id))
    return query.add_columns(_G.c.rater_id, _G.c.grade, _G.c.swapped, _G.c.place)


def _complications(frame: Frame) -> sa.Select[Any]:
    assessed = frame.assessments()
    words = ("complication", "present", "subunit", "side")
    query, chosen = _of_procedure(frame, _F, *words)
    days = [days_between(one, frame.day(chosen.c.performed_at)) for one in (assessed.c.assessed_on, *(_F.c[name] for name in _SEEN))]
    graded = (_F.c.clavien_dindo, _F.c.disability, _F.c.ctcae, _F.c.relation)
    return query.join(assessed, assessed.c.id == _F.c.assessment_id).add_columns(*days, *graded)


_SEEN = ("onset_on", "last_present", "first_absent")

TABLES = (
    Table(
        "patients",
        (
            _number("patient"),
            _word("sex", "As recorded by the clinic", Sex),
            Column("birth_year", "integer", "Year of birth"),
            Column("fitzpatrick", "integer", "Skin type", allowed="1 to 6"),
            Column("procedures", "integer", "Procedures in this cohort", allowed="1 and above"),
        ),
        _patients,
    ),
    Table(
        "procedures",
        (
            _number("procedure"),
            _number("patient"),
            _word("state", "How the record stands", (ProcedureState.COMPLETED, ProcedureState.SIGNED)),
            _day("performed_on", "Day on which it ended"),
            Column("session", "integer", "How manieth of the patient's, those outside the cohort included", allowed="1 and above"),
            _millilitres("lipoaspirate_ml", "Lipoaspirate drawn"),
            _millilitres("fat_ml", "Fat after separation"),
            _millilitres("nanofat_ml", "Nanofat after filtration"),
            Column("passes", "integer", "Passes of all stages", "passes"),
            _millilitres("injected_ml", "Injected into all scars"),
        ),
        _procedures,
    ),
    Table(
        "scars",
        (
            _number("scar"),
            _number("patient"),
            _word("subunit", "Where on the face", Subunit),
            _word("side", "The patient's own side", Side),
            _word("morphology", "Form", Morphology),
            _word("aetiology", "What left it", Aetiology),
            _millimetres("length_mm", "Length before treatment"),
            _millimetres("width_mm", "Greatest width before treatment"),
            _millimetres("depth_mm", "Depth before treatment"),
            Column("area_cm2", "decimal", "Measured area", "cm²", "above 0", steps=1000),
            Column("age_months", "integer", "Age of the scar", "months"),
        ),
        _scars,
    ),
    Table(
        "sessions",
        (
            _number("procedure"),
            _number("scar"),
            _millilitres("volume_ml", "Nanofat injected into this scar"),
            Column("injections", "integer", "Number of injections", allowed="1 and above"),
        ),
        _sessions,
    ),
    Table(
        "visits",
        (
            _number("procedure"),
            Column("step", "text", "Step of the protocol"),
            _word("kind", "In person, or a question from afar", VisitKind),
            Column("protocol_version", "text", "Version of the clinic's protocol"),
            _day("target_on", "Day aimed at"),
            _day("opens_on", "First day of the window"),
            _day("closes_on", "Last day of the window"),
            _word("state", "What became of it", VisitState),
        ),
        _visits,
    ),
    Table(
        "responses",
        (
            _number("procedure"),
            _number("response"),
            Column("instrument", "text", "Questionnaire"),
            Column("instrument_version", "text", "Its version"),
            _word("via", "Who filled it in", AnsweredBy),
            _word("state", "Only complete ones count", ResponseState),
            _day("answered_on", "Day of the answer"),
            _days("day", "The same"),
            Column("step", "text", "Step of the protocol whose visit it belongs to"),
        ),
        _responses,
    ),
    Table(
        "scores",
        (
            _number("procedure"),
            _number("response"),
            Column("instrument", "text", "Questionnaire"),
            Column("scale", "text", "Its scale"),
            Column("score", "decimal", "The scale's own, or 0 to 100; empty: too many items missing", "see column scored", steps=1000),
            Column("answered", "integer", "Items answered"),
            Column("items", "integer", "Items asked; 0 where it was entered"),
            _word("scored", "From answers by the server, or entered as 0 to 100 from elsewhere; two measures", SCORED),
        ),
        _scores,
    ),
    Table(
        "redness",
        (
            _number("procedure"),
            _days("day", "When somebody looked"),
            Column("red", "integer", "Whether the treated skin was red", allowed=_FLAG),
            _word("source", "Who looked", RedSource),
        ),
        _redness,
    ),
    Table(
        "ratings",
        (
            _number("procedure"),
            Column("scar_no", "integer", "Study number of the scar; empty: the whole face", allowed="1 and above", numbered="scar"),
            Column("step", "text", "Step of the protocol at which the later photograph was taken"),
            _word("view", "View of both photographs", PhotoView),
            _number("rater"),
            Column("grade", "integer", "The later against the earlier; empty: not to be judged", allowed="-3 much worse to 3 much better"),
            Column("swapped", "integer", "Whether the later one stood on the left", allowed=_FLAG),
            Column("place", "integer", "How manieth in the rater's random order", allowed="1 and above"),
        ),
        _ratings,
    ),
    Table(
        "complications",
        (
            _number("procedure"),
            _word("complication", "Item of the checklist", Complication),
            _word("present", "Whether it was there; unknown is not no", Presence),
            _word("subunit", "Where", Subunit),
            _word("side", "The patient's own side", Side),
            _days("assessed_day", "When it was looked for"),
            _days("onset_day", "When it began"),
            _days("last_present_day", "Last seen"),
            _days("first_absent_day", "First seen gone"),
            _word("clavien_dindo", "Grade by what was done", ClavienDindo),
            Column("disability", "integer", "Suffix d of that grade", allowed=_FLAG),
            Column("ctcae", "integer", "Grade by severity", allowed="1 to 5"),
            _word("relation", "What somebody judged about the cause", Relation),
        ),
        _complications,
    ),
)

"""The statistician's tables of what clinicians found: assessments, complications as events over time, scars measured again."""

from typing import Any

import sqlalchemy as sa

from schemas.outcome_words import ClavienDindo, Complication, Presence, Relation
from schemas.vocabulary import Side, Subunit
from server.dates import days_between
from server.db import table_of
from server.followup.models import Visit
from server.outcomes.models import Assessment, Finding, ScarMeasurement
from server.reports.service.cohort import Frame
from server.reports.service.study_columns import FLAG, Column, Table, days, millimetres, number_of, of_procedure, whole, word
from server.reports.service.study_people import treated

_V, _A, _F, _M = table_of(Visit), table_of(Assessment), table_of(Finding), table_of(ScarMeasurement)
_SEEN = ("onset_on", "last_present", "first_absent")


def _assessments(frame: Frame) -> sa.Select[Any]:
    assessed = frame.assessments()
    query, chosen = of_procedure(frame, _A, "id")
    after = days_between(_A.c.assessed_on, frame.day(chosen.c.performed_at))
    step = sa.select(_V.c.step).where(frame.of_clinic(_V), _V.c.id == _A.c.visit_id).scalar_subquery()
    asked = sa.select(sa.func.count()).where(frame.of_clinic(_F), _F.c.assessment_id == _A.c.id).scalar_subquery()
    return query.join(assessed, assessed.c.id == _A.c.id).add_columns(after, step, _A.c.erythema, asked)


def _complications(frame: Frame) -> sa.Select[Any]:
    assessed, event = frame.assessments(), _events(frame)
    query, chosen = of_procedure(frame, _F, "assessment_id")
    words = (_F.c[name] for name in ("complication", "present", "subunit", "side"))
    seen = [days_between(one, frame.day(chosen.c.performed_at)) for one in (assessed.c.assessed_on, *(_F.c[name] for name in _SEEN))]
    graded = (_F.c.clavien_dindo, _F.c.disability, _F.c.ctcae, _F.c.relation)
    joined = query.join(assessed, assessed.c.id == _F.c.assessment_id).outerjoin(event, event.c.event_id == _F.c.event_id)
    return joined.add_columns(event.c.event_id, *words, *seen, *graded)


def _events(frame: Frame) -> sa.Subquery:
    """Events that somebody saw present. A "no" about nothing that ever was is about no event."""
    seen, assessed = _F.alias("seen"), frame.assessments()
    present = sa.select(seen.c.event_id).join(assessed, assessed.c.id == seen.c.assessment_id)
    return present.where(frame.of_clinic(seen), seen.c.present == Presence.YES).distinct().subquery("event")


def _measurements(frame: Frame) -> sa.Select[Any]:
    assessed, chosen, which = frame.assessments(), frame.procedures(), treated(frame)
    after = days_between(assessed.c.assessed_on, frame.day(chosen.c.performed_at))
    sizes = (_M.c.length_um, _M.c.width_um, _M.c.depth_um, _M.c.area_mm2_e1)
    return (
        sa.select(assessed.c.procedure_id, _M.c.assessment_id, _M.c.scar_id, after, *sizes)
        .join(assessed, assessed.c.id == _M.c.assessment_id)
        .join(chosen, chosen.c.id == assessed.c.procedure_id)
        .join(which, which.c.scar_id == _M.c.scar_id)
        .where(frame.of_clinic(_M))
        .order_by(assessed.c.procedure_id, _M.c.assessment_id, _M.c.scar_id)
    )


ASSESSMENTS = Table(
    "assessments",
    (
        number_of("procedure"),
        number_of("assessment"),
        days("day", "When a clinician looked"),
        Column("step", "text", "Step of the protocol whose visit it belongs to"),
        Column("erythema", "integer", "Grade; empty: not graded", allowed="0 clear, 1 almost clear, 2 mild, 3 moderate, 4 severe"),
        whole("asked", "Items of the checklist that were answered; what nobody asked about is in no table"),
    ),
    _assessments,
)
COMPLICATIONS = Table(
    "complications",
    (
        number_of("procedure"),
        number_of("assessment"),
        Column(
            "event_no",
            "integer",
            "Study number of the event, the same at every look; empty: never seen",
            allowed="1 and above",
            numbered="event",
        ),
        word("complication", "Item of the checklist", Complication),
        word("present", "Whether it was there; unknown is not no", Presence),
        word("subunit", "Where", Subunit),
        word("side", "The patient's own side", Side),
        days("assessed_day", "When it was looked for"),
        days("onset_day", "When it began"),
        days("last_present_day", "Last seen"),
        days("first_absent_day", "First seen gone"),
        word("clavien_dindo", "Grade by what was done", ClavienDindo),
        Column("disability", "integer", "Suffix d of that grade", allowed=FLAG),
        Column("ctcae", "integer", "Grade by severity", allowed="1 to 5"),
        word("relation", "What somebody judged about the cause", Relation),
    ),
    _complications,
)
MEASUREMENTS = Table(
    "measurements",
    (
        number_of("procedure"),
        number_of("assessment"),
        number_of("scar"),
        days("day", "When it was measured again"),
        millimetres("length_mm", "Length then; empty: not measured"),
        millimetres("width_mm", "Greatest width then"),
        millimetres("depth_mm", "Depth then"),
        Column("area_cm2", "decimal", "Measured area then", "cm²", "above 0", steps=1000),
    ),
    _measurements,
)

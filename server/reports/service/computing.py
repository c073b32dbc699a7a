"""From the counts to the report, a step at a time. Only for workers: importing this loads numpy, computing loads scipy."""

from collections.abc import Callable
from datetime import date
from typing import Any

from schemas.outcome_words import Complication
from schemas.vocabulary import Sex
from server import clock
from server.canonical import instant
from server.reports.digest.chosen import Chosen
from server.reports.service import counting_flow, counting_panel, counting_people, counting_process, scipy_later
from server.reports.service.cohort import Frame
from server.reports.service.computing_panel import physicians, volume, where
from server.reports.service.computing_scores import satisfaction
from server.reports.service.shares import share
from server.reports.service.steps import STEPS
from server.reports.shape import (
    FEW_PATIENTS,
    VERSION,
    Clear,
    Cohort,
    Counts,
    Flow,
    FlowStep,
    Learning,
    Missing,
    Process,
    Redness,
    Run,
    RunPoint,
)
from server.reports.statistics.turnbull import Seen, turnbull
from server.reports.statistics.xmr import running_median, xmr

Progress = Callable[[int, str], None]
_MONTH_DAYS = 30.4375
_MEDIAN_OF = 11
CURVE_DAYS, BY_DAYS = range(92), (14, 21, 28)


def compute(frame: Frame, progress: Progress = lambda _done, _step: None) -> Cohort:
    """The whole report of what the frame's session sees. `progress` is told before each of STEPS how many are done.

    Ratings and scores are put in the order of the visits, which has to be known for them.
    """
    scipy_later.warm_up()
    progress(0, STEPS[0])
    chosen = Chosen(frame)
    visits = counting_flow.visits(chosen)
    people = counting_people.people(chosen, visits)
    progress(1, STEPS[1])
    steps = counting_flow.steps(chosen, visits)
    frame.steps.update({one.step: one.title for one in steps})
    flow = _flow(people, steps, counting_people.silent(chosen, visits), frame.today)
    del visits  # a tenth of a report's memory
    progress(2, STEPS[2])
    redness = _redness(chosen, people.patients)
    progress(3, STEPS[3])
    ratings = counting_panel.Ratings(chosen)
    panel = physicians(ratings, people.patients)
    progress(4, STEPS[4])
    said = satisfaction(chosen, {one.step: one.due for one in steps}, people.answered)
    progress(5, STEPS[5])
    judged, places = counting_panel.scars(ratings), counting_panel.places(chosen)
    given = volume(chosen, judged, sum(places.values()))
    progress(6, STEPS[6])
    process = _process(chosen)
    progress(7, STEPS[7])
    return Cohort(
        version=VERSION,
        seq=frame.seq,
        locked_at=instant(frame.locked_at) if frame.locked_at else None,
        computed_at=instant(clock.now()),
        filters=frame.filters.canonical(),
        filters_hash=frame.filters.hash(),
        counts=_counts(people, sum(places.values())),
        flow=flow,
        redness=redness,
        physicians=panel,
        satisfaction=said,
        volume=given,
        process=process,
        where=where(chosen, judged, places),
    )


def _counts(people: counting_people.People, scars: int) -> Counts:
    women, men = people.by_sex[Sex.FEMALE], people.by_sex[Sex.MALE]
    return Counts(
        patients=people.patients,
        procedures=people.procedures,
        scars=scars,
        surgeons=people.surgeons,
        women=women,
        men=men,
        other=people.patients - women - men,
    )


def _flow(people: counting_people.People, steps: list[counting_flow.Step], silent: list[counting_people.Silent], today: date) -> Flow:
    answered = people.answered_by_sex
    unknown = answered[Sex.UNKNOWN]
    known = people.answered - unknown
    return Flow(
        steps=[
            FlowStep(
                step=one.step,
                title=one.title,
                operated=people.procedures,
                due=one.due,
                asked=one.asked,
                answered=one.answered,
                seen=one.seen,
                rate=share(one.answered, one.due),
            )
            for one in steps
        ],
        responded=share(people.answered, people.due),
        not_due=people.patients - people.due,
        women=share(answered[Sex.FEMALE], known, unknown),
        men=share(answered[Sex.MALE], known, unknown),
        missing=[
            Missing(
                patient_id=str(one.patient_id),
                mrn=one.mrn,
                procedure_id=str(one.procedure_id),
                last_session=one.last_session.isoformat(),
                months_since=round((today - one.last_session).days / _MONTH_DAYS, 1),
            )
            for one in silent
        ],
        missing_total=people.due - people.answered,
    )


def _redness(chosen: Chosen, patients: int) -> Redness:
    """When it ended."""
    found = counting_flow.reds(chosen)
    estimate = turnbull(Seen(left, right, number) for (left, right), number in found.intervals.items())
    n = sum(found.intervals.values())
    enough = n >= FEW_PATIENTS

    def by(day: int) -> Clear:
        band = estimate.by(day)  # type: ignore[union-attr]  # reason: asked only where there is one
        return Clear(day=day, low=band.low, high=band.high)

    return Redness(
        ever=share(found.patients_red, found.patients_seen, patients - found.patients_seen),
        n=n,
        never_red=found.never_red,
        contradicted=found.contradicted,
        still_red=sum(number for (_, right), number in found.intervals.items() if right is None),
        masses=[
            {"left": int(one.left), "right": None if one.right is None else int(one.right), "mass": one.mass}
            for one in (estimate.masses if estimate and enough else ())
        ],
        curve=[by(day) for day in CURVE_DAYS] if estimate and enough else [],
        clear_by=[by(day) for day in BY_DAYS] if estimate and enough else [],
        points=[] if enough and patients >= FEW_PATIENTS else counting_flow.cleared(chosen),
        enough=enough,
    )


def _run(frame: Frame, measure: str, unit: str, cases: list[counting_process.Case], value: Callable[[Any], float | None]) -> Run:
    known = [(float(found), one) for one in cases if (found := value(one)) is not None]
    chart = xmr([found for found, _ in known])
    outside = set(chart.outside)
    return Run(
        measure=measure,
        unit=unit,
        n=chart.n,
        mean=chart.mean,
        low=None if chart.lower is None else max(0.0, chart.lower),
        high=chart.upper,
        outside=len(outside),
        points=[
            RunPoint(
                value=found,
                on=one.performed_at.astimezone(frame.zone).date().isoformat(),
                procedure_id=str(one.procedure_id),
                outside=place in outside,
            )
            for place, (found, one) in enumerate(known)
        ],
    )


def _learning(chosen: Chosen) -> Learning:
    surgeon = chosen.frame.filters.surgeon_id
    number, first = counting_process.first_cases(chosen) if surgeon else (0, [])
    medians = running_median([minutes for _, minutes in first], _MEDIAN_OF)
    return Learning(
        measure="minutes",
        unit="min",
        surgeon=str(surgeon) if surgeon else None,
        n=number,
        values=[{"value": minutes, "procedure_id": str(procedure)} for procedure, minutes in first],
        medians=[one for one in medians if one is not None],
    )


def _process(chosen: Chosen) -> Process:
    frame, procedures = chosen.frame, chosen.number
    cases = counting_process.newest_cases(chosen)
    found = counting_process.complications(chosen)
    number, events = counting_process.events(chosen)
    return Process(
        runs=[
            _run(frame, "yield", "mL nanofat per 100 mL lipoaspirate", cases, lambda one: one.yield_ml),
            _run(frame, "passes", "passes", cases, lambda one: one.passes),
            _run(frame, "minutes", "min", cases, lambda one: one.minutes),
        ],
        learning=_learning(chosen),
        complications=[
            {"complication": str(one), "share": share(found.with_it.get(one, 0), asked, procedures - asked)}
            for one in Complication
            for asked in (found.asked.get(one, 0),)
        ],
        assessed=found.assessed,
        serious=share(found.serious, found.looked_for, procedures - found.looked_for),
        events=[
            {
                "procedure_id": str(one.procedure_id),
                "complication": str(one.complication),
                "from_day": one.from_day,
                "last_day": one.last_day,
                "absent_day": one.absent_day,
                "clavien_dindo": str(one.clavien_dindo) if one.clavien_dindo else None,
                "ctcae": one.ctcae,
            }
            for one in events
        ],
        events_total=number,
    )

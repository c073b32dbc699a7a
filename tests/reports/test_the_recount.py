"""The cohort's SQL held against a plain recount of random clinics, with retractions, corrections, withdrawn answers, many sessions."""

import random
import uuid
from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest

from schemas.outcome_words import AnsweredBy, Complication, Presence, ResponseState
from schemas.vocabulary import Aetiology, CallOutcome, ProcedureState, ReminderState, Sex, Side, Subunit, VisitKind, VisitState
from server.db import Database
from server.patients.models import Scar
from server.procedures.models import Procedure
from server.reports.rules import Filters, Sessions
from server.reports.service.cohort import frame_of
from server.reports.service.computing import compute
from server.reports.shape import FEW_PATIENTS, Cohort, Scale, Share
from server.reports.statistics.turnbull import Seen, turnbull
from server.reports.terms import SERIOUS
from server.snapshot import moment
from tests import make
from tests.reports.lives import Lives, noon, raters
from tests.reports.recount import Book

STEPS = (("d7", 7), ("2w", 14), ("3m", 90), ("1y", 365))
PATIENTS = 30
PLACES, CAUSES = list(Subunit)[:3], list(Aetiology)[:2]
MOSTLY_COMPLETE = (*ResponseState, *[ResponseState.COMPLETE] * 3)


class Chance(random.Random):
    """Seeded."""

    def often(self, share: float) -> bool:
        """So often."""
        return self.random() < share


def the_theatre(lives: Lives, chance: Chance, done: Procedure, scars: Sequence[Scar]) -> None:
    """What was recorded while operating, and struck through, and meant after all."""
    lives.processing(done, passes=chance.randint(20, 80))
    for scar in chance.choices(scars, k=chance.randint(0, 6)):
        into = lives.injection(done, scar, 100 * chance.randint(1, 30))
        if chance.often(0.2):
            struck = lives.retraction(done, into)
            if chance.often(0.4):
                lives.retraction(done, struck)


def the_visits(lives: Lives, chance: Chance, done: Procedure) -> None:
    """What became of each, who was told, and what was answered."""
    assert done.ended_at is not None
    for step, days in STEPS:
        kind = VisitKind.CHECK_IN if step == "d7" else VisitKind.VISIT
        version = chance.choice(("default-1", "2"))
        visit = lives.visit(done, step, days, chance.choice(list(VisitState)), protocol_version=version, kind=kind)
        for sent in chance.sample(list(ReminderState), chance.randint(0, 2)):
            lives.message(visit, sent)
        if chance.often(0.2):
            lives.call(visit, chance.choice(list(CallOutcome)))
        if chance.often(0.5):
            on, state = done.ended_at.date() + timedelta(days=days + chance.randint(0, 60)), chance.choice(MOSTLY_COMPLETE)
            scores = {scale: chance.choice((None, *range(0, 100_000, 10_000))) for scale in ("looks", "life") if chance.often(0.9)}
            via = AnsweredBy.SCORE if chance.often(0.3) else AnsweredBy.LINK
            at = visit if chance.often(0.8) else None
            lives.response(done, on, {} if state == ResponseState.OPEN else scores, visit=at, state=state, via=via)


def the_looks(lives: Lives, chance: Chance, done: Procedure, scars: Sequence[Scar], panel: Sequence[uuid.UUID]) -> None:
    """Redness, assessments and ratings, some of them corrected."""
    assert done.ended_at is not None
    red, look = None, None
    for at in chance.sample(range(1, 120), chance.randint(0, 5)):
        red = lives.redness(done, at, chance.choice((True, False, None)), replaces=red if chance.often(0.2) else None)
        if chance.often(0.2):
            lives.redness(done, at, chance.choice((True, False)))
    for days in chance.sample(range(5, 400), chance.randint(0, 3)):
        corrected = look if chance.often(0.3) else None
        on, withdrawn = done.ended_at.date() + timedelta(days=days), corrected is not None and chance.often(0.3)
        look = lives.assessment(done, on, replaces=corrected, withdrawn=withdrawn)
        grave = chance.sample(SERIOUS, chance.choice((0, 2, len(SERIOUS))))
        for complication in dict.fromkeys((*chance.sample(list(Complication), chance.randint(0, 3)), *grave)):
            present = chance.choice((Presence.YES, Presence.UNKNOWN, *[Presence.NO] * 8)) if complication in SERIOUS else None
            present = present or chance.choice(list(Presence))
            graded = {"ctcae": chance.randint(1, 4)} if present == Presence.YES and chance.often(0.5) else {}
            lives.finding(look, complication, present, **graded)
    for step in chance.sample(("3m", "1y", "elsewhere"), chance.randint(0, 2)):
        grades = {one: chance.choice((None, -3, -2, -1, 0, 1, 2, 3)) for one in panel if chance.often(0.9)}
        lives.pair(done, grades, step=step, scar=chance.choice([None, *scars]))


def a_clinic(db: Database, clinic: make.Clinic, chance: Chance) -> list[uuid.UUID]:
    """Random lives; its surgeons."""
    lives, panel = Lives(clinic), raters(db, clinic, 4)
    surgeons = [clinic.surgeon.user_id, clinic.nurse.user_id]
    for _ in range(PATIENTS):
        patient = lives.patient(sex=chance.choice(list(Sex)))
        where = {
            "subunit": chance.choice(PLACES),
            "side": chance.choice(list(Side)),
            "aetiology": chance.choice(CAUSES),
        }
        scars = [lives.scar(patient, **where) for _ in range(chance.randint(1, 3))]
        for _ in range(chance.randint(1, 3)):
            state = chance.choice([ProcedureState.COMPLETED] * 5 + [ProcedureState.ENTERED_IN_ERROR, ProcedureState.ABANDONED])
            ended = noon(date(2023, 1, 1) + timedelta(days=chance.randint(0, 900))) + timedelta(hours=chance.choice((0, 12)))
            done = lives.procedure(patient, ended, state=state, surgeon_id=chance.choice(surgeons))
            the_theatre(lives, chance, done, scars)
            the_visits(lives, chance, done)
            the_looks(lives, chance, done, scars, panel)
    lives.store(db)
    return surgeons


def some_filters(chance: Chance, surgeons: list[uuid.UUID]) -> list[Filters]:
    """None, each, and some together."""
    early = date(2023, 1, 1) + timedelta(days=chance.randint(0, 600))
    each = [
        Filters(performed_from=early, performed_to=early + timedelta(days=300)),
        Filters(surgeon_id=chance.choice(surgeons)),
        Filters(subunit=str(PLACES[0])),
        Filters(aetiology=str(CAUSES[1])),
        Filters(subunit=str(PLACES[1]), aetiology=str(CAUSES[0])),
        Filters(protocol="2"),
        Filters(sessions=Sessions.ONE),
        Filters(sessions=Sessions.SEVERAL, performed_from=early),
    ]
    return [Filters(), *each]


def named(scale: Scale) -> tuple[str, str]:
    """What is never counted together with another."""
    return scale["scale"], scale["scored"]


def parts(share: Share) -> tuple[int, int]:
    """Of how many."""
    return share["numerator"], share["denominator"]


def clear_by(intervals: Counter[tuple[int, int | None]]) -> list[tuple[int, float, float]]:
    """What Turnbull's estimate makes of the intervals that were counted by hand."""
    estimate = turnbull(Seen(left, right, number) for (left, right), number in intervals.items())
    assert estimate is not None
    bands = [estimate.by(day) for day in (14, 21, 28)]
    return [(int(one.day), round(one.low, 9), round(one.high, 9)) for one in bands]


def differences(said: Cohort, book: Book) -> list[str]:
    """Where the report and the recount disagree."""
    flow, steps = said["flow"], [one["step"] for one in said["flow"]["steps"]]
    cleared, disputed = book.redness()
    few = min(len(cleared), len(book.patients)) < FEW_PATIENTS
    found = {
        "patients": (said["counts"]["patients"], len(book.patients)),
        "procedures": (said["counts"]["procedures"], len(book.chosen)),
        "responded": (flow["responded"]["numerator"], len({one.patient_id for one in book.responses()})),
        "due": (flow["responded"]["denominator"], len(book.due())),
        "not due": (flow["not_due"], len(book.patients - book.due())),
        "missing": (flow["missing_total"], len(book.due() - {one.patient_id for one in book.responses()})),
        "named": (
            {one["patient_id"] for one in flow["missing"]},
            {str(one) for one in book.due() - {one.patient_id for one in book.responses()}},
        ),
        "flow": ({one["step"]: [one["due"], one["asked"], one["answered"], one["seen"]] for one in flow["steps"]}, book.flow()),
        "redness": (
            tuple(said["redness"][name] for name in ("n", "never_red", "contradicted", "still_red")),
            (
                len(cleared),
                sum(not red for _, _, red in cleared.values()),
                disputed,
                sum(right is None for _, right, _ in cleared.values()),
            ),
        ),
        "single": (
            {one["procedure_id"]: (one["left"], one["right"], one["red"]) for one in said["redness"]["points"]},
            cleared if few else {},
        ),
        "clear": (
            [(one["day"], round(one["low"], 9), round(one["high"], 9)) for one in said["redness"]["clear_by"]],
            clear_by(Counter((left, right) for left, right, _ in cleared.values())) if len(cleared) >= FEW_PATIENTS else [],
        ),
        "improved": (tuple(said["physicians"]["improved"][name] for name in ("numerator", "denominator")), book.improved(steps)),
        "scores": (
            {
                (named(one), visit["step"]): {round(v * 1000): n for v, n in visit["bins"]}
                for one in said["satisfaction"]["scales"]
                for visit in one["visits"]
            },
            book.bins(),
        ),
        "over a year": (
            {named(one): (one["over_year"]["n_more"], one["over_year"]["n_less"]) for one in said["satisfaction"]["scales"]},
            {named(one): tuple(map(len, book.over_a_year().get(named(one), ((), ())))) for one in said["satisfaction"]["scales"]},
        ),
        "changes": ({named(one): one["paired"]["n"] for one in said["satisfaction"]["scales"]}, book.changes(steps)),
        "places": ({(one["subunit"], one["side"]): one["scars"] for one in said["where"]["places"]}, dict(book.places())),
        "volumes": (
            sorted((one["x"], one["y"]) for one in said["volume"]["per_scar"]),
            sorted(book.volumes(steps).elements()),
        ),
        "assessed": (said["process"]["assessed"], book.complications()[0]),
        "complications": (
            {one["complication"]: parts(one["share"]) for one in said["process"]["complications"]},
            book.complications()[1],
        ),
        "serious": (parts(said["process"]["serious"]), book.complications()[2]),
    }
    return [f"{what}: {ours} is not {theirs}" for what, (ours, theirs) in found.items() if ours != theirs]


@pytest.mark.parametrize("seed", range(4))
def test_the_database_counts_as_a_person_would(seed: int, db: Database, clinic: make.Clinic) -> None:
    chance = Chance(seed)
    surgeons = a_clinic(db, clinic, chance)
    for filters in some_filters(chance, surgeons):
        with moment(db, clinic.id) as session:
            frame = frame_of(session, filters)
            said = compute(frame)
            book = Book(session, filters, ZoneInfo("Europe/Budapest"), frame.today)
            assert differences(said, book) == [], filters

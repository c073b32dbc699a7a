"""Counting visits: of the procedures, how many were due for each visit, asked, and answered; and when the redness ended."""

from dataclasses import dataclass

import numpy as np

from schemas.vocabulary import VisitKind, VisitState
from server.reports.digest import form
from server.reports.digest.chosen import Chosen
from server.reports.digest.columns import Numbers
from server.reports.shape import MOST_POINTS, Cleared
from server.reports.terms import BEYOND


@dataclass(frozen=True)
class Visits:
    """The cohort's visits that were not cancelled: when cancelled, a visit was never due. `came`: its day is past, or its state says so."""

    step: Numbers
    title: Numbers
    state: Numbers
    stand: Numbers
    came: Numbers
    is_visit: Numbers
    after: Numbers
    patient: Numbers


def visits(chosen: Chosen) -> Visits:
    """Of the filtered protocol, if one is. A check-in asks about the skin, with no questionnaire, and is no visit."""
    every, filters = chosen.records("visits"), chosen.frame.filters
    state, target = every["state"], every["target_on"]
    counts = ~chosen.is_word(state, VisitState.CANCELLED)
    if filters.protocol:
        counts &= chosen.is_word(every["protocol"], filters.protocol)
    came = (target <= chosen.frame.today.toordinal()) | chosen.is_word(state, *BEYOND)
    return Visits(
        step=every["step"][counts],
        title=every["title"][counts],
        state=state[counts],
        stand=every["stand"][counts],
        came=came[counts],
        is_visit=chosen.is_word(every["kind"], VisitKind.VISIT)[counts],
        after=(target - chosen.clinic.facts["performed_on"][every.owner])[counts],
        patient=chosen.clinic.patient[every.owner][counts],
    )


@dataclass(frozen=True)
class Step:
    """One step of the protocol in visits, of which each procedure has one; `after` is how many days after it, on average."""

    step: str
    title: str
    after: float
    due: int
    asked: int
    answered: int
    seen: int


def steps(chosen: Chosen, of: Visits) -> list[Step]:
    """Each step, in the order of time. Whoever answered was asked, by whatever way."""
    answered, attended = of.stand == form.ANSWERED, chosen.is_word(of.state, VisitState.ATTENDED)
    due = of.came | answered
    number, after = np.bincount(of.step), np.bincount(of.step, weights=of.after)

    def counted(which: Numbers) -> Numbers:
        return np.bincount(of.step[which], minlength=len(number))

    titles: dict[int, str] = {}
    for both in np.unique(of.step.astype(np.int64) << 16 | of.title):
        step = int(both >> 16)
        titles[step] = max(titles.get(step, ""), chosen.word(both & 0xFFFF))
    each = [counted(which) for which in (due, due & (of.stand != form.SILENT), answered, attended)]
    found = [
        Step(chosen.word(step), title, float(after[step] / number[step]), *(int(one[step]) for one in each))
        for step, title in titles.items()
    ]
    return sorted(found, key=lambda one: (one.after, one.step))


@dataclass(frozen=True)
class Reds:
    """`intervals` are (last day seen red, first day seen clear after it, or None) with the number of procedures; patients for `ever`.

    Of those `never_red` the first is 0: they were clear from a day on that is not later than their first look.
    """

    never_red: int
    contradicted: int
    intervals: dict[tuple[int, int | None], int]
    patients_seen: int
    patients_red: int


def reds(chosen: Chosen) -> Reds:
    """When redness ended, per procedure: it lasted until the last day on which it was seen, even if it had gone and come back.

    On a day on which somebody saw red and somebody clear it is red. What was seen before the procedure ended is not of it.
    """
    known = chosen.facts("redness")
    seen, red = known != form.UNSEEN, known == form.WAS_RED
    both = chosen.facts("red_until")[seen].astype(np.int64) * 2**32 + chosen.facts("clear_from")[seen]
    distinct, numbers = np.unique(both, return_counts=True)
    rights = (distinct + 2**31) % 2**32 - 2**31
    lefts = (distinct - rights) // 2**32
    intervals = {
        (left, None if right == form.NEVER else right): number
        for left, right, number in zip(lefts.tolist(), rights.tolist(), numbers.tolist(), strict=True)
    }
    return Reds(
        never_red=int((known == form.NEVER_RED).sum()),
        contradicted=int(chosen.facts("contradicted").sum()),
        intervals=intervals,
        patients_seen=int(chosen.by_patient(chosen.patient[seen]).sum()),
        patients_red=int(chosen.by_patient(chosen.patient[red]).sum()),
    )


def cleared(chosen: Chosen) -> list[Cleared]:
    """The redness of single procedures, soonest clear first and those not seen to clear last; at most MOST_POINTS."""
    known, lefts, rights = chosen.facts("redness"), chosen.facts("red_until"), chosen.facts("clear_from")
    never, seen = rights == form.NEVER, np.flatnonzero(known != form.UNSEEN)
    order = seen[np.lexsort((chosen.facts("procedure")[seen], lefts[seen], rights[seen], never[seen]))][:MOST_POINTS]
    return [
        {
            "left": int(lefts[one]),
            "right": None if never[one] else int(rights[one]),
            "red": bool(known[one] == form.WAS_RED),
            "procedure_id": str(chosen.procedure(chosen.places[one])),
        }
        for one in order
    ]

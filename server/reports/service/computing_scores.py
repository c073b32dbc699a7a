"""What patients said: each scale at each visit, and the tests between groups and over time."""

from collections.abc import Mapping
from dataclasses import replace

from server.outcomes.rules.instrument import TOP
from server.reports.digest.chosen import Chosen
from server.reports.few import uncompared
from server.reports.service import counting_scales, scale_words, scipy_later
from server.reports.service.cohort import Frame
from server.reports.service.counting_scales import Counted, Key, quantile, spread
from server.reports.shape import COMPUTED, ENTERED, FEW_PATIENTS, SCORED, OverYear, Paired, Satisfaction, Scale, ScaleVisit
from server.reports.statistics.holm import holm


def satisfaction(chosen: Chosen, due: Mapping[str, int], patients: int) -> Satisfaction:
    """Every scale, with its p values corrected over all scales of one question."""
    frame, found = chosen.frame, counting_scales.scales(chosen)
    tests = {key: (_over_year(counted), _paired(counted)) for key, counted in found.items()}
    for place in (0, 1):
        corrected = holm([both[place]["p"] for both in tests.values()])
        for both, p in zip(tests.values(), corrected, strict=True):
            both[place]["p_holm"] = p
    words = scale_words.of_clinic(frame.session)
    return Satisfaction(
        scales=[_scale(frame, key, counted, due, tests[key], _words(key, counted, words)) for key, counted in found.items()],
        enough=patients >= FEW_PATIENTS,
    )


def _scale(
    frame: Frame,
    key: Key,
    counted: Counted,
    due: Mapping[str, int],
    tests: tuple[OverYear, Paired],
    said: scale_words.Words,
) -> Scale:
    every = [value / 1000 for bins in counted.visits.values() for value in bins]
    return Scale(
        instrument=key[0],
        scale=key[1],
        scored=ENTERED if key[2] else COMPUTED,
        title=said.title,
        low=said.low if said.low is not None else min(every),
        high=said.high if said.high is not None else max(every),
        better=said.better,
        visits=[
            _visit(step, frame.steps.get(step, "Without a visit"), counted, due.get(step, 0))
            for step in counting_scales.in_order(list(frame.steps), counted)
        ],
        over_year=tests[0],
        paired=tests[1],
    )


def _words(key: Key, counted: Counted, words: Mapping[tuple[str, str], scale_words.Words]) -> scale_words.Words:
    """Of what was scored elsewhere the title says so, and its range is that which such scores are taken in."""
    every = [value / 1000 for bins in counted.visits.values() for value in bins]
    instrument, scale, outside = key
    said = words.get((instrument, scale)) or scale_words.Words(f"{instrument} {scale}", min(every), max(every), scale_words.UNKNOWN)
    return replace(said, title=f"{said.title}, {SCORED[ENTERED]}", low=0.0, high=float(TOP)) if outside else said


def _visit(step: str, title: str, counted: Counted, due: int) -> ScaleVisit:
    bins = counted.visits[step]
    n = sum(bins.values())
    enough = n >= FEW_PATIENTS
    return ScaleVisit(
        step=step,
        title=title,
        n=n,
        due=due,
        median=quantile(bins, 0.5) if enough else None,
        q1=quantile(bins, 0.25) if enough else None,
        q3=quantile(bins, 0.75) if enough else None,
        bins=[(value / 1000, bins[value]) for value in sorted(bins)],
        points=[{"value": value / 1000, "procedure_id": str(procedure)} for value, procedure in counted.points.get(step, ())],
    )


def _over_year(counted: Counted) -> OverYear:
    later, sooner = spread(counted.later), spread(counted.sooner)
    if min(len(later), len(sooner)) < FEW_PATIENTS:
        return uncompared(len(later), len(sooner))
    test = scipy_later.hypotheses().mann_whitney(later, sooner)
    return OverYear(
        n_more=len(later),
        n_less=len(sooner),
        median_more=test.median_first,
        median_less=test.median_second,
        p=test.p,
        p_holm=None,
        rank_biserial=test.rank_biserial,
        shift=test.shift,
    )


def _paired(counted: Counted) -> Paired:
    n = sum(counted.changes.values())
    nothing = Paired(n=n, first=counted.first, last=counted.last, median_change=None, p=None, p_holm=None)
    if n < FEW_PATIENTS:
        return nothing
    test = scipy_later.hypotheses().signed_rank_of_means({change / 1000: number for change, number in counted.changes.items()})
    return Paired(n=n, first=counted.first, last=counted.last, median_change=test.median_change, p=test.p, p_holm=None)

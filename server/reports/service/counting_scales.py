"""Counting scores: each scale at each visit, long after the last session against sooner, and the same patients first and last."""

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from server.reports.digest.chosen import Chosen, Records
from server.reports.digest.columns import Numbers
from server.reports.shape import MOST_POINTS
from server.reports.terms import YEAR_DAYS

Bins = dict[int, int]
"""Score in thousandths → how many have it."""
Key = tuple[str, str, int]
"""(instrument, scale, 1 where somebody else scored it): what the server adds up and a 0 to 100 from elsewhere are two measures."""


@dataclass
class Counted:
    """Of one scale: `visits` by step ("" without a visit), patients' latest scores by how long after the last session, changes."""

    visits: dict[str, Bins] = field(default_factory=dict)
    points: dict[str, list[tuple[int, uuid.UUID]]] = field(default_factory=dict)
    later: Bins = field(default_factory=dict)
    sooner: Bins = field(default_factory=dict)
    first: str | None = None
    last: str | None = None
    changes: dict[float, int] = field(default_factory=dict)


_EARLIER, _SOONER, _LATER = 0, 1, 2
"""Of a response: the patient has given a later one; it is her latest, within a year of her last session until then; or after more."""

_MOST_DAYS = 2**22
"""More than any day's number, so that a patient and a day make one number."""


@dataclass(frozen=True)
class _Scores:
    """Scores of one scale, with what is known of their responses."""

    step: Numbers
    late: Numbers
    patient: Numbers
    owner: Numbers
    value: Numbers


def _latest(responses: Records, patient: Numbers) -> Numbers:
    """Which responses are the patient's latest to that instrument, scored in the same way; of two on one day the one with the higher id."""
    group = (patient.astype(np.int64) * 2**16 + responses["instrument"]) * 2 + responses["outside"]
    _, group = np.unique(group, return_inverse=True)
    day = responses["answered_on"]
    newest = np.full(int(group.max(initial=-1)) + 1, np.iinfo(day.dtype).min, dtype=day.dtype)
    np.maximum.at(newest, group, day)
    on_it = np.flatnonzero(day == newest[group])
    in_order = on_it[np.argsort(responses["response"][on_it], kind="stable")]
    which = np.zeros(len(newest), dtype=np.int64)
    which[group[in_order]] = in_order  # of several to one place the last is kept
    latest = np.zeros(len(day), dtype=bool)
    latest[which] = True
    return latest


def _lateness(chosen: Chosen, responses: Records, patient: Numbers) -> Numbers:
    """By the patient's last session until then, be it of the cohort or not."""
    late = np.full(len(responses), _EARLIER, dtype=np.int8)
    if not len(responses):
        return late
    held = np.sort(chosen.clinic.patient.astype(np.int64) * _MOST_DAYS + chosen.clinic.facts["performed_on"])
    latest = np.flatnonzero(_latest(responses, patient))
    asked = patient[latest].astype(np.int64) * _MOST_DAYS + np.maximum(responses["answered_on"][latest], 0)
    before = np.searchsorted(held, asked, side="right") - 1
    since = asked - held[before]
    hers = (before >= 0) & (held[before] // _MOST_DAYS == patient[latest])
    late[latest] = np.where(hers, np.where(since > YEAR_DAYS, _LATER, _SOONER), _EARLIER)
    return late


def _by_scale(chosen: Chosen) -> Iterator[tuple[Key, _Scores]]:
    responses, scores = chosen.records("responses"), chosen.records("scores")
    patient = chosen.clinic.patient[responses.owner]
    late, outside, step = _lateness(chosen, responses, patient), responses["outside"], responses["step"]
    at = np.zeros(len(responses.all), dtype=np.int32)
    at[responses.place] = np.arange(len(responses), dtype=np.int32)
    of_response = at[chosen.clinic.first("responses")[scores.owner] + scores["place"]]
    key = (scores["instrument"].astype(np.int64) * 2**16 + scores["scale"]) * 2 + outside[of_response]
    value = scores["value_e3"]
    found = []
    for one in np.unique(key):
        here = np.flatnonzero(key == one)
        of = of_response[here]
        named = (chosen.word(one >> 17), chosen.word(one >> 1 & 0xFFFF), int(one & 1))
        found.append((named, _Scores(step[of], late[of], patient[of], scores.owner[here], value[here])))
    yield from sorted(found, key=lambda both: both[0])


def scales(chosen: Chosen) -> dict[Key, Counted]:
    """Every scale that has a score."""
    return {key: _counted(chosen, scores) for key, scores in _by_scale(chosen)}


def _counted(chosen: Chosen, scores: _Scores) -> Counted:
    found = Counted(later=_bins(scores.value[scores.late == _LATER]), sooner=_bins(scores.value[scores.late == _SOONER]))
    for number in np.unique(scores.step):
        step, here = chosen.word(number), scores.step == number
        found.visits[step] = _bins(scores.value[here])
        if here.sum() <= MOST_POINTS:
            few = np.flatnonzero(here)
            by_id = few[np.argsort(chosen.clinic.facts["procedure"][scores.owner[few]], kind="stable")]  # the database has no order
            found.points[step] = [(int(scores.value[one]), chosen.procedure(scores.owner[one])) for one in by_id]
    steps = [one for one in chosen.frame.steps if one in found.visits]
    if len(steps) > 1:
        found.first, found.last = steps[0], steps[-1]
        found.changes = _changes(chosen, scores, steps[0], steps[-1])
    return found


def _bins(values: Numbers) -> Bins:
    distinct, numbers = np.unique(values, return_counts=True)
    return dict(zip(distinct.tolist(), numbers.tolist(), strict=True))


def _changes(chosen: Chosen, scores: _Scores, first: str, last: str) -> dict[float, int]:
    """Mean of the last visit less mean of the first, in thousandths, of each patient who has both."""

    def at(step: str) -> tuple[Numbers, Numbers]:
        here = chosen.is_word(scores.step, step)
        patients = scores.patient[here]
        sums = np.bincount(patients, weights=scores.value[here], minlength=chosen.clinic.patients)
        return sums, np.bincount(patients, minlength=chosen.clinic.patients)

    (before, times_before), (after, times_after) = at(first), at(last)
    both = (times_before > 0) & (times_after > 0)
    distinct, numbers = np.unique(after[both] / times_after[both] - before[both] / times_before[both], return_counts=True)
    return dict(zip(distinct.tolist(), numbers.tolist(), strict=True))


def spread(bins: Bins) -> list[float]:
    """The scores themselves, in order and in the scale's own unit."""
    return [value / 1000 for value in sorted(bins) for _ in range(bins[value])]


def quantile(bins: Bins, share: float) -> float | None:
    """Of the ordered scores the one at `share` of the way, between two neighbours in proportion; None without scores."""
    n = sum(bins.values())
    if not n:
        return None
    place = share * (n - 1)
    below, above = _at(bins, int(place)), _at(bins, min(int(place) + 1, n - 1))
    return (below + (above - below) * (place - int(place))) / 1000


def _at(bins: Bins, place: int) -> int:
    for value in sorted(bins):
        place -= bins[value]
        if place < 0:
            return value
    raise IndexError(place)


def in_order(steps: Sequence[str], counted: Counted) -> list[str]:
    """Its visits in the order of time; what belongs to no visit, or to one that the flow does not know, comes last."""
    known = [one for one in steps if one in counted.visits]
    return known + sorted(set(counted.visits) - set(known))

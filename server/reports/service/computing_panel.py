"""What the panel of raters saw: of patients, of scars by what they were given, and by place; and how far the raters agree."""

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from server.reports.digest.chosen import Chosen
from server.reports.digest.columns import Numbers
from server.reports.service import agreeing, counting_panel, scipy_later
from server.reports.service.counting_panel import Ratings, ScarGrades
from server.reports.service.shares import share
from server.reports.shape import FEW_PATIENTS, MOST_POINTS, Agreement, Association, Physicians, Place, ScarPoint, Volume, Where
from server.reports.terms import GRADES, PANEL

SEED, RESAMPLES, FEWER_RESAMPLES, MANY = 2021, 2000, 500, 5000
"""Of more than MANY scars fewer resamples are drawn: the interval of so many is narrow, and time is short."""


def median_grades(patterns: Numbers) -> Numbers:
    """Of each row; between two grades where as many stand on either side."""
    reached, number = patterns.cumsum(axis=1), patterns.sum(axis=1, keepdims=True)
    below, above = ((reached < place).sum(axis=1) + GRADES[0] for place in ((number + 1) // 2, number // 2 + 1))
    return np.asarray((below + above) / 2, dtype=np.float64)


def above_zero(patterns: Numbers) -> Numbers:
    """How many raters of each row saw an improvement."""
    return np.asarray(patterns[:, PANEL + 1 :].sum(axis=1))


def improved(patterns: Numbers) -> Numbers:
    """Whether more than half of the raters of each row stand above zero: two of three."""
    return np.asarray(2 * above_zero(patterns) > patterns.sum(axis=1))


def physicians(ratings: Ratings, patients: int) -> Physicians:
    """Each rater, the panel, and how far they agree."""
    raters, spoken = counting_panel.raters(ratings), counting_panel.patients(ratings)
    judged = len(spoken)
    unseen = patients - judged
    consensus = np.trunc(median_grades(spoken))  # a half goes towards "the same"
    unanimous = int((above_zero(spoken) == spoken.sum(axis=1)).sum())
    return Physicians(
        raters=[
            {
                "label": one.name,
                "number": one.number,
                "counts": list(one.counts),
                "cannot": one.cannot,
                "improved": share(sum(one.counts[PANEL + 1 :]), sum(one.counts), one.cannot),
            }
            for one in raters
        ],
        consensus=[int((consensus == grade).sum()) for grade in GRADES],
        improved=share(int(improved(spoken).sum()), judged, unseen),
        unanimous=share(unanimous, judged, unseen),
        agreement=_agreement(ratings, raters),
        enough=judged >= FEW_PATIENTS,
    )


def _agreement(ratings: Ratings, raters: Sequence[counting_panel.Graded]) -> Agreement:
    """Over all steps of the cohort."""
    panel = agreeing.taking_part({one.rater_id: sum(one.counts) for one in raters})
    found = counting_panel.together(ratings, panel) if panel else {}
    return agreeing.agreement(len(panel), [grades for grades, number in found.items() for _ in range(number)])


def _association(patient: Numbers, x: Numbers, y: Numbers) -> Association:
    resamples = FEWER_RESAMPLES if len(x) > MANY else RESAMPLES
    if len(np.unique(patient)) < FEW_PATIENTS:
        return Association(rho=None, low=None, high=None, p=None, resamples=resamples, seed=SEED)
    found = scipy_later.correlation().spearman(patient, x, y, seed=SEED, resamples=resamples)
    return Association(rho=found.rho, low=found.low, high=found.high, p=None, resamples=resamples, seed=SEED)


def _points(chosen: Chosen, place: Numbers, x: Numbers, y: Numbers) -> list[ScarPoint]:
    """Single scars, or how many have the same values; of too many different ones x is rounded until they are few enough."""
    if len(x) <= MOST_POINTS:
        each = zip(x.tolist(), y.tolist(), place, strict=True)
        return [ScarPoint(x=at, y=grade, count=1, procedure_id=str(chosen.procedure(one))) for at, grade, one in each]
    for digits in (3, 2, 1, 0, -1, -2):
        cells, numbers = np.unique(np.round(x, digits) + 1j * y, return_counts=True)  # a pair as one number, by x and then by y
        if len(cells) <= MOST_POINTS:
            break
    common = np.sort(np.argsort(-numbers, kind="stable")[:MOST_POINTS])
    return [ScarPoint(x=float(cells[one].real), y=float(cells[one].imag), count=int(numbers[one]), procedure_id=None) for one in common]


def volume(chosen: Chosen, judged: ScarGrades, scars: int) -> Volume:
    """What a scar was given against what the panel saw of it, in mL, and in mL per cm² where its area is known."""
    grade, volume_ml = median_grades(judged.pattern), judged.volume_ul / 1000
    sized = np.flatnonzero(judged.area_cm2 > 0)
    ml_per_cm2 = np.round(volume_ml[sized] / judged.area_cm2[sized], 3)
    patients = len(np.unique(judged.patient))
    counted = len(judged) > MOST_POINTS
    return Volume(
        scars=len(judged),
        patients=patients,
        without_rating=scars - len(judged),
        per_scar=_points(chosen, judged.place, volume_ml, grade),
        per_scar_association=_association(judged.patient, volume_ml, grade),
        scars_with_area=len(sized),
        per_cm2=_points(chosen, judged.place[sized], ml_per_cm2, grade[sized]),
        per_cm2_association=_association(judged.patient[sized], ml_per_cm2, grade[sized]),
        enough=patients >= FEW_PATIENTS,
        thinned=f"{len(judged)} scars are counted by volume and grade; a larger mark stands for more of them." if counted else None,
    )


def where(chosen: Chosen, judged: ScarGrades, places: Mapping[tuple[str, str], int]) -> Where:
    """Scars by subunit and side."""
    rows = counting_panel.counted(np.column_stack([judged.subunit, judged.side, improved(judged.pattern)]))
    seen: Counter[tuple[str, str, bool]] = Counter()
    for (subunit, side, better), number in rows.items():
        seen[chosen.word(subunit), chosen.word(side), bool(better)] = number

    def place(subunit: str, side: str, scars: int) -> Place:
        better, judged_here = seen[subunit, side, True], seen[subunit, side, True] + seen[subunit, side, False]
        return Place(subunit=subunit, side=side, scars=scars, improved=share(better, judged_here, scars - judged_here))

    return Where(places=[place(*at, number) for at, number in sorted(places.items())])

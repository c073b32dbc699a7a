"""What the panel of raters saw: of patients, of scars by what they were given, and by place; and how far the raters agree."""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from functools import cache

from server.reports.service import agreeing, counting_panel, scipy_later
from server.reports.service.cohort import Frame
from server.reports.service.counting_panel import GRADES, PANEL, Pattern, ScarGrade
from server.reports.service.shares import share
from server.reports.shape import FEW_PATIENTS, MOST_POINTS, Agreement, Association, Physicians, Place, ScarPoint, Volume, Where

SEED, RESAMPLES, FEWER_RESAMPLES, MANY = 2021, 2000, 500, 5000
"""Of more than MANY scars fewer resamples are drawn: the interval of so many is narrow, and time is short."""


@cache
def median_grade(pattern: Pattern) -> float:
    """Between two grades where as many stand on either side."""
    written = [grade for grade, number in zip(GRADES, pattern, strict=True) for _ in range(number)]
    middle = len(written) // 2
    return float(written[middle]) if len(written) % 2 else (written[middle - 1] + written[middle]) / 2


def is_improved(pattern: Pattern) -> bool:
    """More than half of the raters above zero: two of three."""
    return 2 * sum(pattern[PANEL + 1 :]) > sum(pattern)


def physicians(frame: Frame, patients: int) -> Physicians:
    """Each rater, the panel, and how far they agree."""
    raters, spoken = counting_panel.raters(frame), counting_panel.patients(frame)
    judged = sum(spoken.values())
    unseen = patients - judged
    consensus = Counter[int]()
    for pattern, number in spoken.items():
        consensus[int(median_grade(pattern))] += number  # a half goes towards "the same"
    improved = sum(number for pattern, number in spoken.items() if is_improved(pattern))
    unanimous = sum(number for pattern, number in spoken.items() if sum(pattern[PANEL + 1 :]) == sum(pattern))
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
        consensus=[consensus[grade] for grade in GRADES],
        improved=share(improved, judged, unseen),
        unanimous=share(unanimous, judged, unseen),
        agreement=_agreement(frame, raters),
        enough=judged >= FEW_PATIENTS,
    )


def _agreement(frame: Frame, raters: Sequence[counting_panel.Graded]) -> Agreement:
    """Over all steps of the cohort."""
    panel = agreeing.taking_part({one.rater_id: sum(one.counts) for one in raters})
    found = counting_panel.together(frame, panel) if panel else {}
    return agreeing.agreement(len(panel), [grades for grades, number in found.items() for _ in range(number)])


def _association(points: Sequence[tuple[object, float, float]]) -> Association:
    resamples = FEWER_RESAMPLES if len(points) > MANY else RESAMPLES
    if len({patient for patient, _, _ in points}) < FEW_PATIENTS:
        return Association(rho=None, low=None, high=None, p=None, resamples=resamples, seed=SEED)
    correlation = scipy_later.correlation()
    found = correlation.spearman([correlation.Point(*one) for one in points], seed=SEED, resamples=resamples)
    return Association(rho=found.rho, low=found.low, high=found.high, p=None, resamples=resamples, seed=SEED)


def _points(scars: Sequence[ScarGrade], x: Callable[[ScarGrade], float]) -> list[ScarPoint]:
    """Single scars, or how many have the same values; of too many different ones x is rounded until they are few enough."""
    if len(scars) <= MOST_POINTS:
        return [ScarPoint(x=x(one), y=median_grade(one.pattern), count=1, procedure_id=str(one.procedure_id)) for one in scars]
    for digits in (3, 2, 1, 0, -1, -2):
        cells = Counter((round(x(one), digits), median_grade(one.pattern)) for one in scars)
        if len(cells) <= MOST_POINTS:
            break
    common = cells.most_common(MOST_POINTS)
    return [ScarPoint(x=value, y=grade, count=number, procedure_id=None) for (value, grade), number in sorted(common)]


def _volume_ml(one: ScarGrade) -> float:
    return one.volume_ul / 1000


def _ml_per_cm2(one: ScarGrade) -> float:
    return round(one.volume_ul / 1000 / (one.area_cm2 or 1), 3)


def volume(judged: Sequence[ScarGrade], scars: int) -> Volume:
    """What a scar was given against what the panel saw of it."""
    with_area = [one for one in judged if one.area_cm2]
    patients = len({one.patient_id for one in judged})
    counted = len(judged) > MOST_POINTS
    return Volume(
        scars=len(judged),
        patients=patients,
        without_rating=scars - len(judged),
        per_scar=_points(judged, _volume_ml),
        per_scar_association=_association([(one.patient_id, _volume_ml(one), median_grade(one.pattern)) for one in judged]),
        scars_with_area=len(with_area),
        per_cm2=_points(with_area, _ml_per_cm2),
        per_cm2_association=_association([(one.patient_id, _ml_per_cm2(one), median_grade(one.pattern)) for one in with_area]),
        enough=patients >= FEW_PATIENTS,
        thinned=f"{len(judged)} scars are counted by volume and grade; a larger mark stands for more of them." if counted else None,
    )


def where(judged: Sequence[ScarGrade], places: Mapping[tuple[str, str], int]) -> Where:
    """Scars by subunit and side."""
    seen: defaultdict[tuple[str, str], list[bool]] = defaultdict(list)
    for one in judged:
        seen[one.subunit, one.side].append(is_improved(one.pattern))
    return Where(
        places=[
            Place(
                subunit=place[0],
                side=place[1],
                scars=number,
                improved=share(sum(seen[place]), len(seen[place]), number - len(seen[place])),
            )
            for place, number in sorted(places.items())
        ]
    )

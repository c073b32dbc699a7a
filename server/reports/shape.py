"""What a cohort report holds: one JSON document, computed by a worker, kept, and drawn by the page. Nulls mean undefined, never zero."""

from typing import TypedDict

VERSION = 4
"""Of this shape; it is part of the filters' hash, so a report of another version is never taken for this one."""
FEW_PATIENTS = 10
"""Below this a figure shows points only: no median, no interval, no test ("too few to summarise")."""
FEW_PAIRS = 10
"""Below this no coefficient says how far raters agree."""
FEW_SCARS = 3
"""Below this a subunit of the face map is not shaded."""
MOST_POINTS = 400
"""A figure holds at most so many single points; of more it holds counts by cell, or the newest, and `thinned` says so in words."""
COMPUTED, ENTERED = "computed", "entered"
"""How a score came: from answers by the server, or as 0 to 100 from somebody else, who has the licence."""
SCORED = {COMPUTED: "computed here", ENTERED: "scored elsewhere"}
"""The same in words."""


class Share(TypedDict):
    """`numerator` of `denominator`, Wilson 95 % bounds as fractions of 1; `missing` are those of whom it is not known.

    `worst` and `best` count all missing as no, or as yes, over denominator + missing; null where nobody is missing, or nobody is known.
    """

    numerator: int
    denominator: int
    missing: int
    share: float | None
    low: float | None
    high: float | None
    worst: "Extreme | None"
    best: "Extreme | None"


class Extreme(TypedDict):
    """A share with its bounds, all missing counted one way."""

    numerator: int
    denominator: int
    share: float
    low: float
    high: float


class Counts(TypedDict):
    """What the filters leave."""

    patients: int
    procedures: int
    scars: int
    surgeons: int
    women: int
    men: int
    other: int


class Missing(TypedDict):
    """A patient due for a visit of whom nothing has been answered: by record number, with the last session and how long ago at the lock."""

    patient_id: str
    mrn: str
    procedure_id: str
    last_session: str
    months_since: float


class FlowStep(TypedDict):
    """One visit of the protocol in numbers of procedures: each is part of the one before, but `seen`, which is who came in person."""

    step: str
    title: str
    operated: int
    due: int
    asked: int
    answered: int
    seen: int
    rate: Share


class Flow(TypedDict):
    """Figure 1. `responded`: patients with at least one complete questionnaire, of those due for a visit, or who have answered before it.

    `not_due`: the others, who are not missing. `women` and `men` are of those who responded.
    """

    steps: list[FlowStep]
    responded: Share
    not_due: int
    women: Share
    men: Share
    missing: list[Missing]
    missing_total: int


class Mass(TypedDict):
    """A Turnbull interval (left, right] in days with its mass; right null: never seen to end."""

    left: int
    right: int | None
    mass: float


class Clear(TypedDict):
    """P(clear by that day): what the data allow, from `low` to `high`."""

    day: int
    low: float
    high: float


class Cleared(TypedDict):
    """One procedure's redness: the last day seen red (0 and not `red`: never seen so), and the first seen clear after it, if any."""

    left: int
    right: int | None
    red: bool
    procedure_id: str


class Redness(TypedDict):
    """Figure 2: by when the skin was clear, interval-censored. `ever` is per patient among those with an observation.

    `n`: procedures in the estimate, which are all that were looked at; of them `never_red` were clear at each look, and count as clear from
    a day in (0, first look]; `still_red` were not seen to clear; in `contradicted` somebody saw red and somebody clear on one day.
    `points` are the single procedures, where they or their patients are fewer than FEW_PATIENTS; the estimate is for the others.
    """

    ever: Share
    n: int
    never_red: int
    still_red: int
    contradicted: int
    masses: list[Mass]
    curve: list[Clear]
    clear_by: list[Clear]
    points: list[Cleared]
    enough: bool


class Rater(TypedDict):
    """One rater's grades: counts of -3 … +3 as seven numbers, and cannot-judge.

    `label` is a name, for the screen; in files `number` stands for it (`files.outside`), the same in every report of the clinic.
    """

    label: str
    number: int
    counts: list[int]
    cannot: int
    improved: Share


class Agreement(TypedDict):
    """Between raters, over the pairs that all of them graded; the coefficients null below FEW_PAIRS of these, and where undefined.

    `alike`: pairs that all of them put above zero, or none.
    """

    raters: int
    pairs: int
    alike: int
    raw: float | None
    fleiss_kappa: float | None
    ac1: float | None
    weighted_kappa: float | None
    icc_single: float | None
    icc_mean: float | None


class Physicians(TypedDict):
    """Figure 3. `improved`: patients with at least two of three raters above zero, of those whom three or more judged."""

    raters: list[Rater]
    consensus: list[int]
    improved: Share
    unanimous: Share
    agreement: Agreement
    enough: bool


class Point(TypedDict):
    """A value with the case that it belongs to."""

    value: float
    procedure_id: str


class ScaleVisit(TypedDict):
    """One scale at one visit. `bins` are [value, count] over all; `points` the single ones where there are at most MOST_POINTS."""

    step: str
    title: str
    n: int
    due: int
    median: float | None
    q1: float | None
    q3: float | None
    bins: list[tuple[float, int]]
    points: list[Point]


class OverYear(TypedDict):
    """More than one year from the last session to the answer against a year or less: different people, not a change over time.

    Numbers alone where either side has fewer than FEW_PATIENTS.
    """

    n_more: int
    n_less: int
    median_more: float | None
    median_less: float | None
    p: float | None
    p_holm: float | None
    rank_biserial: float | None
    shift: float | None


class Paired(TypedDict):
    """The same patients at their first and their last visit: patient means, Wilcoxon with Pratt's zeros."""

    n: int
    first: str | None
    last: str | None
    median_change: float | None
    p: float | None
    p_holm: float | None


class Scale(TypedDict):
    """One scale of one instrument; `scored` is COMPUTED or ENTERED, which are never in one distribution. `title` says the latter."""

    instrument: str
    scale: str
    scored: str
    title: str
    low: float
    high: float
    better: str
    visits: list[ScaleVisit]
    over_year: OverYear
    paired: Paired


class Satisfaction(TypedDict):
    """Figure 4."""

    scales: list[Scale]
    enough: bool


class Association(TypedDict):
    """Spearman's rho with a bootstrap clustered by patient; association only, since the surgeon chose the volume."""

    rho: float | None
    low: float | None
    high: float | None
    p: float | None
    resamples: int
    seed: int


class ScarPoint(TypedDict):
    """One scar: what it got in all sessions before the rating, and the panel's median grade."""

    x: float
    y: float
    count: int
    procedure_id: str | None


class Volume(TypedDict):
    """Figure 5. `x` in mL per scar, and in mL/cm² where the area is known; `y` the panel's median grade -3 … +3."""

    scars: int
    patients: int
    without_rating: int
    per_scar: list[ScarPoint]
    per_scar_association: Association
    scars_with_area: int
    per_cm2: list[ScarPoint]
    per_cm2_association: Association
    enough: bool
    thinned: str | None


class RunPoint(TypedDict):
    """One case of a run chart; `outside` its limits."""

    value: float
    on: str
    procedure_id: str
    outside: bool


class Run(TypedDict):
    """An XmR chart in order of time: limits mean ± 2.66 mean moving ranges, null below ten cases. The newest MOST_POINTS are kept."""

    measure: str
    unit: str
    n: int
    mean: float | None
    low: float | None
    high: float | None
    outside: int
    points: list[RunPoint]


class Learning(TypedDict):
    """One's own cases in order: the value of each, and the running median of eleven."""

    measure: str
    unit: str
    surgeon: str | None
    n: int
    values: list[Point]
    medians: list[float]


class Event(TypedDict):
    """One adverse event: days after the procedure, null where not known."""

    procedure_id: str
    complication: str
    from_day: int
    last_day: int | None
    absent_day: int | None
    clavien_dindo: str | None
    ctcae: int | None


class ComplicationCount(TypedDict):
    """Procedures with a complication, of those where an assessment says yes or no of it; nobody known: it was never asked."""

    complication: str
    share: Share


class Process(TypedDict):
    """Figure 6: `runs` for yield, passes and minutes; learning; complications with the upper bound of what was never seen.

    `assessed`: procedures assessed at least once; `serious` is of those where serious complications were looked for (methods).
    """

    runs: list[Run]
    learning: Learning
    complications: list[ComplicationCount]
    assessed: int
    serious: Share
    events: list[Event]
    events_total: int


class Place(TypedDict):
    """Scars of a subunit and side; `improved` over those that the panel judged."""

    subunit: str
    side: str
    scars: int
    improved: Share


class Where(TypedDict):
    """Figure 7."""

    places: list[Place]


class Cohort(TypedDict):
    """The whole report. `locked_at` is the time of journal row `seq`; `filters` as given, defaults filled in."""

    version: int
    seq: int
    locked_at: str | None
    computed_at: str
    filters: dict[str, str | int | None]
    filters_hash: str
    counts: Counts
    flow: Flow
    redness: Redness
    physicians: Physicians
    satisfaction: Satisfaction
    volume: Volume
    process: Process
    where: Where

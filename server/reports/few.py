"""What a report may say of few: below ten single points and counts only, whatever the engine has computed of them.

One rule for the page, its boxes, sentences, figures and files, so that none of them prints a per cent of five patients.
"""

from collections.abc import Callable

from server.reports.shape import (
    FEW_PATIENTS,
    Association,
    Cohort,
    Flow,
    OverYear,
    Physicians,
    Process,
    Redness,
    Run,
    RunPoint,
    Satisfaction,
    Scale,
    ScaleVisit,
    Share,
    Volume,
    Where,
)

Bare = Callable[[Share], Share]


def without_few(cohort: Cohort) -> Cohort:
    """The report without per cents, intervals, medians, limits and coefficients of fewer than ten. What is counted stays."""
    few = cohort["counts"]["patients"] < FEW_PATIENTS

    def bare(one: Share) -> Share:
        if few or one["denominator"] < FEW_PATIENTS:
            return {**one, "share": None, "low": None, "high": None, "worst": None, "best": None}
        return one

    return {
        **cohort,
        "flow": _flow(cohort["flow"], bare),
        "redness": _redness(cohort["redness"], bare, few=few),
        "physicians": _physicians(cohort["physicians"], bare, few=few),
        "satisfaction": _satisfaction(cohort["satisfaction"], few=few),
        "volume": _volume(cohort["volume"], few=few),
        "process": _process(cohort["process"], bare, few=few),
        "where": _where(cohort["where"], bare),
    }


def _flow(part: Flow, bare: Bare) -> Flow:
    steps = part["steps"]
    return {
        **part,
        "steps": [{**one, "rate": bare(one["rate"])} for one in steps],
        "responded": bare(part["responded"]),
        "women": bare(part["women"]),
        "men": bare(part["men"]),
    }


def _redness(part: Redness, bare: Bare, *, few: bool) -> Redness:
    made: Redness = {**part, "ever": bare(part["ever"])}
    return made if part["enough"] and not few else {**made, "enough": False, "masses": [], "curve": [], "clear_by": []}


def _physicians(part: Physicians, bare: Bare, *, few: bool) -> Physicians:
    made: Physicians = {
        **part,
        "raters": [{**one, "improved": bare(one["improved"])} for one in part["raters"]],
        "improved": bare(part["improved"]),
        "unanimous": bare(part["unanimous"]),
        "enough": part["enough"] and not few,
    }
    agreed = part["agreement"]
    if not made["enough"] or agreed["pairs"] < FEW_PATIENTS:
        made["agreement"] = {
            **agreed,
            "raw": None,
            "fleiss_kappa": None,
            "ac1": None,
            "weighted_kappa": None,
            "icc_single": None,
            "icc_mean": None,
        }
    return made


def _satisfaction(part: Satisfaction, *, few: bool) -> Satisfaction:
    enough = part["enough"] and not few
    return {**part, "enough": enough, "scales": [_scale(one, enough=enough) for one in part["scales"]]}


def _scale(one: Scale, *, enough: bool) -> Scale:
    made: Scale = {**one, "visits": [_visit(each, enough=enough) for each in one["visits"]]}
    later, same = one["over_year"], one["paired"]
    if not enough or min(later["n_more"], later["n_less"]) < FEW_PATIENTS:
        made["over_year"] = uncompared(later["n_more"], later["n_less"])
    if not enough or same["n"] < FEW_PATIENTS:
        made["paired"] = {**same, "median_change": None, "p": None, "p_holm": None}
    return made


def uncompared(n_more: int, n_less: int) -> OverYear:
    """Both groups' numbers, and no comparison of them."""
    return OverYear(n_more=n_more, n_less=n_less, median_more=None, median_less=None, p=None, p_holm=None, rank_biserial=None, shift=None)


def _visit(one: ScaleVisit, *, enough: bool) -> ScaleVisit:
    return one if enough and one["n"] >= FEW_PATIENTS else {**one, "median": None, "q1": None, "q3": None}


def _volume(part: Volume, *, few: bool) -> Volume:
    if part["enough"] and not few:
        return part

    def undefined(one: Association) -> Association:
        return {**one, "rho": None, "low": None, "high": None, "p": None}

    return {
        **part,
        "enough": False,
        "per_scar_association": undefined(part["per_scar_association"]),
        "per_cm2_association": undefined(part["per_cm2_association"]),
    }


def _process(part: Process, bare: Bare, *, few: bool) -> Process:
    own = part["learning"]
    return {
        **part,
        "runs": [_run(one) if few or one["n"] < FEW_PATIENTS else one for one in part["runs"]],
        "learning": {**own, "medians": [] if few else own["medians"]},
        "complications": [{**one, "share": bare(one["share"])} for one in part["complications"]],
        "serious": bare(part["serious"]),
    }


def _run(one: Run) -> Run:
    points: list[RunPoint] = [{**each, "outside": False} for each in one["points"]]
    return {**one, "mean": None, "low": None, "high": None, "outside": 0, "points": points}


def _where(part: Where, bare: Bare) -> Where:
    return {**part, "places": [{**one, "improved": bare(one["improved"])} for one in part["places"]]}

"""One sentence under each figure of the cohort, computed from the numbers that are drawn. How they are rounded is said here alone."""

from collections.abc import Callable

from server.procedures.note.words import MINUS, counted, listed
from server.reports.shape import Agreement, Association, Cohort, Process, Redness, Run, Share
from server.web.drawings.cohort.flow import in_order, silent
from server.web.drawings.cohort.process import SHOWN, value_of

TOO_FEW = "Too few to summarise: below ten patients only single points are shown."
FEW = "too few for a per cent"
_LEAST_P = 0.001


def percent(ratio: float) -> str:
    """`84.6`: per cent, to a tenth."""
    return f"{100 * ratio:.1f}"


def decimal(value: float) -> str:
    """Of a coefficient, two digits with a true minus; of anything measured, at most two."""
    return f"{value:.2f}".replace("-", MINUS)


def measured(value: float) -> str:
    """`14`, `0.35`: at most two decimals, none that says nothing."""
    return decimal(value).rstrip("0").rstrip(".")


def p_value(p: float) -> str:
    """`p = 0.041`, `p < 0.001`."""
    return "p < 0.001" if p < _LEAST_P else f"p = {p:.3f}"


def p_of(p: float | None) -> str:
    """The same for a cell: `0.041`, `< 0.001`."""
    return "" if p is None else p_value(p).removeprefix("p ").removeprefix("= ")


COEFFICIENTS = {
    "raw": "Raw agreement on improved or not",
    "fleiss_kappa": "Fleiss’ kappa of improved or not",
    "ac1": "Gwet’s AC1 of improved or not",
    "weighted_kappa": "Weighted kappa of the grades",
    "icc_single": "ICC(2,1) of the grades",
    "icc_mean": "ICC(2,k) of the grades",
}
"""Coefficient of the raters' agreement → what it is called in the table."""


def of(share: Share, things: str = "") -> str:
    """`44 of 52 patients`."""
    return f"{share['numerator']} of {share['denominator']}{things and ' '}{things}"


def interval(share: Share) -> str:
    """`84.6 %, 72.5 to 92.0`; of nobody `up to 8.0 %`; `not known` where there is nobody to count, FEW where there are too few."""
    if share["share"] is None or share["low"] is None or share["high"] is None:
        return FEW if share["denominator"] else "not known"
    if share["numerator"] == 0:
        return f"up to {percent(share['high'])} %"
    return f"{percent(share['share'])} %, {percent(share['low'])} to {percent(share['high'])}"


def whole(share: Share, things: str = "") -> str:
    """`44 of 52 patients (84.6 %, 72.5 to 92.0)`, `0 of 44: up to 8.0 %`, of few `4 of 5 patients`."""
    if share["share"] is None and share["denominator"]:
        return of(share, things)
    if share["numerator"] == 0 and share["denominator"]:
        return f"{of(share, things)}: {interval(share)}"
    return f"{of(share, things)} ({interval(share)})"


def _were(count: int) -> str:
    return "was" if count == 1 else "were"


def _between(low: float, high: float) -> str:
    """One number where both bounds are printed alike."""
    return percent(low) if percent(low) == percent(high) else f"{percent(low)} to {percent(high)}"


def extremes(share: Share) -> str:
    """What the missing could change: both ways of counting them, or nothing where nobody is missing."""
    worst, best = share["worst"], share["best"]
    if worst is None or best is None:
        return ""
    return (
        f" {share['missing']} of {share['denominator'] + share['missing']} {'is' if share['missing'] == 1 else 'are'} missing: "
        f"counted as no, it would be {percent(worst['share'])} %; as yes, {percent(best['share'])} %."
    )


def flow(cohort: Cohort) -> str:
    """Who answered, and who did not."""
    part = cohort["flow"]
    responded = part["responded"]
    if not responded["denominator"]:
        waiting = counted(part["not_due"], "patient")
        return f"Nothing was due yet for {waiting}." if part["not_due"] else "No patient has been operated on yet."
    without = responded["denominator"] - responded["numerator"]
    within = f" ({interval(responded)})" if responded["share"] is not None else ""
    said = f"{of(responded, 'patients')} answered{within}; {without} did not."
    if part["not_due"]:
        said += f" {part['not_due']} more {_were(part['not_due'])} not yet due for a visit."
    last = in_order(part["steps"])[-1] if part["steps"] else None
    if last and last["due"]:
        due, without_one = counted(last["due"], "procedure"), silent(last)
        said += f" {last['title']}: {last['answered']} of {due} due {_were(last['answered'])} answered for, {without_one} not."
    return said


def redness(cohort: Cohort) -> str:
    """How many were red, and by when it had gone."""
    part = cohort["redness"]
    if not part["ever"]["denominator"]:
        return "Nobody has been asked about redness yet."
    said = f"{whole(part['ever'], 'patients')} had redness."
    if not part["enough"]:
        lines = " Each line runs from the last look at red skin (hollow) to the first at clear skin (full); dashed: not seen to clear."
        return f"{said} {TOO_FEW}{lines if part['points'] else ''}"
    by = [f"{_between(one['low'], one['high'])} % by day {one['day']}" for one in part["clear_by"]]
    asked = f" The skin was clear in {listed(by)}, as far as the days on which somebody looked can tell." if by else ""
    return f"{said}{asked} {_looked_at(part)}"


def _looked_at(part: Redness) -> str:
    """What is in the estimate, in numbers of the same procedures."""
    never, left, disputed = part["never_red"], part["still_red"], part["contradicted"]
    said = [f"Of {counted(part['n'], 'procedure')} looked at {left} {_were(left)} not seen to clear"]
    if never:
        said.append(f"{never} {_were(never)} never seen red, and count as clear from a day not later than the first look")
    if disputed:
        said.append(f"in {disputed} somebody saw red and somebody clear on the same day, which counts as red")
    return f"{'; '.join(said)}."


def rating(cohort: Cohort) -> str:
    """How many improved, by whom, and whether the raters agree."""
    part = cohort["physicians"]
    improved = part["improved"]
    if not improved["denominator"]:
        return "No patient’s photographs have been judged by three raters yet."
    said = f"{whole(improved, 'patients')} {_were(improved['numerator'])} judged improved by most of the raters.{extremes(improved)}"
    return f"{said} {agreement(part['agreement'])}" if part["enough"] else f"{said} {TOO_FEW}"


def agreement(one: Agreement) -> str:
    """Between the raters; a coefficient that is undefined is said in words."""
    if one["raw"] is None:
        few = f"only {counted(one['pairs'], 'pair')} {_were(one['pairs'])} graded by all of them" if one["pairs"] else ""
        return f"How far the raters agree cannot be said: {few or 'there are no pairs that all of them have graded'}."
    said = f"{counted(one['raters'], 'rater')} agreed on improved or not in {percent(one['raw'])} % of {counted(one['pairs'], 'pair')}"
    said += f" that all of them graded, all alike in {one['alike']}"
    if one["fleiss_kappa"] is None:
        kappa = "Fleiss’ kappa is undefined, because all grades fall on one side"
    else:
        kappa = f"Fleiss’ kappa {decimal(one['fleiss_kappa'])}"
    ac1 = f", Gwet’s AC1 {decimal(one['ac1'])}" if one["ac1"] is not None else ""
    weighted = f"weighted kappa of the grades {decimal(one['weighted_kappa'])}" if one["weighted_kappa"] is not None else ""
    icc = f"ICC(2,k) {decimal(one['icc_mean'])}" if one["icc_mean"] is not None else ""
    return f"{said}; {kappa}{ac1}{weighted and ', '}{weighted}{icc and ', '}{icc}."


def scales(cohort: Cohort) -> str:
    """How many scales there are; each has its own sentence."""
    part = cohort["satisfaction"]
    if not part["scales"]:
        return "No questionnaire has been answered yet."
    said = f"{counted(len(part['scales']), 'scale')}; under each visit stands how many answered of those due, and the median."
    return said if part["enough"] else f"{said} {TOO_FEW}"


def volume(cohort: Cohort) -> str:
    """Both associations, and that no cause is meant."""
    part = cohort["volume"]
    if not part["scars"]:
        return "No scar has both a volume and a grade of the panel yet."
    said = f"{counted(part['scars'], 'scar')} of {counted(part['patients'], 'patient')}; {part['without_rating']} more have no grade."
    if not part["enough"]:
        return f"{said} {TOO_FEW}"
    per = f"mL per scar: {association(part['per_scar_association'])}; mL/cm² ({part['scars_with_area']} with a known area): "
    thinned = f" {part['thinned']}" if part["thinned"] else ""
    return f"{said} {per}{association(part['per_cm2_association'])}. An association only: the surgeon chose the volume.{thinned}"


def association(one: Association) -> str:
    """`Spearman’s rho 0.21 (0.05 to 0.44)`."""
    if one["rho"] is None:
        return "Spearman’s rho is undefined"
    bounds = "" if one["low"] is None or one["high"] is None else f" ({decimal(one['low'])} to {decimal(one['high'])})"
    return f"Spearman’s rho {decimal(one['rho'])}{bounds}"


def run(one: Run) -> str:
    """A run chart's mean and limits, and how many cases lie outside."""
    if not one["n"]:
        return f"{one['measure'].capitalize()}: no case has it recorded."
    said = f"{one['measure'].capitalize()}, {counted(one['n'], 'case')}"
    if one["mean"] is None or one["low"] is None or one["high"] is None:
        return f"{said}: too few for limits, which take ten."
    mean, low, high = (value_of(one, value) for value in (one["mean"], one["low"], one["high"]))
    limits = f"mean {mean} {one['unit']}, limits (dashed) {low} to {high}"
    drawn = f" The newest {SHOWN} are drawn." if len(one["points"]) > SHOWN else ""
    return f"{said}: {limits}; {one['outside']} outside.{drawn}"


def process(cohort: Cohort) -> str:
    """Serious complications with the bound of what was never seen, and how many events there were."""
    part = cohort["process"]
    if not part["assessed"]:
        return "No procedure has been assessed for complications yet."
    shown = f", of which {len(part['events'])} are drawn" if len(part["events"]) < part["events_total"] else ""
    return f"{_serious(part)} {counted(part['events_total'], 'event')} of any kind{shown}. Redness over time has its own figure."


def _serious(part: Process) -> str:
    """Of those in which it was looked for; who was assessed for other things only is said, and is no zero."""
    serious, assessed = part["serious"], counted(part["assessed"], "procedure")
    if not serious["denominator"]:
        return f"{assessed} {_were(part['assessed'])} assessed, none of them for serious complications: whether there was one is not known."
    partly = part["assessed"] - serious["denominator"]
    others = f" {partly} more {_were(partly)} assessed, but not for all of these." if partly else ""
    return f"{whole(serious, 'procedures looked at for serious complications had one')}.{others}"


def learning(cohort: Cohort) -> str:
    """Whose cases, how many, and where the running median begins and ends."""
    part = cohort["process"]["learning"]
    if not part["values"]:
        return "Choose one surgeon above to see the course of that surgeon’s own cases."
    points = min(SHOWN, len(part["values"]))
    said = f"{counted(part['n'], 'own case')}, {'each' if points == part['n'] else f'the first {points}'} as a point"
    if len(part["medians"]) > 1:
        first, last = measured(part["medians"][0]), measured(part["medians"][-1])
        return f"{said}; the median of eleven went from {first} to {last} {part['unit']}."
    return f"{said}; a running median takes eleven."


def where(cohort: Cohort) -> str:
    """How many scars at how many places, and which the drawing has no room for."""
    places = cohort["where"]["places"]
    if not places:
        return "No scar has been injected yet."
    most = max(places, key=lambda one: one["scars"])
    total = sum(one["scars"] for one in places)
    said = f"{counted(total, 'scar')} at {counted(len(places), 'place')}; most at {_place(most['subunit'], most['side'])}: {most['scars']}."
    return f"{said} Shaded from three scars on. A grade of the whole face counts for each scar’s place."


def _place(subunit: str, side: str) -> str:
    return f"{subunit.replace('_', ' ')}, {side}"


FIGURES: dict[str, tuple[str, Callable[[Cohort], str]]] = {
    "flow": ("Who came back?", flow),
    "redness": ("How long did the redness last?", redness),
    "rating": ("What do physicians see?", rating),
    "where": ("Where were the scars?", where),
    "scales": ("What do patients say?", scales),
    "volume": ("Does volume go with improvement?", volume),
    "process": ("Is the work steady, and is it safe?", process),
}
"""Figure → its question, and what answers it, in the order of the page."""

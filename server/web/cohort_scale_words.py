"""The sentence of one scale: its newest visit that can be summarised, a thinner one after it, and both comparisons."""

from server.procedures.note.words import counted
from server.reports.shape import Scale, ScaleVisit
from server.web.cohort_words import TOO_FEW, decimal, interval, p_value
from server.web.drawings.cohort import scales as drawing


def scale(one: Scale, *, enough: bool) -> str:
    """The newest visit that can be summarised, a newer one of fewer, and the two comparisons."""
    answered = [visit for visit in one["visits"] if visit["n"]]
    if not answered:
        return f"{one['title']}: nobody has answered yet."
    known = [visit for visit in answered if visit["median"] is not None] if enough else []
    last = answered[-1]
    if not known:
        return f"{one['title']}, {_answered(last)}. {TOO_FEW}{_over_year(one)}{_paired(one)}"
    said = f"{one['title']}, {_answered(known[-1])}; {_middle(one, known[-1])}."
    thin = "" if last is known[-1] else f" {_answered(last)}: too few to summarise."
    return f"{said}{thin}{_over_year(one)}{_paired(one)}"


def _answered(visit: ScaleVisit) -> str:
    """`1 year: 5 of 7 due answered`."""
    return f"{visit['title']}: {visit['n']} of {visit['due']} due answered"


def _middle(one: Scale, visit: ScaleVisit) -> str:
    """Of two values the share of the higher one with its interval; of more the median and the quartiles."""
    if drawing.two_valued(one):
        yes = drawing.of_two(one, visit)
        return f"{yes['numerator']} said {drawing.named(one)} ({interval(yes)})"
    quartiles = ""
    if visit["q1"] is not None and visit["q3"] is not None:
        quartiles = f", middle half {score(one, visit['q1'])} to {score(one, visit['q3'])}"
    return f"median {score(one, visit['median'])}{quartiles}"


def score(one: Scale, value: float | None) -> str:
    """As it stands under the drawing."""
    return "" if value is None else drawing.rounded(one, value)


def _over_year(one: Scale) -> str:
    test = one["over_year"]
    if test["median_more"] is None or test["median_less"] is None or test["p"] is None:
        return f" More than a year after the last session: n = {test['n_more']}; a year or less: n = {test['n_less']}; too few to compare."
    effect = f", rank-biserial {decimal(test['rank_biserial'])}" if test["rank_biserial"] is not None else ""
    if drawing.two_valued(one):
        groups = f"n = {test['n_more']}; a year or less: n = {test['n_less']}"
    else:
        more, less = score(one, test["median_more"]), score(one, test["median_less"])
        groups = f"median {more} (n = {test['n_more']}); a year or less: {less} (n = {test['n_less']})"
    said = f"{groups}; {_tested(test['p'], test['p_holm'])}{effect}"
    return f" More than a year after the last session: {said}; these are different people, and a one-year visit falls on the line."


def _paired(one: Scale) -> str:
    test = one["paired"]
    if test["median_change"] is None or test["p"] is None:
        return ""
    who = f"Same {counted(test['n'], 'patient')}, {test['first']} to {test['last']}"
    signed = f"{'+' if test['median_change'] > 0 else ''}{score(one, test['median_change'])}"
    change = "" if drawing.two_valued(one) else f"median change {signed}; "
    return f" {who}: {change}{_tested(test['p'], test['p_holm'])}."


def _tested(p: float, holm: float | None) -> str:
    return f"{p_value(p)}, corrected {p_value(holm)}" if holm is not None else p_value(p)

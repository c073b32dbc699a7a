"""What the pages of the raters' panel call things."""

from collections.abc import Mapping
from typing import Any

from schemas.rating_words import Agreed, Step, Unpaired, Verdict
from server.reports.shape import FEW_PAIRS
from server.reports.statistics.agreement import FEWEST
from server.web.words import Said

STEPS = {Step.TWO_WEEKS: "2 weeks", Step.THREE_MONTHS: "3 months", Step.ONE_YEAR: "1 year"}
GRADES = {
    Verdict.LEFT_MUCH_BETTER: "Left, much better",
    Verdict.LEFT_BETTER: "Left, better",
    Verdict.LEFT_SLIGHTLY_BETTER: "Left, slightly better",
    Verdict.NO_DIFFERENCE: "No difference",
    Verdict.RIGHT_SLIGHTLY_BETTER: "Right, slightly better",
    Verdict.RIGHT_BETTER: "Right, better",
    Verdict.RIGHT_MUCH_BETTER: "Right, much better",
}
CANNOT = {
    Verdict.NOT_ALIKE: "Taken too differently to compare",
    Verdict.NOT_SHARP: "Not sharp enough",
    Verdict.COVERED: "The place is covered",
    Verdict.RECOGNISED: "I know whose face this is, or which came first",
}
UNPAIRED = {
    Unpaired.NO_CONSENT: "the patient has not agreed to raters, or no longer does",
    Unpaired.NO_BASELINE: "no photograph before the procedure",
    Unpaired.NO_FOLLOW_UP: "no photograph in the weeks that count for the step, so far",
    Unpaired.OTHER_VIEW: "before and after were taken in different views",
    Unpaired.POOR: "the photographs of the same view are graded poor",
}
AGREED = {
    Agreed.IMPROVED: Said("Improved", "disc"),
    Agreed.NOT_IMPROVED: Said("Not improved", "ring"),
    Agreed.UNDECIDED: Said("Fewer than three graded it", "quarter"),
}
AGREEMENT = {
    "raw": ("Raw agreement", "improved or not"),
    "ac1": ("Gwet’s AC1", "improved or not"),
    "fleiss_kappa": ("Fleiss’ kappa", "improved or not"),
    "weighted_kappa": ("Weighted kappa", "seven grades, quadratic, mean of all pairs of raters"),
    "icc_single": ("ICC(2,1)", "seven grades, of one rater"),
    "icc_mean": ("ICC(2,k)", "seven grades, of the raters’ mean"),
}
"""Field of the report → its name, and of what it is."""

UNDEFINED = "undefined: all ratings fell in one category"
ALONE = "not yet: it takes two raters"
TOO_FEW = f"too few: it takes {FEW_PAIRS} pairs that all of them graded"
NO_SPREAD = "undefined: all pairs were graded alike"


def coefficient(name: str, agreement: Mapping[str, Any]) -> str:
    """`0.62`, or why there is none."""
    value: float | None = agreement[name]
    if value is not None:
        return f"{value:.2f}".replace("-", "\N{MINUS SIGN}")
    if agreement["raters"] < FEWEST:
        return ALONE
    if agreement["pairs"] < FEW_PAIRS:
        return TOO_FEW
    return UNDEFINED if name == "fleiss_kappa" else NO_SPREAD

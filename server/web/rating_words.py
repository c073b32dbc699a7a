"""What the pages of the raters' panel call things."""

from schemas.rating_words import Agreed, Step, Unpaired, Verdict
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
    "raw": ("Raw agreement", "improved or not", "graded_by_two"),
    "ac1": ("Gwet’s AC1", "improved or not", "graded_by_two"),
    "fleiss_kappa": ("Fleiss’ kappa", "improved or not", "graded_by_all"),
    "weighted_kappa": ("Weighted kappa", "seven grades, quadratic, mean of all pairs of raters", "graded_by_two"),
    "icc_single": ("ICC(2,1)", "seven grades, of one rater", "graded_by_all"),
    "icc_mean": ("ICC(2,k)", "seven grades, of the raters’ mean", "graded_by_all"),
}
"""Field of the report → its name, of what it is, and the field that counts the pairs on which it rests."""

UNDEFINED = "undefined: all ratings fell in one category"
TOO_FEW = "not yet: no pair was graded by two raters"
NO_SPREAD = "undefined: all pairs were graded alike"


def coefficient(name: str, agreement: dict[str, float | None]) -> str:
    """`0.62`, or why there is none."""
    value = agreement[name]
    if value is not None:
        return f"{value:.2f}".replace("-", "\N{MINUS SIGN}")
    if not agreement[AGREEMENT[name][2]]:
        return TOO_FEW if name != "fleiss_kappa" or not agreement["graded_by_two"] else "not yet: no pair was graded by all of them"
    return UNDEFINED if name == "fleiss_kappa" else NO_SPREAD

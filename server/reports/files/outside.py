"""A report as it may leave the house: whoever rated is a number. Pure."""

from server.reports.shape import Cohort, Rater


def nameless(cohort: Cohort) -> Cohort:
    """The same with raters as "Rater 1", "Rater 2" …, in the order of these numbers: that of names would tell something of them."""
    seen = cohort["physicians"]
    raters: list[Rater] = [{**one, "label": f"Rater {one['number']}"} for one in sorted(seen["raters"], key=lambda rater: rater["number"])]
    return {**cohort, "physicians": {**seen, "raters": raters}}

"""How the report counts and computes, in sentences: printed under it and in every file taken along."""

from server.reports.shape import FEW_PATIENTS, FEW_SCARS, MOST_POINTS, Cohort

_TEXT = """
A procedure counts when it is completed or signed; what was cancelled, abandoned or entered in error does not. Its day is the day
on which it ended, in the clinic's time zone.

Retracted entries, replaced or withdrawn assessments, replaced observations of redness and withdrawn questionnaires do not count.

The data-lock is the newest row of the clinic's journal when the report was computed; everything was read as it stood at that
moment. What was due is judged by the day of that row. A report is computed once for a lock and kept; the past is not counted
again.

Shares are printed with numerator, denominator, the number of whom it is not known, and Wilson's 95 % interval. Where somebody is
missing, the share is given twice more: all of them counted as no, and all as yes.

Flow: of the procedures, a visit was due when its date had come, or it had been attended, missed, declined or lost; cancelled
visits were not. Asked: a provider took a message to the patient, or staff spoke to her by telephone, or she answered. Answered: a
questionnaire of the visit is complete, or its check-in was answered. Seen: the visit was attended.

Responded: patients with one complete questionnaire at least about one of the procedures.

Redness: of each procedure, it lasted beyond the last day on which it was seen and had ended by the first day after that on which
the skin was seen clear; Turnbull's estimate from these intervals, with the range that the data allow on each day. Procedures
after which it was never seen are counted apart.

Raters: a pair of photographs counts when three or more raters have graded it. Improved: more than half of them above zero;
unanimous: all. One pair speaks for a patient: of the latest visit, of the whole face where there is one, from the front.

Agreement: between the raters, at most five, who have graded at least half as many pairs as the busiest, over the pairs that all
of them have graded: raw agreement, Fleiss' kappa and Gwet's AC1 for improved or not; for the grades the mean of the quadratically
weighted kappas of all pairs of raters, ICC(2,1) and ICC(2,k). What is undefined is not printed as a number.

Scores: medians and quartiles of each scale at each visit. What the server computes from answers and what somebody else scored from
0 to 100 are scales of their own, even of one questionnaire; nothing is computed over both.
More than a year: of each patient the latest response, by whether more
than 365 days lie between her last session until then and the answer. Mann-Whitney test with ties, rank-biserial correlation,
Hodges-Lehmann shift. These are different people, not a change over time.

Change: patients with scores at the first and at the last visit of a scale; mean of each, Wilcoxon's signed-rank test with Pratt's
zeros. P values of each question are corrected over all scales by Holm's method.

Volume: what a scar had been given in all sessions until the procedure that was judged, against the median of the panel's grades
of the scar's own pair, else of the whole face's pair of that procedure. The area is measured, or length times width; a linear
scar has none. Spearman's correlation with a bootstrap that draws patients. The surgeon chose the volume: an association, no
effect.

Process: XmR charts of the newest {points} cases, with limits at the mean and 2.66 mean moving ranges, from ten cases on. Yield is
nanofat from 100 mL of lipoaspirate; minutes are from start to end. Learning: the surgeon's own first {points} cases within the
filters, with the running median of eleven.

Complications: of the procedures assessed at least once, those with the finding present. Serious: Clavien-Dindo IIIa or above,
CTCAE 3 or above, or loss of skin, sight or nerve function, visceral injury, local anaesthetic toxicity, thromboembolism or fat
embolism, however graded. A count of zero is printed with the upper bound of its interval.

Below {patients} patients only single points are shown; below {scars} scars no part of the face is shaded.
"""
METHODS = tuple(
    " ".join(one.split()) for one in _TEXT.format(points=MOST_POINTS, patients=FEW_PATIENTS, scars=FEW_SCARS).strip().split("\n\n")
)
"""A paragraph each."""


def about(cohort: Cohort) -> list[tuple[str, str]]:
    """Filters and lock, as (name, value)."""
    named = [(f"filter: {name}", "" if value is None else str(value)) for name, value in cohort["filters"].items()]
    lock = [("data-lock", str(cohort["seq"])), ("locked at", cohort["locked_at"] or ""), ("computed at", cohort["computed_at"])]
    return [*named, *lock, ("hash of the filters", cohort["filters_hash"])]

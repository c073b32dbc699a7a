"""How the report counts and computes, in sentences: printed under it and in every file taken along."""

from server.reports.shape import FEW_PAIRS, FEW_PATIENTS, FEW_SCARS, MOST_POINTS, Cohort

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

Responded: patients with one complete questionnaire at least about one of the procedures, of those for whom a visit was due, or who
answered without one. Patients for whom none was due, because the day has not come or all were cancelled, are told apart: they are no
non-responders. A check-in asks about redness alone, so it makes nobody due here. In every other share those of whom it is not known
are missing, whether anything was due or not.

Redness: of each procedure, it lasted beyond the last day on which it was seen and had ended by the first day after that on which
the skin was seen clear; Turnbull's estimate from these intervals, with the range that the data allow on each day. Where patient and
clinician, or two looks, contradict each other on one day, that day counts as red, so that the time until clear is rather told too
long; the number of procedures with such a day is told.

In the estimate are all procedures after which anybody looked, those never seen red too: whether they had been red before the first
look is not known, so they were clear from some day between the procedure and that look. The estimate is therefore of clear skin
among all that were looked at, not of how long redness lasts in those who have it; to leave them out would keep long redness and drop
short. What was seen before the procedure ended is not of it.

Raters: a pair of photographs counts when three or more raters have graded it. Improved: more than half of them above zero;
unanimous: all of them above zero. One pair speaks for a patient: of the latest visit, of the whole face where there is one, from the front.

Agreement: between the raters, at most five, who have graded at least half as many pairs as the busiest, over the pairs that all
of them have graded, and over no others: how many of these all put above zero, or none; raw agreement, Fleiss' kappa and Gwet's AC1
for improved or not; for the grades the mean of the quadratically weighted kappas of all pairs of raters, ICC(2,1) and ICC(2,k). Below
{pairs} such pairs there is no coefficient. What is undefined is not printed as a number. The cohort takes the pairs of all visits
together, the panel's page those of one visit; the rule is the same.

Scores: medians and quartiles of each scale at each visit. What the server computes from answers and what somebody else scored from
0 to 100 are scales of their own, even of one questionnaire; nothing is computed over both.

More than a year: as in the study of 2021, of each patient the latest response, by whether more than 365 days lie between her last
session until then and the answer. A one-year visit falls on that very line: asked from 30 days before to 30 days after it, its answers
are more or less than a year by who was early and who was late. So the comparison says something only where a clinic also asks later,
by a visit of its own protocol or of its own accord. Both numbers are always told; with fewer than {patients} patients on either side
nothing is compared. Mann-Whitney test with ties, rank-biserial correlation, Hodges-Lehmann shift. These are different people, not a
change over time.

Change: patients with scores at the first and at the last visit of a scale; mean of each, Wilcoxon's signed-rank test with Pratt's
zeros. P values of each question are corrected over all scales by Holm's method.

Volume: what a scar had been given in all sessions until the procedure that was judged, against the median of the panel's grades
of the scar's own pair, else of the whole face's pair of that procedure. The area is measured, or length times width; a linear
scar has none. Spearman's correlation with a bootstrap that draws patients. The surgeon chose the volume: an association, no
effect.

Process: XmR charts of the newest {points} cases, with limits at the mean and 2.66 mean moving ranges, from ten cases on. Yield is
nanofat from 100 mL of lipoaspirate; minutes are from start to end. Learning: the surgeon's own first {points} cases within the
filters, with the running median of eleven.

Complications: each item of the checklist by itself, of the procedures in which a standing assessment says yes or no of it; "not sure"
and what nobody was asked are missing. An item that was never asked is told so and has no share. Erythema stands here only as that
item; redness over time, from check-ins, questionnaires and graded assessments, is counted in the figure of redness, and is what to
cite.

Serious: Clavien-Dindo IIIa or above, CTCAE 3 or above, or loss of skin, sight or nerve function, visceral injury, local anaesthetic
toxicity, thromboembolism or fat embolism, however graded. Of the procedures in which it was looked for: those seven were all asked
about, at one assessment or several, or a serious one was found. Another complication of a serious grade could be found only where its
own item was asked. A count of zero is printed with the upper bound of its interval.

Below {patients} patients only single points are shown; below {scars} scars no part of the face is shaded.
"""
METHODS = tuple(
    " ".join(one.split())
    for one in _TEXT.format(points=MOST_POINTS, patients=FEW_PATIENTS, pairs=FEW_PAIRS, scars=FEW_SCARS).strip().split("\n\n")
)
"""A paragraph each."""


def about(cohort: Cohort) -> list[tuple[str, str]]:
    """Filters and lock, as (name, value)."""
    named = [(f"filter: {name}", "" if value is None else str(value)) for name, value in cohort["filters"].items()]
    lock = [("data-lock", str(cohort["seq"])), ("locked at", cohort["locked_at"] or ""), ("computed at", cohort["computed_at"])]
    return [*named, *lock, ("hash of the filters", cohort["filters_hash"])]

"""How far raters agree, for the panel's page and for the cohort alike: whose grades are compared, on which pairs, and the numbers."""

import uuid
from collections.abc import Mapping, Sequence

from server.reports.shape import FEW_PAIRS, Agreement
from server.reports.statistics import agreement as agreeing
from server.reports.statistics.icc import icc

MOST_RATERS = 5


def taking_part(graded: Mapping[uuid.UUID, int]) -> list[uuid.UUID]:
    """Of raters and how many pairs they graded: the busiest, five at most, who graded half as many as the first of them at least.

    Whoever has just begun does not undo the others' pairs.
    """
    busiest = sorted(graded, key=lambda one: (-graded[one], str(one)))[:MOST_RATERS]
    return [one for one in busiest if 2 * graded[one] >= graded[busiest[0]] > 0]


def agreement(raters: int, rows: Sequence[Sequence[int]]) -> Agreement:
    """Of pairs (rows) that all the raters (columns) have graded, and of no others: so that every number is of the same pairs."""
    above = [[grade > 0 for grade in row] for row in rows]
    said = Agreement(
        raters=raters,
        pairs=len(rows),
        alike=sum(len(set(row)) == 1 for row in above),
        raw=None,
        fleiss_kappa=None,
        ac1=None,
        weighted_kappa=None,
        icc_single=None,
        icc_mean=None,
    )
    if raters < agreeing.FEWEST or len(rows) < FEW_PAIRS:
        return said
    sides, within = agreeing.agreement(above, (False, True)), icc(rows)
    said["raw"], said["ac1"], said["fleiss_kappa"] = sides.raw, sides.ac1, agreeing.fleiss(above).kappa
    said["weighted_kappa"], said["icc_single"], said["icc_mean"] = agreeing.light(rows).kappa, within.two_1, within.two_k
    return said

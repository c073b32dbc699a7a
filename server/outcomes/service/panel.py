"""What the raters have said, gathered for counting: each pair with each rater's grade."""

import uuid
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa
from sqlalchemy.orm import Session

from schemas.rating_words import Agreed, Step
from server.outcomes.models import Rating, RatingPair
from server.outcomes.rules import rating


@dataclass
class Judged:
    """A pair, and by rater the grade of the follow-up against the baseline, -3 … +3; None where she could not judge it."""

    pair_id: uuid.UUID
    patient_id: uuid.UUID
    procedure_id: uuid.UUID
    scar_id: uuid.UUID | None
    step: Step
    grades: dict[uuid.UUID, int | None] = field(default_factory=dict)

    @property
    def together(self) -> Agreed:
        """The majority of at least three."""
        return rating.together(self.grades.values())


def gather(session: Session, pair_ids: Sequence[uuid.UUID] | None = None) -> list[Judged]:
    """All pairs of the clinic, or these, in the order they were made.

    What was said while a patient agreed is counted after she has changed her mind: she ended the showing, and no face is in a number.
    """
    pairs = sa.select(RatingPair).order_by(RatingPair.id)
    given = sa.select(Rating.pair_id, Rating.rater_id, Rating.grade)
    if pair_ids is not None:
        pairs, given = pairs.where(RatingPair.id.in_(pair_ids)), given.where(Rating.pair_id.in_(pair_ids))
    found = {one.id: Judged(one.id, one.patient_id, one.procedure_id, one.scar_id, Step(one.step)) for one in session.scalars(pairs)}
    for pair_id, rater_id, grade in session.execute(given):
        found[pair_id].grades[rater_id] = grade
    return list(found.values())


def graded(judged: Iterable[Judged]) -> Counter[uuid.UUID]:
    """Of each rater who graded any of these pairs, how many."""
    return Counter(rater_id for pair in judged for rater_id, grade in pair.grades.items() if grade is not None)


def graded_by_all(judged: Iterable[Judged], raters: Sequence[uuid.UUID]) -> list[list[int]]:
    """A row for each pair that all of `raters` have graded, a column for each of them."""
    rows = ([pair.grades.get(rater_id) for rater_id in raters] for pair in judged)
    return [[one for one in row if one is not None] for row in rows if raters and None not in row]

"""What the raters have said, gathered for counting: each pair with each rater's grade."""

import uuid
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

    @property
    def unanimous(self) -> bool:
        """Whether at least three agree on improved or not."""
        return rating.unanimous(self.grades.values())


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


def taking_part(judged: Iterable[Judged]) -> list[uuid.UUID]:
    """Raters who graded at least half of these pairs, in the order of their ids: somebody who has just begun ends nobody's comparison."""
    pairs = list(judged)
    counts: dict[uuid.UUID, int] = {}
    for pair in pairs:
        for rater_id, grade in pair.grades.items():
            counts[rater_id] = counts.get(rater_id, 0) + (grade is not None)
    return sorted(rater_id for rater_id, count in counts.items() if count and 2 * count >= len(pairs))


def matrix(judged: Iterable[Judged], raters: Sequence[uuid.UUID]) -> list[list[int | None]]:
    """A row for each pair, a column for each of `raters`: the grade, or None."""
    return [[pair.grades.get(rater_id) for rater_id in raters] for pair in judged]

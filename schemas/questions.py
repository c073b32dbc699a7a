"""The questions of a check-in: their names, the answers they take, and which answer concerns."""

from dataclasses import dataclass
from enum import StrEnum


class Question(StrEnum):
    """What a check-in asks. The words are the page's, in the patient's language."""

    WORSE = "worse"


class Given(StrEnum):
    """What may be answered. Nothing is preselected, and nobody has to be sure."""

    YES = "yes"
    NO = "no"
    NOT_SURE = "not_sure"


@dataclass(frozen=True)
class Meaning:
    """What the answers to one question ask for: `concerning` a call at once, `unclear` a call."""

    concerning: frozenset[Given]
    unclear: frozenset[Given]


QUESTIONS: dict[Question, Meaning] = {
    Question.WORSE: Meaning(concerning=frozenset({Given.YES}), unclear=frozenset({Given.NOT_SURE})),
}
"""All questions of a check-in in the order in which they are asked: for now one, whose yes means that somebody must look."""

"""The questions of a check-in: their names, the answers they take, and which answer concerns."""

from dataclasses import dataclass
from enum import StrEnum


class Question(StrEnum):
    """What a check-in asks. The words are the page's, in the patient's language."""

    REDNESS = "redness"
    RED_FLAGS = "red_flags"
    WORSE = "worse"


class Given(StrEnum):
    """What may be answered. Nothing is preselected, and nobody has to be sure."""

    YES = "yes"
    NO = "no"
    NOT_SURE = "not_sure"


@dataclass(frozen=True)
class Meaning:
    """What the answers to one question ask for: `concerning` a call at once, `unclear` a call.

    `settles`: with an answer to it the check-in has been answered. `anywhere`: it is asked of every visit, not of check-ins alone.
    """

    concerning: frozenset[Given] = frozenset()
    unclear: frozenset[Given] = frozenset()
    settles: bool = True
    anywhere: bool = False


_YES, _NOT_SURE = frozenset({Given.YES}), frozenset({Given.NOT_SURE})
MEANINGS: dict[Question, Meaning] = {
    Question.REDNESS: Meaning(),
    Question.RED_FLAGS: Meaning(concerning=_YES, unclear=_NOT_SURE, settles=False, anywhere=True),
    Question.WORSE: Meaning(concerning=_YES, unclear=_NOT_SURE),
}
QUESTIONS = (Question.REDNESS, Question.RED_FLAGS)
"""What the page of a check-in asks, in order. That something else has got worse is said on the page of the red flags, not asked apart."""

"""Words of the raters' panel: when it looks, what a rater says, and how that reads on the five-level scale."""

from enum import StrEnum


class Step(StrEnum):
    """Time points at which a follow-up photograph is compared with the one before the procedure."""

    TWO_WEEKS = "2w"
    THREE_MONTHS = "3m"
    ONE_YEAR = "1y"


class Verdict(StrEnum):
    """What a rater says of two photographs of which she knows neither date nor order: which is better, or why she cannot say."""

    LEFT_MUCH_BETTER = "left_much_better"
    LEFT_BETTER = "left_better"
    LEFT_SLIGHTLY_BETTER = "left_slightly_better"
    NO_DIFFERENCE = "no_difference"
    RIGHT_SLIGHTLY_BETTER = "right_slightly_better"
    RIGHT_BETTER = "right_better"
    RIGHT_MUCH_BETTER = "right_much_better"
    NOT_ALIKE = "not_alike"
    NOT_SHARP = "not_sharp"
    COVERED = "covered"
    RECOGNISED = "recognised"


class Gais(StrEnum):
    """The Global Aesthetic Improvement Scale's five levels."""

    VERY_MUCH_IMPROVED = "very_much_improved"
    MUCH_IMPROVED = "much_improved"
    IMPROVED = "improved"
    NO_CHANGE = "no_change"
    WORSE = "worse"


class Unpaired(StrEnum):
    """Why a procedure has no pair at a step."""

    NO_CONSENT = "no_consent"
    NO_BASELINE = "no_baseline"
    NO_FOLLOW_UP = "no_follow_up"
    OTHER_VIEW = "other_view"
    POOR = "poor"


class Agreed(StrEnum):
    """What the raters say together of one pair: at least three of them grade it, and the majority counts."""

    IMPROVED = "improved"
    NOT_IMPROVED = "not_improved"
    UNDECIDED = "undecided"

"""Words of instruments: who answers, how an item is answered, which end of a scale is the better one, how it is summed up."""

from enum import StrEnum


class Audience(StrEnum):
    """Who answers: the patient, behind the link or with staff; or a clinician who looks."""

    PATIENT = "patient"
    CLINICIAN = "clinician"


class ItemKind(StrEnum):
    """How an item is answered: one of its options, a number within its range, yes or no."""

    CHOICE = "choice"
    SCALE = "scale"
    BOOLEAN = "boolean"


class Best(StrEnum):
    """Which end of a scale is the better one."""

    HIGH = "high"
    LOW = "low"


class ScaleRule(StrEnum):
    """How a scale's raw value comes from its items; yes counts 1, no 0."""

    SUM = "sum"
    MEAN = "mean"
    SINGLE = "single"


class MissingRule(StrEnum):
    """What becomes of a scale with missing items: no score; or, while fewer than half are missing, the person's own mean in their place."""

    NONE = "none"
    PERSON_MEAN_IF_HALF = "person_mean_if_half"


class Conversion(StrEnum):
    """What a raw value becomes: itself, its place in the range as 0 to 100, or what the licensed table says."""

    NONE = "none"
    LINEAR = "linear"
    TABLE = "table"


class Origin(StrEnum):
    """Where an instrument comes from: this program, or a file that the clinic loaded."""

    SHIPPED = "shipped"
    LOADED = "loaded"

"""Words of the outcomes: complications and their grades, what became of a questionnaire, who may be shown to raters."""

from enum import StrEnum


class Presence(StrEnum):
    """Whether a complication was there when somebody looked. `unknown` is not `no`."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


class Region(StrEnum):
    """Where a complication belongs in the checklist."""

    RECIPIENT = "recipient"
    DONOR = "donor"
    SYSTEMIC = "systemic"
    PROCESS = "process"


class Complication(StrEnum):
    """The checklist of an assessment, in its order: at the face, at the donor site, of the whole body, of the course."""

    ERYTHEMA = "erythema"
    OEDEMA = "oedema"
    ECCHYMOSIS = "ecchymosis"
    PAIN = "pain"
    HAEMATOMA = "haematoma"
    INFECTION_SUPERFICIAL = "infection_superficial"
    INFECTION_DEEP = "infection_deep"
    INFECTION_ATYPICAL = "infection_atypical"
    OVERCORRECTION = "overcorrection"
    UNDERCORRECTION = "undercorrection"
    CONTOUR_IRREGULARITY = "contour_irregularity"
    NODULE = "nodule"
    OIL_CYST = "oil_cyst"
    FAT_NECROSIS = "fat_necrosis"
    YELLOW_DISCOLORATION = "yellow_discoloration"
    HYPERPIGMENTATION = "hyperpigmentation"
    HYPOPIGMENTATION = "hypopigmentation"
    ACNE_MILIA = "acne_milia"
    HERPES_FLARE = "herpes_flare"
    HYPERTROPHIC_SCAR = "hypertrophic_scar"
    NUMBNESS = "numbness"
    FACIAL_WEAKNESS = "facial_weakness"
    SKIN_NECROSIS = "skin_necrosis"
    VISION_CHANGE = "vision_change"
    NEURO_DEFICIT = "neuro_deficit"
    DONOR_BRUISING = "donor_bruising"
    DONOR_PAIN = "donor_pain"
    DONOR_SEROMA = "donor_seroma"
    DONOR_HAEMATOMA = "donor_haematoma"
    DONOR_INFECTION = "donor_infection"
    DONOR_CONTOUR = "donor_contour"
    DONOR_INDURATION = "donor_induration"
    DONOR_PIGMENT = "donor_pigment"
    DONOR_NUMBNESS = "donor_numbness"
    DONOR_SCAR = "donor_scar"
    VISCERAL_INJURY = "visceral_injury"
    LOCAL_ANAESTHETIC_TOXICITY = "local_anaesthetic_toxicity"
    ALLERGIC_REACTION = "allergic_reaction"
    VENOUS_THROMBOEMBOLISM = "venous_thromboembolism"
    FAT_EMBOLISM = "fat_embolism"
    FEVER = "fever"
    UNPLANNED_VISIT = "unplanned_visit"
    EMERGENCY_DEPARTMENT = "emergency_department"
    READMISSION = "readmission"
    REOPERATION = "reoperation"


_FIRST_OF = {
    Complication.ERYTHEMA: Region.RECIPIENT,
    Complication.DONOR_BRUISING: Region.DONOR,
    Complication.LOCAL_ANAESTHETIC_TOXICITY: Region.SYSTEMIC,
    Complication.UNPLANNED_VISIT: Region.PROCESS,
}


def _regions() -> dict[Complication, Region]:
    found: dict[Complication, Region] = {}
    region = Region.RECIPIENT
    for one in Complication:
        region = _FIRST_OF.get(one, region)
        found[one] = region
    return found


REGION_OF = _regions()
"""Each complication's part of the checklist."""


class ClavienDindo(StrEnum):
    """Grade by what was done about it (Dindo 2004); never derived from the other scale. The suffix d is a field of its own."""

    I = "I"  # noqa: E741  reason: the grade's own name
    II = "II"
    IIIA = "IIIa"
    IIIB = "IIIb"
    IVA = "IVa"
    IVB = "IVb"
    V = "V"


class Relation(StrEnum):
    """What somebody judged about the cause."""

    RELATED = "related"
    POSSIBLY = "possibly"
    UNRELATED = "unrelated"
    UNKNOWN = "unknown"


class AnsweredBy(StrEnum):
    """Who filled a questionnaire in: the patient behind the link, staff with her, or an outside scorer who hands over a score only."""

    LINK = "link"
    STAFF = "staff"
    SCORE = "score"


class ResponseState(StrEnum):
    """Some questions answered; all that were wanted; given up by staff with a reason."""

    OPEN = "open"
    COMPLETE = "complete"
    WITHDRAWN = "withdrawn"


class RedSource(StrEnum):
    """Who saw whether the skin was red: the patient in a check-in or a questionnaire, or a clinician at an assessment."""

    CHECK_IN = "check_in"
    QUESTIONNAIRE = "questionnaire"
    ASSESSMENT = "assessment"


class LogbookRole(StrEnum):
    """What somebody did at a procedure, as its note says; who supervised, no note says."""

    OPERATING = "operating_surgeon"
    ASSISTING = "assistant"


class ReportState(StrEnum):
    """A computation: waiting for a worker, at work, done, given up."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"

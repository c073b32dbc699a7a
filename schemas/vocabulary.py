"""The field's words: every enumeration that tablet, schema, database check and page share. Standard library only.

Sources of the lists: published nanofat series and the WHO and RCS England check lists, collected in the
catalogue's `sources`; `other` exists wherever a surgeon may truthfully need it.
"""

from enum import StrEnum


class Role(StrEnum):
    """What a person does in a clinic; one person may hold several."""

    SURGEON = "surgeon"
    NURSE = "nurse"
    COORDINATOR = "coordinator"
    RATER = "rater"
    ADMIN = "admin"


class DeviceState(StrEnum):
    """Where a tablet stands. `waiting`: its code is issued and not used yet."""

    WAITING = "waiting"
    PAIRED = "paired"
    REVOKED = "revoked"


class Sex(StrEnum):
    """As recorded by the clinic."""

    FEMALE = "female"
    MALE = "male"
    OTHER = "other"
    UNKNOWN = "unknown"


class Side(StrEnum):
    """The patient's own left and right."""

    LEFT = "left"
    RIGHT = "right"
    MIDLINE = "midline"
    BOTH = "both"


class Subunit(StrEnum):
    """Aesthetic subunits of the face."""

    FOREHEAD = "forehead"
    GLABELLA = "glabella"
    TEMPLE = "temple"
    BROW = "brow"
    UPPER_EYELID = "upper_eyelid"
    LOWER_EYELID = "lower_eyelid"
    NOSE_DORSUM = "nose_dorsum"
    NOSE_TIP = "nose_tip"
    NOSE_ALA = "nose_ala"
    NOSE_SIDEWALL = "nose_sidewall"
    CHEEK_MEDIAL = "cheek_medial"
    CHEEK_LATERAL = "cheek_lateral"
    CHEEK_ZYGOMATIC = "cheek_zygomatic"
    CHEEK_BUCCAL = "cheek_buccal"
    NASOLABIAL = "nasolabial"
    UPPER_LIP = "upper_lip"
    LOWER_LIP = "lower_lip"
    PHILTRUM = "philtrum"
    CHIN = "chin"
    JAWLINE = "jawline"
    EAR = "ear"
    SCALP_EDGE = "scalp_edge"


HIGH_RISK_VESSEL_ZONES = frozenset(
    {
        Subunit.FOREHEAD,
        Subunit.TEMPLE,
        Subunit.GLABELLA,
        Subunit.NOSE_DORSUM,
        Subunit.NOSE_TIP,
        Subunit.NOSE_ALA,
        Subunit.NOSE_SIDEWALL,
    }
)
"""Forehead and temple hold 47 of 58 published complications of facial fat grafting (doaj 3079dedda3374b57ac311259ee37a12a)."""


class FaceView(StrEnum):
    """Which drawing of the face map a point lies on."""

    FRONT = "front"
    LEFT = "left"
    RIGHT = "right"


class Morphology(StrEnum):
    """Form of a depressed scar."""

    DEPRESSED_LINEAR = "depressed_linear"
    DEPRESSED_BROAD = "depressed_broad"
    ICEPICK = "icepick"
    BOXCAR_SHALLOW = "boxcar_shallow"
    BOXCAR_DEEP = "boxcar_deep"
    ROLLING = "rolling"
    TETHERED = "tethered"
    MIXED = "mixed"
    OTHER = "other"


LINEAR_MORPHOLOGIES = frozenset({Morphology.DEPRESSED_LINEAR})


class Aetiology(StrEnum):
    """What left the scar."""

    ACNE = "acne"
    TRAUMA = "trauma"
    SURGERY = "surgery"
    BURN = "burn"
    VARICELLA = "varicella"
    INFECTION = "infection"
    BITE = "bite"
    CONGENITAL = "congenital"
    SCLERODERMA = "scleroderma"
    IATROGENIC = "iatrogenic"
    OTHER = "other"


class ProcedureState(StrEnum):
    """planned → in_progress → completed → signed; or cancelled before it began, abandoned after; or withdrawn."""

    PLANNED = "planned"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    SIGNED = "signed"
    CANCELLED = "cancelled"
    ABANDONED = "abandoned"
    ENTERED_IN_ERROR = "entered_in_error"


class Urgency(StrEnum):
    """First line of an RCS England operation note."""

    ELECTIVE = "elective"
    EMERGENCY = "emergency"


class HarvestSite(StrEnum):
    """Donor sites."""

    LOWER_ABDOMEN = "lower_abdomen"
    UPPER_ABDOMEN = "upper_abdomen"
    PERIUMBILICAL = "periumbilical"
    FLANK = "flank"
    HIP = "hip"
    INNER_THIGH = "inner_thigh"
    OUTER_THIGH = "outer_thigh"
    ANTERIOR_THIGH = "anterior_thigh"
    INNER_KNEE = "inner_knee"
    LOWER_BACK = "lower_back"
    BUTTOCK = "buttock"
    TROCHANTER = "trochanter"
    SUPRAPUBIC = "suprapubic"
    OTHER = "other"


class HarvestMethod(StrEnum):
    """How the lipoaspirate was drawn."""

    HAND_SYRINGE = "hand_syringe"
    SYRINGE_LOCKED = "syringe_locked"
    MACHINE = "machine"
    POWER_ASSISTED = "power_assisted"
    WATER_ASSISTED = "water_assisted"


class WashSolution(StrEnum):
    """What the lipoaspirate was washed with."""

    NONE = "none"
    SALINE = "saline"
    RINGER_LACTATE = "ringer_lactate"
    OTHER = "other"


class Separation(StrEnum):
    """How fat was separated from fluid."""

    DECANT = "decant"
    CENTRIFUGE = "centrifuge"
    GAUZE_ROLL = "gauze_roll"
    CLOSED_FILTER_BAG = "closed_filter_bag"


class EmulsifyDevice(StrEnum):
    """What the fat was passed through."""

    LUER_LUER = "luer_luer"
    TULIP_NANOTRANSFER = "tulip_nanotransfer"
    LIPOCUBE_NANO = "lipocube_nano"
    ADINIZER = "adinizer"
    HY_TISSUE = "hy_tissue"
    OTHER = "other"


class Plane(StrEnum):
    """Depth at which the product was placed."""

    INTRADERMAL = "intradermal"
    SUBDERMAL = "subdermal"
    INTRALESIONAL = "intralesional"
    SUBCUTANEOUS = "subcutaneous"
    DEEP_FAT = "deep_fat"
    SUPRAPERIOSTEAL = "supraperiosteal"


class Delivery(StrEnum):
    """What placed the product."""

    SHARP_NEEDLE = "sharp_needle"
    BLUNT_CANNULA = "blunt_cannula"
    MICRONEEDLING = "microneedling"
    TOPICAL = "topical"


class InjectionTechnique(StrEnum):
    """How the needle moved."""

    RETROGRADE_LINEAR = "retrograde_linear"
    FANNING = "fanning"
    SERIAL_PUNCTURE = "serial_puncture"
    BOLUS = "bolus"
    OTHER = "other"


class InjectionEndpoint(StrEnum):
    """What told the surgeon to stop."""

    YELLOWISH_BLANCH = "yellowish_blanch"
    LEVEL_WITH_SKIN = "level_with_skin"
    OVERCORRECTED = "overcorrected"
    VOLUME_REACHED = "volume_reached"
    RESISTANCE = "resistance"
    OTHER = "other"


class Anaesthesia(StrEnum):
    """Technique of one anaesthesia entry."""

    TUMESCENT = "tumescent"
    LOCAL = "local"
    NERVE_BLOCK = "nerve_block"
    SEDATION = "sedation"
    GENERAL = "general"
    EPIDURAL = "epidural"


class ChecklistPhase(StrEnum):
    """Three pauses of the WHO surgical safety check list (2009)."""

    SIGN_IN = "sign_in"
    TIME_OUT = "time_out"
    SIGN_OUT = "sign_out"


class ChecklistAnswer(StrEnum):
    """A `no` is an answer, and stays visible."""

    YES = "yes"
    NO = "no"
    NOT_APPLICABLE = "not_applicable"


CHECKLIST_ITEMS: dict[ChecklistPhase, tuple[str, ...]] = {
    ChecklistPhase.SIGN_IN: (
        "identity_site_procedure_consent",
        "site_marked",
        "anaesthesia_check",
        "pulse_oximeter",
        "known_allergy",
        "airway_risk",
        "blood_loss_risk",
        "lidocaine_maximum_computed",
    ),
    ChecklistPhase.TIME_OUT: (
        "team_introduced",
        "patient_site_procedure",
        "antibiotic_given",
        "surgeon_concerns",
        "anaesthesia_concerns",
        "sterility_equipment",
        "imaging_displayed",
        "scar_map_against_photo",
    ),
    ChecklistPhase.SIGN_OUT: (
        "procedure_recorded",
        "counts_correct",
        "specimens_labelled",
        "equipment_problems",
        "recovery_concerns",
        "syringes_labelled",
    ),
}
"""The 19 items of the WHO list and three of our own: lidocaine maximum, scar map against photo, labelled syringes."""


CHECKLIST_RISKS = frozenset(
    {
        "known_allergy",
        "airway_risk",
        "blood_loss_risk",
        "surgeon_concerns",
        "anaesthesia_concerns",
        "equipment_problems",
        "recovery_concerns",
    }
)
"""Items that ask for a risk or a problem: here `no` is the quiet answer and `yes` the one to see again."""


class DiscardMaterial(StrEnum):
    """What was thrown away."""

    NANOFAT = "nanofat"
    FAT = "fat"
    LIPOASPIRATE = "lipoaspirate"


class IncidentKind(StrEnum):
    """One tap on the tablet."""

    VASCULAR_SIGN = "vascular_sign"
    BLEEDING = "bleeding"
    LAST_SIGN = "last_sign"
    ALLERGIC_REACTION = "allergic_reaction"
    WRONG_SITE = "wrong_site"
    EQUIPMENT = "equipment"
    STERILITY = "sterility"
    OTHER = "other"


class Severity(StrEnum):
    """Of an incident, as judged in the room."""

    MILD = "mild"
    MODERATE = "moderate"
    SEVERE = "severe"


class NoteTopic(StrEnum):
    """What a note entry answers; the RCS England items that no measured entry can answer."""

    GENERAL = "general"
    DIAGNOSIS = "diagnosis"
    INCISIONS = "incisions"
    FINDINGS = "findings"
    PROBLEMS = "problems"
    EXTRA_PROCEDURE = "extra_procedure"
    CLOSURE = "closure"
    BLOOD_LOSS = "blood_loss"
    ANTIBIOTICS = "antibiotics"
    THROMBOPROPHYLAXIS = "thromboprophylaxis"
    INSTRUCTIONS = "instructions"


class EntryKind(StrEnum):
    """Facts of a procedure."""

    CHECKLIST = "checklist"
    ANAESTHESIA = "anaesthesia"
    HARVEST = "harvest"
    PREPARATION = "preparation"
    EMULSIFICATION = "emulsification"
    FILTRATION = "filtration"
    INJECTION = "injection"
    DISCARD = "discard"
    DEVICE_USE = "device_use"
    INCIDENT = "incident"
    NOTE = "note"
    RETRACTION = "retraction"


class PhotoView(StrEnum):
    """From where a photograph is taken: the same set each time, so that two days can be compared."""

    FRONT = "front"
    LEFT_OBLIQUE = "left_oblique"
    RIGHT_OBLIQUE = "right_oblique"
    LEFT_PROFILE = "left_profile"
    RIGHT_PROFILE = "right_profile"
    CLOSE_UP = "close_up"
    OTHER = "other"


class PhotoKind(StrEnum):
    """What a photograph is for."""

    BASELINE = "baseline"
    INTRAOPERATIVE = "intraoperative"
    FOLLOW_UP = "follow_up"


class PhotoState(StrEnum):
    """Announced by the tablet; stored once its bytes are whole; failed when they can be no photograph; erased on the patient's request."""

    ANNOUNCED = "announced"
    STORED = "stored"
    FAILED = "failed"
    ERASED = "erased"


class ConsentPurpose(StrEnum):
    """What a patient's photographs may be shown for: each is given, and taken back, by itself."""

    RECORD = "record"
    RATING = "rating"
    TEACHING = "teaching"
    PUBLICATION = "publication"


class PhotoQuality(StrEnum):
    """How well a photograph serves a comparison, as a person judged it."""

    GOOD = "good"
    USABLE = "usable"
    POOR = "poor"


class PhotoFlaw(StrEnum):
    """What keeps a photograph from being compared well."""

    LIGHT = "light"
    FOCUS = "focus"
    DISTANCE = "distance"
    POSE = "pose"
    EXPRESSION = "expression"
    COVERED = "covered"


class ThumbnailState(StrEnum):
    """Of a stored photograph's small copies."""

    WAITING = "waiting"
    MADE = "made"
    FAILED = "failed"


class SignatureMeaning(StrEnum):
    """What the signer states; printed beside the name and the time."""

    AUTHOR = "author"
    VERIFIED = "verified"


class SigningPolicy(StrEnum):
    """The second factor that a clinic asks for at every signature, besides the password."""

    CODE = "code"
    PIN_OR_CODE = "pin_or_code"


class VisitKind(StrEnum):
    """A visit in person, or one question that the patient answers from home."""

    VISIT = "visit"
    CHECK_IN = "check_in"


class VisitState(StrEnum):
    """Where a follow-up visit or check-in stands; `answered` is a check-in's `attended`."""

    PLANNED = "planned"
    DUE = "due"
    BOOKED = "booked"
    ATTENDED = "attended"
    ANSWERED = "answered"
    MISSED = "missed"
    DECLINED = "declined"
    LOST_TO_FOLLOW_UP = "lost_to_follow_up"
    CANCELLED = "cancelled"


class ReminderState(StrEnum):
    """pending → claimed → sending → accepted → delivered; `uncertain` where a crash hid the answer; the rest say why nothing arrived."""

    PENDING = "pending"
    CLAIMED = "claimed"
    SENDING = "sending"
    ACCEPTED = "accepted"
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    UNCERTAIN = "uncertain"
    SUPPRESSED = "suppressed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    DEAD = "dead"


class Channel(StrEnum):
    """How a message travels."""

    EMAIL = "email"
    SMS = "sms"
    PUSH = "push"
    WEBHOOK = "webhook"


PATIENT_CHANNELS = (Channel.EMAIL, Channel.SMS)
"""Channels that reach a patient; the others are for staff and for a clinic's own systems."""


class Purpose(StrEnum):
    """What a message asks for."""

    BOOK = "book"
    NEAR = "near"
    CHASE = "chase"
    CHECK_IN = "check_in"
    LINK = "link"
    DIGEST = "digest"
    ALERT = "alert"
    EVENT = "event"


PATIENT_PURPOSES = (Purpose.BOOK, Purpose.NEAR, Purpose.CHASE, Purpose.CHECK_IN, Purpose.LINK)
"""Purposes of messages that a patient reads, hence those with a template."""


class AlertKind(StrEnum):
    """Why a person is needed; in the order in which the work list shows them."""

    RED_FLAG = "red_flag"
    CONCERNING_ANSWER = "concerning_answer"
    WANTS_A_CALL = "wants_a_call"
    WANTS_ANOTHER_TIME = "wants_another_time"
    BAD_CONTACT = "bad_contact"


class CallOutcome(StrEnum):
    """How a call to a patient ended."""

    BOOKED = "booked"
    CALL_LATER = "call_later"
    ANSWERED = "answered"
    DECLINED = "declined"
    WRONG_NUMBER = "wrong_number"
    NO_ANSWER = "no_answer"

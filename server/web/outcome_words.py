"""What the pages of outcomes call things: complications, their parts of the checklist, grades, redness."""

from schemas.outcome_words import REGION_OF, ClavienDindo, Complication, Presence, Region, Relation, ResponseState
from server.procedures.note.words import capital, plain
from server.web.words import Said

RED = Complication.ERYTHEMA
"""Asked beside its grade, not a second time in the checklist."""
REGIONS = {
    Region.RECIPIENT: "The face",
    Region.DONOR: "Where the fat was taken",
    Region.SYSTEMIC: "The whole body",
    Region.PROCESS: "Care that was not planned",
}
_OWN = {
    Complication.ERYTHEMA: "Erythema",
    Complication.OEDEMA: "Swelling (oedema)",
    Complication.ECCHYMOSIS: "Bruising (ecchymosis)",
    Complication.INFECTION_SUPERFICIAL: "Infection, superficial",
    Complication.INFECTION_DEEP: "Infection, deep",
    Complication.INFECTION_ATYPICAL: "Infection, atypical",
    Complication.FAT_NECROSIS: "Fat necrosis or lipogranuloma",
    Complication.ACNE_MILIA: "Acne or milia",
    Complication.HYPERTROPHIC_SCAR: "Hypertrophic scar or keloid",
    Complication.FACIAL_WEAKNESS: "Weakness of the facial nerve",
    Complication.SKIN_NECROSIS: "Ischaemia or necrosis of the skin",
    Complication.VISION_CHANGE: "Change of vision",
    Complication.NEURO_DEFICIT: "Neurological deficit",
    Complication.LOCAL_ANAESTHETIC_TOXICITY: "Toxicity of the local anaesthetic (LAST)",
}
COMPLICATIONS = {one: _OWN.get(one) or capital(plain(str(one).removeprefix("donor_"))) for one in Complication}
PARTS = {region: [one for one in Complication if REGION_OF[one] == region] for region in Region}
PRESENCES = {Presence.YES: "Yes", Presence.NO: "No", Presence.UNKNOWN: "Not sure"}
SEEN = {Presence.YES: "present", Presence.NO: "gone", Presence.UNKNOWN: "not sure"}
STILL = {Presence.YES: "Still present", Presence.NO: "Gone", Presence.UNKNOWN: "Not sure"}
ERYTHEMA = {"0": "Clear", "1": "Almost clear", "2": "Mild", "3": "Moderate", "4": "Severe"}
CTCAE = {
    "1": "1, mild or without symptoms",
    "2": "2, moderate, local or noninvasive treatment",
    "3": "3, severe, not life-threatening at once",
    "4": "4, life-threatening",
    "5": "5, death",
}
CLAVIEN_DINDO = {
    ClavienDindo.I: "I, no treatment beyond simple remedies",
    ClavienDindo.II: "II, other medicines",
    ClavienDindo.IIIA: "IIIa, intervention without general anaesthesia",
    ClavienDindo.IIIB: "IIIb, intervention under general anaesthesia",
    ClavienDindo.IVA: "IVa, one organ failing",
    ClavienDindo.IVB: "IVb, several organs failing",
    ClavienDindo.V: "V, death",
}
RELATIONS = {
    Relation.RELATED: "Related to the procedure",
    Relation.POSSIBLY: "Possibly related",
    Relation.UNRELATED: "Not related",
    Relation.UNKNOWN: "Not judged",
}
COURSE = {True: Said("Ongoing", "half", open=True), False: Said("Over", "disc")}
"""Of an adverse event: whether it is ongoing."""

ASSESSED = {
    "stands": Said("Stands", "disc"),
    "replaced": Said("Corrected by a later one", "slashed"),
    "withdrawn": Said("Withdrawn", "slashed"),
    "withdrawal": Said("Withdraws an earlier one", "slashed"),
}

RESPONSES = {
    ResponseState.OPEN: Said("Begun, not complete", "half", open=True),
    ResponseState.COMPLETE: Said("Complete", "disc"),
    ResponseState.WITHDRAWN: Said("Withdrawn, does not count", "slashed"),
}
"""Of a questionnaire that was filled in."""


def donor(one: Complication) -> str:
    """A complication's name by itself, where no heading says that it is of the donor site."""
    return f"{COMPLICATIONS[one]}, donor site" if REGION_OF[one] == Region.DONOR and "donor" in one else COMPLICATIONS[one]


def graded(clavien_dindo: str | None, ctcae: int | None, *, disability: bool) -> str:
    """`Clavien-Dindo IIIa d, CTCAE 2`: side by side; one that nobody gave is said to be missing."""
    dindo = f"Clavien-Dindo {clavien_dindo}{' d' if disability else ''}" if clavien_dindo else "Clavien-Dindo not graded"
    return f"{dindo}, {f'CTCAE {ctcae}' if ctcae else 'CTCAE not graded'}"

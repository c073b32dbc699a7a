"""What the page and the PDF share: headings, order of fields, words for empty parts, and the geometry of the bars. Pure."""

from collections.abc import Sequence
from typing import Any

from schemas.vocabulary import FaceView
from server.procedures.note.facemap import Mark, marks

PATIENT = (("name", "Patient"), ("number", "Number"), ("born", "Born"), ("sex", "Sex"), ("weight", "Weight"), ("allergies", "Allergies"))
PROCEDURE = (
    ("surgeon", "Surgeon"),
    ("planned_for", "Planned for"),
    ("began", "Began"),
    ("ended", "Ended"),
    ("consent", "Consent signed"),
    ("photos", "Photos before"),
)
SCARS = (
    ("planned", "Planned"),
    ("given", "Given"),
    ("difference", "Difference"),
    ("plane", "Plane"),
    ("needle", "Needle"),
    ("per_area", "Per area"),
)
QUANTITIES = ("planned", "given", "difference")
"""Those of SCARS that are volumes, set flush right and summed."""
HEADINGS = {
    "items": "Procedure",
    "balance": "Balance of volumes",
    "scars": "Scars",
    "face_map": "Face map",
    "timeline": "Timeline",
    "checklist": "Safety check list",
    "photos": "Photographs",
    "exceptions": "Exceptions",
    "retracted": "Retracted entries",
    "addenda": "Addenda",
    "signature": "Signature",
}
EMPTY = {
    "scars": "No scar is planned or injected.",
    "warnings": "No rule raised a warning.",
    "incidents": "Incidents: none recorded.",
    "retracted": "No entry was retracted.",
    "addenda": "No addendum.",
    "signature": "Not signed. This draft says what is recorded so far and may still change.",
}
PLACED = "On the map"
UNPLACED = "Not placed on the map"
SIDES = "The patient's right is on the reader's left."


def identity(document: dict[str, Any]) -> list[tuple[tuple[str, str], tuple[str, str]]]:
    """Pairs of (label, value): a field of the patient beside one of the procedure."""
    patient = [(label, document["patient"][name]) for name, label in PATIENT]
    procedure = [(label, document["procedure"][name]) for name, label in PROCEDURE]
    return list(zip(patient, procedure, strict=True))


def bars(rows: Sequence[dict[str, Any]]) -> list[tuple[float, float] | None]:
    """Beginning and end of each row's bar as shares of the whole width; None where the volume is not recorded."""
    ends = [(row["from_ml"], row["from_ml"] + row["ml"]) if row["ml"] is not None else None for row in rows]
    longest = max((max(pair) for pair in ends if pair), default=0) or 1
    return [(max(0.0, min(pair) / longest), max(pair) / longest) if pair else None for pair in ends]


def marks_of(document: dict[str, Any], view: FaceView) -> list[Mark]:
    """The marks on one drawing of the face map."""
    points = document["face_map"]["points"]
    return marks([(one["number"], one["x"], one["y"]) for one in points if one["view"] == view])

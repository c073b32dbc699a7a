"""What deserves a second look in an assessment; nothing of it is refused. Pure: wire forms in, sentences out."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from schemas.limits import LIMITS
from schemas.outcome_words import ClavienDindo

DEATH = 5
EXPECTED_RED_DAYS = 28
"""Redness of two to three weeks is what a nanofat injection does; later it deserves a look."""
_SIZES = {"length_mm": "length", "width_mm": "width", "depth_mm": "depth", "area_cm2": "area"}


def remarks(
    assessment: Mapping[str, Any],
    findings: Sequence[Mapping[str, Any]],
    measurements: Sequence[Mapping[str, Any]],
    *,
    day: int,
    died: bool,
) -> Iterator[dict[str, str]]:
    """`{"code", "message"}` rows. `day`: days after the procedure; `died`: whether a date of death is recorded."""
    if not died and any(one["ctcae"] == DEATH or one["clavien_dindo"] == ClavienDindo.V for one in findings):
        yield {"code": "death", "message": "A grade says that the patient has died, and no date of death is recorded. Check the grade."}
    if assessment["erythema"] and day > EXPECTED_RED_DAYS:
        yield {
            "code": "late_redness",
            "message": f"Red {day} days after the procedure; beyond {EXPECTED_RED_DAYS} days it deserves a look.",
        }
    for one in measurements:
        for name, what in _SIZES.items():
            if one[name] is not None and LIMITS[name].unusual(one[name]):
                said = f"A {what} of {one[name]:g} {LIMITS[name].unit} is unusual; usual is {LIMITS[name].usual}."
                yield {"code": "unusual", "message": said}

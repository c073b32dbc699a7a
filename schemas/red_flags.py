"""Signs after a procedure that cannot wait: what staff call each, and until when it is typical. Words for patients are their page's."""

from dataclasses import dataclass
from enum import StrEnum


class RedFlag(StrEnum):
    """In the order in which they are asked."""

    VISION = "vision"
    NEUROLOGICAL = "neurological"
    PAIN_OR_SKIN = "pain_or_skin"
    BREATH = "breath"
    LIDOCAINE = "lidocaine"
    INFECTION = "infection"
    DONOR = "donor"


@dataclass(frozen=True)
class Sign:
    """For staff. `typical` says when it usually shows; a flag outside of that time is a flag all the same."""

    name: str
    typical: str


RED_FLAGS: dict[RedFlag, Sign] = {
    RedFlag.VISION: Sign("change of sight, double vision, drooping lid or pain in the eye", "any time, most within 24 hours"),
    RedFlag.NEUROLOGICAL: Sign("weakness, facial droop, change of speech or consciousness, seizure, severe headache", "within 72 hours"),
    RedFlag.PAIN_OR_SKIN: Sign("rising or disproportionate pain, blanching, mottling, dusky skin or blisters", "within 72 hours"),
    RedFlag.BREATH: Sign("breathlessness, chest pain, confusion or petechiae", "within 72 hours"),
    RedFlag.LIDOCAINE: Sign("numb mouth, tinnitus, metallic taste or twitching", "within 24 hours, highest after 12 to 14"),
    RedFlag.INFECTION: Sign("fever, spreading redness, pus or a draining nodule", "from day 2, nodules weeks to months later"),
    RedFlag.DONOR: Sign("growing swelling at the donor site, or severe abdominal pain", "within 7 days"),
}
"""Names are told apart by their whole text: none is part of another's."""


def said_of(flags: list[RedFlag]) -> str:
    """The flags as one clause for staff, each with its typical time."""
    return "; ".join(f"{RED_FLAGS[one].name} ({RED_FLAGS[one].typical})" for one in flags)

"""How long the demo's patients are red: one course for each, which check-ins, questionnaires and surgeon all see."""

import random

_FIRST_CLEAR = ((0.2, 8, 14), (0.75, 15, 21), (0.95, 22, 28), (1.0, 29, 45))
"""Share of patients, and from and to which day they are first clear: two to three weeks, as a rule."""


def first_clear(number: str) -> int:
    """The day after the procedure on which the skin of the patient with that record number is clear; the same whenever the demo is made."""
    dice = random.Random(f"{number} redness")
    share = dice.random()
    soonest, latest = next((soonest, latest) for most, soonest, latest in _FIRST_CLEAR if share <= most)
    return dice.randint(soonest, latest)

"""Codes and PINs: which are told apart by eye, which are guessed first. Pure."""

from itertools import pairwise

CODE_LETTERS = "23456789ACDEFGHJKMNPQRTVWXY"
"""Of those that look alike (0 O, 1 I L, 2 Z, 5 S, 8 B, U V) at most one; 27 letters, so eight of them are 2.8 × 10¹¹ codes."""

_MEANT = str.maketrans("ZSBU", "258V")

CODE_LENGTH, GROUP = 8, 4
SHORTEST_PIN, LONGEST_PIN = 6, 12
FEWEST_DIGITS = 3
"""Different ones in a PIN."""


def grouped(code: str) -> str:
    """As it is shown: `ABCD-EFGH`."""
    return "-".join(code[place : place + GROUP] for place in range(0, len(code), GROUP))


def bare(typed: str) -> str:
    """What is meant by a code as somebody typed it: capitals, look-alikes put right, without what stands between the groups."""
    return typed.upper().translate(_MEANT).replace("-", "").replace(" ", "")


def weakness(pin: str) -> str | None:
    """Why a PIN of the right form is easily guessed, as the end of a sentence; None for a good one."""
    if len(set(pin)) < FEWEST_DIGITS:
        return f"it has fewer than {FEWEST_DIGITS} different digits"
    steps = {(int(after) - int(before)) % 10 for before, after in pairwise(pin)}
    if steps in ({1}, {9}):
        return "its digits count up or down"
    for length in range(1, len(pin) // 2 + 1):
        if not len(pin) % length and pin == pin[:length] * (len(pin) // length):
            return "it repeats itself"
    return None

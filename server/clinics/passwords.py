"""Passwords, PINs and pairing codes: Argon2id with OWASP's parameters (19 MiB, 2 passes)."""

from collections.abc import Sequence

import argon2
from argon2.low_level import Type, hash_secret_raw
from zxcvbn import zxcvbn

SHORTEST = 12
_LEAST_SCORE = 3
"""Of zxcvbn's 0 to 4, which measures against lists of common passwords, names and words: at least 10^8 guesses."""

_MOST_LETTERS = 72
"""Looked at; zxcvbn's time grows with the square of the length, and what is longer than this is not guessed."""

_MEMORY_KB, _PASSES = 19 * 1024, 2
_hasher = argon2.PasswordHasher(time_cost=_PASSES, memory_cost=_MEMORY_KB, parallelism=1)
_NOBODY = _hasher.hash("nobody has this password")


def hash_password(password: str) -> str:
    """What is stored of a password of at least 12 characters, kept exactly as typed. Raises ValueError when too short."""
    if len(password) < SHORTEST:
        raise ValueError(f"A password has at least {SHORTEST} characters.")
    return _hasher.hash(password)


def weakness(password: str, about: Sequence[str]) -> str:
    """Why a new password would be guessed, in a sentence; empty when it would not. `about`: the person's name and address, the clinic."""
    if len(password) < SHORTEST:
        return f"A password has at least {SHORTEST} characters; several words are easiest to remember."
    words = [word for text in about for word in (text, *text.replace("@", " ").replace(".", " ").split())]
    found = zxcvbn(password[:_MOST_LETTERS], user_inputs=["graftlog", "nanofat", *words])
    if found["score"] >= _LEAST_SCORE:
        return ""
    return f"This password is easily guessed. {found['feedback']['warning'] or 'Take several words that do not belong together.'}".strip()


def hash_pin(pin: str) -> str:
    """What is stored of a PIN that has passed the rules."""
    return _hasher.hash(pin)


def matches(stored: str | None, password: str) -> bool:
    """Whether `password` is the stored one; takes the same time when there is no such user (stored is None)."""
    try:
        _hasher.verify(stored or _NOBODY, password)
    except argon2.exceptions.VerificationError:
        return False
    return stored is not None


def code_hash(code: str) -> bytes:
    """What is stored of a pairing code. One salt for all, because a code is looked up by its hash; slow, because a code is short."""
    return hash_secret_raw(
        code.encode(), b"graftlog pairing", time_cost=_PASSES, memory_cost=_MEMORY_KB, parallelism=1, hash_len=32, type=Type.ID
    )

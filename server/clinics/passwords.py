"""Passwords, PINs and pairing codes: Argon2id with OWASP's parameters (19 MiB, 2 passes)."""

import argon2
from argon2.low_level import Type, hash_secret_raw

SHORTEST = 12
_MEMORY_KB, _PASSES = 19 * 1024, 2
_hasher = argon2.PasswordHasher(time_cost=_PASSES, memory_cost=_MEMORY_KB, parallelism=1)
_NOBODY = _hasher.hash("nobody has this password")


def hash_password(password: str) -> str:
    """What is stored of a password of at least 12 characters, kept exactly as typed. Raises ValueError when too short."""
    if len(password) < SHORTEST:
        raise ValueError(f"A password has at least {SHORTEST} characters.")
    return _hasher.hash(password)


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

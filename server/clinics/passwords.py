"""Passwords: Argon2id, at least 12 characters, kept exactly as typed."""

import argon2

SHORTEST = 12
_hasher = argon2.PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_NOBODY = _hasher.hash("nobody has this password")


def hash_password(password: str) -> str:
    """Argon2id hash with OWASP's parameters (19 MiB, 2 passes). Raises ValueError when too short."""
    if len(password) < SHORTEST:
        raise ValueError(f"A password has at least {SHORTEST} characters.")
    return _hasher.hash(password)


def matches(stored: str | None, password: str) -> bool:
    """Whether `password` is the stored one; takes the same time when there is no such user (stored is None)."""
    try:
        _hasher.verify(stored or _NOBODY, password)
    except argon2.exceptions.VerificationError:
        return False
    return stored is not None

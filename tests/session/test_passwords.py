"""How passwords are kept."""

import pytest

from server.clinics.passwords import SHORTEST, hash_password, matches

LONG_ENOUGH = "correct horse battery"


def test_a_password_is_kept_as_argon2id_with_a_salt_of_its_own() -> None:
    first, second = hash_password(LONG_ENOUGH), hash_password(LONG_ENOUGH)
    assert first.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert first != second
    assert LONG_ENOUGH not in first


def test_only_the_very_password_matches() -> None:
    stored = hash_password(" Ünïcode  pass ")
    assert matches(stored, " Ünïcode  pass ")
    for other in ("Ünïcode  pass", " Ünïcode pass ", " ünïcode  pass ", ""):
        assert not matches(stored, other)


def test_a_long_password_counts_to_its_last_letter() -> None:
    long = "Ünïcode pass " * 20
    assert matches(hash_password(long), long)
    assert not matches(hash_password(long), long[:-1])


def test_nobody_has_a_password() -> None:
    assert not matches(None, LONG_ENOUGH)
    assert not matches(None, "nobody has this password")


@pytest.mark.parametrize("short", ["", "x" * (SHORTEST - 1)])
def test_a_short_password_is_refused(short: str) -> None:
    with pytest.raises(ValueError, match="at least 12 characters"):
        hash_password(short)

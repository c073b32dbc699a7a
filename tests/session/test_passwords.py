"""Passwords: kept exactly as typed, long enough, never stored."""

from collections.abc import Callable

import pytest

from schemas.vocabulary import Role
from server.clinics import service as clinics
from server.clinics.models import User
from server.db import Database, find
from tests import make
from tests.api import Api

SPACED = "  déjà vu in Szeged  "


def test_spaces_around_a_password_belong_to_it(db: Database, clinic: make.Clinic, anyone: Api) -> None:
    with db.transaction(clinic.id) as session:
        clinics.create_user(session, email=f"x{clinic.id}@clinic.example", name="Zita", roles=[Role.NURSE], password=SPACED)
    anyone.post("/session", {"email": f"x{clinic.id}@clinic.example", "password": SPACED.strip()}, expect=401)
    anyone.post("/session", {"email": f"x{clinic.id}@clinic.example", "password": SPACED})


def test_a_short_password_is_refused(db: Database, clinic: make.Clinic) -> None:
    with pytest.raises(ValueError, match="at least 12"), db.transaction(clinic.id) as session:
        clinics.create_user(session, email="y@clinic.example", name="Zita", roles=[Role.NURSE], password="short")


def test_only_a_hash_is_stored(db: Database, clinic: make.Clinic, as_: Callable[[make.Person], Api]) -> None:
    as_(clinic.nurse).get("/session")
    with db.transaction(clinic.id, write=False) as session:
        user = find(session, User, clinic.nurse.user_id)
    assert user is not None
    assert user.password_hash.startswith("$argon2id$")
    assert make.PASSWORD not in str(user.document())

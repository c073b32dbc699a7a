"""The second factor: set up with a QR code, asked for at the door and at every signature, taken once, and recovered when lost."""

import base64
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pyotp
import pytest

from schemas.vocabulary import ProcedureState, Role
from server import clock
from server.clinics import second_factor
from server.clinics.models import User
from server.db import Database
from tests import make
from tests.api import Api
from tests.procedures.case import Case


def test_the_codes_are_those_of_the_standard() -> None:
    """RFC 6238, appendix B: its secret, two of its moments, the last six of its eight digits (SHA-1)."""
    totp = pyotp.TOTP(base64.b32encode(b"12345678901234567890").decode())
    assert (totp.generate_otp(59 // second_factor.STEP_S), totp.generate_otp(1111111109 // second_factor.STEP_S)) == ("287082", "081804")


def enrolled(nora: Api) -> tuple[str, list[str]]:
    """Nóra scans the QR code and types what the app shows: (secret, her recovery codes)."""
    shown = nora.post("/users/me/second-factor", {"password": make.PASSWORD})
    assert shown["qr_svg"].startswith("<svg")
    assert shown["secret"] in shown["address"]
    assert "issuer=Graftlog%20Riverside%20Plastic%20Surgery" in shown["address"]
    codes = nora.call("PUT", "/users/me/second-factor", json={"code": app_shows(shown["secret"])}).get_json()["recovery_codes"]
    return shown["secret"], codes


def app_shows(secret: str, ahead: int = 0) -> str:
    """What an authenticator app with this secret shows, so many codes from now."""
    return pyotp.TOTP(secret).generate_otp(int(clock.now().timestamp()) // second_factor.STEP_S + ahead)


def door(clinic: make.Clinic, **more: str) -> dict[str, str]:
    """What Nóra types at the door."""
    return {"email": clinic.nurse.email, "password": make.PASSWORD, **more}


def test_nora_sets_up_an_app_and_is_asked_for_its_code(clinic: make.Clinic, anyone: Api, as_: Callable[[make.Person], Api]) -> None:
    secret, codes = enrolled(as_(clinic.nurse))
    assert len(set(codes)) == second_factor.RECOVERY_CODES
    assert anyone.post("/session", door(clinic), 401)["code"] == "code_required"
    assert anyone.post("/session", door(clinic, code="000 000"), 401)["code"] == "wrong_second_factor"
    opened = anyone.post("/session", door(clinic, code=app_shows(secret, 1)))
    assert opened["user"]["second_factor_since"] is not None


def test_a_code_is_taken_once_and_so_is_none_before_it(clinic: make.Clinic, anyone: Api, as_: Callable[[make.Person], Api]) -> None:
    secret, _ = enrolled(as_(clinic.nurse))
    later = app_shows(secret, 1)
    anyone.post("/session", door(clinic, code=later))
    for used in (later, app_shows(secret)):
        assert anyone.post("/session", door(clinic, code=used), 401)["code"] == "code_used"


def test_a_code_of_a_minute_ago_is_too_old(clinic: make.Clinic, anyone: Api, db: Database, as_: Callable[[make.Person], Api]) -> None:
    secret, _ = enrolled(as_(clinic.nurse))
    make.half_a_minute_later(db)
    assert anyone.post("/session", door(clinic, code=app_shows(secret, -2)), 401)["code"] == "wrong_second_factor"


def test_a_lost_phone_costs_one_recovery_code(clinic: make.Clinic, anyone: Api, as_: Callable[[make.Person], Api]) -> None:
    _, codes = enrolled(as_(clinic.nurse))
    sloppily = codes[3].lower().replace("-", " ")
    assert anyone.post("/session", door(clinic, code=sloppily))["user"]["recovery_codes_left"] == second_factor.RECOVERY_CODES - 1
    assert anyone.post("/session", door(clinic, code=codes[3]), 401)["code"] == "wrong_second_factor"
    anyone.post("/session", door(clinic, code=codes[4]))


def test_another_app_takes_a_proof_of_the_present_one(vera: Api) -> None:
    assert vera.post("/users/me/second-factor", {"password": make.PASSWORD}, 401)["code"] == "code_required"
    assert vera.post("/users/me/second-factor", make.proof() | {"password": "not her password"}, 401)["code"] == "wrong_credentials"
    vera.post("/users/me/second-factor", make.proof())


def test_a_secret_shown_does_not_count_before_its_code_was_typed(
    clinic: make.Clinic, anyone: Api, as_: Callable[[make.Person], Api]
) -> None:
    nora = as_(clinic.nurse)
    shown = nora.post("/users/me/second-factor", {"password": make.PASSWORD})
    anyone.post("/session", door(clinic))
    with clock.at(clock.now() + second_factor.PENDING_LASTS + timedelta(seconds=1)):
        late = nora.call("PUT", "/users/me/second-factor", json={"code": app_shows(shown["secret"])})
    assert late.status_code == 409


def test_setting_up_ends_the_other_sessions(clinic: make.Clinic, as_: Callable[[make.Person], Api]) -> None:
    elsewhere, here = as_(clinic.nurse), as_(clinic.nurse)
    enrolled(here)
    elsewhere.get("/session", 401)
    here.get("/session")


def test_no_secret_ever_reaches_the_journal(clinic: make.Clinic, db: Database, as_: Callable[[make.Person], Api]) -> None:
    secret, codes = enrolled(as_(clinic.nurse))
    bodies = "".join(row.body or "" for row in make.journal(db, clinic))
    assert not any(one in bodies for one in (secret, *codes))
    assert "enrol_second_factor" in [row.action for row in make.journal(db, clinic)]


@pytest.fixture
def bare_admin(clinic: make.Clinic, db: Database, as_: Callable[[make.Person], Api]) -> Api:
    """Ádám as he is on his first day: without a second factor."""
    with db.transaction(clinic.id) as session:
        second_factor.drop(session, session.get_one(User, (clinic.id, clinic.admin.user_id)))
    return as_(clinic.admin)


def test_an_administrator_manages_nothing_before_he_has_one(bare_admin: Api, clinic: make.Clinic) -> None:
    refused = bare_admin.post("/users", {"email": "n@clinic.example", "name": "Noémi", "roles": ["nurse"]}, 403)
    assert refused["code"] == "no_second_factor"
    assert bare_admin.get("/session")["permissions"] == ["signed_in"]
    enrolled(bare_admin)
    assert "manage" in bare_admin.get("/session")["permissions"]
    bare_admin.post(f"/users/{clinic.nurse.user_id}/reset-link", {})


# signing


def test_the_password_alone_signs_nothing(complete_case: Case) -> None:
    path = f"{complete_case.path}/signature"
    assert complete_case.tablet.post(path, {"password": make.PASSWORD}, 401)["code"] == "code_required"
    assert complete_case.tablet.post(path, {"password": make.PASSWORD, "code": "000000"}, 401)["code"] == "wrong_second_factor"
    assert complete_case.read()["state"] == ProcedureState.COMPLETED


def test_a_code_used_at_the_door_does_not_sign(complete_case: Case, clinic: make.Clinic, anyone: Api) -> None:
    anyone.post("/session", {"email": clinic.surgeon.email, **make.proof()})
    path = f"{complete_case.path}/signature"
    assert complete_case.tablet.post(path, make.proof(), 401)["code"] == "code_used"
    complete_case.tablet.post(path, make.proof(1))


def test_a_surgeon_without_one_is_told_where_to_get_it(complete_case: Case, clinic: make.Clinic, db: Database) -> None:
    with db.transaction(clinic.id) as session:
        second_factor.drop(session, session.get_one(User, (clinic.id, clinic.surgeon.user_id)))
    refused = complete_case.tablet.post(f"{complete_case.path}/signature", {"password": make.PASSWORD}, 403)
    assert refused["code"] == "no_second_factor"
    assert "authenticator" in refused["detail"]


def on_tablet(complete_case: Case, clinic: make.Clinic, db: Database) -> Case:
    """The same case in Vera's hands on a paired tablet, with her PIN."""
    make.pin(db, clinic.surgeon)
    theatre = make.tablet(db, clinic)
    token = make.token(db, replace(clinic.surgeon, device_id=theatre.device_id))
    return replace(complete_case, tablet=Api(complete_case.tablet.client, token))


def test_a_pin_signs_where_the_clinic_has_decided_so(
    complete_case: Case, clinic: make.Clinic, db: Database, as_: Callable[[make.Person], Api]
) -> None:
    mine, with_pin = on_tablet(complete_case, clinic, db), {"password": make.PASSWORD, "pin": make.PIN}
    assert mine.tablet.post(f"{mine.path}/signature", with_pin, 401)["code"] == "code_required"
    told = as_(clinic.admin).call("PUT", "/clinic/signing-policy", json={"signing_policy": "pin_or_code"})
    assert told.get_json()["signing_policy"] == "pin_or_code"
    assert complete_case.tablet.post(f"{mine.path}/signature", with_pin, 401)["code"] == "code_required", "at the desk a PIN is no factor"
    assert mine.tablet.post(f"{mine.path}/signature", with_pin | {"pin": "000111"}, 401)["code"] == "wrong_second_factor"
    mine.tablet.post(f"{mine.path}/signature", with_pin)
    assert "set_signing_policy" in [row.action for row in make.journal(db, clinic)]


@pytest.mark.parametrize("role", [Role.SURGEON, Role.NURSE])
def test_only_administrators_decide_the_policy(role: Role, clinic: make.Clinic, as_: Callable[[make.Person], Api]) -> None:
    assert as_(clinic.people[role]).call("PUT", "/clinic/signing-policy", json={"signing_policy": "pin_or_code"}).status_code == 403

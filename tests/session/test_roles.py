"""Who may do what, called for real: each role on a few routes."""

from collections.abc import Callable
from pathlib import Path

import pytest

from schemas.vocabulary import Role
from server.access import ROLE_PERMISSIONS, TABLET_PERMISSIONS
from server.ids import uuid7
from tests import make
from tests.api import Api

SOME_ID = uuid7()
ROUTES = {
    "see who I am": ("GET", "/session"),
    "see colleagues": ("GET", "/users"),
    "read patients": ("GET", "/patients"),
    "read procedures": ("GET", "/procedures"),
    "register a patient": ("POST", "/patients"),
    "plan a procedure": ("POST", "/procedures"),
    "record an entry": ("POST", f"/procedures/{SOME_ID}/entries"),
    "mark a visit": ("PATCH", f"/visits/{SOME_ID}"),
    "sign": ("POST", f"/procedures/{SOME_ID}/signature"),
    "withdraw": ("POST", f"/procedures/{SOME_ID}/withdrawal"),
}
MAY = {
    Role.SURGEON: set(ROUTES),
    Role.NURSE: set(ROUTES) - {"sign", "withdraw"},
    Role.COORDINATOR: {"see who I am", "see colleagues", "read patients", "read procedures", "register a patient", "mark a visit"},
    Role.RATER: {"see who I am"},
    Role.ADMIN: {"see who I am", "see colleagues"},
}


def test_the_readme_says_who_may_do_what() -> None:
    table = {str(role): permissions for role, permissions in ROLE_PERMISSIONS.items()} | {"a tablet by itself": TABLET_PERMISSIONS}
    lines = [f"| {name} | {', '.join(sorted(permissions))} |" for name, permissions in table.items()]
    assert "\n".join(lines) in (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("role", Role)
def test_each_role_may_do_its_work_and_no_more(role: Role, clinic: make.Clinic, as_: Callable[[make.Person], Api]) -> None:
    person = as_(clinic.people[role])
    may = {name for name, (method, path) in ROUTES.items() if person.call(method, path, json={}).status_code != 403}
    assert may == MAY[role]


def test_nobody_may_do_anything_unsigned(anyone: Api) -> None:
    answers = {anyone.call(method, path, json={}).status_code for method, path in ROUTES.values()}
    assert answers == {401}


def test_the_refusal_names_the_permission_and_ones_own_roles(clinic: make.Clinic, as_: Callable[[make.Person], Api]) -> None:
    detail = as_(clinic.admin).get("/patients", 403)["detail"]
    assert "read_record" in detail
    assert "admin" in detail

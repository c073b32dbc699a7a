"""Every route: who may call it, and what it leaves in the journal."""

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from flask import Response

from server.access import PUBLIC, Permission, public
from server.app import App, create_app
from server.config import Config
from server.db import Database
from server.journal.models import JournalHead
from tests import make
from tests.api import Api
from tests.house.calls import CALLS, UNJOURNALED, WRITING, api_rules, name_of, send

OPEN_TO_ALL = {"POST /session", "POST /devices/pairing", "POST /password-reset", "GET /catalogue", "GET /openapi.json"}


def test_every_route_names_its_permission(app: App) -> None:
    marks = {name_of(method, rule): getattr(app.view_functions[rule.endpoint], "__access__", PUBLIC) for method, rule in api_rules(app)}
    assert {name for name, mark in marks.items() if mark == PUBLIC} == OPEN_TO_ALL
    assert {str(mark) for mark in marks.values()} - {PUBLIC} <= set(Permission)


def unmarked() -> Callable[[], Response]:
    """A view that says nothing about who may call it."""

    def welcome() -> Response:
        return Response()

    return welcome


def test_a_route_without_a_mark_keeps_the_application_from_starting(config: Config, db: Database) -> None:
    app = create_app(config, db)
    app.add_url_rule("/forgotten", view_func=unmarked())
    with pytest.raises(RuntimeError, match="/forgotten"):
        app.check_marks()


def test_a_marked_route_does_not(config: Config, db: Database) -> None:
    app = create_app(config, db)
    app.add_url_rule("/welcome", view_func=public(unmarked()))
    app.check_marks()


def test_every_route_that_writes_has_a_row_in_the_table(app: App) -> None:
    assert {name_of(method, rule) for method, rule in api_rules(app) if method in WRITING} == set(CALLS)


def rows(db: Database, clinic: make.Clinic) -> int:
    """Rows in the clinic's journal."""
    with db.transaction(clinic.id, write=False) as session:
        return session.scalars(sa.select(JournalHead.seq).where(JournalHead.clinic_id == clinic.id)).one()


@pytest.mark.parametrize("name", CALLS)
def test_every_change_leaves_a_row_in_the_journal(name: str, vera: Api, clinic: make.Clinic, db: Database) -> None:
    method, path, body, version = CALLS[name](vera, clinic)
    before = rows(db, clinic)
    answer = send(vera, method, path, body, version)
    assert answer.status_code in {200, 201, 204}, answer.text
    assert (rows(db, clinic) > before) is (name not in UNJOURNALED)


@pytest.mark.parametrize("name", CALLS)
def test_a_route_that_writes_wants_a_token(name: str, vera: Api, anyone: Api, clinic: make.Clinic, db: Database) -> None:
    if name in OPEN_TO_ALL:
        return
    call = CALLS[name](vera, clinic)
    before = rows(db, clinic)
    assert send(anyone, *call).status_code == 401
    assert rows(db, clinic) == before

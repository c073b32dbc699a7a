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
from server.rates import LIMITS, Rate, rate_of
from tests import make
from tests.api import Api
from tests.house.calls import CALLS, UNJOURNALED, WRITING, api_rules, name_of, send

OPEN_TO_ALL = {"POST /session", "POST /devices/pairing", "POST /password-reset", "GET /catalogue", "GET /openapi.json"}
SECRETS = {
    "POST session.sign_in",
    "POST session.sign_in_with_pin",
    "PUT session.set_pin",
    "POST devices.pair",
    "POST accounts.use_link",
    "PUT accounts.change_password",
    "POST accounts.start_factor",
    "PUT accounts.confirm_factor",
    "POST web.set_new_password",
    "POST web.change_my_password",
    "POST web.start_factor",
    "POST web.confirm_factor",
    "POST signing.sign",
    "POST signing.add_addendum",
    "POST web.open_session",
    "POST web.set_my_pin",
    "POST web.sign",
    "POST web.add_addendum",
}


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


def test_every_route_has_a_rate_class(app: App) -> None:
    """Secrets are counted as at the door, whatever page asks for them; what a tablet does for its facts has a class of its own."""
    classes: dict[Rate, set[str]] = {rate: set() for rate in Rate}
    for rule in app.url_map.iter_rules():
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            view = app.view_functions[rule.endpoint]
            classes[rate_of(view, rule.endpoint, method)].add(f"{method} {rule.endpoint}")
    assert classes[Rate.SIGN_IN] == SECRETS
    assert {one.partition(" ")[2].partition(".")[0] for one in classes[Rate.SYNC]} == {"sync_pull", "sync_push", "witness"}
    files = {
        *("GET signing.get_note", "GET web.note_alone", "GET web.note_pdf", "GET logbook.own_logbook", "GET web.logbook_file"),
        *("GET fhir.everything_of_procedure", "GET fhir.everything_of_patient", "GET fhir.document"),
    }
    cohort = {"svg", "figure_csv", "whole_csv", "workbook", "for_the_statistician"}
    assert classes[Rate.EXPORT] == files | {f"GET web.cohort_{one}" for one in cohort}
    assert all(one.startswith("GET ") for one in classes[Rate.OPEN] | classes[Rate.PROBE] | classes[Rate.READ])
    assert set(LIMITS) == set(Rate)
    assert all(classes.values())


def test_a_public_route_that_changes_something_and_says_nothing_of_how_often_keeps_the_application_from_starting(
    config: Config, db: Database
) -> None:
    app = create_app(config, db)
    app.add_url_rule("/wishes", view_func=public(unmarked()), methods=["POST"])
    with pytest.raises(LookupError, match="no rate class"):
        app.check_marks()


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

"""The OpenAPI document is valid, and true: the API is called as the document says it may be, and as it says it may not."""

import os
import random
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
import sqlalchemy as sa
from openapi_spec_validator import OpenAPIV31SpecValidator
from schemathesis.engine import events, from_schema

from schemas.vocabulary import Role
from server.access import PUBLIC, Permission
from server.app import App
from server.clinics.credentials import CredentialTries
from server.clinics.models import WrongCode
from server.db import Database
from server.ids import uuid7
from tests import make
from tests.api import Api
from tests.house.calls import api_rules
from tests.house.fuzzing import Known, at_home, known, unexplained

FUZZ = os.environ.get("GRAFTLOG_FUZZ", "short")
"""`short`: ten drawn cases for each operation, always the same. `systematic`: also every limit and missing field, as in CI.
A number: so many cases, others each time, and the systematic ones."""

SEED = 2021

CHECKS = {
    # 412: the version drawn is not the stored one. 422: only for reasons that no document can express, see `refusals_are_foreseen`.
    "positive_data_acceptance": {"expected-statuses": ["2xx", "304", "404", "409", "412", "422"]},
    # 413: more rows than one push may hold.
    "negative_data_rejection": {"expected-statuses": ["400", "401", "403", "404", "405", "406", "409", "413", "415", "422", "428", "429"]},
    # 428 is the status for a missing If-Match (RFC 6585), which the tool does not know.
    "missing_required_header": {"expected-statuses": ["401", "422", "428"]},
    # Its second call passes an argument that the tool's own WSGI client refuses; the story about locks tells the same.
    "ignored_auth": {"enabled": False},
}
NOT_SYSTEMATIC = {"phases": {"coverage": {"enabled": False}}}
LONGEST = ("PUT /api/v1/follow-up/protocol", "POST /api/v1/procedures/{procedure_id}/entries")
"""Their thousands of systematic cases are left to the longest run: `test_bad_input` tries each field of each kind as well."""

REACHED = 0.8
"""Share of the operations that must have succeeded with a drawn case, or the fuzz has stayed outside the door. A drawn case meets nobody's
password and rarely the one state in which a procedure can be cancelled; `test_routes` makes each operation succeed for certain."""

DRAWN_CREDENTIALS = {"positive_data_acceptance": {"expected-statuses": ["200", "201", "204", "401", "403", "409", "422", "429"]}}
NEEDS_MORE_THAN_A_BODY = (
    "POST /api/v1/session",
    "POST /api/v1/devices/pairing",
    "POST /api/v1/devices/session",
    "GET /api/v1/devices/people",
    "PUT /api/v1/users/me/password",
    "POST /api/v1/users/me/second-factor",
    "PUT /api/v1/users/me/second-factor",
    "POST /api/v1/password-reset",
    "POST /api/v1/emergency-access",
)
"""A password, a code that is alive, or a tablet's own token."""


def test_the_document_is_valid_openapi(anyone: Api) -> None:
    document = anyone.get("/openapi.json")
    assert document["openapi"].startswith("3.1")
    OpenAPIV31SpecValidator(document).validate()


def test_the_document_says_what_is_locked_and_it_is(app: App, anyone: Api) -> None:
    paths = anyone.get("/openapi.json")["paths"]
    for method, rule in api_rules(app):
        path = rule.rule.replace("<uuid:", "{").replace("<", "{").replace(">", "}")
        needs = getattr(app.view_functions[rule.endpoint], "__access__", PUBLIC)
        if path in paths:
            told = paths[path][method.lower()]
            assert (told.get("security") == []) == (needs == PUBLIC)
            assert ("403" in told["responses"]) == (needs not in {PUBLIC, Permission.SIGNED_IN})
        if needs != PUBLIC:
            address = "/" + path.format(**dict.fromkeys(rule.arguments, str(uuid7())))
            for headers in ({}, {"Authorization": "Bearer invented"}):
                assert anyone.call(method, address, headers=headers).status_code == 401, path


@pytest.fixture(scope="module")
def here(app: App, db: Database) -> Known:
    """Riverside, with something in every state."""
    clinic = make.clinic(db)
    vera = make.also(db, clinic.surgeon, Role.ADMIN)
    return known(db, Api(app.test_client(), make.token(db, vera)), clinic)


@pytest.fixture
def described(app: App, db: Database, here: Known) -> Iterator[Any]:
    """The API as its document describes it, called by somebody who knows what exists here."""

    def before_call(_context: Any, case: Any, _kwargs: dict[str, Any]) -> None:
        at_home(case, here)
        app.rates.memory.reset()

    drawn_anew = FUZZ.isdigit()
    if not drawn_anew:
        random.seed(SEED)
    briefly = [] if drawn_anew else [{"include-name": name} | NOT_SYSTEMATIC for name in LONGEST]
    config = {
        **({} if drawn_anew else {"seed": SEED}),
        **(NOT_SYSTEMATIC if FUZZ == "short" else {}),
        "auth": {"openapi": {"token": {"bearer": here.token}}},
        "generation": {
            "max-examples": int(FUZZ) if drawn_anew else 10,
            "deterministic": not drawn_anew,
            "with-security-parameters": False,  # a drawn token is nobody's; tokens have their own story
        },
        "checks": CHECKS,
        "operations": [*({"include-name": name, "checks": DRAWN_CREDENTIALS} for name in NEEDS_MORE_THAN_A_BODY), *briefly],
    }
    schemathesis.hook(before_call)
    schemathesis.hook(filter_failure)
    schemathesis.check(refusals_are_foreseen)
    yield schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app, config=schemathesis.Config.from_dict(config))
    for hook in (before_call, filter_failure):
        schemathesis.hooks.unregister(hook)
    with db.transaction(everywhere=True) as session:  # else the next story is refused for the wrong codes that were drawn
        session.execute(sa.delete(WrongCode))
        session.execute(sa.delete(CredentialTries))


def filter_failure(_context: Any, failure: Any, _case: Any, _response: Any) -> bool:
    """0.7000000000000001 mm is no multiple of 0.001, and is what 0.1 × 7 gives in binary: it is taken for 0.7 on purpose."""
    return "Non-multiple of" not in failure.message


def refusals_are_foreseen(_context: Any, response: Any, case: Any) -> None:
    """What is valid by the document is refused only for reasons that no document can express."""
    if response.status_code == 422 and case.meta is not None and case.meta.generation.mode.is_positive:
        assert unexplained(response) == []


def verdict(schema: Any) -> tuple[str, set[str]]:
    """(all that the tool holds against the API, operations that it called with success at least once)."""
    found, reached = [], set()
    for event in from_schema(schema).execute():
        if isinstance(event, events.NonFatalError | events.FatalError) and "FailedHealthCheck" not in str(event):
            found.append(str(event))  # a health check says only that the tool found few valid bodies; `test_bad_input` has them all
        recorder: Any = getattr(event, "recorder", None)
        if recorder is None:
            continue
        for case_id, checks in recorder.checks.items():
            case, response = recorder.cases[case_id].value, recorder.interactions[case_id].response
            label = case.operation.label
            if response is not None and response.status_code < 300 and case.method == case.operation.method.upper():
                reached.add(label)
            failed = [check.failure_info for check in checks if check.failure_info]
            found += [f"{label}: {one.failure}\n{one.code_sample}\n{response and response.text}" for one in failed]
    return "\n\n".join(found), reached


@pytest.mark.timeout(400)  # it draws for every route; alone it takes a minute
def test_the_api_is_as_its_document_says(described: Any) -> None:
    schema = described.exclude(method="DELETE", path="/api/v1/session").exclude(path="/api/v1/sync/stream")  # which takes a minute to end
    found, reached = verdict(schema)
    assert found == ""
    within_reach = {one.ok().label for one in schema.get_all_operations()} - set(NEEDS_MORE_THAN_A_BODY)
    assert len(reached & within_reach) >= REACHED * len(within_reach), sorted(within_reach - reached)

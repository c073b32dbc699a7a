"""The OpenAPI document is valid, and true: the API is called as the document says it may be, and as it says it may not."""

import os
from typing import Any

import pytest
import schemathesis
from openapi_spec_validator import OpenAPIV31SpecValidator

from server.app import App, create_app
from server.config import from_environment
from server.db import Database
from tests import make
from tests.api import Api
from tests.house.fuzzing import Known, at_home, known, unexplained

EXAMPLES = os.environ.get("GRAFTLOG_FUZZ_EXAMPLES")
"""How many cases are drawn for each operation; by default few, and always the same."""

CONFIG = schemathesis.Config.from_dict(
    {
        "generation": {"max-examples": int(EXAMPLES or 10), "deterministic": EXAMPLES is None},
        "checks": {
            # 412: the version drawn is not the stored one. 422: only for reasons that no document can express, see below.
            "positive_data_acceptance": {"expected-statuses": ["2xx", "304", "404", "409", "412", "422"]},
            # 428 is the status for a missing If-Match (RFC 6585), which the tool does not know.
            "missing_required_header": {"expected-statuses": ["401", "422", "428"]},
        },
        "operations": [
            # Drawn credentials are nobody's.
            {
                "include-name": "POST /api/v1/session",
                "checks": {"positive_data_acceptance": {"expected-statuses": ["201", "401"]}},
            },
        ],
    }
)


class Door:
    """Leads to one application or another: the document is read before there is a database."""

    def __init__(self, app: App) -> None:
        """First to `app`."""
        self.app = app

    def __call__(self, environ: Any, start_response: Any) -> Any:
        """WSGI."""
        return self.app(environ, start_response)


DOOR = Door(create_app(from_environment({})))
api = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", DOOR, config=CONFIG)


def test_the_document_is_valid_openapi(anyone: Api) -> None:
    document = anyone.get("/openapi.json")
    assert document["openapi"].startswith("3.1")
    OpenAPIV31SpecValidator(document).validate()


@pytest.fixture(scope="module")
def here(app: App, db: Database) -> Known:
    """Riverside, with something in every state, behind the door."""
    DOOR.app = app
    clinic = make.clinic(db)
    return known(db, Api(app.test_client(), make.token(db, clinic.surgeon)), clinic)


def refusals_are_foreseen(_context: Any, response: Any, case: schemathesis.Case) -> None:
    """What is valid by the document is refused only for reasons that no document can express."""
    if response.status_code == 422 and case.meta is not None and case.meta.generation.mode.is_positive:
        assert unexplained(response) == []


@api.exclude(method="DELETE", path="/api/v1/session").parametrize()
def test_the_api_is_as_its_document_says(case: schemathesis.Case, here: Known) -> None:
    at_home(case, here)
    headers = {} if case.operation.label == "POST /api/v1/session" else {"Authorization": f"Bearer {here.token}"}
    case.call_and_validate(headers=headers, additional_checks=[refusals_are_foreseen])

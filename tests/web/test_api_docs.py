"""The API's documentation for people."""

from typing import Any

import pytest

from server.app import App
from tests.web.browser import Browser, Page, faults


@pytest.fixture(scope="module")
def page(app: App) -> Page:
    """Read without signing in."""
    return Page(app.test_client().get("/api/docs"))


def test_it_stumbles_nobody(page: Page) -> None:
    assert faults(page) == []


def test_every_call_is_there(page: Page, visitor: Browser) -> None:
    spec: dict[str, Any] = visitor.client.get("/api/v1/openapi.json").get_json()
    for path, item in spec["paths"].items():
        for method in item.keys() & {"get", "post", "put", "patch", "delete"}:
            assert f"{method.upper()} {path}" in page.text


def test_every_shape_that_is_named_is_explained(page: Page) -> None:
    assert "shape-ProcedureOut" in page.ids
    assert "shape-InjectionEntry" in page.ids


def test_fields_say_their_unit_limits_and_whether_they_are_needed(page: Page) -> None:
    injection = page.part("shape-InjectionEntry")
    assert "volume_ml required number 0.01 to 50 mL, steps of 0.001" in injection
    assert "One of intradermal , subdermal" in injection


def test_a_call_says_what_it_needs_and_answers(page: Page) -> None:
    assert "Needs a sign-in with the permission “sign”." in page.part("post-procedures-procedure_id-signature")
    assert "201 Created: SignatureOut" in page.part("post-procedures-procedure_id-signature")
    assert "Needs no sign-in." in page.part("post-session")

"""Pages about what went wrong: they say what to do next, and the API keeps its problems."""

import pytest

from server.app import App, create_app
from server.config import Config
from server.db import Database
from server.procedures.service import listing
from tests.web.browser import Browser, Page, faults


def test_an_unknown_address_is_a_page(visitor: Browser) -> None:
    page = visitor.open("/nowhere", 404)
    assert "There is nothing at this address" in page.text
    assert "look for the patient in the list of procedures" in page.text
    assert faults(page) == []


def test_the_api_keeps_problem_json(visitor: Browser) -> None:
    for path in ("/api/v1/nowhere", "/api/nowhere", "/api", "/api/v1/procedures"):
        assert visitor.client.get(path).mimetype == "application/problem+json", path


def test_a_method_that_an_address_does_not_take(visitor: Browser) -> None:
    answer = visitor.client.delete("/procedures")
    assert answer.status_code == 405
    assert "GET" in answer.headers["Allow"]
    assert Page(answer)


def test_too_much_at_once_is_a_page(visitor: Browser, app: App) -> None:
    answer = visitor.client.post("/sign-in", data={"email": "a" * (app.config["MAX_CONTENT_LENGTH"] + 1), "password": "x"})
    assert answer.status_code == 413
    assert "Send less text at once." in Page(answer).text


def test_too_much_at_once_from_somebody_signed_in(vera_at_desk: Browser, app: App) -> None:
    long = "a" * (app.config["MAX_CONTENT_LENGTH"] + 1)
    assert vera_at_desk.client.post("/sign-out", data={"csrf": long}).status_code == 413
    assert vera_at_desk.client.post("/sign-out", data={"csrf": long}, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 413


def test_a_crash_gives_the_time_and_no_details(vera_at_desk: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("secret of the house")

    monkeypatch.setattr(listing, "procedures", broken)
    page = vera_at_desk.open("/procedures", 500)
    assert "nothing was stored" in page.text
    assert "UTC" in page.text
    assert "secret" not in page.html


def test_without_its_database_it_asks_for_patience(config: Config, tmp_path_factory: pytest.TempPathFactory) -> None:
    nowhere = Database(f"sqlite:///{tmp_path_factory.mktemp('empty')}/missing/graftlog.db")
    client = create_app(config, nowhere).test_client()
    client.set_cookie("graftlog", "some token")
    answer = client.get("/procedures")
    nowhere.close()
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "2"
    assert "Wait a few seconds, then reload this page." in Page(answer).text


def test_signing_out_needs_the_forms_proof(vera_at_desk: Browser) -> None:
    assert vera_at_desk.client.post("/sign-out").status_code == 403
    assert vera_at_desk.open("/procedures").title == "Procedures · Graftlog"

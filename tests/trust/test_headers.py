"""What every answer carries, whatever the question: no script of anybody else's, no frame, no guess at types, nothing kept."""

import re
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

import pytest
from flask.testing import FlaskClient
from sqlalchemy.exc import OperationalError
from werkzeug.test import TestResponse

from server.app import App, create_app
from server.config import Config
from server.db import Database
from server.edge import HEADERS, HSTS
from server.patients import service as patients
from server.problems import Problem
from tests import make
from tests.api import Api
from tests.drill.processes import ROOT
from tests.photos.pictures import cheek
from tests.photos.tablet import sent
from tests.procedures import case as stages
from tests.web.browser import Browser, faults

ARGUMENT = re.compile(r"<(?:([a-z]+):)?([a-z_]+)>")
INLINE = re.compile(
    r"<style|\sstyle\s*=|<[a-z][^>]*\son[a-z]+\s*=\s*[\"']|javascript:|<script(?![^>]*\ssrc=)|<(?:iframe|object|embed|base)\b",
    re.IGNORECASE,
)
JINJA = re.compile(r"\{[%{#].*?[%}#]\}", re.DOTALL)


def address(rule: str, ids: dict[str, str]) -> str:
    """A rule with its arguments filled in: those of `ids`, else ids of nothing."""
    drawn = {"int": "1", "path": "nothing.css", "uuid": str(uuid.uuid4())}
    return ARGUMENT.sub(lambda found: ids.get(found[2]) or drawn.get(found[1] or "", "x"), rule)


def calls(app: App, ids: dict[str, str]) -> Iterator[tuple[str, str]]:
    """(method, address) of every route, HEAD and OPTIONS too, and one verb that it does not take."""
    for rule in app.url_map.iter_rules():
        methods = set(rule.methods or ())
        for method in sorted(methods | {"TRACE"}):
            yield method, address(rule.rule, ids)


def lacking(answer: TestResponse) -> list[str]:
    """Headers that an answer should have and has not; static files alone may be kept, and only under their version."""
    own = {"Cache-Control"} if answer.request.path.startswith(("/static/", "/sw.js", "/api/v1/openapi.json")) else set()
    return [name for name, value in HEADERS.items() if name not in own and answer.headers.get(name) != value]


def bare(client: FlaskClient, token: str | None, app: App, ids: dict[str, str]) -> list[str]:
    """Answers without their headers, over all routes."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    found = []
    for method, path in calls(app, ids):
        answer = client.open(path, method=method, headers=headers)
        if missing := lacking(answer):
            found.append(f"{method} {path} {answer.status_code}: {missing}")
        answer.close()
        app.rates.memory.reset()
    return found


def test_every_answer_to_anybody_has_them(app: App) -> None:
    assert bare(app.test_client(), None, app, {}) == []


def test_every_answer_to_a_surgeon_has_them(app: App, vera: Api, clinic: make.Clinic, db: Database) -> None:
    """Ids that exist where there are any, so that records, photos and live streams are among the answers."""
    case = stages.signed(vera, clinic)
    photo = sent(vera, case.patient_id, cheek())["id"]
    ids = {"patient_id": case.patient_id, "procedure_id": case.id, "scar_id": case.scar_ids[0], "photo_id": photo, "collection": "patients"}
    assert bare(app.test_client(), make.token(db, clinic.surgeon), app, ids) == []


def fails(error: BaseException) -> Callable[..., NoReturn]:
    """A service that fails so."""

    def act(*_: object, **__: object) -> NoReturn:
        raise error

    return act


REFUSALS: dict[int, BaseException] = {
    409: Problem("conflict"),
    413: Problem("too_large"),
    422: Problem("invalid"),
    428: Problem("if_match_required"),
    429: Problem("too_many_calls", retry_after_s=3),
    500: RuntimeError("on purpose"),
    503: OperationalError("SELECT", {}, Exception("gone")),
}


@pytest.mark.parametrize("status", REFUSALS)
def test_every_refusal_has_them(status: int, vera: Api, vera_at_desk: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patients, "find_patients", fails(REFUSALS[status]))
    monkeypatch.setattr("server.procedures.service.listing.procedures", fails(REFUSALS[status]))
    for answer in (vera.call("GET", "/patients"), vera_at_desk.client.get("/procedures")):
        assert (answer.status_code, lacking(answer)) == (status, [])


def test_what_is_not_there_has_them_too(vera: Api) -> None:
    for path in ("//nowhere", "//api/v1/nowhere", "//static/nothing", "//static/../config.py", "//v/x/y/z"):
        assert lacking(vera.call("GET", path)) == []
    cached = vera.call("GET", "/catalogue", headers={"If-None-Match": "*"})
    assert (cached.status_code, lacking(cached)) == (304, [])


def test_over_https_a_browser_is_told_to_stay_there(config: Config, db: Database, app: App) -> None:
    secure = create_app(replace(config, public_url="https://follow-up.clinic.example"), db)
    for path in ("/sign-in", "/api/v1/catalogue", "/nowhere", "/api/v1/patients"):
        assert secure.test_client().get(path).headers["Strict-Transport-Security"] == HSTS
        assert "Strict-Transport-Security" not in app.test_client().get(path).headers


def test_no_template_holds_script_or_style(app: App) -> None:
    """Mails apart: there a style sheet would be thrown away, and no policy of ours reaches."""
    templates = [*(ROOT / "server" / "web").rglob("*.html"), *(ROOT / "server" / "procedures").rglob("*.html")]
    assert len(templates) > 20
    assert [str(one) for one in templates if INLINE.search(JINJA.sub("", one.read_text()))] == []
    assert Path(app.root_path) == ROOT / "server"


def test_no_page_as_it_arrives_holds_script_or_style(app: App, vera: Api, clinic: make.Clinic, vera_at_desk: Browser) -> None:
    """Every address that a browser can open, with records behind it."""
    case = stages.signed(vera, clinic)
    reminder = vera.get("/reminders")["items"][0]["id"]
    words = {"purpose": "visit", "channel": "email", "language": "en"}
    ids = {"procedure_id": case.id, "reminder_id": reminder, "patient_id": case.patient_id} | words
    pages = 0
    for rule in app.url_map.iter_rules():
        if "GET" in (rule.methods or ()) and not rule.rule.startswith(("/api/v1", "/static")):
            answer = vera_at_desk.client.get(address(rule.rule, ids))
            if answer.mimetype == "text/html" and answer.status_code < 300:
                pages += 1
                assert not INLINE.search(answer.text), rule.rule
            answer.close()
    assert pages > 12


def test_a_name_cannot_become_script(vera: Api, clinic: make.Clinic, vera_at_desk: Browser, db: Database) -> None:
    """Wherever it is shown, and in whatever the page does with it."""
    script = "<script>alert(1)</script>"
    hers = make.patient(db, clinic, family_name=f'"><img src=x onerror=alert(1)>{script}', given_name="{{ 7*7 }}")
    procedure = make.procedure(db, clinic, patient_id=hers["id"])
    vera.get(f"/procedures/{procedure['id']}")
    for path in ("/procedures", f"/procedures/{procedure['id']}", "/procedures?q=%22%3E%3Cscript%3Ealert(1)%3C/script%3E"):
        page = vera_at_desk.open(path)
        assert script not in page.html
        assert not re.search(r"<img[^>]*onerror", page.html)
        assert faults(page) == []
    assert "{{ 7*7 }}" in vera_at_desk.open("/procedures").text

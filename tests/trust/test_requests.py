"""Requests that are wrong before anybody reads them: forms from elsewhere, too much, too deep, a verb nobody knows, a forged address."""

import json
import re
import socket
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from limits import RateLimitItemPerMinute

from server import rates
from server.app import App, create_app
from server.config import Config
from server.db import Database
from server.journal.models import JournalHead
from tests import make
from tests.api import PROBLEM, Api
from tests.drill.processes import free_port, listens, wait_until, web_process
from tests.web.browser import Browser

ARGUMENT = re.compile(r"<(?:([a-z]+):)?([a-z_]+)>")
EVIL = "https://evil.example"


def filled(rule: str) -> str:
    """A rule with ids of nothing."""
    return ARGUMENT.sub(lambda found: "1" if found[1] == "int" else str(uuid.uuid4()), rule)


def routes(app: App, *methods: str) -> list[tuple[str, str, str]]:
    """(method, rule, endpoint) of every route with one of these methods."""
    return [(one, rule.rule, rule.endpoint) for rule in app.url_map.iter_rules() for one in methods if one in (rule.methods or ())]


def forms(app: App) -> list[str]:
    """Addresses that the pages' forms are sent to, which a cookie opens."""
    return [filled(rule) for _, rule, endpoint in routes(app, "POST") if endpoint.startswith("web.")]


def head(db: Database, clinic: make.Clinic) -> int:
    with db.transaction(clinic.id, write=False) as session:
        return session.scalars(sa.select(JournalHead.seq).where(JournalHead.clinic_id == clinic.id)).one()


def test_a_form_on_another_site_is_refused_whatever_it_knows(app: App, vera_at_desk: Browser, clinic: make.Clinic, db: Database) -> None:
    """Even with the proof that only our page can know, at every address that takes a form."""
    proof = {"csrf": vera_at_desk.open("/procedures").forms["/sign-out"]["csrf"]}
    before, addresses = head(db, clinic), forms(app)
    assert len(addresses) > 20
    for path in addresses:
        for headers in ({"Origin": EVIL}, {"Origin": "https://localhost.evil.example"}, {"Origin": "null", "Sec-Fetch-Site": "cross-site"}):
            answer = vera_at_desk.client.post(path, data=proof, headers=headers)
            assert (path, answer.status_code) == (path, 403)
            assert "Access-Control-Allow-Origin" not in answer.headers
    assert head(db, clinic) == before
    assert vera_at_desk.open("/procedures").title == "Procedures · Graftlog"


def test_a_form_without_the_proof_is_refused(app: App, vera_at_desk: Browser, clinic: make.Clinic, db: Database) -> None:
    before = head(db, clinic)
    for path in forms(app):
        if path != "/sign-in":
            for sent in ({}, {"csrf": "0" * 64}):
                assert (path, vera_at_desk.client.post(path, data=sent).status_code) == (path, 403)
    assert head(db, clinic) == before


@pytest.mark.parametrize("origin", ["http://localhost", "null", "https://follow-up.clinic.example"])
def test_our_own_forms_pass_in_every_browser(origin: str, config: Config, db: Database, clinic: make.Clinic) -> None:
    """Pages without a referrer send `null`; behind a proxy the origin is the public address."""
    app = create_app(replace(config, public_url="https://follow-up.clinic.example"), db)
    sent = {"email": clinic.surgeon.email, **make.proof()}
    assert app.test_client().post("/sign-in", data=sent, headers={"Origin": origin}).status_code == 303


def test_no_answer_invites_another_origin(app: App, vera: Api) -> None:
    """There is no CORS here: the API is for tablets and programs, the pages for themselves."""
    for path in ("/patients", "/session", "/catalogue", "/uploads"):
        for method in ("OPTIONS", "GET"):
            answer = vera.call(method, path, headers={"Origin": EVIL, "Access-Control-Request-Method": "POST"})
            assert [name for name in answer.headers.keys() if name.casefold().startswith("access-control")] == []  # noqa: SIM118  reason: pairs
    assert app.test_client().get("/", headers={"Origin": EVIL}).status_code == 303


def test_reading_never_writes(app: App, vera: Api, vera_at_desk: Browser, clinic: make.Clinic, db: Database) -> None:
    before = head(db, clinic)
    for _, rule, endpoint in routes(app, "GET"):
        if endpoint != "sync_pull.follow":
            client = vera_at_desk.client if endpoint.startswith("web.") else vera.client
            client.get(filled(rule), headers={} if endpoint.startswith("web.") else {"Authorization": f"Bearer {vera.token}"}).close()
    assert head(db, clinic) == before


def test_too_large_a_body_is_refused_by_every_route_that_takes_one(app: App, vera: Api, vera_at_desk: Browser) -> None:
    """Also where nobody would have read it: it has to arrive all the same."""
    huge = b"x" * (app.config["MAX_CONTENT_LENGTH"] + 1)
    for method, rule, endpoint in routes(app, "POST", "PUT", "PATCH", "DELETE"):
        if endpoint.startswith("tus."):
            continue  # photos have a limit of their own
        client = vera_at_desk.client if endpoint.startswith("web.") else vera.client
        headers = {} if endpoint.startswith("web.") else {"Authorization": f"Bearer {vera.token}"}
        answer = client.open(filled(rule), method=method, data=huge, headers=headers, content_type="application/json")
        assert (rule, answer.status_code) == (rule, 413)
        app.rates.memory.reset()


def test_every_verb_that_a_route_does_not_take_is_405(app: App, vera: Api) -> None:
    declared: dict[str, set[str]] = {}
    for rule in app.url_map.iter_rules():
        declared.setdefault(ARGUMENT.sub("*", rule.rule), set()).update(rule.methods or ())
    for rule in app.url_map.iter_rules():
        for method in {"GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "CONNECT", "PROPFIND"} - declared[ARGUMENT.sub("*", rule.rule)]:
            answer = vera.client.open(filled(rule.rule), method=method, headers={"Authorization": f"Bearer {vera.token}"})
            assert (method, rule.rule, answer.status_code) in {(method, rule.rule, 405), (method, rule.rule, 404)}
            if answer.status_code == 404:  # a wider rule takes it, and there is nothing at this address
                assert rule.rule.startswith(("/v/", "/static/"))
            else:
                assert "Allow" in answer.headers


@pytest.mark.parametrize("depth", [34, 1_000, 100_000])
def test_json_nested_too_deep_is_a_422_that_says_so(depth: int, vera: Api) -> None:
    for body in ("[" * depth + "]" * depth, '{"a":' * depth + "1" + "}" * depth):
        answer = vera.call("POST", "/patients", data=body, content_type="application/json")
        assert (answer.status_code, answer.mimetype) == (422, PROBLEM)
        assert "nested deeper than 32 levels" in answer.get_json(force=True)["detail"]


def test_a_repeated_parameter_is_refused(vera: Api) -> None:
    assert vera.get("/patients?limit=1&limit=2", 422)["errors"][0]["pointer"] == "/limit"


@pytest.fixture
def one_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    """One guess of a password for each address."""
    monkeypatch.setitem(rates.LIMITS, rates.Rate.SIGN_IN, RateLimitItemPerMinute(1))


def guess(app: App, forwarded: str | None, address: str = "10.0.0.1") -> int:
    """Somebody tries a password; her address is what the proxies say, or what she says."""
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    sent = {"email": "vera@clinic.example", "password": "not this one either"}
    return app.test_client().post("/api/v1/session", json=sent, headers=headers, environ_base={"REMOTE_ADDR": address}).status_code


@pytest.mark.usefixtures("one_a_minute")
def test_an_address_that_the_client_names_is_not_believed(config: Config, db: Database) -> None:
    app = create_app(config, db)
    assert [guess(app, f"203.0.113.{number}") for number in range(3)] == [401, 429, 429]


@pytest.mark.usefixtures("one_a_minute")
def test_proxies_are_believed_as_far_as_they_are_counted(config: Config, db: Database) -> None:
    """The last entry is what our proxy saw; what stands before it is what the client said."""
    behind_one = create_app(replace(config, trusted_proxies=1), db)
    assert [guess(behind_one, "198.51.100.1"), guess(behind_one, "198.51.100.2")] == [401, 401]
    assert guess(behind_one, "192.0.2.99, 198.51.100.1") == 429
    behind_two = create_app(replace(config, trusted_proxies=2), db)
    assert [guess(behind_two, "198.51.100.1, 10.0.0.2"), guess(behind_two, "198.51.100.2, 10.0.0.2")] == [401, 401]
    assert guess(behind_two, "192.0.2.99, 198.51.100.1, 10.0.0.2") == 429


def test_behind_a_proxy_with_tls_the_cookie_is_for_https_only(config: Config, db: Database, clinic: make.Clinic) -> None:
    app = create_app(replace(config, trusted_proxies=1, public_url="https://follow-up.clinic.example"), db)
    sent = {"email": clinic.surgeon.email, **make.proof()}
    cookie = app.test_client().post("/sign-in", data=sent, headers={"X-Forwarded-Proto": "https"}).headers["Set-Cookie"]
    assert cookie.startswith("__Host-graftlog=")
    assert {"Secure", "HttpOnly", "SameSite=Strict", "Path=/"} <= set(cookie.split("; "))


def test_metrics_are_not_for_whoever_comes_through_a_proxy_on_this_machine(config: Config, db: Database) -> None:
    """All of them have the address of this machine."""
    assert create_app(config, db).test_client().get("/metrics").status_code == 200
    served = create_app(replace(config, public_url="https://follow-up.clinic.example"), db)
    assert served.test_client().get("/metrics").status_code == 404


@pytest.fixture
def port(db: Database, tmp_path: Path) -> Iterator[int]:
    """Of the web process as the Procfile starts it."""
    found = free_port()
    process = web_process(db.url, tmp_path, found)
    try:
        assert wait_until(lambda: listens(found), 60), process.said
        yield found
    finally:
        process.end()


def said(port: int, request: bytes) -> list[int]:
    """Statuses of all answers to these bytes, until the connection is closed."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(request)
        connection.shutdown(socket.SHUT_WR)
        answer = b""
        while piece := connection.recv(65536):
            answer += piece
    return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d{3})", answer)]


SMUGGLED = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
BODY = json.dumps({"email": "a@b.example", "password": "x" * 12}).encode()
HEAD = b"POST /api/v1/session HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"


@pytest.mark.parametrize(
    "request_bytes",
    [
        HEAD + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + SMUGGLED,
        HEAD + b"Content-Length: 5\r\nContent-Length: 0\r\n\r\n" + SMUGGLED,
        HEAD + b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n" + SMUGGLED,
        HEAD + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" + SMUGGLED,
        HEAD + b"Content-Length: +4\r\n\r\nabcd" + SMUGGLED,
        HEAD + b"Content-Length : 4\r\n\r\nabcd" + SMUGGLED,
        b"GET /healthz HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 10_000 + b"\r\n\r\n",
        b"GET /" + b"y" * 5_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    ],
    ids=["both-lengths", "two-lengths", "identity-last", "unknown-coding", "a-sign", "space-before-colon", "long-header", "long-address"],
)
def test_a_request_of_two_meanings_has_none(request_bytes: bytes, port: int) -> None:
    """Whoever stands before us might read it otherwise: it is refused, and what follows it on the connection is not read."""
    statuses = said(port, request_bytes)
    assert len(statuses) == 1
    assert 400 <= statuses[0] < 500 or statuses == [501]


def test_a_well_formed_request_gets_through(port: int) -> None:
    assert said(port, HEAD + b"Content-Length: %d\r\n\r\n%s" % (len(BODY), BODY) + SMUGGLED) == [401, 200]

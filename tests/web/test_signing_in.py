"""Signing in and out with a browser."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from schemas.vocabulary import Role
from server import clock
from server.app import App
from tests import make
from tests.web.browser import Browser, Page, faults


def test_signed_out_vera_is_asked_to_sign_in_and_comes_back_to_where_she_was_going(visitor: Browser, clinic: make.Clinic) -> None:
    page = visitor.open("/procedures?state=signed")
    assert page.title == "Sign in · Graftlog"
    answer = visitor.send(page, "/sign-in", email=clinic.surgeon.email, **make.proof())
    assert answer.location == "/procedures?state=signed"
    assert "Dr Vera Kovács" in visitor.open(answer.location).text


def test_the_sign_in_page_stumbles_nobody(visitor: Browser) -> None:
    assert faults(visitor.open("/sign-in")) == []


def test_a_wrong_password_keeps_the_address_and_says_why(visitor: Browser, clinic: make.Clinic) -> None:
    answer = visitor.send(visitor.open("/sign-in"), "/sign-in", 401, email=clinic.nurse.email, password="not her password")
    page = Page(answer)
    assert page.title.startswith("Error: ")
    assert "E-mail address or password is wrong" in page.text
    assert f'value="{clinic.nurse.email}"' in page.html
    assert "autofocus" in page.html
    assert "not her password" not in page.html
    assert "Set-Cookie" not in answer.headers
    assert faults(page) == []


def test_an_unknown_address_gets_the_same_page(visitor: Browser, clinic: make.Clinic) -> None:
    wrong = visitor.send(visitor.open("/sign-in"), "/sign-in", 401, email=clinic.nurse.email, password="not her password")
    stranger = make.stranger()
    unknown = visitor.send(visitor.open("/sign-in"), "/sign-in", 401, email=stranger, password="not her password")
    assert unknown.get_data(as_text=True).replace(stranger, clinic.nurse.email) == wrong.get_data(as_text=True)


def test_empty_fields_are_named_one_by_one(visitor: Browser) -> None:
    page = Page(visitor.send(visitor.open("/sign-in"), "/sign-in", 422))
    assert "Enter your e-mail address." in page.text
    assert "Enter your password." in page.text
    assert {"#email", "#password"} <= set(page.hrefs)
    assert faults(page) == []


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(visitor: Browser, clinic: make.Clinic) -> None:
    answer = visitor.send(visitor.open("/sign-in"), "/sign-in", email=clinic.surgeon.email, **make.proof())
    name, _, attributes = answer.headers["Set-Cookie"].partition("=")
    assert name == "graftlog"
    assert attributes.partition("; ")[2] == "HttpOnly; Path=/; SameSite=Strict"


def test_over_tls_the_cookie_is_bound_to_this_very_host(app: App, clinic: make.Clinic) -> None:
    client = app.test_client()
    answer = client.post("/sign-in", data={"email": clinic.surgeon.email, **make.proof()}, base_url="https://localhost")
    name, _, attributes = answer.headers["Set-Cookie"].partition("=")
    assert name == "__Host-graftlog"
    assert attributes.partition("; ")[2] == "Secure; HttpOnly; Path=/; SameSite=Strict"
    assert client.get("/procedures", base_url="https://localhost").status_code == 200


def test_over_tls_a_cookie_that_another_host_could_have_set_counts_for_nothing(app: App, clinic: make.Clinic) -> None:
    client = app.test_client()
    client.post("/sign-in", data={"email": clinic.surgeon.email, **make.proof()}, base_url="https://localhost")
    kept = client.get_cookie("__Host-graftlog")
    assert kept is not None
    client.delete_cookie("__Host-graftlog")
    client.set_cookie("graftlog", kept.value)
    assert client.get("/procedures", base_url="https://localhost").status_code == 303


@pytest.mark.parametrize(
    "elsewhere",
    [
        "//evil.example",
        "https://evil.example",
        "/\\evil.example",
        "/\t/evil.example",
        "\\\\evil.example",
        "javascript:alert(1)",
        "evil",
        "/%0d\n",
    ],
)
def test_signing_in_leads_to_no_other_site(visitor: Browser, clinic: make.Clinic, elsewhere: str) -> None:
    page = visitor.open("/sign-in")
    page.forms["/sign-in"]["next"] = elsewhere
    answer = visitor.send(page, "/sign-in", email=clinic.surgeon.email, **make.proof())
    assert answer.location == "/"


def test_whoever_is_signed_in_goes_on_at_once(vera_at_desk: Browser) -> None:
    assert vera_at_desk.client.get("/sign-in?next=/outbox").location == "/outbox"


def test_after_signing_out_the_cookie_is_gone_and_worthless(vera_at_desk: Browser) -> None:
    kept = vera_at_desk.client.get_cookie("graftlog")
    assert kept is not None
    answer = vera_at_desk.send(vera_at_desk.open("/procedures"), "/sign-out")
    assert vera_at_desk.client.get_cookie("graftlog") is None
    assert "You are signed out." in vera_at_desk.open(answer.location or "").text
    vera_at_desk.client.set_cookie("graftlog", kept.value)
    assert vera_at_desk.open("/procedures").title == "Sign in · Graftlog"


def test_an_old_cookie_does_not_keep_nora_from_signing_in(visitor: Browser, clinic: make.Clinic) -> None:
    visitor.client.set_cookie("graftlog", "a token of last week")
    visitor.sign_in(clinic.nurse)
    assert "Nóra Szabó" in visitor.open("/procedures").text


def test_a_session_left_alone_ends(vera_at_desk: Browser) -> None:
    with clock.at(clock.now() + timedelta(hours=2)):
        assert vera_at_desk.open("/procedures").title == "Sign in · Graftlog"


def test_the_start_page_is_the_list(vera_at_desk: Browser) -> None:
    assert vera_at_desk.open("/").title == "Procedures · Graftlog"


@pytest.mark.parametrize(("role", "says"), [("rater", "Raters judge photographs"), ("admin", "Administrators look after people")])
def test_who_reads_no_records_is_told_what_the_role_is_for(
    clinic: make.Clinic, at_desk: Callable[[make.Person], Browser], role: str, says: str
) -> None:
    browser = at_desk(clinic.people[Role(role)])
    page = browser.open("/procedures")
    assert says in page.text
    assert "/outbox" not in page.hrefs
    assert faults(page) == []
    refused = browser.open("/outbox", 403)
    assert says in refused.text

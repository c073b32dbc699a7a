"""Signing a procedure and adding to it, from its page."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from schemas.vocabulary import ProcedureState
from server import clock
from server.db import Database
from tests import make
from tests.api import Api
from tests.web.browser import Browser, Page, faults
from tests.web.case import completed


@pytest.fixture
def done(db: Database, clinic: make.Clinic) -> dict[str, Any]:
    """A completed procedure, ready to be signed."""
    return completed(db, clinic)


@pytest.fixture
def address(done: dict[str, Any]) -> str:
    """Its page."""
    return f"/procedures/{done['id']}"


def test_vera_signs_what_she_read(vera_at_desk: Browser, address: str) -> None:
    page = vera_at_desk.open(address)
    answer = vera_at_desk.send(page, f"{address}/sign", **make.proof(), meaning="author")
    assert answer.location == f"{address}#signature"
    signed = vera_at_desk.open(address)
    assert "Dr Vera Kovács Author, " in signed.part("signature")
    assert "Verified just now: the record is as it was signed." in signed.part("signature")
    assert f"{address}/sign" not in signed.forms
    assert faults(signed) == []
    assert "Signed" in vera_at_desk.open("/procedures").text


def test_the_meaning_is_what_she_chose(vera_at_desk: Browser, address: str) -> None:
    vera_at_desk.send(vera_at_desk.open(address), f"{address}/sign", **make.proof(), meaning="verified")
    assert "Verified, " in vera_at_desk.open(address).part("signature")


def test_a_wrong_password_signs_nothing_and_says_where_to_correct_it(vera_at_desk: Browser, address: str) -> None:
    answer = vera_at_desk.send(vera_at_desk.open(address), f"{address}/sign", 401, password="not her password", meaning="verified")
    page = Page(answer)
    assert page.title.startswith("Error: ")
    assert "Signing asks for your own password again." in page.text
    assert "#password" in page.hrefs
    assert 'value="verified" checked' in page.html
    assert "WWW-Authenticate" not in answer.headers
    assert faults(page) == []
    assert "Draft, not signed" in vera_at_desk.open(address).text


def test_without_a_password_the_form_asks_for_it(vera_at_desk: Browser, address: str) -> None:
    page = Page(vera_at_desk.send(vera_at_desk.open(address), f"{address}/sign", 422))
    assert "Enter your password." in page.text


def test_what_was_recorded_since_is_shown_before_it_is_signed(
    vera_at_desk: Browser, address: str, db: Database, clinic: make.Clinic, done: dict[str, Any]
) -> None:
    page = vera_at_desk.open(address)
    make.record(db, clinic, done["id"], make.entry("note", text="The patient felt dizzy."))
    again = Page(vera_at_desk.send(page, f"{address}/sign", 412, **make.proof()))
    assert "Something was recorded since you opened this page." in again.text
    assert "The patient felt dizzy." in again.part("entries")
    vera_at_desk.send(again, f"{address}/sign", **make.proof())


def test_a_form_without_its_proof_signs_nothing(vera_at_desk: Browser, address: str) -> None:
    page = vera_at_desk.open(address)
    del page.forms[f"{address}/sign"]["csrf"]
    refused = Page(vera_at_desk.send(page, f"{address}/sign", 403, **make.proof()))
    assert "Nothing was stored." in refused.text
    assert "Draft, not signed" in vera_at_desk.open(address).text


def test_the_proof_of_another_session_signs_nothing(
    vera_at_desk: Browser, at_desk: Callable[[make.Person], Browser], clinic: make.Clinic, address: str
) -> None:
    page = vera_at_desk.open(address)
    page.forms[f"{address}/sign"]["csrf"] = at_desk(clinic.surgeon).open("/procedures").forms["/sign-out"]["csrf"]
    vera_at_desk.send(page, f"{address}/sign", 403, **make.proof())


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_a_form_that_another_site_sent_signs_nothing(vera_at_desk: Browser, address: str, site: str) -> None:
    fields = vera_at_desk.open(address).forms[f"{address}/sign"] | make.proof()
    assert vera_at_desk.client.post(f"{address}/sign", data=fields, headers={"Sec-Fetch-Site": site}).status_code == 403


def test_the_cookie_reads_the_api_and_changes_nothing_there(vera_at_desk: Browser, done: dict[str, Any]) -> None:
    signature = f"/api/v1/procedures/{done['id']}/signature"
    assert vera_at_desk.client.get(f"/api/v1/procedures/{done['id']}").status_code == 200
    refused = vera_at_desk.client.post(signature, json=make.proof())
    assert refused.status_code == 401
    assert refused.mimetype == "application/problem+json"
    csrf = vera_at_desk.open("/procedures").forms["/sign-out"]["csrf"]
    assert vera_at_desk.client.post(signature, data={"password": make.PASSWORD, "csrf": csrf}).status_code == 401


def test_nora_cannot_sign_even_with_the_right_form(at_desk: Callable[[make.Person], Browser], clinic: make.Clinic, address: str) -> None:
    nora = at_desk(clinic.nurse)
    csrf = nora.open(address).forms["/sign-out"]["csrf"]
    refused = nora.client.post(f"{address}/sign", data={"csrf": csrf, **make.proof()})
    assert refused.status_code == 403
    assert "Signing is for surgeons." in Page(refused).text


def test_what_would_make_the_note_false_is_listed_instead_of_a_form(vera_at_desk: Browser, db: Database, clinic: make.Clinic) -> None:
    empty = make.procedure(db, clinic, state=ProcedureState.COMPLETED)
    page = vera_at_desk.open(f"/procedures/{empty['id']}")
    assert "No injection is recorded." in page.part("sign")
    assert f"/procedures/{empty['id']}/sign" not in page.forms


def test_hillside_cannot_sign_for_riverside(
    at_desk: Callable[[make.Person], Browser], other_clinic: make.Clinic, address: str, vera_at_desk: Browser
) -> None:
    theirs = at_desk(other_clinic.surgeon)
    fields = vera_at_desk.open(address).forms[f"{address}/sign"] | theirs.open("/procedures").forms["/sign-out"]
    assert theirs.client.post(f"{address}/sign", data=fields | make.proof()).status_code == 404
    assert "Draft, not signed" in vera_at_desk.open(address).text


def test_vera_adds_to_what_is_signed(vera_at_desk: Browser, vera: Api, address: str) -> None:
    vera.post(f"{address}/signature", make.proof())
    page = vera_at_desk.open(address)
    vera_at_desk.send(page, f"{address}/addenda", text="Phoned on day 3:\r\nno pain.", **make.proof(1))
    assert "Phoned on day 3: no pain. Dr Vera Kovács" in vera_at_desk.open(address).part("addenda")
    assert vera.get(f"{address}/addenda")["items"][0]["text"] == "Phoned on day 3:\nno pain."


def test_an_addendum_sent_twice_is_added_once(vera_at_desk: Browser, vera: Api, address: str) -> None:
    vera.post(f"{address}/signature", make.proof())
    page = vera_at_desk.open(address)
    for _ in range(2):
        vera_at_desk.send(page, f"{address}/addenda", text="No pain.", **make.proof(1))
    assert len(vera.get(f"{address}/addenda")["items"]) == 1


def test_a_refused_addendum_keeps_what_was_written(vera_at_desk: Browser, vera: Api, address: str) -> None:
    vera.post(f"{address}/signature", make.proof())
    page = vera_at_desk.open(address)
    again = Page(vera_at_desk.send(page, f"{address}/addenda", 401, text="No pain on day 3.", password="not her password"))
    assert ">No pain on day 3.</textarea>" in again.html
    assert again.forms[f"{address}/addenda"] == page.forms[f"{address}/addenda"]
    assert vera.get(f"{address}/addenda")["items"] == []


def test_a_session_that_ended_meanwhile_gives_the_text_back(vera_at_desk: Browser, vera: Api, address: str) -> None:
    vera.post(f"{address}/signature", make.proof())
    page = vera_at_desk.open(address)
    with clock.at(clock.now() + timedelta(hours=2)):
        lost = Page(vera_at_desk.send(page, f"{address}/addenda", 401, text="No pain <b>today</b>.", **make.proof(1)))
    assert "What you wrote was not stored." in lost.text
    assert "&lt;b&gt;today&lt;/b&gt;" in lost.html
    assert f"/sign-in?next={address}" in lost.hrefs


def test_a_session_that_ended_before_signing_leads_back_to_the_page(vera_at_desk: Browser, address: str) -> None:
    page = vera_at_desk.open(address)
    with clock.at(clock.now() + timedelta(hours=2)):
        answer = vera_at_desk.send(page, f"{address}/sign", **make.proof())
    assert answer.location == f"/sign-in?next={address}"

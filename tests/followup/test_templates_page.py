"""The page of the messages: what is sent in each language, and the form for the clinic's own texts."""

import html
import re
from collections.abc import Callable

import pytest
import sqlalchemy as sa

from server.app import App
from server.db import Database
from server.followup.models import MessageTemplate
from tests import make
from tests.web.browser import Browser, Page, faults

PATH = "/follow-up/messages/near/sms/en"
WORDS = "{{ clinic }}: Hi {{ given_name }}, {{ link }} STOP ends this."


@pytest.fixture
def at_desk(app: App) -> Callable[[make.Person], Browser]:
    """A browser in which a person has signed in."""
    return lambda person: Browser(app.test_client()).sign_in(person)


@pytest.fixture
def vera(clinic: make.Clinic, at_desk: Callable[[make.Person], Browser]) -> Browser:
    """Dr Vera Kovács at her desk."""
    return at_desk(clinic.surgeon)


def save(browser: Browser, page: Page, words: str, expect: int = 303, path: str = PATH, **fields: str) -> Page:
    """Send the form to be stored; the page that follows."""
    answer = browser.send(page, path, expect, body=words, do="save", **fields)
    return browser.open(answer.headers["Location"]) if expect == 303 else Page(answer)


def stored(db: Database, clinic: make.Clinic) -> list[tuple[str, bool]]:
    """(text, whether it is in use) of the clinic's rows."""
    with db.transaction(clinic.id, write=False) as session:
        return [(row.body, row.active) for row in session.scalars(sa.select(MessageTemplate))]


def test_the_texts_are_one_step_from_the_protocol_and_back(vera: Browser) -> None:
    assert "/follow-up/messages" in vera.open("/follow-up/protocol").hrefs
    assert "Back to the protocol" in vera.open("/follow-up/messages").text


def test_the_list_shows_every_message_of_a_language_and_whose_text_it_has(vera: Browser) -> None:
    page = vera.open("/follow-up/messages")
    assert "Reminds of the visit E-mail Built-in text" in page.text
    assert "Hungarian" in page.text
    assert faults(page) == []
    save(vera, vera.open(PATH), WORDS)
    assert "Reminds of the visit Text message Own text" in vera.open("/follow-up/messages").text
    german = vera.open("/follow-up/messages?language=de")
    assert "Language de" in german.text
    assert "No text, English is sent" in german.text


@pytest.mark.parametrize("language", ["en", "hu", "es", "de"])
@pytest.mark.parametrize("kind", ["near/email", "near/sms", "check_in/email", "book/sms"])
def test_each_message_is_shown_as_a_patient_gets_it(vera: Browser, kind: str, language: str) -> None:
    page = vera.open(f"/follow-up/messages/{kind}/{language}")
    assert faults(page) == []
    assert "Anna" in page.part("preview")
    assert "{{ given_name }}" in page.text
    assert ("When a time is agreed on" in page.text) is kind.startswith("near")


def test_a_preview_shows_what_was_typed_and_stores_nothing(vera: Browser, clinic: make.Clinic, db: Database) -> None:
    page = Page(vera.send(vera.open(PATH), PATH, 200, body="{{ clinic }}: időpont! {{ link }} STOP", do="preview"))
    assert "Preview of what you typed, not saved" in page.text
    assert "Riverside Plastic Surgery: időpont! http" in page.text
    assert "UCS-2" in page.text
    assert "from 153 to 67: ő" in page.text
    assert faults(page) == []
    assert stored(db, clinic) == []


def test_an_own_text_is_saved_and_taken_back(vera: Browser, clinic: make.Clinic, db: Database) -> None:
    page = save(vera, vera.open(PATH), WORDS)
    assert "Own text" in page.text
    assert "Riverside Plastic Surgery: Hi Anna, http" in page.part("preview")
    page = save(vera, page, WORDS.replace("Hi", "Hello"))
    vera.send(page, f"{PATH}/built-in")
    assert stored(db, clinic) == [(WORDS.replace("Hi", "Hello"), False)]
    again = vera.open(PATH)
    assert "Built-in text" in again.text
    save(vera, again, WORDS)
    assert stored(db, clinic) == [(WORDS, True)]


def test_a_mistake_is_shown_at_its_field_with_what_was_typed(vera: Browser, clinic: make.Clinic, db: Database) -> None:
    path = "/follow-up/messages/near/email/en"
    page = save(vera, vera.open(path), "Dear {{ nickname }}", 422, path, subject="Hello <b>")
    assert "There is a problem" in page.text
    assert "there is no variable 'nickname'" in page.text
    assert typed(page) == "Dear {{ nickname }}"
    assert 'value="Hello &lt;b&gt;"' in page.html
    assert faults(page) == []
    empty = save(vera, vera.open(path), "  ", 422, path, subject="Hello")
    assert "Write the message." in empty.text
    assert stored(db, clinic) == []


def typed(page: Page) -> str:
    """What stands in the text area."""
    found = re.search("<textarea[^>]*>\n(.*?)</textarea>", page.html, re.DOTALL)
    assert found is not None
    return html.unescape(found[1])


def test_line_breaks_come_back_as_they_were_typed(vera: Browser) -> None:
    path = "/follow-up/messages/near/email/en"
    page = save(vera, vera.open(path), "Dear {{ given_name }},\r\n\r\n{{ link }}", path=path, subject="Hello")
    assert typed(page) == "Dear {{ given_name }},\n\n{{ link }}"


def test_who_comes_second_sees_what_the_first_has_saved(
    vera: Browser, clinic: make.Clinic, db: Database, at_desk: Callable[[make.Person], Browser]
) -> None:
    mine = vera.open(PATH)
    adam = at_desk(clinic.admin)
    save(adam, adam.open(PATH), WORDS)
    refused = save(vera, mine, WORDS.replace("Hi", "Hello"), 412)
    assert "Somebody else has changed this text" in refused.text
    assert "Hi Anna" in refused.part("preview")
    assert typed(refused).startswith("{{ clinic }}: Hello")
    save(vera, refused, WORDS.replace("Hi", "Hello"))
    assert stored(db, clinic) == [(WORDS.replace("Hi", "Hello"), True)]


def test_who_may_not_set_up_reads_only(clinic: make.Clinic, db: Database, at_desk: Callable[[make.Person], Browser], vera: Browser) -> None:
    csaba = at_desk(clinic.coordinator)
    page = csaba.open(PATH)
    assert PATH not in page.forms
    assert "Anna" in page.part("preview")
    form = dict(vera.open(PATH).forms[PATH]) | {"body": WORDS, "do": "save", "csrf": csaba.open("/procedures").forms["/sign-out"]["csrf"]}
    assert csaba.client.post(PATH, data=form).status_code == 403
    assert stored(db, clinic) == []


def test_a_form_from_elsewhere_changes_nothing(vera: Browser, clinic: make.Clinic, db: Database) -> None:
    assert vera.client.post(PATH, data={"body": WORDS, "do": "save", "seen": ""}).status_code == 403
    assert stored(db, clinic) == []


def test_what_is_no_message_is_not_found(vera: Browser) -> None:
    for path in ("x/email/en", "digest/email/en", "near/push/en", "near/email/english"):
        vera.open(f"/follow-up/messages/{path}", 404)
    assert "Not in the form expected" in vera.open("/follow-up/messages?language=x", 422).text

"""A link that has ended: the same warm page, and a new link to the contact on file and to nobody else."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from schemas.vocabulary import Channel, VisitState
from server import clock
from server.app import App, create_app
from server.config import Config
from server.db import Database
from server.followup.engine.pump import run_due
from server.followup.service.contact import stop_address
from tests import make
from tests.followup.mailbox import Mailbox, open_mailbox
from tests.web.browser import Browser, faults
from tests.web.link_case import IN_MAY, THE_2ND_OF_JUNE, Anna, anna

pytestmark = pytest.mark.usefixtures("in_may")


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    """A mail server of this story's own."""
    with open_mailbox() as running:
        yield running


@pytest.fixture
def mailing(config: Config, mailbox: Mailbox, tmp_path: Path) -> Config:
    """Settings that send to `mailbox`."""
    return replace(config, data=tmp_path, smtp_url=mailbox.url, mail_from="Graftlog <follow-up@clinic.example>")


@pytest.fixture
def linked(mailing: Config, db: Database) -> App:
    """The application with the patient's page."""
    return create_app(mailing, db)


@pytest.fixture
def ended(linked: App, clinic: make.Clinic) -> Anna:
    """Anna, whose link was replaced by a newer one."""
    story = anna(linked, clinic)
    story.revoke()
    return story


def links_in(mailbox: Mailbox) -> list[str]:
    """Paths of the links in the messages that arrived, oldest first."""
    bodies = [part.get_content() for mail in mailbox.mails for part in mail.walk() if part.get_content_type() == "text/plain"]
    return [word.partition("/v/")[2].split()[0] for word in bodies if "/v/" in word]


def test_an_ended_link_says_so_and_offers_a_new_one(ended: Anna) -> None:
    page = ended.open(expect=410)
    assert "This link has ended" in page.text
    assert "It goes to the contact that we have on file." in page.text
    assert "tel:+3615550100" in page.hrefs
    assert faults(page) == []
    for private in ("Anna", "anna@example.org", "3-month"):
        assert private not in page.text


def test_it_does_nothing_else(ended: Anna) -> None:
    head = ended.head()
    for part in ("come", "call-me", "cannot-come", "another-time", "start-again"):
        assert ended.phone.client.post(f"{ended.path}/{part}", data={"when": "any"}).status_code == 410
    assert ended.head() == head


def test_a_new_link_goes_to_the_contact_on_file(ended: Anna, mailbox: Mailbox) -> None:
    page = ended.open(expect=410)
    after = ended.send(page, "/new-link", email="thief@example.org", phone="+36 30 999 9999")
    assert "A new link is on its way" in after.text
    assert "anna@" not in after.text
    run_due(ended.db, ended.config, clinic_id=ended.clinic.id)
    assert [mail["To"] for mail in mailbox.mails] == ["Anna Petrauskienė <anna@example.org>"]
    fresh = links_in(mailbox)[0]
    assert fresh not in ended.path
    page = Browser(ended.phone.client).open(f"/v/{fresh}")
    assert "Hello Anna." in page.text
    assert "This link has ended" not in page.text


def test_a_link_whose_time_is_over_is_replaced_by_one_that_lasts_a_week(linked: App, clinic: make.Clinic, mailbox: Mailbox) -> None:
    story = anna(linked, clinic)
    with clock.at(IN_MAY + timedelta(days=60)):
        story.send(story.open(expect=410), "/new-link")
        run_due(story.db, story.config, clinic_id=clinic.id)
        fresh = links_in(mailbox)[0]
    with clock.at(IN_MAY + timedelta(days=66)):
        assert "still worth coming" in story.phone.open(f"/v/{fresh}").text
    with clock.at(IN_MAY + timedelta(days=68)):
        story.phone.open(f"/v/{fresh}", 410)


def test_at_most_one_in_ten_minutes(ended: Anna) -> None:
    page = ended.open(expect=410)
    for _ in range(3):
        assert "A new link is on its way" in ended.send(page, "/new-link").text
    assert len(ended.messages("link")) == 1
    with clock.at(IN_MAY + timedelta(minutes=11)):
        ended.send(ended.open(expect=410), "/new-link")
    assert len(ended.messages("link")) == 2


def test_a_link_that_is_alive_asks_for_no_other(linked: App, clinic: make.Clinic) -> None:
    story = anna(linked, clinic)
    head = story.head()
    assert story.phone.client.post(f"{story.path}/new-link").status_code == 303
    assert story.head() == head


@pytest.mark.parametrize("patient", [{"email": None}, {"reminder_consent": False}])
def test_where_nothing_may_be_sent_she_is_asked_to_call(linked: App, clinic: make.Clinic, patient: dict[str, Any]) -> None:
    story = anna(linked, clinic, **patient)
    story.revoke()
    page = story.open(expect=410)
    assert "Please call us." in page.text
    assert f"{story.path}/new-link" not in page.forms
    answer = story.phone.client.post(f"{story.path}/new-link")
    assert answer.status_code == 409
    assert story.messages("link") == []


def test_an_address_that_said_stop_gets_no_link_either(linked: App, clinic: make.Clinic, db: Database) -> None:
    story = anna(linked, clinic, email="stopped@example.org")
    with db.transaction(everywhere=True) as session:
        stop_address(session, Channel.EMAIL, "stopped@example.org", "mail")
    story.revoke()
    assert story.phone.client.post(f"{story.path}/new-link").status_code == 409


def test_a_settled_visit_needs_no_new_link(ended: Anna) -> None:
    ended.mark(VisitState.ATTENDED)
    page = ended.open(expect=410)
    assert f"{ended.path}/new-link" not in page.forms


def test_stopping_wins_over_a_message_that_is_already_due(linked: App, clinic: make.Clinic, mailbox: Mailbox) -> None:
    story = anna(linked, clinic, booked_for=THE_2ND_OF_JUNE)
    with clock.at(THE_2ND_OF_JUNE - timedelta(days=3) + timedelta(minutes=1)):
        assert [one for one in story.messages() if one.state == "pending" and one.due_at <= clock.now()]
        assert story.phone.client.post(f"{story.path}/stop", data={"List-Unsubscribe": "One-Click"}).status_code == 200
        run_due(story.db, story.config, clinic_id=clinic.id)
    assert mailbox.mails == []


def test_a_colleague_makes_a_new_link_and_the_old_one_ends(linked: App, clinic: make.Clinic) -> None:
    story = anna(linked, clinic)
    token = make.token(story.db, clinic.coordinator)
    made = story.phone.client.post(
        f"/api/v1/visits/{story.visit_id}/link", json={"send": False}, headers={"Authorization": f"Bearer {token}"}
    ).get_json()
    story.open(expect=410)
    assert "Hello Anna." in story.phone.open(made["address"].removeprefix(story.config.public_url)).text
    assert made["sent_by"] is None
    assert story.messages("link") == []

"""What the mail of an alert says is true of where it came from: a check-in, a questionnaire, an assessment, the patient's own page."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from schemas.red_flags import RedFlag
from server import clock
from server.app import App
from server.config import Config
from server.db import Database
from server.followup.engine import pump
from server.followup.service.alarms import CHECK_IN, FLAG_SAID, FLAG_SEEN, LINK, QUESTIONNAIRE, News
from server.ids import uuid7
from tests import make
from tests.api import Api
from tests.followup.mailbox import Mailbox
from tests.followup.story import text_of
from tests.followup.test_red_flags import Night
from tests.outcomes.result import finding, look
from tests.web.browser import Browser
from tests.web.link_case import IN_MAY, anna

LATER = datetime(2026, 6, 2, 9, 0, tzinfo=UTC)
"""When Anna comes to the visit after three months."""


@pytest.fixture
def night(db: Database, clinic: make.Clinic, mailing: Config, as_: Callable[[make.Person], Api]) -> Night:
    """After Anna's procedure."""
    return Night(db, clinic, mailing, as_)


def worse(night: Night) -> None:
    """Anna says so by telephone at her check-in."""
    night.call(f"/visits/{night.visit('d7')}/answers", {"id": str(uuid7()), "question": "worse", "answer": "yes"}, at=LATER)


def pain(night: Night) -> None:
    """Nóra takes Anna's answers down."""
    night.call(f"/visits/{night.visit('3m')}/responses", {"instrument": "pain", "answers": {"pain": 9}}, at=LATER)


def seen(night: Night) -> None:
    """Nóra looks at Anna."""
    night.call(f"/visits/{night.visit('3m')}/assessment", look(LATER.date().isoformat(), finding("vision_change")), at=LATER)


def seen_without_a_visit(night: Night) -> None:
    """Anna has come by herself."""
    night.call(f"/procedures/{night.procedure['id']}/assessments", look(LATER.date().isoformat(), finding("neuro_deficit")), at=LATER)


def flagged(night: Night) -> None:
    """Anna calls."""
    night.report(RedFlag.VISION, at=LATER)


@pytest.mark.parametrize(
    ("happens", "news", "kind", "of_the_procedure"),
    [
        (worse, CHECK_IN, "concerning_answer", True),
        (pain, QUESTIONNAIRE, "concerning_answer", True),
        (seen, FLAG_SEEN, "red_flag", True),
        (seen_without_a_visit, FLAG_SEEN, "red_flag", True),
        (flagged, FLAG_SAID, "red_flag", False),
    ],
)
def test_each_origin_has_words_of_its_own_and_its_section_counts_it(
    happens: Callable[[Night], Any], news: News, kind: str, of_the_procedure: bool, night: Night, mailbox: Mailbox
) -> None:
    happens(night)
    night.send(LATER)
    urgent = [mail for mail in mailbox.mails if str(mail["Subject"]) == news.title]
    assert urgent
    assert all(news.text in text_of(mail) for mail in urgent)
    (alert,) = night.alerts()
    assert (alert.kind, str(alert.procedure_id)) == (kind, night.procedure["id"] if of_the_procedure else "None")
    with clock.at(LATER):
        listed = night.as_(night.clinic.coordinator).get("/follow-up/work-list")["items"]
    assert [one["kind"] for one in listed if one["alert"]] == [{"red_flag": "red_flag", "concerning_answer": "concerning"}[kind]]


def test_what_anna_ticks_on_her_page_before_a_visit_is_no_check_in(
    app: App, clinic: make.Clinic, mailing: Config, mailbox: Mailbox
) -> None:
    with clock.at(IN_MAY):
        anna(app, clinic).report(worse="yes")
        pump.run_due(app.db, mailing, clinic_id=clinic.id)
    told = [text_of(mail) for mail in mailbox.mails if str(mail["Subject"]) == LINK.title]
    assert told
    assert all(LINK.text in one for one in told)


def test_the_work_list_counts_what_nora_saw_as_a_red_flag(night: Night, app: App) -> None:
    seen(night)
    with clock.at(LATER):
        page = Browser(app.test_client()).sign_in(night.clinic.coordinator).open("/follow-up/work-list")
    assert "1 Red flags" in page.text
    assert "An assessment found: vision change." in page.text
    assert "0 Concerning answers" in page.text

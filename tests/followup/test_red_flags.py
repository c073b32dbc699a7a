"""Red flags: whoever reports one, by telephone at any time or about a visit, the clinic is told at once, and nothing is ever held back."""

import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from typing import Any

import pytest
import sqlalchemy as sa

from schemas.red_flags import RED_FLAGS, RedFlag, said_of
from schemas.vocabulary import ProcedureState
from server import clock
from server.config import Config
from server.db import Database
from server.followup.engine import pump
from server.followup.models import Alert, Visit
from server.ids import uuid7
from tests import make
from tests.api import Api
from tests.followup.mailbox import Mailbox
from tests.followup.story import text_of

MONDAY = datetime(2026, 3, 2, 11, 40, tzinfo=UTC)
THREE_AT_NIGHT = datetime(2026, 3, 4, 2, 0, tzinfo=UTC)
"""At Riverside, where nothing goes to patients before nine."""


class Night:
    """Nóra, the nurse who has the telephone with her, after Anna's procedure."""

    def __init__(self, db: Database, clinic: make.Clinic, config: Config, as_: Callable[[make.Person], Api]) -> None:
        """Anna's procedure by Vera ended on Monday."""
        self.db, self.clinic, self.config, self.as_ = db, clinic, config, as_
        with clock.at(MONDAY):
            self.patient = make.patient(db, clinic)
            self.procedure = make.procedure(db, clinic, state=ProcedureState.COMPLETED, patient_id=self.patient["id"], ended_at=MONDAY)

    def visit(self, step: str) -> str:
        """Id of one of the visits."""
        with self.db.transaction(self.clinic.id, write=False) as session:
            query = sa.select(Visit.id).where(Visit.procedure_id == uuid.UUID(self.procedure["id"]), Visit.step == step)
            return str(session.scalars(query).one())

    def call(self, path: str, body: dict[str, Any], expect: int = 201, *, at: datetime = THREE_AT_NIGHT) -> Any:
        """Nóra writes it down."""
        with clock.at(at):
            return self.as_(self.clinic.nurse).post(path, body, expect)

    def report(self, *flags: RedFlag, expect: int = 201, at: datetime = THREE_AT_NIGHT, **fields: Any) -> Any:
        """Anna has called."""
        body = {"id": str(uuid7()), "flags": list(flags)} | fields
        return self.call(f"/patients/{self.patient['id']}/red-flags", body, expect, at=at)

    def alerts(self) -> list[Alert]:
        """All about Anna."""
        with self.db.transaction(self.clinic.id, write=False) as session:
            return list(session.scalars(sa.select(Alert).where(Alert.patient_id == uuid.UUID(self.patient["id"])).order_by(Alert.id)))

    def send(self, at: datetime = THREE_AT_NIGHT) -> None:
        """What is due goes out."""
        with clock.at(at):
            pump.run_due(self.db, self.config, clinic_id=self.clinic.id)


@pytest.fixture
def night(db: Database, clinic: make.Clinic, mailing: Config, as_: Callable[[make.Person], Api]) -> Night:
    """The night from Tuesday to Wednesday."""
    return Night(db, clinic, mailing, as_)


def readers(mails: list[EmailMessage]) -> list[str]:
    """To whom."""
    return sorted(one.addr_spec for mail in mails for one in mail["To"].addresses)


def test_at_three_at_night_the_surgeon_and_the_coordinator_are_told_in_the_same_minute(night: Night, mailbox: Mailbox) -> None:
    said = night.report(RedFlag.VISION, RedFlag.BREATH)
    assert (said["concerning"], said["flags"], said["visit_id"], said["via"]) == (True, ["vision", "breath"], None, "phone")
    night.send()
    assert readers(mailbox.mails) == sorted([night.clinic.surgeon.email, night.clinic.coordinator.email])
    assert {mail["Subject"] for mail in mailbox.mails} == {"A red flag: a patient needs a call now"}
    text = text_of(mailbox.mails[0])
    assert f"{night.config.public_url}/follow-up/work-list" in text
    for private in ("Petrauskien", "Anna", "sight", "breath"):
        assert private not in str(mailbox.mails[0])


def test_the_alert_names_the_flags_with_their_typical_times(night: Night) -> None:
    night.report(RedFlag.VISION)
    (alert,) = night.alerts()
    assert alert.kind == "red_flag"
    assert alert.detail == (
        "Said by telephone: change of sight, double vision, drooping lid or pain in the eye (any time, most within 24 hours). Call now."
    )


def test_a_pause_of_messages_to_patients_holds_no_alert_back(night: Night, mailbox: Mailbox) -> None:
    with clock.at(THREE_AT_NIGHT):
        night.as_(night.clinic.coordinator).call("PUT", "/follow-up/pause", json={"paused": True, "reason": "The telephone is down"})
    night.report(RedFlag.INFECTION)
    night.send()
    assert len(mailbox.mails) == 2


def test_what_is_outside_of_its_typical_time_is_a_flag_all_the_same(night: Night) -> None:
    """Signs of lidocaine, typical within a day, half a year later."""
    night.report(RedFlag.LIDOCAINE, at=MONDAY + timedelta(days=180))
    assert [alert.kind for alert in night.alerts()] == ["red_flag"]


def test_the_same_flag_again_is_one_alert_and_another_one_is_told_at_once(night: Night, mailbox: Mailbox) -> None:
    night.report(RedFlag.INFECTION)
    night.report(RedFlag.INFECTION)
    night.send()
    assert len(mailbox.mails) == 2
    night.report(RedFlag.BREATH)
    night.send()
    (alert,) = night.alerts()
    assert RED_FLAGS[RedFlag.INFECTION].name in alert.detail
    assert "Later also: breathlessness" in alert.detail
    assert len(mailbox.mails) == 4


def test_another_flag_is_told_even_while_somebody_is_on_the_first(night: Night, mailbox: Mailbox) -> None:
    night.report(RedFlag.INFECTION)
    night.call(f"/alerts/{night.alerts()[0].id}/acknowledgement", {}, 200)
    night.report(RedFlag.VISION)
    night.send()
    assert len(mailbox.mails) == 4
    assert night.alerts()[0].acknowledged_at is None


def test_after_it_was_closed_the_next_one_is_a_new_alert(night: Night) -> None:
    night.report(RedFlag.INFECTION)
    night.call(f"/alerts/{night.alerts()[0].id}/closing", {"note": "Seen; it is a spot."}, 200)
    night.report(RedFlag.INFECTION)
    assert sorted(alert.closed_at is None for alert in night.alerts()) == [False, True]


def test_the_same_report_again_stores_nothing_and_another_one_under_its_id_is_refused(night: Night) -> None:
    said = night.report(RedFlag.INFECTION)
    assert night.report(RedFlag.INFECTION, expect=200, id=said["id"]) == said
    assert night.report(RedFlag.BREATH, expect=409, id=said["id"])["code"] == "id_taken"
    listed = night.as_(night.clinic.surgeon).get(f"/patients/{night.patient['id']}/red-flags")["items"]
    assert listed == [said]


@pytest.mark.parametrize("step", ["d7", "3m"])
def test_a_flag_said_about_a_visit_settles_nothing_of_it(night: Night, step: str) -> None:
    visit = night.visit(step)
    body = {"id": str(uuid7()), "question": "red_flags", "answer": "yes", "flags": ["donor", "vision"]}
    said = night.call(f"/visits/{visit}/answers", body)
    assert (said["flags"], said["visit_id"]) == (["vision", "donor"], visit)
    assert night.call(f"/visits/{visit}/answers", body, 200) == said
    assert [(str(alert.visit_id), alert.kind) for alert in night.alerts()] == [(visit, "red_flag")]
    (shown,) = [one for one in night.as_(night.clinic.nurse).get("/visits")["items"] if one["id"] == visit]
    assert shown["state"] == "planned"


@pytest.mark.parametrize(
    "wrong", [{"answer": "yes"}, {"answer": "no", "flags": ["vision"]}, {"question": "redness", "answer": "yes", "flags": ["vision"]}]
)
def test_flags_belong_to_a_yes_to_their_question(night: Night, wrong: dict[str, Any]) -> None:
    body = {"id": str(uuid7()), "question": "red_flags"} | wrong
    refused = night.call(f"/visits/{night.visit('d7')}/answers", body, 422)
    assert refused["errors"][0]["pointer"] == "/flags"
    assert night.alerts() == []


@pytest.mark.parametrize("wrong", [{"flags": []}, {"flags": ["itch"]}, {"flags": None}])
def test_a_report_names_flags_that_there_are(night: Night, wrong: dict[str, Any]) -> None:
    assert night.report(RedFlag.VISION, expect=422, **wrong)["errors"][0]["pointer"].startswith("/flags")
    assert night.alerts() == []


def test_no_flag_answered_on_the_phone_needs_nobody_and_a_doubt_needs_a_call(night: Night) -> None:
    for answer, kinds in (("no", []), ("not_sure", ["wants_a_call"])):
        night.call(f"/visits/{night.visit('d7')}/answers", {"id": str(uuid7()), "question": "red_flags", "answer": answer})
        assert [alert.kind for alert in night.alerts()] == kinds


def test_raters_and_administrators_report_nothing_and_see_nothing(night: Night) -> None:
    path = f"/patients/{night.patient['id']}/red-flags"
    for role in (night.clinic.rater, night.clinic.admin):
        night.as_(role).post(path, {"id": str(uuid7()), "flags": ["vision"]}, 403)
        night.as_(role).get(path, 403)


def test_it_stands_first_on_the_work_list_and_in_the_digest(night: Night, mailbox: Mailbox) -> None:
    night.report(RedFlag.VISION)
    with clock.at(THREE_AT_NIGHT):
        listed = night.as_(night.clinic.coordinator).get("/follow-up/work-list")
    assert (next(iter(listed["counts"])), listed["counts"]["red_flag"]) == ("red_flag", 1)
    assert (listed["items"][0]["kind"], listed["items"][0]["next_step"]) == ("red_flag", "Call now. Then write down what was found.")
    assert mailbox.mails == []


def test_all_flags_together_fit_into_what_is_shown_of_an_alert(night: Night) -> None:
    night.report(*RedFlag)
    assert len(night.alerts()[0].detail) <= 1000
    names = [sign.name for sign in RED_FLAGS.values()]
    assert not [(one, other) for one in names for other in names if one != other and one in other]
    assert said_of(list(RedFlag)) in night.alerts()[0].detail

"""A bird in the record: what is typed about a patient is never heard in a log, in an address, or on the outside of a message."""

import base64
import logging
import re
import sys
import threading
import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, NoReturn

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from schemas.vocabulary import Channel, ProcedureState
from server import clock, logs
from server.app import App
from server.config import Config
from server.db import Database, table_of
from server.followup.engine import pump as pumps
from server.followup.models import Sender
from server.journal.models import JournalRow
from server.patients import service as patients
from server.patients.models import Patient
from server.procedures.service import listing
from tests import make
from tests.api import Api
from tests.followup.mailbox import Mailbox, nobody_listens, open_mailbox
from tests.followup.provider import DOWN, Provider
from tests.procedures import case as stages
from tests.sync.tablet import row
from tests.web.browser import Browser, Page
from workers import app as celery

PIROSKA = {
    "mrn": "KANARI-4711",
    "family_name": "Kanárimadár",
    "given_name": "Piroska",
    "phone": "+36 20 555 0177",
    "email": "piroska.kanari@patients.example",
    "allergies": "sensitive to birdseed",
    "birth_date": "1987-08-19",
}
BIRD = re.compile(r"k[aá]n[aá]ri|piroska|20 ?555 ?0177|birdseed|1987-08-19", re.IGNORECASE)
ON_MONDAY = datetime(2026, 3, 2, 11, 40, tzinfo=UTC)


def heard(text: str) -> list[str]:
    """Where the bird sings, with the words around it."""
    return [text[max(0, found.start() - 80) : found.end() + 20] for found in BIRD.finditer(text)]


class Ear(logging.Handler):
    """Everything that anybody logs, as this server writes it, and as a library that asks for the record itself would get it."""

    def __init__(self) -> None:
        """From the finest level on."""
        super().__init__(logging.DEBUG)
        self.setFormatter(logs.OneLine("%(levelname)s %(name)s %(message)s"))
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep it, unless it is the mail server of these stories that speaks."""
        if record.name != "mail.log":
            self.lines.append(self.format(record))

    @property
    def text(self) -> str:
        """All of it."""
        return "\n".join(self.lines)


@pytest.fixture
def ear(monkeypatch: pytest.MonkeyPatch) -> Iterator[Ear]:
    """A log at its most talkative, set up as the server's."""
    for module in (sys, threading):
        monkeypatch.setattr(module, "excepthook", module.excepthook)  # put back afterwards
    listening, root = Ear(), logging.getLogger()
    before = root.level
    root.addHandler(listening)
    root.setLevel(logging.DEBUG)
    logs.catch_the_rest()
    yield listening
    root.removeHandler(listening)
    root.setLevel(before)


@pytest.fixture
def tablet(app: App, db: Database, clinic: make.Clinic) -> Api:
    """Dr Vera Kovács at hers."""
    return Api(app.test_client(), make.token(db, clinic.surgeon))


def breaks(*_: object, **__: object) -> NoReturn:
    """As a programme fails that was handed a patient."""
    raise RuntimeError(f"cannot go on with {PIROSKA}") from ValueError(PIROSKA["family_name"])


def refused_by_the_database(session: Session, *_: object, **__: object) -> NoReturn:
    """As a database complains: with the row's values in its words."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(sa.text("SELECT CAST(:name AS integer)"), {"name": PIROSKA["family_name"]})
    raise sa.exc.DataError("SELECT", {}, Exception(f"Failing row contains ({PIROSKA})"))


def a_days_calls(tablet: Api, clinic: make.Clinic, monkeypatch: pytest.MonkeyPatch) -> str:
    """Good ones, wrong ones, and some that fail on our side; Piroska's id."""
    hers = tablet.post("/patients", PIROSKA)
    tablet.post("/patients", PIROSKA, 409)
    tablet.post("/patients", PIROSKA | {"phone": "Piroska's", "birth_date": "Kanári", "email": "piroska", "kanari": 1}, 422)
    tablet.get("/patients?q=Kanárimadár Piroska&limit=1")
    tablet.patch(f"/patients/{hers['id']}", {"notes": "birdseed", "weight_kg": -1}, hers["write_id"], 422)
    tablet.post("/session", {"email": PIROSKA["email"], "password": "Kanárimadár"}, 401)
    case = stages.begun(tablet, clinic)
    case.record(make.entry("note", topic="findings", text="Kanárimadár"), expect=201)
    tablet.call("POST", "/patients", data=b'{"family_name": "Kan\xe1ri', content_type="application/json")
    for fault in (breaks, refused_by_the_database):
        with monkeypatch.context() as broken:
            broken.setattr(patients, "create_patient", fault)
            broken.setattr(patients, "find_patients", fault)
            tablet.post("/patients", PIROSKA | {"mrn": "KANARI-2"}, 500)
            tablet.get("/patients?q=Kanárimadár", 500)
    with monkeypatch.context() as broken:
        broken.setattr(patients, "change_patient", breaks)
        tablet.post("/sync/patients/push", [row({**hers, "given_name": "Piroska Kanári"}, hers)], 200)
    return str(hers["id"])


def test_nothing_typed_about_a_patient_is_in_the_log_of_the_api(
    tablet: Api, clinic: make.Clinic, ear: Ear, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_days_calls(tablet, clinic, monkeypatch)
    assert heard(ear.text) == []
    assert "ERROR graftlog.web unhandled error at POST patients.create_patient: RuntimeError < tests/trust/test_canary.py:" in ear.text
    assert "DataError < " in ear.text
    assert "a pushed row could not be taken: RuntimeError < tests/trust/test_canary.py:" in ear.text


def test_a_constraint_that_refuses_does_not_quote_the_row(tablet: Api, ear: Ear, monkeypatch: pytest.MonkeyPatch) -> None:
    def nameless(session: Session, _fields: dict[str, Any]) -> NoReturn:
        table = table_of(Patient)
        row = {"id": uuid.uuid4(), "birth_date": None, "clinic_id": session.info["clinic_id"], "search": None}
        session.connection().execute(sa.insert(table).values(PIROSKA | row))
        raise AssertionError("stored")

    monkeypatch.setattr(patients, "create_patient", nameless)
    assert "Kan" not in str(tablet.post("/patients", PIROSKA, 409))
    assert heard(ear.text) == []
    assert "constraint refused a write" in ear.text


def test_nor_in_the_log_of_the_pages(app: App, clinic: make.Clinic, ear: Ear, db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    hers = make.patient(db, clinic, **PIROSKA | {"birth_date": None})
    procedure = make.procedure(db, clinic, patient_id=hers["id"])
    desk = Browser(app.test_client()).sign_in(clinic.surgeon)
    page = desk.open(f"/procedures/{procedure['id']}")
    assert heard(page.text)
    desk.open("/procedures?q=Kanárimadár")
    proof = {"csrf": page.forms["/sign-out"]["csrf"]}
    for path in (f"/procedures/{procedure['id']}/addenda", f"/procedures/{procedure['id']}/sign"):
        answer = desk.client.post(path, data=proof | {"text": "birdseed", "password": "Kanárimadár"})
        assert answer.status_code in {401, 409, 412, 422}
    for fault in (breaks, refused_by_the_database):
        monkeypatch.setattr(listing, "procedures", fault)
        desk.open("/procedures?q=Kanárimadár", 500)
    assert heard(ear.text) == []
    assert "unhandled error at GET web.procedures: RuntimeError" in ear.text


def test_no_address_that_the_server_gives_out_names_anybody(
    tablet: Api, app: App, clinic: make.Clinic, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Links, forms, redirects, and the places in lists, which are readable to whoever decodes them."""
    a_days_calls(tablet, clinic, monkeypatch)
    make.patient(db, clinic, **PIROSKA | {"mrn": "KANARI-5", "birth_date": None})
    cursor = tablet.get("/patients?limit=1&q=kanárimadár")["next_cursor"]
    assert heard(base64.urlsafe_b64decode(cursor + "==").decode()) == []
    assert [one["mrn"] for one in tablet.get(f"/patients?limit=5&q=kanárimadár&cursor={cursor}")["items"]] == ["KANARI-5"]
    desk = Browser(app.test_client()).sign_in(clinic.surgeon)
    for path in ("/procedures", "/follow-up/work-list", "/follow-up/forecast", "/outbox", "/sync"):
        page = desk.open(path)
        assert heard(" ".join([*page.hrefs, *page.forms])) == []


@pytest.fixture
def sending(config: Config, db: Database, clinic: make.Clinic) -> Iterator[tuple[Config, Mailbox, Provider]]:
    """Piroska was operated on on Monday; her messages go out by mail to a server of this story, hers by text to a gateway."""
    with db.transaction() as session:
        session.execute(sa.delete(Sender))
    with open_mailbox() as mailbox, Provider() as gateway, clock.at(ON_MONDAY):
        for number, more in enumerate(({}, {"contact_by": "sms"})):
            fields: dict[str, Any] = PIROSKA | {"mrn": f"KANARI-{number}", "birth_date": None, "phone": "+36205550177"} | more
            hers = make.patient(db, clinic, **fields)
            make.procedure(db, clinic, state=ProcedureState.COMPLETED, patient_id=hers["id"], ended_at=ON_MONDAY)
        settings = replace(config, smtp_url=mailbox.url, mail_from="Graftlog <follow-up@clinic.example>")
        yield replace(settings, sms_url=gateway.url, sms_from="+36201234567"), mailbox, gateway


def send_all(db: Database, config: Config, clinic: make.Clinic, day: str) -> None:
    """What is due that day, on every channel."""
    with clock.at(datetime.fromisoformat(f"{day}T12:00:00+01:00")), pumps.Pump(db, config) as pump:
        for channel in (Channel.EMAIL, Channel.SMS):
            while pump.round(channel, clinic_id=clinic.id):
                pass


def test_only_the_body_of_her_own_message_says_her_name(
    sending: tuple[Config, Mailbox, Provider], db: Database, clinic: make.Clinic, ear: Ear
) -> None:
    """On the outside stands her address, without which nothing arrives."""
    settings, mailbox, gateway = sending
    for day in ("2026-03-03", "2026-03-09", "2026-03-13", "2026-03-14", "2026-03-16"):
        send_all(db, settings, clinic, day)
    assert mailbox.mails
    assert gateway.rows
    for text in gateway.rows:
        assert {found.group().casefold() for found in BIRD.finditer(text.body)} <= {"piroska"}
        assert heard(text.callback) == []
    for mail in mailbox.mails:
        outside = {name: value for name, value in mail.items() if name != "To"}
        assert heard(str(outside)) == []
        body = mail.get_body(("plain",))
        assert body is not None
        assert {found.group().casefold() for found in BIRD.finditer(str(body.get_content()))} <= {"piroska"}
    assert heard(ear.text) == []


def test_a_message_that_fails_is_logged_without_her(
    sending: tuple[Config, Mailbox, Provider],
    db: Database,
    clinic: make.Clinic,
    ear: Ear,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings, _, gateway = sending
    gateway.plan(*[DOWN] * 20)
    with nobody_listens() as nowhere:
        send_all(db, replace(settings, smtp_url=nowhere), clinic, "2026-03-13")
    monkeypatch.setattr(pumps, "compose", breaks)
    send_all(db, settings, clinic, "2026-03-16")
    assert "cannot be written: RuntimeError" in ear.text
    assert heard(ear.text) == []


def test_a_task_that_fails_is_logged_without_its_arguments_and_words(ear: Ear) -> None:
    """Celery itself would write the error, its trace and the arguments."""
    task: Any = celery.app.task(name="a bird's")(breaks)
    task.apply((PIROSKA["family_name"],), kwargs={"name": PIROSKA["given_name"]})
    assert heard(ear.text) == []
    assert "ERROR celery.app.trace task a bird's failed: RuntimeError < tests/trust/test_canary.py:" in ear.text


def test_a_thread_that_dies_does_not_say_of_whom(ear: Ear) -> None:
    thread = threading.Thread(target=breaks)
    thread.start()
    thread.join()
    assert "a thread was ended by RuntimeError < tests/trust/test_canary.py:" in ear.text
    assert heard(ear.text) == []


def test_a_name_cannot_begin_a_line_of_its_own(ear: Ear) -> None:
    """Whoever could would write what never happened."""
    forged = "Anna\r\nERROR graftlog.web nothing of this happened\u2028\x1b[2K"
    logging.getLogger("graftlog.web").warning("%s", forged)
    (line,) = ear.lines[-1:]
    assert line == r"WARNING graftlog.web Anna\r\nERROR graftlog.web nothing of this happened\u2028\x1b[2K"


def test_a_library_that_logs_an_address_or_an_error_tells_neither_query_nor_words(ear: Ear) -> None:
    """Gunicorn does so when a stream breaks."""
    try:
        breaks()
    except RuntimeError as error:
        logging.getLogger("some.library").exception("Error handling request %s", "/api/v1/patients?q=Kanárimadár&limit=3")
        logging.getLogger("some.library").warning("failed: %r", error)
        logging.getLogger("some.library").warning(error)
    assert heard("\n".join(ear.lines[-3:])) == []
    assert "Error handling request /api/v1/patients?…: RuntimeError < " in ear.text
    assert "failed: 'RuntimeError'" in ear.text


def test_what_the_journal_keeps_is_where_it_belongs(tablet: Api, db: Database, clinic: make.Clinic) -> None:
    """The bird was there all the time."""
    tablet.post("/patients", PIROSKA)
    with db.transaction(clinic.id, write=False) as session:
        rows = session.scalars(sa.select(JournalRow.body).where(JournalRow.clinic_id == clinic.id)).all()
    assert heard(" ".join(one or "" for one in rows))


def test_a_page_about_a_crash_says_nothing_of_it(vera_at_desk: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "procedures", breaks)
    assert heard(Page(vera_at_desk.client.get("/procedures")).html) == []

"""The page of people and tablets, and one's own PIN."""

import html
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from server import clock
from server.app import App
from server.clinics import demo as demo_people
from server.clinics.models import User
from server.clinics.rules import weakness
from server.db import Database
from tests import make
from tests.api import Api
from tests.web.browser import Browser, Page, faults

MONDAY = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
PAIR = "/people/tablets"
Desk = Callable[[make.Person], Browser]


@pytest.fixture
def adam_at_desk(clinic: make.Clinic, at_desk: Desk) -> Browser:
    """Ádám Varga, administrator of Riverside, at his desk."""
    return at_desk(clinic.admin)


def pair(browser: Browser, name: str) -> Page:
    """The page that shows the code."""
    return Page(browser.send(browser.open("/people"), PAIR, 200, name=name))


def code_on(page: Page) -> str:
    """The code as a person reads it."""
    found = re.search('<p class="code">(.*?)</p>', page.html)
    assert found
    return html.unescape(found[1])


def call_as(app: App, tablet: make.Tablet, **headers: str) -> None:
    """The tablet calls."""
    api = Api(app.test_client(), tablet.token)
    api.get("/devices/people", headers={name.replace("_", "-"): value for name, value in headers.items()})


def lock_out(app: App, tablet: make.Tablet, person: make.Person) -> None:
    """Five wrong PINs."""
    api = Api(app.test_client(), tablet.token)
    for number in range(5):
        with clock.at(MONDAY + timedelta(minutes=2 * number)):
            api.post("/devices/session", {"user_id": str(person.user_id), "pin": "507193"}, 401)


def test_adam_sees_who_works_here_and_pairs_a_tablet(adam_at_desk: Browser, anyone: Api) -> None:
    page = adam_at_desk.open("/people")
    assert page.title == "People and tablets · Graftlog"
    assert "Nóra Szabó Nurse No PIN yet" in page.text
    assert "Dr Réka Nagy Rater No PIN for this role" in page.text
    assert "No tablet is paired yet." in page.text
    shown = pair(adam_at_desk, "Theatre 1")
    assert "The code works once, for 10 minutes, until" in shown.text
    assert "<svg " in shown.part("main") + shown.html
    anyone.post("/devices/pairing", {"code": code_on(shown), "secret": "s" * 32})
    assert "Theatre 1 In use Last seen: Just now App: Not known" in adam_at_desk.open("/people").text


def test_the_pages_stumble_nobody(adam_at_desk: Browser, clinic: make.Clinic, at_desk: Desk, db: Database, app: App) -> None:
    tablet = make.tablet(db, clinic, name="Ward")
    lock_out(app, tablet, clinic.nurse)
    pages = [adam_at_desk.open("/people"), adam_at_desk.open(f"/people/tablets/{tablet.device_id}"), pair(adam_at_desk, "Theatre 1")]
    pages += [Page(adam_at_desk.send(adam_at_desk.open("/people"), PAIR, 422, name=" ")), at_desk(clinic.nurse).open("/people/pin")]
    assert [faults(page) for page in pages] == [[]] * len(pages)


def test_reloading_the_code_shows_another_one_for_the_same_tablet(adam_at_desk: Browser, anyone: Api) -> None:
    page = adam_at_desk.open("/people")
    first, second = (Page(adam_at_desk.send(page, PAIR, 200, name="Theatre 1")) for _ in range(2))
    anyone.post("/devices/pairing", {"code": code_on(first), "secret": "s" * 32}, 401)
    anyone.post("/devices/pairing", {"code": code_on(second), "secret": "s" * 32})
    assert adam_at_desk.open("/people").text.count("Theatre 1") == 1
    assert "paired already" in Page(adam_at_desk.send(page, PAIR, 409, name="Theatre 1")).text


def test_a_code_that_ran_out_is_replaced_from_the_tablets_page(adam_at_desk: Browser, anyone: Api) -> None:
    pair(adam_at_desk, "Theatre 1")
    path = next(href for href in adam_at_desk.open("/people").hrefs if href.startswith("/people/tablets/"))
    shown = Page(adam_at_desk.send(adam_at_desk.open(path), f"{path}/code", 200))
    anyone.post("/devices/pairing", {"code": code_on(shown), "secret": "s" * 32})


@pytest.mark.parametrize(("name", "says", "status"), [("", "Give the tablet a name.", 422), ("Ward", "Another tablet has this name.", 409)])
def test_a_name_that_cannot_be_is_said_beside_the_field(
    name: str, says: str, status: int, adam_at_desk: Browser, clinic: make.Clinic, db: Database
) -> None:
    make.tablet(db, clinic, name="Ward")
    page = Page(adam_at_desk.send(adam_at_desk.open("/people"), PAIR, status, name=name))
    assert page.title.startswith("Error: ")
    assert says in page.text
    assert "#name" in page.hrefs


def test_adam_renames_and_then_revokes(adam_at_desk: Browser, clinic: make.Clinic, db: Database, app: App) -> None:
    tablet = make.tablet(db, clinic, name="Ward")
    path = f"/people/tablets/{tablet.device_id}"
    before = adam_at_desk.open(path)
    renamed = adam_at_desk.send(before, f"{path}/name", name="Store room")
    assert "has its new name" in adam_at_desk.open(renamed.location).text
    assert "Somebody else has changed this tablet" in Page(adam_at_desk.send(before, f"{path}/name", 412, name="Attic")).text
    page = adam_at_desk.open(path)
    assert "to use the tablet again, pair it again" in page.text
    told = adam_at_desk.open(adam_at_desk.send(page, f"{path}/revocation").location)
    assert "The tablet is revoked. To use it again, pair it again." in told.text
    assert "Store room Revoked" in told.text
    Api(app.test_client(), tablet.token).get("/devices/people", 401)
    assert f"{path}/name" not in adam_at_desk.open(path).forms


@pytest.mark.parametrize(
    ("minutes", "says"),
    [(1.9, ""), (-1.9, ""), (3.2, "Clock 3 minutes fast"), (-190, "Clock 3 hours slow"), (60 * 24 * 1000 + 5, "Clock 1000 days fast")],
)
def test_a_clock_off_by_more_than_two_minutes_is_said(
    minutes: float, says: str, adam_at_desk: Browser, clinic: make.Clinic, db: Database, app: App
) -> None:
    tablet = make.tablet(db, clinic, name="Ward")
    told = (clock.now() + timedelta(minutes=minutes)).isoformat()
    call_as(app, tablet, X_Device_Time=told, X_App_Version="1.4.0")
    text = adam_at_desk.open("/people").text
    assert "Ward In use" in text
    assert says in text
    assert ("Clock" in text) is bool(says)
    assert "App: 1.4.0" in text
    assert says in adam_at_desk.open(f"/people/tablets/{tablet.device_id}").text


@pytest.mark.parametrize(
    ("ago", "says"),
    [
        (timedelta(seconds=90), "Just now"),
        (timedelta(minutes=12), "12 minutes ago"),
        (timedelta(hours=2), "Today, 08:00"),
        (timedelta(hours=26), "Yesterday, 08:00"),
        (timedelta(days=9), "23 Nov 2026, 08:00"),
    ],
)
def test_how_long_ago_a_tablet_called(ago: timedelta, says: str, clinic: make.Clinic, at_desk: Desk, db: Database, app: App) -> None:
    at = MONDAY - timedelta(hours=1)
    with clock.at(at):
        call_as(app, make.tablet(db, clinic, name="Ward"))
    with clock.at(at + ago):
        assert f"Ward In use Last seen: {says}" in at_desk(clinic.admin).open("/people").text


def test_adam_sees_that_nora_is_locked_out_and_lifts_it(adam_at_desk: Browser, clinic: make.Clinic, db: Database, app: App) -> None:
    make.pin(db, clinic.nurse)
    tablet = make.tablet(db, clinic, name="Ward")
    lock_out(app, tablet, clinic.nurse)
    page = adam_at_desk.open("/people")
    assert "Nóra Szabó Nurse Locked out on Ward" in page.text
    action = next(one for one in page.forms if one.endswith("/lifting"))
    told = adam_at_desk.open(adam_at_desk.send(page, action).location)
    assert "The lock is lifted." in told.text
    assert "Nóra Szabó Nurse PIN set" in told.text
    adam_at_desk.send(page, action)


def test_nora_sees_the_page_and_changes_only_her_pin(clinic: make.Clinic, at_desk: Desk, db: Database) -> None:
    tablet = make.tablet(db, clinic, name="Ward")
    nora = at_desk(clinic.nurse)
    page = nora.open("/people")
    path = f"/people/tablets/{tablet.device_id}"
    assert set(page.forms) | set(nora.open(path).forms) == {"/sign-out"}
    assert nora.client.post(f"{path}/revocation", data=page.forms["/sign-out"]).status_code == 403
    assert "/people/pin" in page.hrefs


def test_nora_sets_her_pin(clinic: make.Clinic, at_desk: Desk, db: Database, app: App) -> None:
    nora = at_desk(clinic.nurse)
    answer = nora.send(nora.open("/people/pin"), "/people/pin", pin="274163", again="274163", password=make.PASSWORD)
    assert "Your PIN is set." in nora.open(answer.location).text
    tablet = Api(app.test_client(), make.tablet(db, clinic).token)
    tablet.post("/devices/session", {"user_id": str(clinic.nurse.user_id), "pin": "274163"})


@pytest.mark.parametrize(
    ("typed", "says", "status"),
    [
        ({}, "Enter a PIN of 6 to 12 digits.", 422),
        ({"pin": "12345", "again": "12345", "password": make.PASSWORD}, "Must be 6 to 12 digits", 422),
        ({"pin": "274163", "again": "274136", "password": make.PASSWORD}, "The two PINs differ.", 422),
        ({"pin": "123456", "again": "123456", "password": make.PASSWORD}, "its digits count up or down", 422),
        ({"pin": "274163", "again": "274163", "password": "not her password"}, "asks for your own password", 401),
    ],
)
def test_what_is_wrong_with_a_pin_is_said_and_never_shown(
    typed: dict[str, str], says: str, status: int, clinic: make.Clinic, at_desk: Desk, db: Database
) -> None:
    nora = at_desk(clinic.nurse)
    page = Page(nora.send(nora.open("/people/pin"), "/people/pin", status, **typed))
    assert says in page.text
    assert faults(page) == []
    assert not typed or typed["pin"] not in page.html
    with db.transaction(clinic.id, write=False) as session:
        assert session.get_one(User, (clinic.id, clinic.nurse.user_id)).pin_hash is None


def test_another_clinics_tablet_is_not_found(adam_at_desk: Browser, other_clinic: make.Clinic, db: Database) -> None:
    theirs = make.tablet(db, other_clinic, name="Hillside 1")
    page = adam_at_desk.open("/people")
    assert "Hillside 1" not in page.text
    path = f"/people/tablets/{theirs.device_id}"
    adam_at_desk.open(path, 404)
    for part in ("name", "code", "revocation"):
        assert adam_at_desk.client.post(f"{path}/{part}", data=page.forms["/sign-out"]).status_code == 404


def test_a_form_of_another_site_pairs_nothing(adam_at_desk: Browser) -> None:
    assert adam_at_desk.client.post(PAIR, data={"name": "Theirs"}).status_code == 403
    assert "Theirs" not in adam_at_desk.open("/people").text


def test_a_rater_has_no_such_page(clinic: make.Clinic, at_desk: Desk) -> None:
    rater = at_desk(clinic.rater)
    assert "/people" not in rater.open("/procedures").hrefs
    rater.open("/people", 403)


def test_the_demo_pin_would_be_taken() -> None:
    assert re.fullmatch("[0-9]{6}", demo_people.PIN)
    assert weakness(demo_people.PIN) is None

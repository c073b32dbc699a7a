"""Being told on one's own devices: what the browser keeps, the two forms of the work list, and what arrives."""

import json
import re
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest
import sqlalchemy as sa

from server import clock
from server.app import App, create_app
from server.config import Config
from server.db import Database
from server.followup.engine import pump
from server.followup.models import PushSubscription
from server.followup.service import endpoints
from tests import make
from tests.followup import receivers
from tests.followup.receivers import Receiver, vapid_claims
from tests.web.browser import Browser, Page, faults
from tests.web.link_case import END_OF_MARCH, anna

AtDesk = Callable[[make.Person], Browser]
LIST, BEGIN = "/follow-up/work-list", "/follow-up/notices"
STATIC = Path(__file__).parents[2] / "server" / "web" / "static"
WORKER, SCRIPT = ((STATIC / name).read_text(encoding="utf-8") for name in ("sw.js", "notices.js"))
PUSH = "https://push.example.org/wpush/v2/"


@pytest.fixture(autouse=True)
def in_march() -> Iterator[None]:
    """Monday 30 March 2026 at 10:00 at Riverside, the day of Anna's last check-in."""
    with clock.at(END_OF_MARCH):
        yield


@pytest.fixture
def app(config: Config, db: Database, tmp_path: Path) -> App:
    """The application with keys of its own, and push services on this machine."""
    return create_app(replace(config, keys=tmp_path / "keys", webhook_private=True), db)


@pytest.fixture
def csaba(clinic: make.Clinic, at_desk: AtDesk) -> Browser:
    """Csaba Tóth, coordinator."""
    return at_desk(clinic.coordinator)


def tell(browser: Browser, endpoint: str = "", keys: dict[str, str] | None = None, *, expect: int = 303) -> Page:
    """What the page's script does after the browser has said yes; the page that answers."""
    typed = {"endpoint": endpoint or PUSH + uuid.uuid4().hex, **(keys or receivers.Browser().secrets)}
    answer = browser.send(browser.open(LIST), BEGIN, expect, **typed)
    shown = browser.open(answer.location) if expect == 303 else Page(answer)
    assert faults(shown) == []
    return shown


def endings(page: Page) -> list[str]:
    """Where the forms are sent that end it, one for each device."""
    return [action for action in page.forms if re.fullmatch(f"{BEGIN}/[0-9a-f-]{{36}}/ending", action.partition("?")[0])]


def active(db: Database, clinic: make.Clinic) -> list[bool]:
    """Whether each browser of the clinic is told, oldest first."""
    with db.transaction(clinic.id, write=False) as session:
        return [row.active for row in session.scalars(sa.select(PushSubscription).order_by(PushSubscription.id))]


def test_the_worker_is_served_to_any_browser_from_the_root(visitor: Browser) -> None:
    """Asked for again each time, because a browser keeps what it has for as long as it may."""
    answer = visitor.client.get("/sw.js")
    assert (answer.status_code, answer.mimetype, answer.get_data(as_text=True)) == (200, "text/javascript", WORKER)
    assert answer.headers["Cache-Control"] == "no-cache"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "Set-Cookie" not in answer.headers
    answer.close()
    again = visitor.client.get("/sw.js?v=1", headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.headers["Cache-Control"]) == (304, "no-cache")
    again.close()


def test_the_policy_allows_our_own_script_and_worker_and_no_others(csaba: Browser) -> None:
    page = csaba.open(LIST)
    policy = dict(part.strip().split(" ", 1) for part in page.response.headers["Content-Security-Policy"].split(";"))
    assert {policy[kind] for kind in ("script-src", "worker-src", "connect-src", "form-action")} == {"'self'"}
    assert faults(page) == []
    assert "<script" not in csaba.open("/outbox").html


def test_a_worrying_answer_reaches_csabas_screen(app: App, db: Database, clinic: make.Clinic, csaba: Browser) -> None:
    """Signed with the key that his page was given, readable by his browser alone, in the fields that the worker reads."""
    key = csaba.client.get("/api/v1/follow-up/push-key").get_json()["public_key"]
    with Receiver() as service:
        service.status = 201
        his = receivers.Browser()
        assert "You are told on this device from now on." in tell(csaba, f"{service.origin}/push/csaba", his.secrets).text
        anna(app, clinic, step="d28").report(worse="yes")
        pump.run_due(db, app.settings, clinic_id=clinic.id)
        (request,) = service.requests
    shown = json.loads(his.read(request.body))
    assert shown["title"] == "A patient needs a call now"
    assert shown["url"] == f"{app.settings.public_url}{LIST}"
    assert "Anna" not in str(shown)
    assert set(re.findall(r"\bgiven\.(\w+)", WORKER)) == set(shown)
    assert vapid_claims(request.headers)[1] == key


def test_csaba_sees_his_devices_and_ends_one(db: Database, clinic: make.Clinic, csaba: Browser) -> None:
    tell(csaba, PUSH + "desk")
    page = tell(csaba, PUSH + "telephone")
    assert page.text.count("told since 30 Mar 2026") == 2
    ended = csaba.open(csaba.send(page, endings(page)[0]).location)
    assert "You are told nothing more on that device." in ended.text
    assert (active(db, clinic), len(endings(ended))) == ([False, True], 1)
    csaba.send(page, endings(page)[0])


def test_the_same_browser_again_is_one_device(csaba: Browser) -> None:
    tell(csaba, PUSH + "desk")
    assert len(endings(tell(csaba, PUSH + "desk"))) == 1


def test_a_device_is_known_by_a_hash(csaba: Browser) -> None:
    """The address would let its holder write to the browser's service."""
    page = tell(csaba, PUSH + "desk")
    assert f'data-mark="{sha256((PUSH + "desk").encode()).hexdigest()}"' in page.html
    assert PUSH not in page.html


def test_nobody_sees_or_ends_what_is_anothers(
    db: Database, clinic: make.Clinic, other_clinic: make.Clinic, csaba: Browser, at_desk: AtDesk
) -> None:
    (his,) = endings(tell(csaba))
    for person in (clinic.nurse, other_clinic.coordinator):
        other = at_desk(person)
        page = other.open(LIST)
        assert endings(page) == []
        assert other.client.post(his, data={"csrf": page.forms[BEGIN]["csrf"]}).status_code == 404
    assert active(db, clinic) == [True]


def test_a_shared_browser_tells_whoever_asked_last(csaba: Browser, clinic: make.Clinic, at_desk: AtDesk) -> None:
    tell(csaba, PUSH + "shared")
    assert len(endings(tell(at_desk(clinic.nurse), PUSH + "shared"))) == 1
    assert endings(csaba.open(LIST)) == []


@pytest.mark.parametrize("proof", [{}, {"csrf": ""}, {"csrf": "0" * 64}])
def test_without_the_forms_proof_nothing_changes(proof: dict[str, str], db: Database, clinic: make.Clinic, csaba: Browser) -> None:
    (his,) = endings(tell(csaba))
    wanted = {"endpoint": PUSH + "x", **receivers.Browser().secrets} | proof
    assert [csaba.client.post(address, data=wanted).status_code for address in (BEGIN, his)] == [403, 403]
    assert active(db, clinic) == [True]


def test_another_sites_form_is_refused(db: Database, clinic: make.Clinic, csaba: Browser) -> None:
    wanted = csaba.open(LIST).forms[BEGIN] | {"endpoint": PUSH + "x", **receivers.Browser().secrets}
    assert csaba.client.post(BEGIN, data=wanted, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert active(db, clinic) == []


@pytest.mark.parametrize("role", ["rater", "admin"])
def test_who_follows_nobody_up_is_not_asked(role: str, db: Database, clinic: make.Clinic, at_desk: AtDesk) -> None:
    other = at_desk(getattr(clinic, role))
    page = other.open(LIST, 403)
    assert "Tell me" not in page.text
    wanted = {"csrf": page.forms["/sign-out"]["csrf"], "endpoint": PUSH + "x", **receivers.Browser().secrets}
    assert other.client.post(BEGIN, data=wanted).status_code == 403
    assert active(db, clinic) == []


def test_without_script_there_is_no_button_that_would_do_nothing(csaba: Browser) -> None:
    """What can be done without it is there: ending."""
    section = re.compile('<section class="notices"[^>]* hidden')
    form = re.compile(f'<form method="post" action="{BEGIN}" data-begin hidden>')
    page = csaba.open(LIST)
    assert section.search(page.html)
    assert form.search(page.html)
    page = tell(csaba)
    assert not section.search(page.html)
    assert endings(page)


def test_every_turn_of_the_script_has_its_sentence(csaba: Browser) -> None:
    sentences = set(re.findall('data-said="([a-z-]+)"', csaba.open(LIST).html))
    named = set(re.findall(r'(?:say\(|step\(|throw |[?:] )"([a-z-]+)"', SCRIPT))
    assert named == sentences


@pytest.mark.parametrize(
    ("endpoint", "p256dh", "says"),
    [
        ("javascript:alert(1)", "", "The address must begin with https://."),
        ("", "A" * 87, "Not a key that a browser made"),
    ],
)
def test_what_no_browser_sends_is_refused_on_the_page(
    endpoint: str, p256dh: str, says: str, db: Database, clinic: make.Clinic, csaba: Browser
) -> None:
    keys = receivers.Browser().secrets
    refused = tell(csaba, endpoint, keys | {"p256dh": p256dh or keys["p256dh"]}, expect=422)
    assert says in refused.text
    assert "There is a problem" in refused.text
    assert active(db, clinic) == []


def test_one_device_too_many_says_which_way_out(csaba: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoints, "MOST_BROWSERS", 1)
    tell(csaba)
    refused = tell(csaba, expect=409)
    assert "You are told in 1 browsers already; end one of those first." in refused.text
    assert len(endings(refused)) == 1

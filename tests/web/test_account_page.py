"""Your account in the browser: the app, the password, the sessions; people administered; the page behind a link."""

import re
from collections.abc import Callable
from dataclasses import replace

import pyotp
import pytest

from server import clock
from server.app import create_app
from server.clinics import second_factor
from server.clinics.models import User
from server.config import Config
from server.db import Database
from tests import make
from tests.api import Api
from tests.procedures import case as stages
from tests.web.browser import Browser, Page, faults

Desk = Callable[[make.Person], Browser]
NEW = "seven quiet lanterns"


def test_nora_sets_up_an_app_and_keeps_her_codes(clinic: make.Clinic, at_desk: Desk) -> None:
    nora = at_desk(clinic.nurse)
    assert "/account/authenticator" in nora.open("/account").hrefs
    shown = Page(nora.send(nora.open("/account/authenticator"), "/account/authenticator", 200, password=make.PASSWORD))
    assert faults(shown) == []
    secret = re.search("<code>([A-Z2-7]{32})</code>", shown.html)
    assert secret
    slip = Page(nora.send(shown, "/account/authenticator/confirmation", 401, code="000 000"))
    assert secret[1] in slip.html, "she goes on with the same picture"
    code = pyotp.TOTP(secret[1]).generate_otp(int(clock.now().timestamp()) // second_factor.STEP_S)
    kept = Page(nora.send(slip, "/account/authenticator/confirmation", 200, code=f"{code[:3]} {code[3:]}"))
    assert len(re.findall("<code>(?:[A-Z2-7]{4}-){3}[A-Z2-7]{4}</code>", kept.html)) == second_factor.RECOVERY_CODES
    assert "10 recovery codes left" in nora.open("/account").text


def test_a_wrong_code_at_the_door_is_said_beside_the_code(clinic: make.Clinic, visitor: Browser) -> None:
    page = visitor.open("/sign-in")
    refused = Page(visitor.send(page, "/sign-in", 401, email=clinic.surgeon.email, password=make.PASSWORD, code="000000"))
    assert 'id="code-error"' in refused.html
    assert faults(refused) == []


def test_too_many_tries_are_said_on_the_form(clinic: make.Clinic, visitor: Browser) -> None:
    for _ in range(5):
        visitor.send(visitor.open("/sign-in"), "/sign-in", 401, email=clinic.nurse.email, password="not her password")
    refused = Page(visitor.send(visitor.open("/sign-in"), "/sign-in", 429, email=clinic.nurse.email, password=make.PASSWORD))
    assert "Wait 30 seconds, then try again." in refused.text


def test_vera_changes_her_password(clinic: make.Clinic, at_desk: Desk) -> None:
    vera = at_desk(clinic.surgeon)
    page, proved = vera.open("/account/password"), make.proof()
    differ = vera.send(page, "/account/password", 422, new_password=NEW, again="another", **proved)
    assert "The two passwords differ." in Page(differ).text
    easy = vera.send(page, "/account/password", 422, new_password="password1234", again="password1234", **proved)
    assert "easily guessed" in Page(easy).text
    vera.send(page, "/account/password", new_password=NEW, again=NEW, **proved)
    assert "Your password is changed." in vera.open("/account?done=password").text


def test_nora_ends_her_other_session(clinic: make.Clinic, at_desk: Desk, db: Database) -> None:
    nora = at_desk(clinic.nurse)
    make.token(db, clinic.nurse)
    page = nora.open("/account")
    (end,) = [action for action in page.forms if action.endswith("/end")]
    nora.send(page, end)
    assert not [action for action in nora.open("/account").forms if action.endswith("/end")]


def test_noemi_is_added_and_opens_her_link(clinic: make.Clinic, at_desk: Desk, visitor: Browser) -> None:
    adam = at_desk(clinic.admin)
    made = Page(adam.send(adam.open("/people"), "/people", 200, person="Noémi Orosz", email="noemi.web@clinic.example", role="nurse"))
    link = re.search(r"/new-password#([\w-]+)", made.html)
    assert link
    assert faults(made) == []
    page = visitor.open("/new-password")
    assert faults(page) == []
    token = str(link[1])
    assert "/sign-in" in visitor.send(page, "/new-password", token=token, new_password=NEW, again=NEW).location
    again = Page(visitor.send(page, "/new-password", 401, token=token, new_password=NEW, again=NEW))
    assert "works once" in again.text
    visitor.send(visitor.open("/sign-in"), "/sign-in", email="noemi.web@clinic.example", password=NEW)


@pytest.mark.parametrize(("typed", "said"), [({"email": "x"}, "in the form expected"), ({"role": ""}, "one of"), ({"person": ""}, "name")])
def test_what_is_missing_of_a_person_is_said(typed: dict[str, str], said: str, clinic: make.Clinic, at_desk: Desk) -> None:
    adam = at_desk(clinic.admin)
    given = {"person": "Noémi Orosz", "email": "noemi@clinic.example", "role": "nurse"} | typed
    refused = Page(adam.send(adam.open("/people"), "/people", 422, **given))
    assert said.casefold() in refused.part("main").casefold()
    assert faults(refused) == []


def test_adam_ends_a_persons_work_here(clinic: make.Clinic, at_desk: Desk) -> None:
    adam, nora = at_desk(clinic.admin), at_desk(clinic.nurse)
    address = f"/people/{clinic.nurse.user_id}"
    page = adam.open(address)
    assert faults(page) == []
    adam.send(page, address, role="nurse", name="Nóra Szabó")
    assert "No longer works here" in adam.open("/people").text
    assert nora.client.get("/account").status_code == 303


def test_a_change_made_to_an_older_version_is_shown_again(clinic: make.Clinic, at_desk: Desk) -> None:
    adam, address = at_desk(clinic.admin), f"/people/{clinic.nurse.user_id}"
    page = adam.open(address)
    adam.send(page, address, role="nurse", name="Nóra Szabó-Kiss", active="yes")
    assert "Somebody else has changed this person" in Page(adam.send(page, address, 412, role="nurse", name="Nóra", active="yes")).text


def test_the_policy_is_changed_on_the_page(clinic: make.Clinic, at_desk: Desk) -> None:
    adam = at_desk(clinic.admin)
    adam.send(adam.open("/people"), "/people/signing-policy", signing_policy="pin_or_code")
    assert re.search('value="pin_or_code" checked', adam.open("/people").html)


def test_a_surgeon_without_an_app_is_led_to_it(clinic: make.Clinic, vera: Api, at_desk: Desk, db: Database) -> None:
    done = stages.completed(vera, clinic)
    desk = at_desk(clinic.surgeon)
    with db.transaction(clinic.id) as session:
        second_factor.drop(session, session.get_one(User, (clinic.id, clinic.surgeon.user_id)))
    assert "/account#second-factor" in desk.open(done.path).hrefs


def test_a_real_clinic_says_no_secrets_of_the_demo(config: Config, db: Database) -> None:
    real = Browser(create_app(replace(config, demo=False), db).test_client())
    assert "demo" not in real.open("/sign-in").text.casefold()

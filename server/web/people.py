"""People and tablets: who works here, which tablets there are; pairing, renaming, revoking; one's own PIN; locks."""

import uuid
from typing import Any

from flask import Response, make_response, render_template, request

from schemas.devices import DeviceChange, DeviceCreate, Pin, PinChange
from schemas.vocabulary import DeviceState
from server.access import Permission, allow
from server.clinics import pins, tablets
from server.clinics.models import Device, User
from server.clinics.rules import grouped
from server.clinics.service import current
from server.clinics.service import people as people_here
from server.db import find
from server.devices import qr_svg
from server.http import found, person, session
from server.idempotency import never_kept
from server.ids import uuid7
from server.problems import Problem, invalid
from server.rates import Rate, rated
from server.rights import emergency
from server.web import people_words as words
from server.web.blueprint import go_to, pages
from server.web.forms import errors_of, form, shown_again_by

MOST_REVOKED = 20
"""Shown of those that are out of use; the API lists all."""


class PinForm(PinChange):
    """The PIN twice, because nobody sees what is typed."""

    again = Pin()


def _done() -> str:
    return words.DONE.get(request.args.get("done", ""), "")


def page(problem: Problem | None = None) -> str:
    """The page of people and tablets, after a refused form with what is wrong in it."""
    locks = pins.locks(session())
    rows = [
        {
            "user": user,
            "roles": words.roles(user.roles),
            "said": words.pin(user, [device.name for _, whose, device in locks if whose.id == user.id]),
            "locks": [(tries, device) for tries, whose, device in locks if whose.id == user.id],
            "factor": words.factor(user),
            "me": user.id == person().user_id,
        }
        for user in people_here(session())
    ]
    all_tablets = tablets.listed(session())
    in_use = [one for one in all_tablets if one.device.state != DeviceState.REVOKED]
    revoked = [one for one in all_tablets if one.device.state == DeviceState.REVOKED][-MOST_REVOKED:]
    return render_template(
        "people.html",
        people=rows,
        tablets=[*in_use, *reversed(revoked)],
        say=words,
        done=_done(),
        errors=errors_of(problem),
        name=request.form.get("name", ""),
        new_id=uuid7(),
        typed=request.form,
        to_review=emergency.waiting(session()),
        roles=words.ROLES,
        policies=words.POLICIES,
        policy=current(session()).signing_policy,
    )


@pages.get("/people")
@allow(Permission.READ_PEOPLE)
def people() -> str:
    """Everybody, and every tablet."""
    return page()


@pages.post("/people/tablets")
@allow(Permission.SET_UP)
@shown_again_by(page)
@never_kept
def pair_tablet() -> Response:
    """Issue a code, and show it in this answer only. Reloaded, it is another code of the same tablet."""
    return _with_code(form(DeviceCreate()))


def _with_code(named: dict[str, Any]) -> Response:
    device, code, _ = tablets.issue_code(session(), name=named["name"], device_id=named.get("id"))
    return make_response(
        render_template("people_code.html", device=device, code=grouped(code), qr=qr_svg(code), lasts=words.lasts(device.code_expires_at))
    )


def _tablet_page(device_id: uuid.UUID, problem: Problem | None = None) -> str:
    listed = found(tablets.one(session(), device_id))
    whose = {user.id: user.name for user in people_here(session())}
    return render_template(
        "people_tablet.html",
        one=listed,
        device=listed.device,
        say=words,
        whose=whose,
        errors=errors_of(problem),
        done=_done(),
        name=request.form.get("name", listed.device.name),
    )


@pages.get("/people/tablets/<uuid:device_id>")
@allow(Permission.READ_PEOPLE)
def one_tablet(device_id: uuid.UUID) -> str:
    """One tablet: what is known of it, and what can be done with it."""
    return _tablet_page(device_id)


def _locked(device_id: uuid.UUID) -> Device:
    return found(find(session(), Device, device_id, lock=True))


@pages.post("/people/tablets/<uuid:device_id>/code")
@allow(Permission.SET_UP)
@shown_again_by(_tablet_page)
@never_kept
def new_code(device_id: uuid.UUID) -> Response:
    """Another code for a tablet that is not paired yet."""
    return _with_code({"id": device_id, "name": _locked(device_id).name})


@pages.post("/people/tablets/<uuid:device_id>/name")
@allow(Permission.SET_UP)
@shown_again_by(_tablet_page)
def rename_tablet(device_id: uuid.UUID) -> Response:
    """Call it something else."""
    device = _locked(device_id)
    if request.form.get("seen", "") != str(device.write_id):
        raise Problem("stale", "Somebody else has changed this tablet since you opened its page. Look at it, then save again.")
    tablets.rename(session(), device, form(DeviceChange())["name"])
    return go_to("one_tablet", device_id=device_id, done="renamed")


@pages.post("/people/tablets/<uuid:device_id>/revocation")
@allow(Permission.SET_UP)
def revoke_tablet(device_id: uuid.UUID) -> Response:
    """Take it out of use."""
    tablets.revoke(session(), _locked(device_id))
    return go_to("people", done="revoked")


@pages.post("/people/locks/<uuid:lock_id>/lifting")
@allow(Permission.SET_UP)
def lift_lock(lock_id: uuid.UUID) -> Response:
    """Let a person try again; whoever comes second finds it done."""
    pins.lift(session(), lock_id)
    return go_to("people", done="lifted")


def _pin_page(problem: Problem | None = None) -> str:
    user = found(find(session(), User, person().user_id))
    return render_template("people_pin.html", errors=errors_of(problem), set_before=user.pin_hash is not None)


@pages.get("/people/pin")
@allow(Permission.READ_RECORD)
def my_pin() -> str:
    """The form for one's own PIN."""
    return _pin_page()


@pages.post("/people/pin")
@allow(Permission.READ_RECORD)
@shown_again_by(_pin_page)
@rated(Rate.SIGN_IN)
def set_my_pin() -> Response:
    """Set it."""
    typed = form(PinForm())
    if typed["pin"] != typed["again"]:
        raise invalid("/again", "The two PINs differ. Enter the same PIN twice.")
    user = found(find(session(), User, person().user_id))
    pins.set_pin(session(), user, password=typed["password"], pin=typed["pin"])
    return go_to("people", done="pin")

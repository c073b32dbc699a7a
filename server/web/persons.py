"""Administering people: add, change, end; links for new passwords; sessions; what signatures ask for."""

import uuid
from typing import Any

from flask import Response, make_response, render_template, request

from schemas.accounts import PersonChange, PersonCreate, PolicyChange, ResetLinkCreate
from schemas.pointers import pointers
from server.access import Permission, allow
from server.accounts import idle, link_address
from server.clinics import accounts
from server.clinics.credentials import ResetLink
from server.clinics.models import User
from server.http import found, session
from server.idempotency import never_kept
from server.problems import Problem, invalid_all
from server.procedures.note.words import counted
from server.web import people_words as words
from server.web.blueprint import go_to, pages
from server.web.forms import errors_of, form, shown_again_by
from server.web.people import page as people_page

_FIELDS = {"name": "person"}
"""What the form calls what the API calls otherwise: the page has a tablet's name as well."""


def _field(pointer: str) -> str:
    named = pointer.split("/")[1]
    return _FIELDS.get(named, named)


def _typed(shape: PersonCreate | PersonChange, **values: Any) -> dict[str, Any]:
    """As `form`, for forms whose roles are boxes."""
    problems = shape.validate(values)
    if problems:
        rows = [{"pointer": f"/{_field(row['pointer'])}", "message": row["message"]} for row in pointers(problems)]
        raise invalid_all(rows)
    loaded: dict[str, Any] = shape.load(values)
    return loaded


def _shown_link(user: User, link: ResetLink, token: str) -> Response:
    return make_response(render_template("people_link.html", user=user, link=link, address=link_address(token)))


@pages.post("/people")
@allow(Permission.MANAGE)
@shown_again_by(people_page)
@never_kept
def invite() -> Response:
    """Add somebody, and show the link for her first password in this answer only."""
    given = {name: value for name, value in (("name", request.form.get("person")), ("email", request.form.get("email"))) if value}
    return _shown_link(*accounts.invite(session(), **_typed(PersonCreate(), roles=request.form.getlist("role"), **given)))


def _person_page(user_id: uuid.UUID, problem: Problem | None = None) -> str:
    user = found(accounts.read_user(session(), user_id))
    alive = accounts.sessions(session(), user.id, idle())
    return render_template(
        "people_person.html",
        user=user,
        roles=words.ROLES,
        held=request.form.getlist("role") or user.roles,
        typed=request.form,
        sessions=f"Signed in {counted(len(alive), 'time')}, last used {words.seen(alive[0].last_seen_at).lower()}." if alive else "None.",
        open=bool(alive),
        errors=errors_of(problem),
        done=words.DONE.get(request.args.get("done", ""), ""),
    )


@pages.get("/people/<uuid:user_id>")
@allow(Permission.MANAGE)
def one_person(user_id: uuid.UUID) -> str:
    """One person, and what can be done."""
    return _person_page(user_id)


@pages.post("/people/<uuid:user_id>")
@allow(Permission.MANAGE)
@shown_again_by(_person_page)
def change_person(user_id: uuid.UUID) -> Response:
    """Change name, roles, whether she works here."""
    user = found(accounts.locked_user(session(), user_id))
    if request.form.get("seen", "") != str(user.write_id):
        raise Problem("stale", "Somebody else has changed this person since you opened the page. Look at it, then save again.")
    given = {"roles": request.form.getlist("role"), "active": request.form.get("active") == "yes", "name": request.form.get("name", "")}
    accounts.change(session(), user, _typed(PersonChange(), **given))
    return go_to("one_person", user_id=user_id, done="person")


@pages.post("/people/<uuid:user_id>/link")
@allow(Permission.MANAGE)
@never_kept
def make_link(user_id: uuid.UUID) -> Response:
    """A link for a new password, shown in this answer only."""
    user = found(accounts.locked_user(session(), user_id))
    drops = request.form.get("drops_second_factor") == "true"
    return _shown_link(user, *accounts.issue_link(session(), user, **ResetLinkCreate().load({"drops_second_factor": drops})))


@pages.post("/people/<uuid:user_id>/sessions/end")
@allow(Permission.MANAGE)
def end_sessions(user_id: uuid.UUID) -> Response:
    """End all of somebody's sessions."""
    accounts.end_sessions(session(), found(accounts.read_user(session(), user_id)))
    return go_to("one_person", user_id=user_id, done="sessions")


@pages.post("/people/signing-policy")
@allow(Permission.MANAGE)
@shown_again_by(people_page)
def signing_policy() -> Response:
    """What signatures ask for from now on."""
    accounts.set_signing_policy(session(), form(PolicyChange())["signing_policy"])
    return go_to("people", done="policy")

"""One's own account: password, authenticator app, sessions; and the page behind a one-time link for a new password."""

import uuid
from typing import Any

from flask import Response, current_app, render_template, request

from schemas.accounts import FactorConfirm, FactorStart, PasswordChange, ResetLinkUse
from schemas.fields import Secret
from schemas.vocabulary import Role
from server.access import Permission, allow, public
from server.accounts import idle, me, qr_svg
from server.clinics import accounts, second_factor, tablets
from server.clinics.service import current
from server.http import found, person, session
from server.idempotency import never_kept
from server.problems import Problem, invalid
from server.procedures.note.words import counted
from server.rates import Rate, rated
from server.web import people_words as words
from server.web.blueprint import go_to, pages
from server.web.forms import errors_of, form, shown_again_by


class PasswordForm(PasswordChange):
    """The new password twice, because nobody sees what is typed."""

    again = Secret()


class LinkForm(ResetLinkUse):
    """The same by a link."""

    again = Secret()


@pages.get("/account")
@allow(Permission.SIGNED_IN)
def account() -> str:
    """What there is of it."""
    user = me_to_read()
    return render_template(
        "account.html",
        user=user,
        said=words.factor(user),
        left=words.codes_left(user.recovery_codes_left),
        why=words.why_factor(Role.ADMIN in user.roles, person().may(Permission.SIGN)),
        sessions=accounts.sessions(session(), user.id, idle()),
        tablets={one.device.id: one.device.name for one in tablets.listed(session())},
        seen=words.seen,
        idle=counted(current_app.config["GRAFTLOG"].session_idle_minutes, "minute"),
        done=words.DONE.get(request.args.get("done", ""), ""),
        errors=[],
    )


def me_to_read() -> Any:
    """The person's own row, for a page that changes nothing."""
    return found(accounts.read_user(session(), person().user_id))


@pages.post("/account/sessions/<uuid:sign_in_id>/end")
@allow(Permission.SIGNED_IN)
def end_session(sign_in_id: uuid.UUID) -> Response:
    """End one of one's sessions elsewhere."""
    found(accounts.end_session(session(), person().user_id, sign_in_id) or None)
    return go_to("account", done="session")


def _password_page(problem: Problem | None = None) -> str:
    return render_template("account_password.html", errors=errors_of(problem))


@pages.get("/account/password")
@allow(Permission.SIGNED_IN)
def my_password() -> str:
    """The form."""
    return _password_page()


def _twice(typed: dict[str, Any]) -> dict[str, Any]:
    if typed["new_password"] != typed.pop("again"):
        raise invalid("/again", "The two passwords differ. Enter the same one twice.")
    return typed


@pages.post("/account/password")
@allow(Permission.SIGNED_IN)
@shown_again_by(_password_page)
@never_kept
@rated(Rate.SIGN_IN)
def change_my_password() -> Response:
    """Change it."""
    accounts.change_password(session(), me(), **_twice(form(PasswordForm())))
    return go_to("account", done="password")


def _factor_page(problem: Problem | None = None) -> str:
    return render_template("account_factor.html", errors=errors_of(problem), shown=False)


@pages.get("/account/authenticator")
@allow(Permission.SIGNED_IN)
def new_factor() -> str:
    """Ask for the password first."""
    return _factor_page()


def _scan(secret: str, problem: Problem | None = None) -> str:
    address = second_factor.address(secret, me_to_read(), current(session()))
    return render_template("account_factor.html", errors=errors_of(problem), shown=True, secret=secret, qr=qr_svg(address))


@pages.post("/account/authenticator")
@allow(Permission.SIGNED_IN)
@shown_again_by(_factor_page)
@never_kept
@rated(Rate.SIGN_IN)
def start_factor() -> str:
    """Show the picture to scan."""
    secret, _ = second_factor.start(session(), me(), current(session()), **form(FactorStart()))
    return _scan(secret)


def _scan_again(problem: Problem | None = None) -> str:
    secret = second_factor.pending(session(), person().user_id)
    return _scan(secret, problem) if secret else _factor_page(problem)


@pages.post("/account/authenticator/confirmation")
@allow(Permission.SIGNED_IN)
@shown_again_by(_scan_again)
@never_kept
@rated(Rate.SIGN_IN)
def confirm_factor() -> str:
    """The app counts from now on; show the recovery codes."""
    user = me()
    codes = second_factor.confirm(session(), user, form(FactorConfirm())["code"])
    accounts.end_sessions(session(), user, but=person().sign_in_id)
    return render_template("account_codes.html", codes=codes)


def _link_page(problem: Problem | None = None) -> str:
    return render_template("new_password.html", errors=errors_of(problem), token=request.form.get("token", ""))


@pages.get("/new-password")
@public
def new_password() -> str:
    """The form behind a one-time link, whose token only the browser sees."""
    return _link_page()


@pages.post("/new-password")
@public
@shown_again_by(_link_page)
@never_kept
@rated(Rate.SIGN_IN)
def set_new_password() -> Response:
    """Set it, and go on to signing in."""
    accounts.use_link(session(), **_twice(form(LinkForm())))
    return go_to("sign_in", after="new-password")

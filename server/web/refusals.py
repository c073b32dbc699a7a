"""Refusals as pages that say what to do next. The API keeps problem+json."""

from http import HTTPStatus
from typing import Any

from flask import Response, current_app, g, redirect, render_template, request, url_for
from werkzeug.exceptions import HTTPException

from server import clock
from server.problems import Problem
from server.web import words

_FORM_STATUSES = frozenset({401, 409, 412, 422})
_NEXT = {
    400: "Go back, reload the page, and try again.",
    403: "Go back to what you may see, or ask your clinic's administrator.",
    404: "Check the address, or look for the patient in the list of procedures.",
    405: "Go back and use the page's own buttons.",
    408: "Try again.",
    409: "Open the record again and look at what has changed.",
    412: "Open the record again and look at what has changed.",
    413: "Send less text at once.",
    422: "Go back and correct it.",
    429: "Wait as long as it says, then send it again.",
    500: "Try again. If it fails again, tell your administrator the time shown below.",
    503: "Wait a few seconds, then reload this page.",
}
_TITLES = {
    400: "This request cannot be read",
    403: "This is not allowed",
    404: "There is nothing at this address",
    405: "This address cannot be used that way",
    413: "This is too much at once",
}


def of_problem(problem: Problem) -> Response:
    """The sign-in page for somebody signed out; the form itself with what is wrong in it; else a page about the problem."""
    typed = _typed()
    if problem.code == "not_signed_in" and not typed:
        return redirect(url_for("web.sign_in", next=_here()), 303)  # type: ignore[return-value]  # reason: a werkzeug response that Flask wraps
    again = getattr(current_app.view_functions.get(request.endpoint or ""), "__again__", None)
    on_the_form = problem.status in _FORM_STATUSES or problem.code == "too_many_tries"
    if again is not None and on_the_form and problem.code != "not_signed_in":
        return _form_again(again, problem)
    response = _page(problem.status, problem.title, _detail(problem), typed)
    if "retry_after_s" in problem.extra:
        response.headers["Retry-After"] = str(problem.extra["retry_after_s"])
    return response


def of_http(error: HTTPException) -> Response:
    """What Flask itself refuses."""
    status = error.code or 500
    response = _page(status, _TITLES.get(status, HTTPStatus(status).phrase), "", "")
    if status == HTTPStatus.METHOD_NOT_ALLOWED:
        response.headers["Allow"] = ", ".join(sorted(getattr(error, "valid_methods", None) or []))
    return response


def _typed() -> str:
    """What somebody wrote and would otherwise lose."""
    try:
        return request.form.get("text", "")
    except HTTPException:  # too large to be read at all
        return ""


def _here() -> str:
    """Where to go on after signing in: this page, or the page whose form was sent."""
    if request.method == "GET":
        return request.full_path.rstrip("?")
    arguments = request.view_args or {}
    return url_for("web.procedure", **arguments) if "procedure_id" in arguments else url_for("web.procedures")


def _form_again(again: Any, problem: Problem) -> Response:
    """The refused transaction is rolled back by now; the form is shown from a new one, which only reads."""
    person = g.get("person")
    with current_app.db.transaction(person.clinic_id if person else None, write=False, actor=person) as g.session:  # type: ignore[attr-defined]  # reason: our App
        try:
            return Response(again(problem=problem, **(request.view_args or {})), problem.status, mimetype="text/html")
        except Problem as other:  # what the form is about is not there to be shown, and that is what there is to say
            return _page(other.status, other.title, _detail(other), _typed())


def _detail(problem: Problem) -> str:
    person = g.get("person")
    if problem.code == "not_allowed" and person is not None:
        return " ".join(words.ROLES[role] for role in person.roles)
    return problem.detail if problem.code not in {"not_found", "internal", "unavailable"} else ""


def _page(status: int, title: str, detail: str, typed: str) -> Response:
    text = render_template(
        "refusal.html",
        title=_TITLES.get(status, title),
        detail=detail,
        then=_NEXT.get(status, _NEXT[400]),
        typed=typed,
        sign_in=url_for("web.sign_in", next=_here()) if status == HTTPStatus.UNAUTHORIZED else None,
        status=status,
        at=clock.now(),
    )
    response = Response(text, status, mimetype="text/html")
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        response.headers["Retry-After"] = "2"
    return response

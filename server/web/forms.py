"""Reading forms and filters with the API's own shapes, and saying in a form's words what is wrong."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from flask import request
from marshmallow import ValidationError, fields
from werkzeug.datastructures import MultiDict

from schemas.fields import Shape
from schemas.pointers import pointers
from server.problems import Problem, invalid_all

_ABOUT = {
    "wrong_credentials": "password",
    "wrong_link": "token",
    "code_required": "code",
    "wrong_second_factor": "code",
    "code_used": "code",
}
"""Code of a problem that names no field → the input that it is about."""

View = TypeVar("View", bound=Callable[..., Any])
_MISSING = {
    "email": "Enter your e-mail address.",
    "password": "Enter your password.",
    "name": "Give the tablet a name.",
    "pin": "Enter a PIN of 6 to 12 digits.",
    "again": "Enter it a second time.",
    "mrn": "Enter the patient's number.",
    "reason": "Say why it cannot wait.",
    "note": "Say what came of it.",
    "code": "Type the six digits that your authenticator app shows now.",
    "new_password": "Enter a new password.",
    "token": "Open the link again, or copy what stands behind its #.",
    "text": "Write what you want to add.",
    "purpose": "Choose what the photographs may be shown for.",
    "given": "Say whether the patient agrees.",
    "decided_on": "Enter the day on the signed paper.",
    "quality": "Choose a grade.",
    "verdict": "Say which is better, or why you cannot judge.",
}


def form(shape: Shape) -> dict[str, Any]:
    """The form's fields that `shape` knows. Raises 422 `invalid`, one sentence per field."""
    return _load(shape, request.form)


def filters(shape: Shape) -> dict[str, Any]:
    """The address's parameters that `shape` knows; an empty one counts as not given. Raises 422 `invalid`."""
    return _load(shape, request.args)


def kept(*names: str) -> dict[str, Any]:
    """Those of the address's parameters that say which part of a list is shown, for the addresses of its other pages."""
    return {name: value for name, value in request.args.items() if name in names and value}


def _load(shape: Shape, given: Mapping[str, str]) -> dict[str, Any]:
    known = {field.data_key or name: field for name, field in shape.fields.items()}
    values: dict[str, Any] = {name: given[name].replace("\r\n", "\n") for name in known if given.get(name, "").strip()}
    if isinstance(given, MultiDict):
        values |= {name: given.getlist(name) for name in values if isinstance(known[name], fields.List)}
    try:
        loaded: dict[str, Any] = shape.load(values)
    except ValidationError as error:
        rows = pointers(error.messages)
        errors = [row | {"message": _sentence(row["pointer"].removeprefix("/"), row["message"], values)} for row in rows]
        raise invalid_all(errors) from None
    return loaded


def _sentence(field: str, message: str, values: Mapping[str, Any]) -> str:
    return message if field in values else _MISSING.get(field, message)


def shown_again_by(page: Callable[..., str]) -> Callable[[View], View]:
    """Mark a form's view: refused, `page(problem=…, **view_args)` shows it again with what was typed."""

    def mark(view: View) -> View:
        view.__again__ = page  # type: ignore[attr-defined]  # reason: the mark itself
        return view

    return mark


def errors_of(problem: Problem | None) -> list[dict[str, str]]:
    """`{"field", "message"}` rows for the summary on top of a form; `field` is the id of the input to go to, or empty."""
    if problem is None:
        return []
    if problem.errors:
        return [{"field": one["pointer"].removeprefix("/"), "message": one["message"]} for one in problem.errors]
    return [{"field": _ABOUT.get(problem.code, ""), "message": f"{problem.title}. {problem.detail}"}]

"""The body of a request: JSON read strictly."""

import json
from typing import Any, NoReturn

from flask import request

from server.problems import Problem, invalid

DEEPEST = 32
JSON_PLEASE = "Set Content-Type: application/json and send JSON in UTF-8."


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose names are whole text and all different."""
    found_keys = dict(pairs)
    if len(found_keys) != len(pairs):
        raise ValueError("a name appears twice in one object")
    for name in found_keys:
        name.encode()  # half of a character could not even be named in the refusal
    return found_keys


def _depth(value: Any, level: int = 0) -> None:
    if level > DEEPEST:
        raise RecursionError
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        _depth(inner, level + 1)


def read_json() -> Any:
    """The request's body. Strict: UTF-8, no NaN, no name twice, no deep nesting. 415, 400 or, too deep, 422 otherwise."""
    must_be_json()
    return decoded(request.get_data())


def must_be_json() -> None:
    """415 for a body that does not say it is."""
    if request.mimetype != "application/json":
        raise Problem("unsupported_media_type", JSON_PLEASE)


def decoded(data: bytes, **numbers: Any) -> Any:
    """What a body says, read as strictly as `read_json` says. `numbers` are `parse_float` and `parse_int` of `json.loads`."""
    try:
        value = json.loads(data.decode(), **numbers, parse_constant=_refuse_constant, object_pairs_hook=_once)
        _depth(value)
    except UnicodeError:
        raise Problem("bad_request", "The body is not UTF-8 text; send JSON in UTF-8, without halves of characters.") from None
    except RecursionError:
        raise invalid("", f"The JSON is nested deeper than {DEEPEST} levels; send it flatter.") from None
    except ValueError as error:
        raise Problem("bad_request", f"The body is not valid JSON: {str(error).partition(';')[0]}.") from None
    return value

"""Marshmallow's nested messages as rows with a JSON pointer each."""

from collections.abc import Mapping
from typing import Any


def pointers(messages: Any, prefix: str = "") -> list[dict[str, str]]:
    """Marshmallow's nested messages as `[{"pointer": "/plan/injections/0/volume_ml", "message": …}]`."""
    if isinstance(messages, Mapping):
        found: list[dict[str, str]] = []
        for key, inner in messages.items():
            step = "" if key == "_schema" else "/" + str(key).replace("~", "~0").replace("/", "~1")
            found += pointers(inner, prefix + step)
        return found
    if isinstance(messages, list | tuple):
        return [one for message in messages for one in pointers(message, prefix)]
    return [{"pointer": prefix, "message": str(messages)}]

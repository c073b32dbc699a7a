"""What no field of a kind can mean, as JSON text: because some of it is no JSON at all."""

import json
from typing import Any

from marshmallow import fields as marshmallow_fields

from schemas.fields import Choice, Day, Flag, Id, Moment, Quantity, Text

NUL, HALF = r'"a\u0000b"', r'"\ud800"'
LONG = json.dumps("x" * 1_000_000)
ANYWHERE = {"NUL": NUL, "half a character": HALF, "1e308": "1e308", "a megabyte": LONG, "an object": '{"a": 1}', "a deep list": "[[[1]]]"}
TYPE_SLIPS: dict[type, dict[str, str]] = {
    Quantity: {"-1": "-1", "12,5": '"12,5"', "text": '"12"', "true": "true", "past a float": "1e400", "many digits": "9" * 400},
    Day: {"year 1": '"0001-01-01"', "year 9999": '"9999-12-31"', "30 February": '"2026-02-30"', "compact": '"20260102"', "a number": "7"},
    Moment: {
        "year 1": '"0001-01-01T00:00:00+14:00"',
        "year 9999": '"9999-12-31T23:59:59-14:00"',
        "no offset": '"2026-11-23T09:30:00"',
        "a week date": '"2026-W48-1T09:30:00Z"',
        "offset of a day": '"2026-11-23T09:30:00+23:59"',
        "a number": "7",
    },
    Flag: {"yes": '"yes"', "1": "1", "a list": "[]"},
    Id: {
        "text": '"7"',
        "no dashes": '"01931c1e7a527c2b9f0e0123456789ab"',
        "braces": '"{01931c1e-7a52-7c2b-9f0e-0123456789ab}"',
        "a number": "7",
    },
    Choice: {"another word": '"nonsense"', "a number": "7", "true": "true"},
    Text: {"a number": "7", "true": "true", "a list": "[]", "nothing": '" "'},
    marshmallow_fields.List: {"text": '"x"', "a list of numbers": "[7]", "null inside": "[null]"},
    marshmallow_fields.Nested: {"text": '"x"', "a list": "[]", "a number": "7"},
}


def bad_for(field: marshmallow_fields.Field[Any]) -> dict[str, str]:
    """Name → JSON text of values that this field must refuse."""
    found = dict(ANYWHERE)
    for kind, slips in TYPE_SLIPS.items():
        if isinstance(field, kind):
            found |= slips
    if isinstance(field, Quantity) and field.steps == 1:
        found["13.9"] = "13.9"
    if not field.allow_none:
        found["null"] = "null"
    return found

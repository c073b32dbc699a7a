"""Strict marshmallow fields: what marshmallow would quietly coerce (13.9 to 13, "yes" to true) is refused here."""

import math
import re
import uuid
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Any, ClassVar, cast

from marshmallow import RAISE, Schema, ValidationError, fields

from schemas.limits import LIMITS, Limit

EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)
LATEST = datetime(2200, 1, 1, tzinfo=UTC)
_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,6})?([Zz]|[+-]\d\d:\d\d)\Z", re.ASCII)
_DATE = re.compile(r"\d{4}-\d\d-\d\d\Z", re.ASCII)
_YEARS = "(19|2[01])[0-9][0-9]"
_MONTH_DAY = "(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
_TIME = "([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
_OFFSET = "([Zz]|[+-]((0[0-9]|1[0-3]):[0-5][0-9]|14:00))"
_NOISE = 1e-6
"""What binary fractions leave behind: 0.1 + 0.2 is taken for 0.3. Whole numbers leave nothing behind."""

_CLEARER: dict[str, Any] = {
    "Missing data for required field.": "Is missing; send it.",
    "Field may not be null.": "May not be null; send a value.",
    "Invalid type.": "Must be an object.",
    "Not a valid list.": "Must be a list.",
}


def _documented(field: fields.Field[Any]) -> dict[str, Any]:
    """The field's metadata, which marshmallow types as read-only: what OpenAPI says of it is added here."""
    return cast("dict[str, Any]", field.metadata)


class Shape(Schema):
    """Base of every request body: unknown fields are refused by name."""

    class Meta:
        """Marshmallow options."""

        unknown = RAISE

    error_messages: dict[str, str] = {  # noqa: RUF012  reason: marshmallow declares it so
        "unknown": "Unknown field. Remove it, or check its spelling.",
        "type": "Must be an object.",
    }

    def on_bind_field(self, field_name: str, field_obj: fields.Field[Any]) -> None:
        """Say what to do where marshmallow only says what is wrong."""
        for one in (field_obj, field_obj.inner) if isinstance(field_obj, fields.List) else (field_obj,):
            one.error_messages = {name: _CLEARER.get(str(text), text) for name, text in one.error_messages.items()}
        super().on_bind_field(field_name, field_obj)


class Document(Shape):
    """Base of what is answered: every field is there, null where nothing is known."""

    def on_bind_field(self, field_name: str, field_obj: fields.Field[Any]) -> None:
        """Promise it."""
        field_obj.required = True
        super().on_bind_field(field_name, field_obj)


class Text(fields.String):
    """Text that both databases can hold: no NUL, control character or lone surrogate; trimmed; bounded."""

    CONTROL: ClassVar[str] = r"\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"
    """Refused, as the inside of a character class; tab and line ends are text."""

    def __init__(self, *, longest: int = 200, shortest: int = 1, **kwargs: Any) -> None:
        """Bound the length in characters; `shortest` is 1, or 0 for what may be empty."""
        self.longest, self.shortest = longest, shortest
        self.unstorable = re.compile(f"[{self.CONTROL}\ud800-\udfff]")
        super().__init__(**kwargs)
        some = rf"[^{self.CONTROL}\s]" if shortest else ""
        _documented(self).setdefault("maxLength", longest)
        _documented(self).setdefault("minLength", shortest)
        _documented(self).setdefault("pattern", f"^[^{self.CONTROL}]*{some}[^{self.CONTROL}]*$")

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:
        if not isinstance(value, str):
            raise ValidationError("Must be text.")
        if self.unstorable.search(value):
            raise ValidationError("Contains a control character or half of a character; remove it.")
        if len(value) > self.longest:
            raise ValidationError(f"At most {self.longest} characters; this has {len(value)}. Shorten it.")
        if self.shortest and not value.strip():
            raise ValidationError("Must not be empty; write something.")
        return value.strip()


class Secret(Text):
    """A password, kept exactly as typed, spaces included; never shown again."""

    def __init__(self, **kwargs: Any) -> None:
        """Up to 1024 characters."""
        super().__init__(longest=1024, required=True, metadata={"writeOnly": True}, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:
        super()._deserialize(value, attr, data, **kwargs)
        return str(value)


class Scan(Text):
    """A barcode as the scanner sent it, FNC1 included, which scanners send as a group separator (0x1d)."""

    CONTROL = r"\x00-\x08\x0b\x0c\x0e-\x1c\x1e\x1f\x7f-\x9f"

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:
        super()._deserialize(value, attr, data, **kwargs)
        return str(value).strip(" \t\r\n")


class Pattern(Text):
    """Text of one form, refused with a sentence that shows the form. Spaces around it do not matter."""

    def __init__(self, pattern: str, example: str, **kwargs: Any) -> None:
        """`pattern` must match all of the text."""
        self.form, self.example = re.compile(rf" *(?:{pattern}) *\Z"), example
        super().__init__(**kwargs)
        _documented(self)["pattern"] = f"^ *({pattern}) *$"
        _documented(self).setdefault("example", example)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:
        text = super()._deserialize(value, attr, data, **kwargs)
        if not self.form.match(value):
            raise ValidationError(f"Not in the form expected, for example {self.example}.")
        return text


class Choice(fields.Field[str]):
    """One word of an enumeration."""

    def __init__(self, words: type[StrEnum] | tuple[str, ...], **kwargs: Any) -> None:
        """`words` are the only values taken."""
        self.words = tuple(str(word) for word in words)
        super().__init__(**kwargs)
        listed: list[str | None] = [*self.words]
        if self.allow_none:
            listed.append(None)
        _documented(self).update({"type": ["string", "null"] if self.allow_none else "string", "enum": listed})

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:
        if not isinstance(value, str) or value not in self.words:
            raise ValidationError(f"Must be one of: {', '.join(self.words)}.")
        return value


class Flag(fields.Boolean):
    """true or false, nothing that merely looks like it."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> bool:
        if not isinstance(value, bool):
            raise ValidationError("Must be true or false.")
        return value


class Id(fields.UUID):
    """An identifier in the usual 36-character form."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> uuid.UUID:
        try:
            found = uuid.UUID(value) if isinstance(value, str) else None
        except ValueError:
            found = None
        if found is None or str(found) != value.lower():
            raise ValidationError("Must be a UUID like 01931c1e-7a52-7c2b-9f0e-0123456789ab.")
        return found


def as_number(value: Any) -> float:
    """`value` as a finite number; a boolean, a string, NaN or infinity raises ValidationError."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValidationError("Must be a number, not text; decimals take a point.")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise ValidationError("Must be a finite number.")
    return number


class Quantity(fields.Field[int]):
    """A measured number with its limit. On the wire in its own unit, stored as a whole number of thousandths of it.

    `steps` is how many stored steps make one unit: 1000 for mL (stored µL) and mm (stored µm), 1 for whole numbers.
    """

    def __init__(self, limit: str, *, steps: int = 1000, **kwargs: Any) -> None:
        """`limit` names a row of `schemas.limits`."""
        self.limit: Limit = LIMITS[limit]
        self.steps = steps
        super().__init__(**kwargs)
        kind = "integer" if steps == 1 else "number"
        said = self.metadata.get("description", "")
        _documented(self).update(
            {
                "type": [kind, "null"] if self.allow_none else kind,
                "minimum": self.limit.hard_min,
                "maximum": self.limit.hard_max,
                "description": f"{said} {self.limit.words}".strip(),
            }
        )
        if steps != 1:
            _documented(self).update({"multipleOf": 1 / steps})

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> int:
        number = as_number(value)
        refusal = self.limit.refusal(number)
        if refusal:
            raise ValidationError(refusal)
        stored = round(number * self.steps)
        noise = _NOISE * max(1.0, abs(number)) if self.steps > 1 else 0
        if abs(number * self.steps - stored) > noise:
            finest = f"whole {self.limit.unit}" if self.steps == 1 else f"{1 / self.steps:g} {self.limit.unit}"
            raise ValidationError(f"{number:g} has more digits than are stored; round it to {finest}.")
        return stored


class QueryWhole(Quantity):
    """A whole number in the query string, where everything is text."""

    def __init__(self, limit: str, **kwargs: Any) -> None:
        """Whole numbers only."""
        super().__init__(limit, steps=1, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> int:
        if not isinstance(value, str) or not re.fullmatch(r"-?[0-9]{1,9}", value):
            raise ValidationError("Must be a whole number.")
        return super()._deserialize(int(value), attr, data, **kwargs)


class Measure(Quantity):
    """A quantity that is never summed: checked like one, kept as the number that was sent."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        stored = super()._deserialize(value, attr, data, **kwargs)
        whole, rest = divmod(stored, self.steps)
        return stored / self.steps if rest else whole


class Moment(fields.Field[datetime]):
    """RFC 3339 time with offset, kept in the offset it came with; years 1900 to 2199."""

    def __init__(self, **kwargs: Any) -> None:
        """Document the format."""
        super().__init__(**kwargs)
        _documented(self).update(
            {
                "type": ["string", "null"] if self.allow_none else "string",
                "format": "date-time",
                "pattern": rf"^{_YEARS}-{_MONTH_DAY}[Tt]{_TIME}(\.[0-9]{{1,6}})?{_OFFSET}$",
                "example": "2026-11-23T09:30:00+01:00",
            }
        )

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> datetime:
        problem = "Must be a time with offset like 2026-11-23T09:30:00+01:00."
        if not isinstance(value, str) or not _RFC3339.match(value):
            raise ValidationError(problem)
        try:
            moment = datetime.fromisoformat(value.upper())
            in_range = EARLIEST <= moment < LATEST
        except (ValueError, OverflowError):
            raise ValidationError(problem) from None
        if not in_range or abs(moment.utcoffset() or timedelta()) > timedelta(hours=14):
            raise ValidationError("Must lie between the years 1900 and 2199, with an offset of at most 14 hours.")
        return moment


class Day(fields.Field[date]):
    """Calendar date, years 1900 to 2199."""

    def __init__(self, **kwargs: Any) -> None:
        """Document the format."""
        super().__init__(**kwargs)
        _documented(self).update(
            {
                "type": ["string", "null"] if self.allow_none else "string",
                "format": "date",
                "pattern": f"^{_YEARS}-{_MONTH_DAY}$",
                "example": "1991-04-17",
            }
        )

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> date:
        try:
            day = date.fromisoformat(value) if isinstance(value, str) and _DATE.match(value) else None
        except ValueError:
            day = None
        if day is None:
            raise ValidationError("Must be a date like 1991-04-17.")
        if not EARLIEST.date() <= day < LATEST.date():
            raise ValidationError("Must lie between the years 1900 and 2199.")
        return day

"""Shapes of tablets and PINs."""

from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError, fields

from schemas.common import Items, Page
from schemas.fields import Choice, Document, Flag, Id, Moment, Pattern, Secret, Shape, Text
from schemas.vocabulary import DeviceState, Role

LONGEST_NAME = 60
LONGEST_VERSION = 40


class Pin(Pattern):
    """A PIN, never shown again."""

    def __init__(self, *, required: bool = True) -> None:
        """`required` unless it is one of several ways."""
        super().__init__("[0-9]{6,12}", "482915", longest=14, required=required, metadata={"writeOnly": True})

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:
        try:
            return super()._deserialize(value, attr, data, **kwargs)
        except ValidationError:
            raise ValidationError("Must be 6 to 12 digits, as text.") from None


class DeviceCreate(Shape):
    """A tablet that is to be paired."""

    id = Id(metadata={"description": "Made by the client, so that the call may be repeated; each time with another code."})
    name = Text(longest=LONGEST_NAME, required=True, metadata={"example": "Theatre 1"})


class DeviceChange(Shape):
    """Another name."""

    name = Text(longest=LONGEST_NAME, required=True, metadata={"example": "Theatre 2"})


class DeviceOut(Document):
    """A tablet. Its code, secret and token are never shown again."""

    id = Id()
    name = Text(longest=LONGEST_NAME)
    state = Choice(DeviceState)
    code_expires_at = Moment()
    paired_by = Id(metadata={"description": "Who issued the code."})
    paired_at = Moment(allow_none=True)
    revoked_by = Id(allow_none=True)
    revoked_at = Moment(allow_none=True)
    write_id = Id()
    created_at = Moment()
    updated_at = Moment()


class ListedDevice(DeviceOut):
    """A tablet and what it said of itself when it last called, noted at most once a minute."""

    last_seen_at = Moment(allow_none=True)
    app_version = Text(longest=LONGEST_VERSION, allow_none=True)
    schema_version = Text(longest=LONGEST_VERSION, allow_none=True)
    clock_offset_ms = fields.Integer(
        allow_none=True, metadata={"description": "How far the tablet's clock was ahead of ours, the way of the call included."}
    )


class DeviceList(Items):
    """Tablets in the order in which they were named, revoked ones too."""

    items = fields.List(fields.Nested(ListedDevice), required=True)


class DeviceQuery(Page):
    """Paging."""


class NewCode(DeviceOut):
    """A tablet and its code, which is shown this once."""

    code = Text(longest=9, metadata={"example": "K7RF-2MTA"})
    qr_svg = Text(longest=100_000, metadata={"description": "The same as a QR code: `graftlog:pair?server=…&code=…`."})


class PairingRequest(Shape):
    """What a tablet sends to be paired. The secret is made by the tablet and kept there, in case the answer is lost."""

    code = Text(
        longest=20, required=True, metadata={"example": "K7RF-2MTA", "description": "Small letters, spaces and hyphens do not matter."}
    )
    secret = Pattern(r"[A-Za-z0-9_-]{32,128}", "wF3mD0rB6h1Jq9uYxS2kVt7nZc4aLp8e", longest=130, required=True)


class Paired(DeviceOut):
    """A paired tablet and its token, which is shown this once."""

    token = Text(longest=100)


class PinSignIn(Shape):
    """Who signs in on the tablet, and the PIN."""

    user_id = Id(required=True)
    pin = Pin()


class PinChange(Shape):
    """One's own new PIN."""

    password = Secret()
    pin = Pin()


class TabletPerson(Document):
    """Somebody who may sign in on the tablet."""

    id = Id()
    name = Text()
    roles = fields.List(Choice(Role))
    pin_set = Flag()
    locked = Flag(metadata={"description": "After five wrong PINs on this tablet."})


class TabletPeople(Items):
    """Everybody who may sign in on the tablet."""

    items = fields.List(fields.Nested(TabletPerson), required=True)


class PinTriesOut(Document):
    """Wrong PINs of one person on one tablet since the last right one."""

    id = Id()
    device_id = Id()
    user_id = Id()
    failures = fields.Integer()
    wait_until = Moment(allow_none=True)
    locked_at = Moment(allow_none=True)
    write_id = Id()
    created_at = Moment()
    updated_at = Moment()


class PinLocks(Items):
    """Who is locked out, and where."""

    items = fields.List(fields.Nested(PinTriesOut), required=True)

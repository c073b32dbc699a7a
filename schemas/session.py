"""Shapes of signing in."""

from marshmallow import fields

from schemas.common import Items
from schemas.fields import Choice, Flag, Id, Moment, Secret, Shape, Text
from schemas.vocabulary import Role


class SignInRequest(Shape):
    """Credentials; `code` (second factor) has its place but no effect yet, so it is refused rather than ignored."""

    email = Text(longest=320, required=True, metadata={"example": "surgeon@demo.example"})
    password = Secret()


class Person(Shape):
    """A person of the clinic."""

    id = Id(required=True)
    email = Text(longest=320, required=True)
    name = Text(required=True)
    roles = fields.List(Choice(Role), required=True)
    active = Flag(required=True)
    pin_set = Flag(required=True, metadata={"description": "Whether the person has a PIN for tablets."})
    write_id = Id(required=True)
    created_at = Moment(required=True)
    updated_at = Moment(required=True)


class People(Items):
    """All people of the clinic."""

    items = fields.List(fields.Nested(Person), required=True)


class ClinicOut(Shape):
    """The clinic."""

    id = Id(required=True)
    name = Text(required=True)
    time_zone = Text(required=True)
    locale = Text(required=True)
    phone = Text(required=True, allow_none=True)


class SessionOut(Shape):
    """Who is signed in, and until when."""

    expires_at = Moment(required=True)
    user = fields.Nested(Person, required=True)
    clinic = fields.Nested(ClinicOut, required=True)
    permissions = fields.List(Text(), required=True)


class NewSession(SessionOut):
    """A session just opened; the token is shown this once."""

    token = Text(longest=100, required=True)

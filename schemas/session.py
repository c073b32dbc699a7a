"""Shapes of signing in."""

from marshmallow import fields

from schemas.common import Items
from schemas.fields import Choice, Flag, Id, Moment, Pattern, Secret, Shape, Text
from schemas.vocabulary import Role, SigningPolicy

CODE_FORM = "[0-9]{3} ?[0-9]{3}|([A-Za-z2-7]{4}[- ]?){4}"


def code_field(*, required: bool = False) -> Pattern:
    """Six digits of an authenticator app, or a recovery code where one is taken."""
    about = "Six digits of the authenticator app. At sign-in a recovery code does as well. Each works once."
    return Pattern(CODE_FORM, "492 039", longest=24, required=required, metadata={"writeOnly": True, "description": about})


class SignInRequest(Shape):
    """Credentials; `code` from whoever has set up a second factor."""

    email = Text(longest=320, required=True, metadata={"example": "surgeon@demo.example"})
    password = Secret()
    code = code_field()


class Person(Shape):
    """A person of the clinic."""

    id = Id(required=True)
    email = Text(longest=320, required=True)
    name = Text(required=True)
    roles = fields.List(Choice(Role), required=True)
    active = Flag(required=True)
    pin_set = Flag(required=True, metadata={"description": "Whether the person has a PIN for tablets."})
    second_factor_since = Moment(required=True, allow_none=True, metadata={"description": "Since when codes of an app are asked for."})
    recovery_codes_left = fields.Integer(required=True)
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
    signing_policy = Choice(SigningPolicy, required=True)


class SessionOut(Shape):
    """Who is signed in, and until when."""

    expires_at = Moment(required=True)
    user = fields.Nested(Person, required=True)
    clinic = fields.Nested(ClinicOut, required=True)
    permissions = fields.List(Text(), required=True)


class NewSession(SessionOut):
    """A session just opened; the token is shown this once."""

    token = Text(longest=100, required=True)

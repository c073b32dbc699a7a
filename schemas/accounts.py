"""Shapes of people's accounts: invitations, changes, passwords, second factors, sessions, the signing policy."""

from collections.abc import Sequence

from marshmallow import ValidationError, fields

from schemas.common import Items
from schemas.fields import Choice, Document, Flag, Id, Moment, Pattern, Secret, Shape, Text
from schemas.patients import EMAIL
from schemas.session import Person, code_field
from schemas.vocabulary import Role, SigningPolicy

LONGEST_AGENT = 200
_ONCE = {"minItems": 1, "uniqueItems": True}


def _each_once(given: Sequence[str]) -> None:
    if not given or len(set(given)) != len(given):
        raise ValidationError("Name one role or more, each once.")


class PersonCreate(Shape):
    """Somebody new. She sets her first password with the link in the answer."""

    email = Pattern(EMAIL, "noemi@clinic.example", longest=320, required=True)
    name = Text(required=True)
    roles = fields.List(Choice(Role), required=True, validate=_each_once, metadata=_ONCE)


class PersonChange(Shape):
    """What may change of a person. Nobody is ever deleted: her name stays on what she has recorded."""

    name = Text()
    roles = fields.List(Choice(Role), validate=_each_once, metadata=_ONCE)
    active = Flag()


class ResetLinkCreate(Shape):
    """A link for a new password."""

    drops_second_factor = Flag(
        load_default=False, metadata={"description": "For somebody who has lost both her authenticator and her recovery codes."}
    )


class ResetLinkOut(Document):
    """A one-time link, without its address."""

    id = Id()
    user_id = Id()
    made_by = Id(allow_none=True)
    drops_second_factor = Flag()
    expires_at = Moment()
    used_at = Moment(allow_none=True)
    write_id = Id()
    created_at = Moment()
    updated_at = Moment()


class NewResetLink(ResetLinkOut):
    """The link with its address, which is shown this once. Hand it over in a way that reaches only that person."""

    address = Text(longest=600)


class Invited(Shape):
    """A new person, and the link for her first password."""

    person = fields.Nested(Person, required=True)
    link = fields.Nested(NewResetLink, required=True)


class PasswordChange(Shape):
    """One's own new password."""

    password = Secret()
    new_password = Secret()
    code = code_field()


class ResetLinkUse(Shape):
    """A new password by a one-time link."""

    token = Text(longest=100, required=True, metadata={"description": "What stands behind the # of the link."})
    new_password = Secret()


class FactorStart(Shape):
    """Begin to set up an authenticator; `code` of the present one, or a recovery code, where there is one."""

    password = Secret()
    code = code_field()


class FactorOut(Document):
    """What an authenticator app needs, shown this once. It counts after a code of it has been sent."""

    secret = Text(longest=64)
    address = Text(longest=600, metadata={"description": "otpauth://, as in the QR code."})
    qr_svg = Text(longest=100_000)


class FactorConfirm(Shape):
    """A code that the app shows."""

    code = code_field(required=True)


class RecoveryCodes(Shape):
    """Ten codes for the day when the phone is lost; each signs in once. Shown this once."""

    recovery_codes = fields.List(Text(longest=19), required=True)


class SessionRow(Document):
    """One of a person's sessions."""

    id = Id()
    created_at = Moment()
    last_seen_at = Moment()
    expires_at = Moment()
    device_id = Id(allow_none=True)
    agent = Text(longest=LONGEST_AGENT, allow_none=True)
    current = Flag(metadata={"description": "Whether it is the one that asks."})


class Sessions(Items):
    """Sessions that are alive, the newest first."""

    items = fields.List(fields.Nested(SessionRow), required=True)


class PolicyChange(Shape):
    """The second factor that signatures ask for."""

    signing_policy = Choice(SigningPolicy, required=True)

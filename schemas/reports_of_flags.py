"""Shapes of red flags: a report at any time, and what the patient's page sends."""

from marshmallow import fields, validate

from schemas.fields import Choice, Id, Shape
from schemas.questions import Given
from schemas.red_flags import RedFlag


def flags(*, required: bool = False) -> fields.List[str]:
    """Which of them are there."""
    most = len(RedFlag)
    return fields.List(
        Choice(RedFlag),
        required=required,
        validate=validate.Length(min=int(required), max=most, error=f"Name {'from 1 to' if required else 'at most'} {most} of them."),
        metadata={"description": "The red flags that are there, in any order."},
    )


class RedFlagCreate(Shape):
    """What a patient said at any time. `id` is made by the client, so that a repeated call is harmless."""

    id = Id(required=True)
    flags = flags(required=True)


class FlagsReply(Shape):
    """The patient's page: what is ticked, or one tap on `none` or `not_sure`; `id` was made with the page."""

    id = Id()
    flags = fields.List(Choice(RedFlag))
    worse = Choice(("yes",))
    none = Choice((Given.NO, Given.NOT_SURE))

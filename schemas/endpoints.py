"""Shapes of where staff and a clinic's own systems are told."""

from marshmallow import fields

from schemas.common import Items
from schemas.fields import Document, Flag, Id, Moment, Pattern, Shape, Text

LONGEST_URL = 2000


class PushKey(Document):
    """What a browser needs before it can subscribe."""

    public_key = Text(metadata={"description": "`applicationServerKey`: a point of P-256, uncompressed, in base64url."})


class PushSubscriptionCreate(Shape):
    """What a browser's `PushSubscription.toJSON()` holds; here all on one level."""

    endpoint = Text(longest=LONGEST_URL, required=True, metadata={"example": "https://push.example.org/wpush/v2/gAAAA"})
    p256dh = Pattern(
        r"[A-Za-z0-9_-]{87}=?",
        "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
        longest=90,
        required=True,
    )
    auth = Pattern(r"[A-Za-z0-9_-]{22}(==)?", "BTBZMqHH6r4Tts7J_aSIgg", longest=26, required=True)


class PushSubscriptionOut(Document):
    """A subscription. Its address and keys are never shown again."""

    id = Id()
    user_id = Id()
    active = Flag()
    write_id = Id()
    created_at = Moment()
    updated_at = Moment()


class WebhookCreate(Shape):
    """A system that wants to be told."""

    url = Text(
        longest=LONGEST_URL, required=True, metadata={"description": "Begins with https://.", "example": "https://clinic.example/graftlog"}
    )


class WebhookOut(Document):
    """An endpoint as stored, without its secret."""

    id = Id()
    url = Text(longest=LONGEST_URL)
    active = Flag()
    write_id = Id()
    created_at = Moment()
    updated_at = Moment()


class WebhookMade(WebhookOut):
    """An endpoint just made. The secret is shown this once."""

    secret = Text(metadata={"description": "Checks `webhook-signature`, see https://www.standardwebhooks.com.", "example": "whsec_…"})


class WebhookList(Items):
    """All active endpoints of the clinic."""

    items = fields.List(fields.Nested(WebhookOut), required=True)

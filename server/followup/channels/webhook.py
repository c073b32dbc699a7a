"""Signed calls to a clinic's own systems, as Standard Webhooks describes them (https://www.standardwebhooks.com)."""

import base64
import hmac
import json
import uuid
from hashlib import sha256
from urllib.parse import urlsplit

from schemas.vocabulary import Channel
from server import clock
from server.config import Config
from server.followup.channels.base import Known, NotSent, Parcel, Rejected
from server.followup.channels.lines import Lines

SECRET_PREFIX = "whsec_"  # noqa: S105  reason: what every secret begins with
OLDEST_S = 300
"""A call that was signed longer ago, or so far in the future, is somebody's recording."""
MOST_SIGNATURES = 10
_BODY = ("type", "timestamp", "data")
_TAKEN = range(200, 300)
_PASSING = {408, 425, 429}
_GONE = 410


def sign(secret: str, key: str, timestamp: int, body: bytes) -> str:
    """The `webhook-signature` of one call. Raises ValueError for what is no secret."""
    raw = base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
    signed = f"{key}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(raw, signed, sha256).digest()).decode()


def is_genuine(secret: str, given: str, key: str, timestamp: str, body: bytes) -> bool:
    """Whether a call in the same form was signed with `secret`, now. `given` may hold several signatures, while secrets change."""
    if not timestamp.isascii() or not timestamp.isdigit() or abs(int(timestamp[:15]) - clock.now().timestamp()) > OLDEST_S:
        return False
    try:
        expected = sign(secret, key, int(timestamp), body).encode()
    except ValueError:  # a secret that is none fits nothing
        return False
    return any(hmac.compare_digest(expected, one.encode(errors="replace")) for one in given.split(" ")[:MOST_SIGNATURES])


class WebhookWay:
    """A receiver takes a repeated `webhook-id` as the same call, so a lost answer is simply asked for again."""

    channel = Channel.WEBHOOK
    idempotent = True

    def __init__(self, config: Config) -> None:
        """Connects with the first call to each receiver."""
        self._lines = Lines(private=config.webhook_private)

    def send(self, parcel: Parcel) -> str:
        """The `webhook-id`. One receiver's fault never counts against the way as a whole."""
        url = urlsplit(parcel.to)
        body = json.dumps({name: parcel.payload.get(name) for name in _BODY}, ensure_ascii=False, separators=(",", ":")).encode()
        timestamp = int(clock.now().timestamp())
        try:
            signature = sign(parcel.secrets["secret"], str(parcel.key), timestamp, body)
        except (KeyError, ValueError):
            raise Rejected("no_secret") from None
        headers = {
            "Content-Type": "application/json",
            "webhook-id": str(parcel.key),
            "webhook-timestamp": str(timestamp),
            "webhook-signature": signature,
        }
        answer = self._lines.post(url, body, headers)
        if answer.status in _TAKEN:
            return str(parcel.key)
        if answer.status == _GONE:
            raise Rejected("endpoint_gone")
        if answer.status in _PASSING or answer.status >= 500:  # noqa: PLR2004  reason: the class of statuses
            raise NotSent(f"answered_{answer.status}")
        raise Rejected(f"answered_{answer.status}")

    def ask(self, parcel_key: uuid.UUID, reminder_id: uuid.UUID, clinic_id: uuid.UUID) -> Known:  # noqa: ARG002  reason: base.Way
        """Nobody can be asked; the call can be repeated."""
        return Known.CANNOT_SAY

    def close(self) -> None:
        """Hang up everywhere."""
        self._lines.close()

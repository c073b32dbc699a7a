"""Web push to members of staff: a few words, encrypted for one browser, given to that browser's push service."""

import json
import uuid
from email.utils import parseaddr
from urllib.parse import SplitResult, urlsplit

from schemas.vocabulary import Channel
from server import clock
from server.config import LOOPBACK, Config
from server.followup.channels import push_crypto as crypto
from server.followup.channels.base import Known, NotSent, Parcel, Rejected
from server.followup.channels.lines import Lines

DAY_S = 24 * 3600
_TOKEN_S = DAY_S // 2
_MOST_TOKENS = 32
_TAKEN = range(200, 300)
_GONE = {404, 410}
_PASSING = {408, 425, 429}
_LONGEST_WAIT_S = 3600
_URGENCIES = {"very-low", "low", "normal", "high"}


class PushWay:
    """A repeated message carries the same Topic, and the same `tag` for the page that shows it: either replaces the first."""

    channel = Channel.PUSH
    idempotent = True

    def __init__(self, config: Config) -> None:
        """Connects with the first message to each push service; the key is read then too."""
        self._lines = Lines(private=config.webhook_private)
        self._folder = config.keys
        self._subject = _subject(config)
        self._tokens: dict[str, tuple[int, str]] = {}

    def send(self, parcel: Parcel) -> str:
        """Our own key: the push service's id is an address that nobody should keep."""
        url = urlsplit(parcel.to)
        headers = {
            "Authorization": self._authorization(url),
            "Content-Encoding": "aes128gcm",
            "Content-Type": "application/octet-stream",
            "TTL": str(DAY_S),
            "Topic": crypto.b64url(parcel.key.bytes),
            "Urgency": _urgency(parcel),
        }
        answer = self._lines.post(url, _body(parcel), headers)
        if answer.status in _TAKEN:
            return str(parcel.key)
        if answer.status in _GONE:
            raise Rejected("subscription_gone")
        if answer.status in _PASSING or answer.status >= 500:  # noqa: PLR2004  reason: the class of statuses
            wait = answer.headers.get("retry-after", "")
            raise NotSent(f"answered_{answer.status}", wait_s=min(int(wait), _LONGEST_WAIT_S) if wait.isdecimal() else None)
        raise Rejected(f"answered_{answer.status}")

    def ask(self, parcel_key: uuid.UUID, reminder_id: uuid.UUID, clinic_id: uuid.UUID) -> Known:  # noqa: ARG002  reason: base.Way
        """No push service can be asked; the message can be repeated."""
        return Known.CANNOT_SAY

    def close(self) -> None:
        """Hang up everywhere."""
        self._lines.close()

    def _authorization(self, url: SplitResult) -> str:
        """Good for half a day and for one push service, so it is signed once and not for each message."""
        origin, now = f"{url.scheme}://{url.netloc}", int(clock.now().timestamp())
        expires, token = self._tokens.get(origin, (0, ""))
        if not now + _TOKEN_S // 2 < expires <= now + DAY_S:
            try:
                key = crypto.push_key(self._folder)
            except (OSError, ValueError) as error:
                raise NotSent(f"push_key_{type(error).__name__}", provider_down=True) from None
            if len(self._tokens) >= _MOST_TOKENS:
                self._tokens.clear()
            expires = now + _TOKEN_S
            token = crypto.vapid(key, origin, self._subject, expires)
            self._tokens[origin] = expires, token
        return token


def _subject(config: Config) -> str:
    """Whom a push service may write to; some refuse an address on localhost."""
    address = parseaddr(config.mail_from)[1]
    if address.rpartition("@")[2] in LOOPBACK and config.public_url.startswith("https://"):
        return config.public_url
    return f"mailto:{address}"


def _urgency(parcel: Parcel) -> str:
    wished = parcel.payload.get("urgency")
    return wished if isinstance(wished, str) and wished in _URGENCIES else "normal"


def _body(parcel: Parcel) -> bytes:
    try:
        browser, auth = crypto.read_keys(parcel.secrets["p256dh"], parcel.secrets["auth"])
    except (KeyError, crypto.BadKeys):
        raise Rejected("bad_keys") from None
    shown = {name: str(parcel.payload.get(name, "")) for name in ("title", "body", "url")} | {"tag": str(parcel.key)}
    text = json.dumps(shown, ensure_ascii=False, separators=(",", ":")).encode(errors="replace")
    if len(text) > crypto.LONGEST:
        raise Rejected("too_long")
    return crypto.encrypt(text, browser, auth)

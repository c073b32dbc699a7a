"""Text messages over Twilio's REST API, or over any gateway that speaks it."""

import base64
import hmac
import json
import uuid
from collections.abc import Iterable
from typing import Any
from urllib.parse import unquote, urlencode, urlsplit

from schemas.vocabulary import Channel
from server.config import LOOPBACK, Config
from server.followup.channels.base import Known, MaybeSent, NotSent, Parcel, Rejected
from server.followup.channels.line import Answer, Line

STATUS_PATH = "/callbacks/sms/status"
_TAKEN = range(200, 300)
_OURS = {301, 302, 307, 308, 401, 403, 404, 405, 415}
"""Refusals of our account or address: a person repairs them, and no other message fares better until then."""
_PASSING = {408, 409, 425, 429}
_WAIT_QUEUE_FULL_S = 300
_LONGEST_WAIT_S = 3600
_LONGEST_ID = 64
ERRORS: dict[int, str] = {
    21211: "invalid_number",
    21214: "invalid_number",
    21217: "invalid_number",
    21265: "invalid_number",
    21614: "invalid_number",
    21635: "landline",
    21408: "country_not_enabled",
    21610: "stopped",
    21612: "cannot_be_routed",
    21617: "too_long",
    21619: "empty",
}
"""Twilio's numbers for what is final about this message or this recipient: https://www.twilio.com/docs/api/errors."""
_SENDER = {21212, 21603, 21606, 21608, 21659, 21660, 21701, 21703, 21704}
"""About SMS_FROM or the account: a person repairs that."""
_QUEUE_FULL = 21611


class SmsWay:
    """Each call makes one message. Only a gateway that takes keys (SMS_IDEMPOTENT) may be called again after an answer was lost."""

    channel = Channel.SMS

    def __init__(self, config: Config) -> None:
        """Connects with the first message."""
        url = urlsplit(config.sms_url or "")
        account, token = unquote(url.username or ""), unquote(url.password or "")
        self.idempotent = config.sms_idempotent
        self._line = Line(url)
        self._path = f"{url.path.rstrip('/')}/2010-04-01/Accounts/{account}/Messages.json"
        self._sender = {"MessagingServiceSid" if config.sms_from.startswith("MG") else "From": config.sms_from}
        self._callback = f"{config.public_url}{STATUS_PATH}" if _can_call_back(config, url.hostname or "") else None
        self._headers = {
            "Authorization": "Basic " + base64.b64encode(f"{account}:{token}".encode()).decode(),
            "Content-Type": "application/x-www-form-urlencoded",
            "Accept": "application/json",
        }

    def send(self, parcel: Parcel) -> str:
        """The gateway's id of the message."""
        form = {"To": parcel.to, **self._sender, "Body": parcel.text}
        if self._callback:
            form["StatusCallback"] = f"{self._callback}?key={parcel.key}"
        headers = {**self._headers, "Idempotency-Key": str(parcel.key)} if self.idempotent else self._headers
        answer = self._line.post(self._path, urlencode(form, errors="replace").encode(), headers)
        if answer.status in _TAKEN:
            return _id(answer)
        raise _refusal(answer)

    def ask(self, parcel_key: uuid.UUID, reminder_id: uuid.UUID, clinic_id: uuid.UUID) -> Known:  # noqa: ARG002  reason: base.Way
        """The API finds messages by their own id only."""
        return Known.CANNOT_SAY

    def close(self) -> None:
        """Hang up."""
        self._line.close()


def _can_call_back(config: Config, gateway: str) -> bool:
    """The default PUBLIC_URL is this machine: a gateway elsewhere refuses a whole message because of such an address."""
    return urlsplit(config.public_url).hostname not in LOOPBACK or gateway in LOOPBACK


def _id(answer: Answer) -> str:
    """Taken, so an answer that nobody understands is not a refusal."""
    found = _json(answer).get("sid")
    if not isinstance(found, str) or not 0 < len(found) <= _LONGEST_ID or not found.isalnum():
        raise MaybeSent("answer_not_understood")
    return found


def _refusal(answer: Answer) -> NotSent:
    status, code = answer.status, _json(answer).get("code")
    number = code if isinstance(code, int) else 0
    if status in _PASSING:
        return NotSent(f"refused_{status}", wait_s=_wait(answer))
    if number == _QUEUE_FULL:
        return NotSent("queue_full", wait_s=_WAIT_QUEUE_FULL_S)
    if number in ERRORS:
        return Rejected(ERRORS[number])
    if number in _SENDER or status in _OURS:
        return NotSent("credentials_refused" if status in {401, 403} else f"refused_{number or status}", provider_down=True)
    if 400 <= status < 500:  # noqa: PLR2004  reason: the class of statuses
        return Rejected(f"refused_{number or status}")
    return MaybeSent(f"answered_{status}", wait_s=_wait(answer), provider_down=True)


def _wait(answer: Answer) -> float | None:
    """Retry-After in seconds; as a date it is not used by this API."""
    given = answer.headers.get("retry-after", "").strip()
    return float(min(int(given), _LONGEST_WAIT_S)) if given.isascii() and given.isdigit() and len(given) < 10 else None  # noqa: PLR2004  reason: a bound on digits


def _json(answer: Answer) -> dict[str, Any]:
    try:
        found = json.loads(answer.body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def callback_signature(token: str, url: str, form: Iterable[tuple[str, str]]) -> str:
    """`X-Twilio-Signature` of a callback: https://www.twilio.com/docs/usage/security. Of a repeated value only one counts."""
    signed = url + "".join(name + value for name, value in sorted(set(form)))
    return base64.b64encode(hmac.digest(token.encode(), signed.encode(errors="replace"), "sha1")).decode()


def is_genuine(config: Config, given: str, path: str, form: Iterable[tuple[str, str]]) -> bool:
    """Whether a callback to `path` (with its query) comes from the gateway of SMS_URL. It may or may not name the usual port."""
    token = unquote(urlsplit(config.sms_url or "").password or "")
    pairs, url = list(form), urlsplit(config.public_url)
    port = {"https": 443, "http": 80}[url.scheme]
    bare = url.netloc.removesuffix(f":{port}")
    hosts = {url.netloc, bare} | ({f"{bare}:{port}"} if url.port in {None, port} else set())
    expected = [callback_signature(token, f"{url.scheme}://{host}{url.path}{path}", pairs).encode() for host in sorted(hosts)]
    fits = [hmac.compare_digest(one, given.encode(errors="replace")) for one in expected]
    return bool(token) and any(fits)

"""HTTP of the callbacks: what the text gateway and the mail service tell us. Public, and nothing is believed without its signature."""

import re
import uuid

from flask import Blueprint, Response, current_app, request
from marshmallow import ValidationError

from schemas.callbacks import MailEvent
from schemas.mail_status import MailStatus
from server.access import public
from server.bodies import read_json
from server.config import Config
from server.followup.channels import sms, webhook
from server.followup.service import receipts
from server.http import refused, session
from server.problems import Problem, invalid

callbacks = Blueprint("callbacks", __name__, url_prefix="/callbacks")
TWIML_NOTHING = '<?xml version="1.0" encoding="UTF-8"?><Response/>'
_ID = re.compile(r"[A-Za-z0-9]{1,64}\Z")
_STATUS = re.compile(r"[a-z_]{1,32}\Z")
_NUMBER = re.compile(r"\+[1-9][0-9]{4,14}\Z")
_EVENT_ID = re.compile(r"[!-~]{1,128}\Z")


def _config() -> Config:
    return current_app.config["GRAFTLOG"]  # type: ignore[no-any-return]  # reason: Flask's settings are untyped


def _not_set_up(setting: str) -> Problem:
    return Problem("not_found", f"Nothing is expected here, because {setting} is not set.")


def _forged(header: str) -> Problem:
    return Problem(
        "not_genuine", f"The signature in {header} is missing, too old or not ours. Check secret, clock and address on both sides."
    )


def _gateway_says() -> dict[str, str]:
    """The form of a genuine callback of the text gateway; of a repeated name the first value."""
    if not _config().sms_url:
        raise _not_set_up("SMS_URL")
    query = request.query_string.decode("latin-1")
    path = f"{request.path}?{query}" if query else request.path
    pairs = list(request.form.items(multi=True))
    if not sms.is_genuine(_config(), request.headers.get("X-Twilio-Signature", ""), path, pairs):
        raise _forged("X-Twilio-Signature")
    return dict(reversed(pairs))


def _field(form: dict[str, str], name: str, pattern: re.Pattern[str]) -> str:
    given = form.get(name, "")
    if not pattern.match(given):
        raise invalid(f"/{name}", "Is missing or not in the form that Twilio's documentation gives.")
    return given


@callbacks.post("/sms/status")
@public
def sms_status() -> Response:
    """What became of a text message."""
    form = _gateway_says()
    try:
        key = uuid.UUID(request.args.get("key", ""))
    except ValueError:
        key = None
    receipts.sms_status(
        session(),
        sid=_field(form, "MessageSid", _ID),
        status=_field(form, "MessageStatus", _STATUS),
        key=key,
        error=form.get("ErrorCode", ""),
    )
    return Response(status=204)


@callbacks.post("/sms/inbound")
@public
def sms_inbound() -> Response:
    """A text message to us."""
    form = _gateway_says()
    receipts.sms_inbound(
        session(),
        sid=_field(form, "MessageSid", _ID),
        number=_field(form, "From", _NUMBER),
        text=form.get("Body", ""),
        opt_out=form.get("OptOutType", ""),
    )
    return Response(TWIML_NOTHING, mimetype="text/xml")


@callbacks.post("/email/events")
@public
def email_events() -> Response:
    """What became of an e-mail."""
    secret = _config().callback_secret
    if not secret:
        raise _not_set_up("CALLBACK_SECRET")
    key, timestamp = request.headers.get("webhook-id", ""), request.headers.get("webhook-timestamp", "")
    given, body = request.headers.get("webhook-signature", ""), request.get_data()
    if not _EVENT_ID.match(key) or not webhook.is_genuine(secret, given, key, timestamp, body):
        raise _forged("webhook-signature")
    try:
        event = MailEvent().load(read_json())
    except ValidationError as error:
        raise refused(error.messages) from None
    receipts.mail_event(session(), key, message_id=event["message_id"], status=MailStatus(event["status"]))
    return Response(status=204)

"""The text gateway and the mail service as they call us: signed, or not quite."""

import base64
import hmac
import json
import uuid
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from werkzeug.test import TestResponse

from server import clock
from server.app import App
from tests.followup.provider import TOKEN, signature

PAGE = "https://follow-up.clinic.example"
"""PUBLIC_URL of these stories."""
SECRET = "whsec_" + base64.b64encode(b"the mail service and we know this").decode()
FORM = "application/x-www-form-urlencoded"


def gateway_calls(
    app: App, path: str, form: dict[str, str], *, token: str = TOKEN, page: str = PAGE, signed: str | None = None
) -> TestResponse:
    """A callback of the gateway. `signed` replaces the signature."""
    headers = {"X-Twilio-Signature": signature(token, page + path, form) if signed is None else signed}
    return app.test_client().post(path, data=urlencode(form), content_type=FORM, headers=headers)


def status_form(sid: str, status: str, **more: str) -> dict[str, str]:
    """What the gateway says about a message."""
    return {"MessageSid": sid, "MessageStatus": status, "To": "+36301234567", "From": "+36201234567"} | more


def tell_status(app: App, sid: str, status: str, *, key: object = None, **more: str) -> int:
    """The gateway says what became of a message; the status of our answer."""
    path = "/callbacks/sms/status" + (f"?key={key}" if key else "")
    return gateway_calls(app, path, status_form(sid, status, **more)).status_code


def text_in(app: App, text: str, *, number: str = "+36301234567", **more: str) -> TestResponse:
    """Somebody writes to the clinic's number."""
    form = {"MessageSid": f"SM{uuid.uuid4().hex}", "From": number, "To": "+36201234567", "Body": text} | more
    return gateway_calls(app, "/callbacks/sms/inbound", form)


def mail_service_calls(
    app: App,
    event: Any,
    *,
    key: str = "",
    secret: str = SECRET,
    at: datetime | None = None,
    timestamp: str | None = None,
    body: bytes | None = None,
) -> TestResponse:
    """An event of the mail service, signed as Standard Webhooks says."""
    key = key or f"evt_{uuid.uuid4().hex}"
    stamp = timestamp or str(int((at or clock.now()).timestamp()))
    sent = json.dumps(event).encode() if body is None else body
    digest = hmac.digest(base64.b64decode(secret.removeprefix("whsec_")), f"{key}.{stamp}.".encode() + sent, "sha256")
    headers = {"webhook-id": key, "webhook-timestamp": stamp, "webhook-signature": "v1,x v1," + base64.b64encode(digest).decode()}
    return app.test_client().post("/callbacks/email/events", data=sent, content_type="application/json", headers=headers)

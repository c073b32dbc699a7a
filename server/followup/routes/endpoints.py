"""HTTP of setting up where staff and a clinic's own systems are told."""

import uuid
from typing import Any

from flask import Response, current_app

from schemas.endpoints import PushKey, PushSubscriptionCreate, PushSubscriptionOut, WebhookCreate, WebhookList, WebhookMade
from server.access import Permission, allow
from server.config import Config
from server.followup.channels import push_crypto
from server.followup.service import endpoints
from server.http import Routes, answer, found, person, session
from server.problems import Problem

routes = Routes("endpoints", __name__, url_prefix="/api/v1", description="Web push to staff, and webhooks to a clinic's own systems")


def _config() -> Config:
    return current_app.config["GRAFTLOG"]  # type: ignore[no-any-return]  # reason: Flask's settings are untyped


@routes.route("/follow-up/push-key", methods=["GET"])
@routes.response(200, PushKey)
@allow(Permission.SIGNED_IN)
def get_push_key() -> Response:
    """The key that a browser subscribes with."""
    try:
        public = push_crypto.push_key(_config().keys).public_key()
    except (OSError, ValueError):
        raise Problem("unavailable", "push.key cannot be read or written in GRAFTLOG_KEYS; an administrator must see to it.") from None
    return answer({"public_key": push_crypto.b64url(push_crypto.point(public))})


@routes.route("/follow-up/push-subscriptions", methods=["POST"])
@routes.arguments(PushSubscriptionCreate)
@routes.response(201, PushSubscriptionOut)
@routes.alt_response(200, schema=PushSubscriptionOut, description="This browser was known", success=True)
@routes.refuses(409)
@allow(Permission.SIGNED_IN)
def subscribe(body: dict[str, Any]) -> Response:
    """Be told in this browser."""
    row, new = endpoints.subscribe(session(), person().user_id, **body, private=_config().webhook_private)
    return answer(row.document(), 201 if new else 200)


@routes.route("/follow-up/push-subscriptions/<uuid:subscription_id>", methods=["DELETE"])
@routes.response(204)
@routes.refuses(404)
@allow(Permission.SIGNED_IN)
def unsubscribe(subscription_id: uuid.UUID) -> Response:
    """Be told no more in a browser of one's own."""
    found(endpoints.unsubscribe(session(), person().user_id, subscription_id))
    return Response(status=204)


@routes.route("/follow-up/webhooks", methods=["GET"])
@routes.response(200, WebhookList)
@allow(Permission.SET_UP)
def list_webhooks() -> Response:
    """The systems that are told."""
    return answer({"items": [row.document() for row in endpoints.webhooks(session())], "next_cursor": None})


@routes.route("/follow-up/webhooks", methods=["POST"])
@routes.arguments(WebhookCreate)
@routes.response(201, WebhookMade)
@routes.refuses(409)
@allow(Permission.SET_UP)
def add_webhook(body: dict[str, Any]) -> Response:
    """Tell a system from now on. Its secret is shown in this answer and never again.

    It hears `visit.due`, `visit.booked`, `visit.attended`, `visit.missed`, `visit.declined`, `visit.answered`, `visit.cancelled`,
    `visit.lost_to_follow_up`, `alert.raised` and `alert.closed`: ids, days and states, no name.
    """
    row = endpoints.add_webhook(session(), body["url"], private=_config().webhook_private)
    return answer(row.document() | {"secret": row.secret}, 201)


@routes.route("/follow-up/webhooks/<uuid:webhook_id>", methods=["DELETE"])
@routes.response(204)
@routes.refuses(404)
@allow(Permission.SET_UP)
def remove_webhook(webhook_id: uuid.UUID) -> Response:
    """Tell a system no more."""
    found(endpoints.remove_webhook(session(), webhook_id))
    return Response(status=204)

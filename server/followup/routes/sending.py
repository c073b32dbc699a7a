"""HTTP of the sending: how it stands, pausing it, and what a person decides about one message."""

import uuid
from typing import Any

from flask import Response

from schemas.followup import ReminderOut
from schemas.sending import Nothing, PauseChange, PauseState, Sending, Settlement
from schemas.work import Arrival
from server.access import Permission, allow
from server.db import find
from server.followup.models import Reminder
from server.followup.service import sending, settling
from server.http import Routes, answer, found, session

routes = Routes("sending", __name__, url_prefix="/api/v1", description="How sending stands; pause; doubtful and failed messages")


@routes.route("/follow-up/sending", methods=["GET"])
@routes.response(200, Sending)
@allow(Permission.FOLLOW_UP)
def get_sending() -> Response:
    """What waits on each channel, what is paused, and how late messages went out."""
    return answer(sending.overview(session()))


@routes.route("/follow-up/pause", methods=["PUT"])
@routes.arguments(PauseChange)
@routes.response(200, PauseState)
@allow(Permission.FOLLOW_UP)
def put_pause(body: dict[str, Any]) -> Response:
    """Stop all messages of the clinic, or let them go on; repeating it changes nothing."""
    if body["paused"]:
        sending.pause(session(), body["reason"])
    else:
        sending.resume(session())
    standing = sending.open_pause(session())
    return answer({"paused": standing.document() if standing else None})


@routes.route("/reminders/<uuid:reminder_id>/replay", methods=["POST"])
@routes.arguments(Nothing)
@routes.response(201, ReminderOut)
@routes.refuses(404, 409)
@allow(Permission.FOLLOW_UP)
def replay(_body: dict[str, Any], reminder_id: uuid.UUID) -> Response:
    """Send again what was given up, came too late or did not arrive, as a new message due now."""
    reminder = found(find(session(), Reminder, reminder_id, lock=True))
    return answer(settling.replay(session(), reminder).document(), 201)


@routes.route("/reminders/<uuid:reminder_id>/settlement", methods=["POST"])
@routes.arguments(Settlement)
@routes.response(200, ReminderOut)
@routes.refuses(404, 409)
@allow(Permission.FOLLOW_UP)
def settle(body: dict[str, Any], reminder_id: uuid.UUID) -> Response:
    """Say whether a doubtful message arrived; one that did not takes the next channel, or becomes an alert."""
    reminder = found(find(session(), Reminder, reminder_id, lock=True))
    return answer(settling.settle(session(), reminder, Arrival(body["outcome"])).document())

"""Tables of the follow-up: visits and messages, the clinic's protocol and texts, contact with patients, the engine's own rows."""

from server.followup.models.contact import Alert, Answer, Call, Link, Receipt, StoppedAddress
from server.followup.models.engine import Chore, Sender
from server.followup.models.redness import Redness
from server.followup.models.setup import IS_MOVING, MessageTemplate, Pause, ProtocolMove, ProtocolVersion, PushSubscription, WebhookEndpoint
from server.followup.models.visits import (
    IS_LEASED,
    IS_PENDING,
    PATIENT,
    STAFF,
    SYSTEM,
    Attempt,
    Outcome,
    Reminder,
    Visit,
    belongs_to,
    due_now,
    to_patient,
)

__all__ = [
    "IS_LEASED",
    "IS_MOVING",
    "IS_PENDING",
    "PATIENT",
    "STAFF",
    "SYSTEM",
    "Alert",
    "Answer",
    "Attempt",
    "Call",
    "Chore",
    "Link",
    "MessageTemplate",
    "Outcome",
    "Pause",
    "ProtocolMove",
    "ProtocolVersion",
    "PushSubscription",
    "Receipt",
    "Redness",
    "Reminder",
    "Sender",
    "StoppedAddress",
    "Visit",
    "WebhookEndpoint",
    "belongs_to",
    "due_now",
    "to_patient",
]

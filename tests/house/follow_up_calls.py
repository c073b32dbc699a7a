"""One minimal successful call for each route of the follow-up that changes something."""

import uuid
from typing import Any, cast

from schemas.vocabulary import ProcedureState, ReminderState
from server.app import App
from server.followup.models import Reminder
from server.followup.protocol import DEFAULT, to_content
from server.ids import uuid7
from tests import make
from tests.api import Api
from tests.procedures import case as stages
from tests.procedures.case import Case

Made = tuple[str, str, dict[str, object], str | None]
KEYS = {
    "p256dh": "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
    "auth": "BTBZMqHH6r4Tts7J_aSIgg",
}
PUSH: dict[str, object] = {"endpoint": "https://push.example.org/wpush/v2/vera", **KEYS}
HOOK: dict[str, object] = {"url": "https://clinic.example/graftlog"}
TEXT: dict[str, object] = {"subject": "Your visit: {{ day }}", "body": "Dear {{ given_name }},\n\nplease choose a time: {{ link }}"}
NO_OWN_TEXT = str(uuid.UUID(int=0))
TEMPLATE = "/follow-up/templates/book/email/en"


def visit_of(tablet: Api, case: Case, kind: str = "visit") -> dict[str, Any]:
    """The first visit of a completed case; check-ins come before it."""
    return next(one for one in tablet.get(f"{case.path}/visits")["items"] if one["kind"] == kind)


def marked_visit(tablet: Api, clinic: make.Clinic) -> Made:
    """PATCH of a visit."""
    visit = visit_of(tablet, stages.completed(tablet, clinic))
    return "PATCH", f"/visits/{visit['id']}", {"state": "declined"}, visit["write_id"]


def _call(tablet: Api, clinic: make.Clinic) -> Made:
    visit = visit_of(tablet, stages.completed(tablet, clinic))
    return "POST", f"/visits/{visit['id']}/calls", {"outcome": "no_answer"}, None


def answered(tablet: Api, clinic: make.Clinic, answer: str = "no") -> Made:
    """POST of an answer to a check-in."""
    visit = visit_of(tablet, stages.completed(tablet, clinic), "check_in")
    return "POST", f"/visits/{visit['id']}/answers", {"id": str(uuid7()), "question": "worse", "answer": answer}, None


def alert_of(tablet: Api, clinic: make.Clinic) -> dict[str, Any]:
    """An open alert: somebody feels worse."""
    _, path, body, _ = answered(tablet, clinic, "yes")
    tablet.post(path, body)
    return dict(tablet.get("/alerts")["items"][0])


def _closing(tablet: Api, clinic: make.Clinic) -> Made:
    return "POST", f"/alerts/{alert_of(tablet, clinic)['id']}/closing", {"note": "Called; it is a bruise."}, None


def _link(tablet: Api, clinic: make.Clinic) -> Made:
    visit = visit_of(tablet, stages.completed(tablet, clinic))
    return "POST", f"/visits/{visit['id']}/link", {"send": False}, None


def _protocol(tablet: Api, _clinic: make.Clinic) -> Made:
    content = to_content(DEFAULT) | {"lost_after_days": 60}
    return "PUT", "/follow-up/protocol", {"content": content}, tablet.get("/follow-up/protocol")["version"]


def _template(_tablet: Api, _clinic: make.Clinic) -> Made:
    return "PUT", TEMPLATE, dict(TEXT), NO_OWN_TEXT


def _dropped_template(tablet: Api, _clinic: make.Clinic) -> Made:
    made = tablet.call("PUT", TEMPLATE, json=TEXT, headers={"If-Match": f'"{NO_OWN_TEXT}"'})
    return "DELETE", TEMPLATE, {}, made.get_json()["write_id"]


def _preview(_tablet: Api, _clinic: make.Clinic) -> Made:
    return "POST", "/follow-up/templates/preview", {"purpose": "book", "channel": "email", "language": "en"}, None


def reminder_in(tablet: Api, clinic: make.Clinic, state: ReminderState) -> str:
    """Id of a message about a visit to come that has got to this state."""
    app = cast("App", tablet.client.application)
    procedure = make.procedure(app.db, clinic, state=ProcedureState.COMPLETED)
    visit = tablet.get(f"/procedures/{procedure['id']}/visits")["items"][-1]
    reminder_id: str = tablet.get(f"/reminders?visit_id={visit['id']}")["items"][0]["id"]
    with app.db.transaction(clinic.id) as session:
        session.get_one(Reminder, (clinic.id, uuid.UUID(reminder_id))).state = state
    return reminder_id


def _replay(tablet: Api, clinic: make.Clinic) -> Made:
    return "POST", f"/reminders/{reminder_in(tablet, clinic, ReminderState.DEAD)}/replay", {}, None


def _settlement(tablet: Api, clinic: make.Clinic) -> Made:
    return "POST", f"/reminders/{reminder_in(tablet, clinic, ReminderState.UNCERTAIN)}/settlement", {"outcome": "arrived"}, None


def _unsubscribed(tablet: Api, _clinic: make.Clinic) -> Made:
    return "DELETE", f"/follow-up/push-subscriptions/{tablet.post('/follow-up/push-subscriptions', PUSH)['id']}", {}, None


def _unhooked(tablet: Api, _clinic: make.Clinic) -> Made:
    return "DELETE", f"/follow-up/webhooks/{tablet.post('/follow-up/webhooks', HOOK)['id']}", {}, None


FOLLOW_UP_CALLS = {
    "PATCH /visits/{visit_id}": marked_visit,
    "POST /visits/{visit_id}/calls": _call,
    "POST /visits/{visit_id}/answers": answered,
    "POST /visits/{visit_id}/link": _link,
    "POST /alerts/{alert_id}/closing": _closing,
    "PUT /follow-up/protocol": _protocol,
    "PUT /follow-up/templates/{purpose}/{channel}/{language}": _template,
    "DELETE /follow-up/templates/{purpose}/{channel}/{language}": _dropped_template,
    "POST /follow-up/templates/preview": _preview,
    "PUT /follow-up/pause": lambda _tablet, _clinic: ("PUT", "/follow-up/pause", {"paused": True, "reason": "The telephone is down"}, None),
    "POST /reminders/{reminder_id}/replay": _replay,
    "POST /reminders/{reminder_id}/settlement": _settlement,
    "POST /follow-up/push-subscriptions": lambda _tablet, _clinic: ("POST", "/follow-up/push-subscriptions", dict(PUSH), None),
    "DELETE /follow-up/push-subscriptions/{subscription_id}": _unsubscribed,
    "POST /follow-up/webhooks": lambda _tablet, _clinic: ("POST", "/follow-up/webhooks", dict(HOOK), None),
    "DELETE /follow-up/webhooks/{webhook_id}": _unhooked,
}

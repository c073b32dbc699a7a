"""The outbox: what was sent to patients, what is to come, what a person must settle; without a mail server the messages themselves."""

import uuid
from typing import Any

from flask import Response, current_app, render_template, url_for

from schemas.common import Page
from schemas.fields import Choice
from schemas.reading_words import Reading
from schemas.sending import Settlement
from schemas.vocabulary import ReminderState
from schemas.work import Arrival
from server.access import Permission, allow
from server.config import Config
from server.db import find
from server.followup.channels import outbox_folder as folder
from server.followup.models import Reminder
from server.followup.service import settling
from server.followup.service.listing import NOT_YET
from server.http import cursor_of, found, person, read_cursor, session
from server.problems import Problem
from server.reads import reads, saw
from server.web import queries, words
from server.web.blueprint import go_to, pages
from server.web.forms import errors_of, filters, form, kept, shown_again_by
from server.web.worklist_words import CHANNELS

PAST, TO_COME = "past", "to-come"


class Filters(Page):
    """What the address of the outbox may say."""

    show = Choice((PAST, TO_COME))


def _said(row: queries.Row) -> dict[str, Any]:
    reminder, visit, patient = row
    return {
        "reminder": reminder,
        "visit": visit,
        "patient": patient,
        "step": visit.title if visit else "",
        "purpose": words.PURPOSES[reminder.purpose],
        "said": words.reminder(reminder.state, in_files=_in_files()),
        "reason": words.reason(reminder.reason),
        "channel": CHANNELS[reminder.channel],
        "in_doubt": reminder.state == ReminderState.UNCERTAIN,
        "failed": reminder.state in settling.AGAIN,
    }


def _config() -> Config:
    return current_app.config["GRAFTLOG"]  # type: ignore[no-any-return]  # reason: Flask's settings are untyped


def _in_files() -> bool:
    return _config().smtp_url is None


@pages.get("/outbox")
@allow(Permission.READ_RECORD)
@reads(Reading.LIST)
def outbox() -> str:
    """Reminders of the clinic, by when they were due."""
    asked = filters(Filters())
    to_come = asked.get("show") == TO_COME
    after = read_cursor(asked["cursor"], 2) if "cursor" in asked else None
    rows, last = queries.reminders(session(), to_come=to_come, after=after, limit=asked["limit"])
    saw(reminder.patient_id for reminder, _, _ in rows)
    same = kept("show", "limit")
    return render_template(
        "outbox.html",
        rows=[_said(row) for row in rows],
        to_come=to_come,
        in_files=_in_files(),
        further=after is not None,
        first=url_for("web.outbox", **same),
        following=url_for("web.outbox", **same, cursor=cursor_of(*last)) if last else None,
    )


def _message(reminder_id: uuid.UUID, problem: Problem | None = None) -> str:
    row = found(queries.reminder(session(), reminder_id))
    mail = folder.read(_config().outbox, person().clinic_id, reminder_id)
    waiting = row[0].state in NOT_YET
    return render_template("message.html", **_said(row), mail=mail, to_come=waiting, in_files=_in_files(), errors=errors_of(problem))


@pages.get("/outbox/<uuid:reminder_id>")
@allow(Permission.READ_RECORD)
@reads(Reading.RECORD)
def message(reminder_id: uuid.UUID) -> str:
    """One reminder, and its message where it was written to a file."""
    return _message(reminder_id)


@pages.post("/outbox/<uuid:reminder_id>/settlement")
@allow(Permission.FOLLOW_UP)
@shown_again_by(_message)
def settle(reminder_id: uuid.UUID) -> Response:
    """Say whether a doubtful message arrived."""
    reminder = found(find(session(), Reminder, reminder_id, lock=True))
    settling.settle(session(), reminder, Arrival(form(Settlement())["outcome"]))
    return go_to("message", reminder_id=reminder_id)


@pages.post("/outbox/<uuid:reminder_id>/replay")
@allow(Permission.FOLLOW_UP)
@shown_again_by(_message)
def send_again(reminder_id: uuid.UUID) -> Response:
    """Send again what failed, and show the new message."""
    reminder = found(find(session(), Reminder, reminder_id, lock=True))
    return go_to("message", reminder_id=settling.replay(session(), reminder).id)

"""The outbox: what was sent to patients, what is to come, and, without a mail server, the messages themselves."""

import uuid
from typing import Any

from flask import current_app, render_template, request, url_for

from schemas.common import Page
from schemas.fields import Choice
from server.access import Permission, allow
from server.config import Config
from server.followup import outbox as folder
from server.http import cursor_of, found, person, read_cursor, session
from server.web import queries, words
from server.web.blueprint import pages
from server.web.forms import filters

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
        "step": words.STEPS[visit.step],
        "purpose": words.PURPOSES[reminder.purpose],
        "said": words.reminder(reminder.state, in_files=_in_files()),
        "reason": words.reason(reminder.reason),
    }


def _config() -> Config:
    return current_app.config["GRAFTLOG"]  # type: ignore[no-any-return]  # reason: Flask's settings are untyped


def _in_files() -> bool:
    return _config().smtp_url is None


@pages.get("/outbox")
@allow(Permission.READ_RECORD)
def outbox() -> str:
    """Reminders of the clinic, by when they were due."""
    asked = filters(Filters())
    to_come = asked.get("show") == TO_COME
    after = read_cursor(asked["cursor"], 2) if "cursor" in asked else None
    rows, last = queries.reminders(session(), to_come=to_come, after=after, limit=asked["limit"])
    kept: dict[str, Any] = {name: value for name, value in request.args.items() if name in {"show", "limit"} and value}
    return render_template(
        "outbox.html",
        rows=[_said(row) for row in rows],
        to_come=to_come,
        in_files=_in_files(),
        further=after is not None,
        first=url_for("web.outbox", **kept),
        following=url_for("web.outbox", **kept, cursor=cursor_of(*last)) if last else None,
    )


@pages.get("/outbox/<uuid:reminder_id>")
@allow(Permission.READ_RECORD)
def message(reminder_id: uuid.UUID) -> str:
    """One reminder, and its message where it was written to a file."""
    row = found(queries.reminder(session(), reminder_id))
    mail = folder.read(_config().outbox, person().clinic_id, reminder_id)
    waiting = row[0].state in queries.WAITING
    return render_template("message.html", **_said(row), mail=mail, to_come=waiting, in_files=_in_files())

"""The work list for people: who needs a call, what is known, and one click for how it ended. Script only for notices."""

import uuid
from datetime import date, datetime, timedelta
from itertools import groupby
from operator import itemgetter
from typing import Any

from flask import Response, current_app, render_template, request, url_for

from schemas.common import Page
from schemas.fields import Choice, Day, Id, Pattern, QueryWhole, Shape, Text
from schemas.reading_words import Reading
from schemas.vocabulary import CallOutcome, VisitState
from schemas.work import WorkKind
from schemas.worklist import ALL, closing_note
from server import clock
from server.access import Permission, allow
from server.db import find
from server.followup.calendar import instant
from server.followup.models import Alert, Call, Visit
from server.followup.service import alarms, alerts, calls, contact, endpoints, link_answers, worklist
from server.followup.service.visits import mark_visit
from server.http import cursor_of, found, person, read_cursor, session
from server.ids import uuid7
from server.patients.models import Patient
from server.problems import Problem, invalid
from server.reads import reads, saw
from server.web import worklist_words as words
from server.web.blueprint import go_to, pages
from server.web.forms import errors_of, filters, form, kept, shown_again_by

DONE = ("call", "mark", "closing", "taken", "stop", "link", "told", "untold")
_TYPED = ("outcome", "day", "time", "call_after", "note", "done")
_INPUTS = {"booked_for": "day"}
"""Fields of the service that have another input here."""
ROWS = 25
"""Each carries its forms; nobody calls more patients without looking up."""
_KEPT = ("show", "cursor", "limit")


class Filters(Page):
    """What the address of the list may say; `done` and `id` name what was just done."""

    limit = QueryWhole("limit", load_default=ROWS)
    show = Choice((ALL, *WorkKind), load_default=ALL)
    done = Choice(DONE)
    id = Id()


class CallForm(Shape):
    """A call as the form sends it: day and time apart, on the clinic's clock."""

    id = Id()
    outcome = Choice(CallOutcome, required=True)
    day = Day()
    time = Pattern("([01][0-9]|2[0-3]):[0-5][0-9]", "09:30")
    call_after = Day()
    note = Text(longest=1000)
    corrects = Id()


class ClosingForm(Shape):
    """What was done about an alert; apart from the note of a call, which the same row asks for."""

    done = closing_note()


class Mark(Shape):
    """Whether the patient came."""

    state = Choice((VisitState.ATTENDED, VisitState.MISSED), required=True)


def _today() -> date:
    return clock.now().astimezone(person().time_zone).date()


def page(problem: Problem | None = None, **_arguments: Any) -> str:
    """The list; after a refused form with what is wrong beside the row it was about."""
    asked = filters(Filters())
    after = read_cursor(asked["cursor"], 3) if "cursor" in asked else None
    items, last = worklist.items(session(), show=asked["show"], after=after, limit=asked["limit"])
    saw(item.patient.id for item in items)
    rows, counts, done = [_row(item) for item in items], worklist.counts(session()), _done(asked)
    keys = {row["key"] for row in (*rows, *([done["row"]] if done and done["row"] else []))}
    same = kept("show", "limit")
    return render_template(
        "worklist.html",
        sections=[(kind, list(group)) for kind, group in groupby(rows, key=itemgetter("kind"))],
        titles=words.SECTIONS,
        counts=[(kind, words.SECTIONS[kind], number) for kind, number in counts.items()],
        whole=sum(counts.values()),
        nothing=words.NOTHING,
        show=asked["show"],
        kept=kept(*_KEPT),
        outcomes=words.OUTCOMES,
        done=done,
        errors=_errors(problem, keys),
        refused=request.form.get("row", "") if problem else "",
        typed={name: request.form.get(name, "") for name in _TYPED} if problem else {},
        tomorrow=_today() + timedelta(days=1),
        today=_today(),
        further="cursor" in asked,
        devices=endpoints.browsers(session(), person().user_id),
        first=url_for("web.work_list", **same),
        following=url_for("web.work_list", **same, cursor=cursor_of(*last)) if last else None,
    )


def _row(item: worklist.Item, corrects: uuid.UUID | None = None) -> dict[str, Any]:
    """`corrects` makes it the row of a call just logged, whose form logs another one instead."""
    about = item.alert or item.visit
    again: dict[str, Any] = {"done": "call", "id": corrects} if corrects else {}
    return {
        "key": "correct" if corrects else f"{item.kind}-{about.id if about else item.patient.id}",
        "corrects": corrects,
        "log_at": url_for("web.log_call", visit_id=item.visit.id, **kept(*_KEPT), **again) if item.visit else "",
        "kind": item.kind,
        "patient": item.patient,
        "language": words.LANGUAGES.get(item.patient.language, item.patient.language),
        "visit": item.visit,
        "alert": item.alert,
        "standing": words.standing(item, _today()),
        "contact": words.contact(item) if item.visit else "",
        "last_call": words.last_call(item),
        "watch": words.watch(item.alert, item.taken_by),
        "mine": item.alert is not None and item.alert.acknowledged_by == person().user_id,
        "next_step": worklist.next_step(item.kind, item.visit, item.alert),
        "came": words.may_have_come(item.visit, _today()),
        "assess": words.may_be_assessed(item.visit, _today()) and person().may(Permission.ASSESS),
        "ask": words.may_be_assessed(item.visit, _today()),
        "new_id": str(uuid7()),
    }


def _errors(problem: Problem | None, keys: set[str]) -> list[dict[str, str]]:
    """Each error at the input of the row that was sent; at none when that row has left the page."""
    key = request.form.get("row", "")
    named = [one | {"field": _INPUTS.get(one["field"], one["field"])} for one in errors_of(problem)]
    return [one | {"field": f"{one['field']}-{key}" if one["field"] and key in keys else ""} for one in named]


def _done(asked: dict[str, Any]) -> dict[str, Any] | None:
    """What was just done, in a sentence, with the row to correct it where that can be done."""
    done, about = asked.get("done"), asked.get("id")
    if not done or not about:
        return None
    if done == "call":
        call = find(session(), Call, about)
        return _logged(call) if call else None
    said = words.NOTICES.get(done) or _said(done, about)
    return {"said": said, "row": None} if said else None


def _said(done: str, about: uuid.UUID) -> str | None:
    if done == "closing":
        alert = find(session(), Alert, about)
        patient = find(session(), Patient, alert.patient_id) if alert and alert.closed_at else None
        return words.closed(alert, patient.name) if alert and patient else None
    if done == "taken":
        alert = find(session(), Alert, about)
        patient = find(session(), Patient, alert.patient_id) if alert and alert.acknowledged_by == person().user_id else None
        return words.taken(patient.name) if patient else None
    if done == "stop":
        patient = find(session(), Patient, about)
        return f"No more reminders go to {patient.name}. Their visits stay planned." if patient else None
    visit = find(session(), Visit, about)
    patient = find(session(), Patient, visit.patient_id) if visit else None
    if visit is None or patient is None:
        return None
    sent = f"A new link is on its way to {patient.name}. Earlier links no longer work."
    return sent if done == "link" else words.marked(visit, patient.name)


def _logged(call: Call) -> dict[str, Any] | None:
    """The confirmation of a call, with the same form again as long as it is the last call about its visit."""
    visit = find(session(), Visit, call.visit_id)
    item = worklist.of_visit(session(), visit) if visit else None
    if visit is None or item is None:
        return None
    last = item.last_call is not None and item.last_call.id == call.id
    row = _row(item, corrects=call.id) if last else None
    worries = worklist.worries(session(), visit)
    return {"said": words.logged(call, visit, item.patient.name, worries=worries), "row": row}


@pages.get("/follow-up/work-list")
@allow(Permission.FOLLOW_UP)
@reads(Reading.LIST)
def work_list() -> str:
    """Everybody for whom a message is not enough."""
    return page()


@pages.post("/follow-up/visits/<uuid:visit_id>/calls")
@allow(Permission.FOLLOW_UP)
@shown_again_by(page)
def log_call(visit_id: uuid.UUID) -> Response:
    """Log how a call ended. The page chose the id, so a form sent twice logs once."""
    typed = form(CallForm())
    visit = found(find(session(), Visit, visit_id, lock=True))
    fields: dict[str, Any] = {name: typed[name] for name in ("id", "outcome", "note", "corrects") if name in typed}
    if typed["outcome"] == CallOutcome.BOOKED and (moment := _moment(typed)):
        fields["booked_for"] = moment
    if typed["outcome"] == CallOutcome.CALL_LATER and "call_after" in typed:
        fields["call_after"] = typed["call_after"]
    call, _ = calls.log_call(session(), visit, fields)
    return back("call", call.id)


def _moment(typed: dict[str, Any]) -> datetime | None:
    if "day" not in typed and "time" not in typed:
        return None
    for name, other in (("day", "time"), ("time", "day")):
        if name not in typed:
            raise invalid(f"/{name}", f"Enter the {name} too, or leave out the {other}.")
    return instant(datetime.combine(typed["day"], datetime.strptime(typed["time"], "%H:%M").time()), person().time_zone)  # noqa: DTZ007  reason: a wall time


@pages.post("/follow-up/visits/<uuid:visit_id>/mark")
@allow(Permission.FOLLOW_UP)
@shown_again_by(page)
def mark(visit_id: uuid.UUID) -> Response:
    """Say whether the patient came to a booked visit."""
    visit = found(find(session(), Visit, visit_id, lock=True))
    mark_visit(session(), visit, VisitState(form(Mark())["state"]))
    return back("mark", visit_id)


@pages.post("/follow-up/alerts/<uuid:alert_id>/closing")
@allow(Permission.FOLLOW_UP)
@shown_again_by(page)
def close(alert_id: uuid.UUID) -> Response:
    """Say what was done about an alert."""
    alert = found(find(session(), Alert, alert_id, lock=True))
    alerts.close_alert(session(), alert, form(ClosingForm())["done"])
    return back("closing", alert_id)


@pages.post("/follow-up/alerts/<uuid:alert_id>/acknowledgement")
@allow(Permission.FOLLOW_UP)
@shown_again_by(page)
def take(alert_id: uuid.UUID) -> Response:
    """Say that one is on it."""
    alarms.acknowledge(session(), found(find(session(), Alert, alert_id, lock=True)))
    return back("taken", alert_id)


@pages.post("/follow-up/patients/<uuid:patient_id>/stop")
@allow(Permission.FOLLOW_UP)
@shown_again_by(page)
def stop_reminders(patient_id: uuid.UUID) -> Response:
    """Withdraw a patient's consent to reminders, as the patient has asked a person to."""
    contact.set_consent(session(), found(find(session(), Patient, patient_id)).id, given=False, via="staff")
    return back("stop", patient_id)


@pages.post("/follow-up/visits/<uuid:visit_id>/link")
@allow(Permission.FOLLOW_UP)
@shown_again_by(page)
def send_link(visit_id: uuid.UUID) -> Response:
    """Send the patient a new link to the visit."""
    visit = found(find(session(), Visit, visit_id, lock=True))
    link_answers.new_link(session(), current_app.config["GRAFTLOG"], visit, send=True)
    return back("link", visit_id)


def back(done: str, about: uuid.UUID) -> Response:
    """To the same part of the list, which says what was just done."""
    return go_to("work_list", **kept(*_KEPT), done=done, id=about)

"""What the work list calls things: its sections, outcomes of calls, channels, and what has just been done."""

from dataclasses import replace
from datetime import date

from schemas.vocabulary import CallOutcome, Channel, VisitKind, VisitState
from schemas.work import WorkKind
from server.followup.models import Alert, Call, Visit
from server.followup.service.alarms import URGENT
from server.followup.service.worklist import Item
from server.procedures.note.words import clock, short_day
from server.web import words
from server.web.blueprint import local
from server.web.words import Said

SECTIONS = {
    WorkKind.RED_FLAG: "Red flags",
    WorkKind.CONCERNING: "Concerning answers",
    WorkKind.ASKING: "Ask for you",
    WorkKind.OVERDUE: "Overdue",
    WorkKind.DUE: "Due this week",
    WorkKind.BAD_CONTACT: "Bad contact",
}
NOTHING = {
    WorkKind.RED_FLAG: "Nobody has reported a red flag.",
    WorkKind.CONCERNING: "Nobody has given an answer that worries.",
    WorkKind.ASKING: "Nobody has asked for a call or another time.",
    WorkKind.OVERDUE: "No visit is overdue.",
    WorkKind.DUE: "Every visit due this week has a time.",
    WorkKind.BAD_CONTACT: "No address is known to be wrong.",
}
OUTCOMES = {
    CallOutcome.BOOKED: "Booked",
    CallOutcome.CALL_LATER: "Asked to call later",
    CallOutcome.ANSWERED: "Answered by phone",
    CallOutcome.DECLINED: "Declined",
    CallOutcome.WRONG_NUMBER: "Wrong number",
    CallOutcome.NO_ANSWER: "No answer",
}
NOTICES = {"told": "You are told on this device from now on.", "untold": "You are told nothing more on that device."}
CHANNELS = {Channel.EMAIL: "E-mail", Channel.SMS: "Text message", Channel.PUSH: "Notice", Channel.WEBHOOK: "Event"}
LANGUAGES = {"en": "English", "hu": "Hungarian", "es": "Spanish", "de": "German", "lt": "Lithuanian"}


def standing(item: Item, today: date) -> Said | None:
    """Where the row's visit stands; one with an open window and no time says until when."""
    visit = item.visit
    if visit is None:
        return None
    if visit.state == VisitState.MISSED and item.days_late:
        return missed(item.days_late)
    if visit.state == VisitState.BOOKED and visit.booked_for and local(visit.booked_for).date() < today:
        days = (today - local(visit.booked_for).date()).days
        return booked_before(days)
    said = words.visit(visit.state, visit.opens_on, visit.closes_on, today)
    if visit.state == VisitState.BOOKED and visit.booked_for:
        moment = local(visit.booked_for)
        return replace(said, word=f"Booked for {short_day(moment.date())}, {clock(moment)}")
    return said


def missed(days_late: int) -> Said:
    """A visit whose day has passed without the patient."""
    return Said(f"Missed, {_days(days_late)} late", "triangle", open=True)


def booked_before(days: int) -> Said:
    """A time that has passed, and nobody has said whether the patient came."""
    return Said(f"Booked {_days(days)} ago, nothing recorded", "question", open=True)


def watch(alert: Alert | None, person: str | None) -> Said | None:
    """Of an alert that cannot wait: who is on it; else whether it was told again meanwhile. None of one that can wait."""
    if alert is None or alert.kind not in URGENT or alert.closed_at:
        return None
    if alert.acknowledged_at:
        return on_it(person or "Somebody", clock(local(alert.acknowledged_at)))
    if alert.escalated_at:
        return escalated(alert.escalation_level)
    return NOBODY


NOBODY = Said("Nobody is on it", "ring", open=True)


def on_it(name: str, since: str) -> Said:
    """An alert that somebody has acknowledged."""
    return Said(f"{name} is on it since {since}", "half")


def escalated(count: int) -> Said:
    """An alert that was told again to more people."""
    times = {1: "once", 2: "twice"}.get(count, f"{count} times")
    return Said(f"Escalated {times}, nobody is on it", "triangle", open=True)


def may_have_come(visit: Visit | None, today: date) -> bool:
    """Whether it can be asked if the patient came: not before the day agreed on."""
    if visit is None or visit.state != VisitState.BOOKED:
        return False
    return visit.booked_for is None or local(visit.booked_for).date() <= today


def may_be_assessed(visit: Visit | None, today: date) -> bool:
    """Whether its result can be written down: a visit in person that may have taken place."""
    return visit is not None and visit.kind == VisitKind.VISIT and (may_have_come(visit, today) or visit.opens_on <= today)


def _days(count: int) -> str:
    return f"{count} day{'s' * (count != 1)}"


def contact(item: Item) -> str:
    """The last message that went out about the visit, and what became of it."""
    sent = item.last_contact
    if sent is None or sent.sent_at is None:
        return "No message has gone out."
    became = words.reminder(sent.state, in_files=False).word.casefold()
    about = "" if became == "sent" else f", {became}"
    return f"{CHANNELS[sent.channel]} sent {short_day(local(sent.sent_at).date())}{about}."


def last_call(item: Item) -> str:
    """The last call about the visit; empty without any."""
    call = item.last_call
    if call is None:
        return ""
    who = f" by {item.caller}" if item.caller else ""
    note = f" “{call.note}”" if call.note else ""
    return f"Last call {short_day(local(call.called_at).date())}{who}: {OUTCOMES[call.outcome].casefold()}.{note}"


def logged(call: Call, visit: Visit, name: str, *, worries: bool) -> str:
    """What a call that was just logged has done; `worries` while a concerning answer about the visit is not dealt with."""
    said = f"{OUTCOMES[call.outcome]}: {name}, {visit.title}"
    if call.outcome == CallOutcome.BOOKED and visit.booked_for:
        moment = local(visit.booked_for)
        return f"{said}, {short_day(moment.date())} at {clock(moment)}. Reminders follow the new time."
    if call.outcome == CallOutcome.WRONG_NUMBER:
        return f"{said}. It stands under bad contact now."
    if call.outcome == CallOutcome.DECLINED:
        return f"{said}. Nothing more is sent about this visit."
    if worries:
        return f"{said}. The worrying answer stays on the list until you write down what was found."
    if visit.call_after:
        return f"{said}. Back on the list on {short_day(visit.call_after)}, unless it is settled before."
    return f"{said}."


def marked(visit: Visit, name: str) -> str:
    """What a visit was just marked."""
    return f"{words.visit(visit.state, visit.opens_on, visit.closes_on, visit.opens_on).word}: {name}, {visit.title}."


def taken(name: str) -> str:
    """An alert that somebody has just said to be on."""
    return f"You are on it: {name}. Call now, then write down what was found. Unless it is closed by then, others are told in four hours."


def closed(alert: Alert, name: str) -> str:
    """An alert that was just dealt with."""
    return f"Closed: {name}. “{alert.closing_note}”"

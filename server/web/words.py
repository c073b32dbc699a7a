"""What the pages call things: states in a word and a shape, reasons, roles. Nothing is told apart by colour alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from schemas.vocabulary import AlertKind, ProcedureState, Purpose, ReminderState, Role, SignatureMeaning, VisitState
from server.procedures.note.words import counted, short_day

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


@dataclass(frozen=True)
class Said:
    """A state: its words, its shape (a macro of `shapes.html`), and whether somebody still has to act."""

    word: str
    shape: str
    open: bool = False


PROCEDURES = {
    ProcedureState.PLANNED: Said("Planned", "ring"),
    ProcedureState.IN_PROGRESS: Said("In progress", "quarter", open=True),
    ProcedureState.COMPLETED: Said("Draft, not signed", "half", open=True),
    ProcedureState.SIGNED: Said("Signed", "disc"),
    ProcedureState.CANCELLED: Said("Cancelled", "slashed"),
    ProcedureState.ABANDONED: Said("Abandoned", "slashed"),
    ProcedureState.ENTERED_IN_ERROR: Said("Entered in error", "cross"),
}

BROKEN = Said("The signature does not fit the record", "cross", open=True)

_REMINDERS = {
    ReminderState.PENDING: Said("Waiting", "ring"),
    ReminderState.CLAIMED: Said("Waiting", "ring"),
    ReminderState.SENDING: Said("Being sent", "quarter"),
    ReminderState.ACCEPTED: Said("Sent", "disc"),
    ReminderState.DELIVERED: Said("Delivered", "disc"),
    ReminderState.UNDELIVERED: Said("Not delivered", "cross", open=True),
    ReminderState.UNCERTAIN: Said("Perhaps sent", "question", open=True),
    ReminderState.SUPPRESSED: Said("Not sent", "slashed", open=True),
    ReminderState.CANCELLED: Said("Cancelled", "slashed"),
    ReminderState.EXPIRED: Said("Not sent, too late", "cross", open=True),
    ReminderState.DEAD: Said("Not sent, given up", "cross", open=True),
}

REASONS = {
    "no_consent": "The patient does not want reminders.",
    "no_address": "No address for this channel is recorded. Call the patient.",
    "stopped": "The owner of this address asked for no more messages.",
    "already_told": "The patient had this news already.",
    "superseded": "The date or the protocol changed; a new message took its place.",
    "replayed": "Sent again because a person asked for it.",
    "settled_by_person": "A person found out whether it arrived.",
    "fallback": "Second way, because the first one failed.",
    "re_treatment": "A later procedure has taken over the follow-up.",
    "patient_died": "The patient has died.",
    "not_in_protocol": "The protocol no longer has this visit.",
    "window_closed": "The window closed and nobody recorded a visit.",
    "sending_hours": "It could not go out within the sending hours. Call the patient.",
    "endpoint_gone": "The browser or system that it was for is no longer registered.",
    "not_arrived": "The provider reports that it did not arrive. Check the address, or call the patient.",
    "too_late": "It could not go out in time. Call the patient.",
    "rejected": "The provider refused it for good. Check the address, or call the patient.",
    "too_many_attempts": "The provider could not be reached in time. Call the patient.",
    "no_answer": "The provider never confirmed it. It is not sent twice; call the patient to be sure.",
    "worker_lost": "Sending was cut off before the provider confirmed it. It is not sent twice; call the patient to be sure.",
    "bad_address": "The address cannot be used. Check it, or call the patient.",
}


def reminder(state: ReminderState, *, in_files: bool) -> Said:
    """Where a reminder stands. Without a mail server nothing is sent, whatever its state says."""
    return Said("Written to a file", "disc") if in_files and state == ReminderState.ACCEPTED else _REMINDERS[state]


GAPS = {
    "consent": "No signed consent is recorded.",
    "photos": "No photographs before the procedure are recorded.",
    "weight": "No weight is recorded, so the lidocaine ceiling is unknown.",
    "allergies": "Nobody has recorded whether there are allergies.",
}


def reason(code: str | None) -> str:
    """Why a reminder stands where it does, in a sentence; empty when there is nothing to say."""
    if not code:
        return ""
    what, _, state = code.partition("_")
    if what in {"visit", "procedure"} and code not in REASONS:
        return f"The {what} was {state.replace('_', ' ')}."
    return REASONS.get(code, f"{code.replace('_', ' ').capitalize()}.")


PURPOSES = {
    Purpose.BOOK: "Asks to arrange the visit",
    Purpose.NEAR: "Reminds of the visit",
    Purpose.CHASE: "Asks to come after all",
    Purpose.CHECK_IN: "Asks how it is going",
    Purpose.LINK: "New link, as asked for",
    Purpose.DIGEST: "Morning digest for staff",
    Purpose.ALERT: "Alert for staff",
    Purpose.EVENT: "Event for your own system",
}
VISITS = {
    VisitState.ATTENDED: Said("Attended", "disc"),
    VisitState.ANSWERED: Said("Answered", "disc"),
    VisitState.MISSED: Said("Missed", "cross", open=True),
    VisitState.DECLINED: Said("Declined", "slashed"),
    VisitState.LOST_TO_FOLLOW_UP: Said("Lost to follow-up", "cross"),
    VisitState.CANCELLED: Said("Cancelled", "slashed"),
}


def visit(state: VisitState, opens_on: date, closes_on: date, today: date) -> Said:
    """Say how a visit stands today; what is overdue says by how much."""
    if state in VISITS:
        return VISITS[state]
    if today > closes_on:
        return Said(f"{counted((today - closes_on).days, 'day')} late", "triangle", open=True)
    if state == VisitState.BOOKED:
        return Said("Booked", "half")
    if today >= opens_on:
        return Said(f"Due now, until {short_day(closes_on)}", "quarter", open=True)
    return Said("Not due yet", "ring")


MEANINGS = {
    SignatureMeaning.AUTHOR: ("Author", "This is my own record of the procedure."),
    SignatureMeaning.VERIFIED: ("Verified", "I have checked a record that others made."),
}

ROLES = {
    Role.SURGEON: "Surgeons plan, record, sign and follow up procedures.",
    Role.NURSE: "Nurses plan, record and follow up procedures. Signing is for surgeons.",
    Role.COORDINATOR: "Coordinators register patients and follow them up. Recording and signing are for the theatre.",
    Role.RATER: "Raters judge photographs without knowing whose they are, so they read no records. There are no photographs to rate yet.",
    Role.ADMIN: "Administrators look after people and tablets. They read no patient's record.",
}


PLAN_BOXES = {
    "title": "Title",
    "assistant": "Assistant",
    "anaesthetist": "Anaesthetist",
    "consent_on": "Consent signed on",
    "baseline_photos_on": "Photographs taken on",
    "planned_for": "Day and time",
    "weight_kg": "Weight, kg",
    "harvest_site": "Harvest site",
    "harvest_side": "Side of harvest",
    "passes": "Passes",
    "aperture_um": "Filter aperture, µm",
    "in": "In the plan",
    "volume_ml": "Volume, mL",
    "plane": "Plane",
    "needle_gauge": "Needle, G",
}
"""What each box of the plan's form is called; those of one scar are followed by its label."""


def nobody_on(waiting: Mapping[AlertKind, int]) -> str:
    """`1 red flag and 2 answers that worry`; empty where somebody is on everything."""
    return " and ".join(f"{number} {_WAITING[kind][number != 1]}" for kind, number in waiting.items())


_WAITING = {AlertKind.RED_FLAG: ("red flag", "red flags"), AlertKind.CONCERNING_ANSWER: ("answer that worries", "answers that worry")}

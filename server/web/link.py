"""The patient's page behind the link of a message: no sign-in, no script, no cookie. Opening it changes nothing; only its buttons do."""

from flask import Response, request

from schemas.answers import LONGEST_NOTE, Reply, Times, Wish
from schemas.questions import QUESTIONS, Given, Question
from schemas.vocabulary import Channel, VisitKind, VisitState
from server import clock
from server.access import public
from server.followup.messages.calendar_file import calendar_file
from server.followup.service import answers, link_answers
from server.followup.service.contact import is_stopped
from server.followup.service.link_answers import Opened
from server.http import session
from server.ids import uuid7
from server.problems import Problem
from server.web import link_flags, link_questions
from server.web.forms import form
from server.web.link_page import behind, config, link, on, page, unknown
from server.web.link_words import words_for

__all__ = ["link"]

CONFIRMED, ASKED, DECLINED, ANSWERED, STARTED = "confirmed", "asked", "declined", "answered", "started"
ONE_CLICK = ("List-Unsubscribe", "One-Click")


def start(opened: Opened) -> Response:
    """What it is about, and what can be said to it."""
    visit = opened.visit
    if visit.kind == VisitKind.CHECK_IN:
        number = answers.next_question(session(), visit.id)
        return _question(opened, number, greet=True) if number else page("done", opened, what=ANSWERED)
    wishes, sitting = link_answers.wishes(session(), visit), link_questions.sitting(opened)
    return page("start", opened, confirmed=visit.confirmed_at is not None, asked=bool(wishes), sitting=sitting)


link.add_url_rule("/<token>", "start", behind()(start), methods=["GET"])
for _button in ("come", "cannot-come", "call-me", "start-again", "new-link"):  # opened as an address: the page that has the button
    link.add_url_rule(f"/<token>/{_button}", f"{_button}-page", behind()(start), methods=["GET"])


@link.post("/<token>/come")
@behind()
def come(opened: Opened) -> Response:
    """She can come."""
    link_answers.confirm(session(), opened)  # a check-in is never booked, so this says nothing of one
    return on("done", what=CONFIRMED)


@link.get("/<token>/another-time")
@behind()
def another_time(opened: Opened) -> Response:
    """The form."""
    return _in_person(opened) or page("another_time", opened, times=tuple(Times), longest=LONGEST_NOTE, wrong=[], typed={})


@link.post("/<token>/another-time")
@behind()
def ask_for_another_time(opened: Opened) -> Response:
    """What suits her, for whoever calls."""
    try:
        wish = form(Wish())
    except Problem as problem:
        wrong = [row["pointer"].removeprefix("/") for row in problem.errors]
        return page("another_time", opened, 422, times=tuple(Times), longest=LONGEST_NOTE, wrong=wrong, typed=request.form)
    elsewhere = _in_person(opened)
    if elsewhere is None:
        link_answers.ask_for_another_time(session(), opened, wish["when"], wish.get("note"))
    return elsewhere or on("done", what=ASKED)


def _in_person(opened: Opened) -> Response | None:
    """A check-in has no time that could be changed: back to its question."""
    return on("start") if opened.visit.kind == VisitKind.CHECK_IN else None


@link.post("/<token>/call-me")
@behind()
def call_me(opened: Opened) -> Response:
    """No time is arranged yet."""
    if (elsewhere := _in_person(opened)) is None:
        link_answers.ask_for_a_call(session(), opened)
    return elsewhere or on("done", what=ASKED)


@link.post("/<token>/cannot-come")
@behind()
def cannot_come(opened: Opened) -> Response:
    """A person calls."""
    if (elsewhere := _in_person(opened)) is None:
        link_answers.cannot_come(session(), opened)
    return elsewhere or on("done", what=DECLINED)


@link.get("/<token>/done")
@behind(settled_too=True)
def done(opened: Opened) -> Response:
    """What happens next; only what is really so."""
    what = request.args.get("what")
    visit = opened.visit
    asked = what in {ASKED, DECLINED} and bool(link_answers.wishes(session(), visit))
    holds = {
        CONFIRMED: visit.confirmed_at is not None,
        ANSWERED: visit.state == VisitState.ANSWERED,
        STARTED: opened.patient.reminder_consent,
    }
    if not asked and not holds.get(what or "", False):
        return on("start")
    number = opened.patient.phone_e164
    return page("done", opened, what=what, sms_off=bool(number) and is_stopped(session(), Channel.SMS, number or ""))


@link.get("/<token>/stop")
@behind(ended_too=True, settled_too=True)
def stop(opened: Opened) -> Response:
    """Asks once more, because programs that look into links open this one too."""
    return page("stop", opened) if opened.patient.reminder_consent else _stopped(opened)


@link.post("/<token>/stop")
@behind(ended_too=True, settled_too=True)
def stop_now(opened: Opened) -> Response:
    """From the page, or from a mail program in one click (RFC 8058), which follows no redirect."""
    link_answers.stop(session(), opened)
    name, value = ONE_CLICK
    return _stopped(opened) if request.form.get(name) == value else on("stop")


def _stopped(opened: Opened) -> Response:
    return page("stopped", opened)


@link.post("/<token>/start-again")
@behind(settled_too=True)
def start_again(opened: Opened) -> Response:
    """Take the stop back."""
    link_answers.start_again(session(), opened)
    return on("done", what=STARTED)


@link.post("/<token>/new-link")
@behind(ended_too=True)
def new_link(opened: Opened) -> Response:
    """To the contact on file, which this page never shows."""
    if not opened.ended:
        return on("start")
    sent = link_answers.new_link_to_contact(session(), config(), opened) == link_answers.Sent.ON_ITS_WAY
    return on("start") if sent else page("ended", opened, 409, sent=False, can_send=False, welcome=True)


@link.get("/<token>/appointment.ics")
@behind()
def appointment(opened: Opened) -> Response:
    """The time agreed on, for the patient's own calendar."""
    visit, clinic = opened.visit, opened.clinic
    if visit.state != VisitState.BOOKED or visit.booked_for is None:
        return unknown()
    words = words_for(request.args.get("lang"), opened.patient.language)
    body = calendar_file(
        visit_id=visit.id,
        generation=visit.generation,
        starts_at=visit.booked_for,
        written_at=clock.now(),
        summary=words("event", clinic=clinic.name),
        description=words("event_phone", phone=clinic.phone) if clinic.phone else "",
    )
    response = Response(body, mimetype="text/calendar")
    response.headers["Content-Disposition"] = 'attachment; filename="appointment.ics"'
    return response


@link.get("/<token>/question/<int:number>")
@behind()
def question(opened: Opened, number: int) -> Response:
    """One question; earlier answers are never shown."""
    return _question(opened, number) if _asks(opened, number) else on("start")


def _asks(opened: Opened, number: int) -> bool:
    return opened.visit.kind == VisitKind.CHECK_IN and 1 <= number <= len(QUESTIONS)


def _question(opened: Opened, number: int, status: int = 200, *, greet: bool = False) -> Response:
    asked = QUESTIONS[number - 1]
    if asked == Question.RED_FLAGS:
        return link_flags.show(opened, number, status)
    facts = {"question": asked, "number": number, "count": len(QUESTIONS), "choices": tuple(Given), "answer_id": uuid7()}
    return page("question", opened, status, **facts, greet=greet, wrong=status != 200)  # noqa: PLR2004  reason: a status is known by its number


@link.post("/<token>/question/<int:number>")
@behind()
def answer(opened: Opened, number: int) -> Response:
    """Stored at once; one that concerns leads to the telephone first."""
    if not _asks(opened, number):
        return on("start")
    if QUESTIONS[number - 1] == Question.RED_FLAGS:
        return link_flags.take(opened, number, _after(number))
    try:
        reply = form(Reply())
    except Problem as problem:
        if any(row["pointer"] == "/answer" for row in problem.errors):
            return _question(opened, number, 422)
        reply = {"answer": request.form["answer"]}
    given, answer_id = Given(reply["answer"]), reply.get("id")
    concerns = link_answers.answer(session(), opened, QUESTIONS[number - 1], given, answer_id)
    return on("urgent", number=number) if concerns else _after(number)


def _after(number: int) -> Response:
    return on("question", number=number + 1) if number < len(QUESTIONS) else on("done", what=ANSWERED)


@link.get("/<token>/urgent/<int:number>")
@behind(settled_too=True)
def urgent(opened: Opened, number: int) -> Response:
    """Whom to call now, before anything else."""
    if number != link_flags.AT_ANY_TIME and not _asks(opened, number):
        return on("start")
    further = on("start") if number == link_flags.AT_ANY_TIME else _after(number)
    return page("urgent", opened, further=further.location)


@link.route("/", defaults={"rest": ""}, methods=["GET", "POST"])
@link.route("/<path:rest>", methods=["GET", "POST"])
@public
def nowhere(rest: str) -> Response:  # noqa: ARG001  reason: any address below /v/ that is none
    """A link that was cut off or mistyped."""
    return unknown()

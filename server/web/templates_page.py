"""The texts of messages: which are sent, what they say to a patient, and a form for the clinic's own."""

from typing import Any

from flask import Response, current_app, make_response, render_template, request

from schemas.fields import Pattern, Shape
from schemas.templates import TemplateChange
from schemas.vocabulary import PATIENT_CHANNELS, PATIENT_PURPOSES, Channel, Purpose
from server.access import Permission, allow
from server.followup.messages.templates import BUILT_IN_LANGUAGES, built_in
from server.followup.messages.variables import VARIABLES
from server.followup.routes.templates import key_of
from server.followup.service import templates
from server.http import session
from server.problems import Problem, invalid
from server.web import words
from server.web.blueprint import go_to, pages
from server.web.forms import errors_of, filters, form, shown_again_by

LANGUAGES = {"en": "English", "hu": "Hungarian", "es": "Spanish"}
CHANNELS = {Channel.EMAIL: "E-mail", Channel.SMS: "Text message"}
OWN, BUILT_IN, NONE = words.Said("Own text", "disc"), words.Said("Built-in text", "ring"), words.Said("No text, English is sent", "slashed")
_SITUATIONS = (
    ("When a time is agreed on", True, True),
    ("When it is arranged, but no time is recorded", True, False),
    ("When nothing is arranged", False, False),
)


class Filters(Shape):
    """What the address of the list may say."""

    language = Pattern("[a-z]{2}", "hu", longest=2)


def _named(language: str) -> str:
    return LANGUAGES.get(language, f"Language {language}")


@pages.get("/follow-up/messages")
@allow(Permission.SIGNED_IN)
def messages() -> str:
    """Every message in one language, and whose text it has."""
    language = filters(Filters()).get("language", BUILT_IN_LANGUAGES[0])
    own = templates.own_texts(session())
    further = {of for _, _, of in own} | {language}
    rows = [
        {
            "purpose": purpose,
            "channel": channel,
            "name": words.PURPOSES[purpose],
            "by": CHANNELS[channel],
            "said": _said(own, purpose, channel, language),
        }
        for purpose in PATIENT_PURPOSES
        for channel in PATIENT_CHANNELS
    ]
    listed = {one: _named(one) for one in (*BUILT_IN_LANGUAGES, *sorted(further - set(BUILT_IN_LANGUAGES)))}
    return render_template("messages.html", rows=rows, language=language, languages=listed)


def _said(own: dict[templates.Key, Any], purpose: Purpose, channel: Channel, language: str) -> words.Said:
    if (purpose, channel, language) in own:
        return OWN
    return BUILT_IN if language in BUILT_IN_LANGUAGES else NONE


def _page(purpose: str, channel: str, language: str, problem: Problem | None = None) -> str:
    """With what was typed, if anything was, and with what patients get now or would get from what was typed."""
    key = key_of(purpose, channel, language)
    row = templates.find_own(session(), key)
    used = row if row and row.active else built_in(*key) or built_in(key[0], key[1], BUILT_IN_LANGUAGES[0])
    if used is None:
        raise LookupError("a message without a built-in text")
    given = built_in(*key)
    typed = {name: request.form[name] for name in ("subject", "body") if name in request.form}
    return render_template(
        "messages_edit.html",
        errors=errors_of(problem),
        purpose=purpose,
        channel=channel,
        language=language,
        title=words.PURPOSES[key[0]],
        by=CHANNELS[key[1]],
        language_name=_named(language),
        said=OWN if row and row.active else BUILT_IN if given else NONE,
        own=row if row and row.active else None,
        seen=str(row.write_id) if row else "",
        typed={"subject": used.subject or "", "body": used.body} | typed,
        trying=bool(typed) and problem is None,
        previews=_previews(key, typed if problem is None else {}),
        variables=VARIABLES.values(),
    )


def _previews(key: templates.Key, typed: dict[str, str]) -> list[tuple[str, templates.Preview]]:
    """What a patient would get; of a reminder, once for each situation that its text tells apart."""
    config = current_app.config["GRAFTLOG"]
    text = {name: typed[name].replace("\r\n", "\n").strip() for name in typed}
    subject, body = text.get("subject"), text.get("body")
    if key[0] != Purpose.NEAR:
        return [("", templates.preview(session(), config, key, subject=subject, body=body))]
    shown = [
        (said, templates.preview(session(), config, key, subject=subject, body=body, arranged=arranged, timed=timed))
        for said, arranged, timed in _SITUATIONS
    ]
    if len({(one.subject, one.text) for _, one in shown}) == 1:
        return [("", shown[0][1])]
    return shown


@pages.get("/follow-up/messages/<purpose>/<channel>/<language>")
@allow(Permission.SIGNED_IN)
def message_text(purpose: str, channel: str, language: str) -> str:
    """One message: its text, and what a patient gets."""
    return _page(purpose, channel, language)


@pages.post("/follow-up/messages/<purpose>/<channel>/<language>")
@allow(Permission.SET_UP)
@shown_again_by(_page)
def change_message_text(purpose: str, channel: str, language: str) -> Response:
    """Show what was typed as a patient would get it, or store it."""
    key = key_of(purpose, channel, language)
    if not request.form.get("body", "").strip():
        raise invalid("/body", "Write the message.")
    typed = form(TemplateChange())
    if request.form.get("do") != "save":
        return make_response(_page(purpose, channel, language))
    row = templates.find_own(session(), key, lock=True)
    _check_seen(str(row.write_id) if row else "")
    templates.change(session(), key, row, subject=typed.get("subject"), body=typed["body"])
    return _to(purpose, channel, language)


@pages.post("/follow-up/messages/<purpose>/<channel>/<language>/built-in")
@allow(Permission.SET_UP)
@shown_again_by(_page)
def back_to_built_in(purpose: str, channel: str, language: str) -> Response:
    """Send the built-in text again."""
    row = templates.find_own(session(), key_of(purpose, channel, language), lock=True)
    if row and row.active:
        _check_seen(str(row.write_id))
        templates.retire(session(), row)
    return _to(purpose, channel, language)


def _check_seen(now: str) -> None:
    if request.form.get("seen", "") != now:
        raise Problem(
            "stale",
            "Somebody else has changed this text since you opened it. What is sent now is shown below the form; save again to replace it.",
        )


def _to(purpose: str, channel: str, language: str) -> Response:
    return go_to("message_text", purpose=purpose, channel=channel, language=language)

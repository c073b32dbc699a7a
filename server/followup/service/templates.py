"""A clinic's own texts of messages: which there are, changing them, and seeing what a patient would get."""

from dataclasses import dataclass, replace
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from schemas.vocabulary import PATIENT_CHANNELS, PATIENT_PURPOSES, Channel, Purpose, VisitState
from server import clock
from server.clinics.models import Clinic
from server.config import Config
from server.db import find
from server.followup import links
from server.followup.messages import check
from server.followup.messages.compose import compose
from server.followup.messages.examples import TOKEN, example
from server.followup.messages.letter import Letter, Text
from server.followup.messages.segments import Segments, segments_of
from server.followup.messages.templates import BUILT_IN_LANGUAGES, built_in, text_for, text_of, variables_in
from server.followup.messages.variables import VARIABLES
from server.followup.models import MessageTemplate, Visit
from server.journal.service import say
from server.patients.models import Patient
from server.problems import Problem

Key = tuple[Purpose, Channel, str]


def own_texts(session: Session) -> dict[Key, Text]:
    """The clinic's own texts that are in use. One query; `messages.templates.text_for` looks up in it."""
    own = MessageTemplate
    query = sa.select(own.purpose, own.channel, own.language, own.subject, own.body).where(own.active)
    return {(row.purpose, row.channel, row.language): Text(row.subject, row.body, row.language) for row in session.execute(query)}


def find_own(session: Session, key: Key, *, lock: bool = False) -> MessageTemplate | None:
    """The clinic's own text, also one that is no longer in use."""
    purpose, channel, language = key
    query = sa.select(MessageTemplate).where(
        MessageTemplate.purpose == purpose, MessageTemplate.channel == channel, MessageTemplate.language == language
    )
    return session.scalar(query.with_for_update().execution_options(populate_existing=True) if lock else query)


def all_texts(session: Session) -> list[dict[str, Any]]:
    """Wire form of every message in every language that has texts: built-in languages first."""
    rows = session.scalars(sa.select(MessageTemplate))
    own = {(row.purpose, row.channel, row.language): row for row in rows}
    further = sorted({language for _, _, language in own} - set(BUILT_IN_LANGUAGES))
    keys = [
        (purpose, channel, language)
        for language in (*BUILT_IN_LANGUAGES, *further)
        for purpose in PATIENT_PURPOSES
        for channel in PATIENT_CHANNELS
    ]
    return [document(key, own.get(key)) for key in keys if key in own or key[2] in BUILT_IN_LANGUAGES]


def document(key: Key, own: MessageTemplate | None) -> dict[str, Any]:
    """Wire form of one message's texts."""
    purpose, channel, language = key
    given = built_in(purpose, channel, language)
    return {
        "purpose": str(purpose),
        "channel": str(channel),
        "language": language,
        "built_in": {"subject": given.subject, "body": given.body} if given else None,
        "own": own.document() if own else None,
    }


def variables() -> list[dict[str, Any]]:
    """Wire form of what a text may speak of."""
    return [one.document() for one in VARIABLES.values()]


def change(session: Session, key: Key, row: MessageTemplate | None, *, subject: str | None, body: str) -> MessageTemplate:
    """Store the clinic's own text, in `row` if there is one, and send it from now on. Raises 422 `invalid` for what must be corrected."""
    purpose, channel, language = key
    check.check(purpose, channel, Text(subject, body, language))
    if row is None:
        row = MessageTemplate(purpose=purpose, channel=channel, language=language)
        session.add(row)
    elif not row.active:
        say(session, row, "use_again")
    row.subject, row.body, row.active = subject, body, True
    session.flush()
    return row


def retire(session: Session, row: MessageTemplate) -> None:
    """Send the built-in text again. The row stays, with the text that patients have had."""
    say(session, row, "back_to_built_in")
    row.active = False
    session.flush()


@dataclass(frozen=True)
class Preview:
    """A message as a patient would get it; `segments` of a text message, `html` of an e-mail."""

    subject: str | None
    text: str
    html: str | None
    language: str
    segments: Segments | None
    used_variables: list[str]
    warnings: list[str]

    def document(self) -> dict[str, Any]:
        """Wire form."""
        return vars(self) | {"segments": self.segments.document() if self.segments else None}


def preview(
    session: Session,
    config: Config,
    key: Key,
    *,
    subject: str | None = None,
    body: str | None = None,
    visit: Visit | None = None,
    arranged: bool | None = None,
    timed: bool | None = None,
) -> Preview:
    """`subject` and `body`, or the texts now in use, filled in for a visit or for an example patient. Raises 422 `invalid` like `change`.

    Of the example, `arranged` and `timed` say whether an appointment is arranged, and whether with a time. The link is always
    an example: a patient's own is for nobody else's eyes.
    """
    purpose, channel, language = key
    letter = _letter_about(session, config, key, visit) if visit else _example(session, config, key, arranged, timed)
    letter = replace(letter, own=text_for(own_texts(session), purpose, channel, language))
    text = text_of(letter)
    if body is not None or subject is not None:
        text = Text(text.subject if subject is None else subject, text.body if body is None else body, language)
        warnings = check.check(purpose, channel, text)
    else:
        warnings = _remarks(purpose, channel, text)
    parcel = compose(replace(letter, own=text), config)
    return Preview(
        subject=parcel.subject or None,
        text=parcel.text.rstrip("\n"),
        html=parcel.html or None,
        language=parcel.language,
        segments=segments_of(parcel.text) if channel == Channel.SMS else None,
        used_variables=variables_in(text),
        warnings=warnings,
    )


def _remarks(purpose: Purpose, channel: Channel, text: Text) -> list[str]:
    """On a text that is stored already: what would be refused today must not hide what patients get."""
    try:
        return check.check(purpose, channel, text)
    except Problem as problem:
        return [one["message"] for one in problem.errors]


def _clinic(session: Session) -> Clinic:
    return session.get_one(Clinic, session.info["clinic_id"])


def _example(session: Session, config: Config, key: Key, booked: bool | None = None, timed: bool | None = None) -> Letter:
    clinic = _clinic(session)
    now = clock.now().astimezone(ZoneInfo(clinic.time_zone))
    link = links.address_of(config, TOKEN)
    return example(*key, now=now, clinic=clinic.name, phone=clinic.phone, link=link, booked=booked, timed=timed)


def _letter_about(session: Session, config: Config, key: Key, visit: Visit) -> Letter:
    """As if it were sent now; the address is the example's, since nothing is sent."""
    patient = find(session, Patient, visit.patient_id)
    if patient is None:
        raise LookupError("a visit without its patient")
    clinic = _clinic(session)
    zone = ZoneInfo(clinic.time_zone)
    return replace(
        _example(session, config, key),
        given_name=patient.given_name,
        family_name=patient.family_name,
        written_at=clock.now().astimezone(ZoneInfo(patient.time_zone) if patient.time_zone else zone),
        visit_id=visit.id,
        visit_on=visit.target_date,
        opens_on=visit.opens_on,
        closes_on=visit.closes_on,
        booked=visit.state == VisitState.BOOKED,
        booked_for=visit.booked_for.astimezone(zone) if visit.booked_for else None,
        generation=visit.generation,
    )

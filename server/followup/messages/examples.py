"""Letters about nobody: what previews show and what a text is tried with before it is stored."""

import uuid
from datetime import UTC, date, datetime, time, timedelta
from itertools import product

from schemas.vocabulary import Channel, Purpose
from server.followup.messages.letter import Letter, Text

NOBODY = uuid.UUID(int=0)
TOKEN = "ThisIsOnlyAnExampleNow"  # noqa: S105  reason: as long as a real one, and nobody's
LINK = f"https://follow-up.clinic.example/v/{TOKEN}"
_AWAY = {Purpose.BOOK: 14, Purpose.NEAR: 1, Purpose.CHASE: -11, Purpose.CHECK_IN: 0, Purpose.LINK: 30}
_AT = time(10, 30)
_TRIED_AT = datetime(2026, 12, 6, 9, tzinfo=UTC)
_WINDOW = timedelta(days=7)


def example(
    purpose: Purpose,
    channel: Channel,
    language: str,
    *,
    own: Text | None = None,
    now: datetime = _TRIED_AT,
    clinic: str = "Riverside Plastic Surgery",
    phone: str | None = "+36 1 555 0100",
    link: str = LINK,
    booked: bool | None = None,
    timed: bool | None = None,
) -> Letter:
    """A letter to Anna, as a patient would usually get it: a reminder of what is near speaks of a time agreed on.

    `now` is in the clinic's zone. `booked` and `timed` say otherwise: whether a visit is arranged, and whether with a time.
    """
    booked = purpose == Purpose.NEAR if booked is None else booked
    timed = booked if timed is None else timed
    on: date = now.date() + timedelta(days=_AWAY[purpose])
    return Letter(
        clinic_id=NOBODY,
        reminder_id=NOBODY,
        key=NOBODY,
        channel=channel,
        purpose=purpose,
        to="anna@example.org" if channel == Channel.EMAIL else "+36301234567",
        clinic=clinic,
        phone=phone,
        written_at=now,
        given_name="Anna",
        family_name="Petrauskienė",
        language=language,
        visit_id=NOBODY,
        visit_on=on,
        opens_on=on - _WINDOW,
        closes_on=on + _WINDOW,
        booked=booked,
        booked_for=datetime.combine(on, _AT, now.tzinfo) if timed else None,
        link=link,
        own=own,
    )


def trials(purpose: Purpose, channel: Channel, text: Text) -> list[Letter]:
    """Letters in every situation that a text must suit: arranged or not, with a time or not, with a telephone or without."""
    situations = ((True, True), (True, False), (False, False))
    phones = ("+36 1 555 0100", None)
    return [
        example(purpose, channel, text.language or "", own=text, phone=phone, booked=booked, timed=timed)
        for (booked, timed), phone in product(situations, phones)
    ]

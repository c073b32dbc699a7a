"""The built-in texts: in every language they say the right thing on the right day, and nothing of the treatment."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import product

import pytest

from schemas.vocabulary import PATIENT_CHANNELS, PATIENT_PURPOSES, Channel, Purpose
from server.followup.messages.check import check
from server.followup.messages.examples import LINK, example, trials
from server.followup.messages.letter import Text
from server.followup.messages.segments import GSM_7, segments_of
from server.followup.messages.templates import BUILT_IN_LANGUAGES, built_in, fill_in, render, text_for
from server.followup.messages.variables import LANGUAGES, VARIABLES, values_of
from server.followup.messages.words import clinical_words

EVERY = list(product(BUILT_IN_LANGUAGES, PATIENT_PURPOSES, PATIENT_CHANNELS))
IDS = ["-".join(map(str, one)) for one in EVERY]
MORNING = datetime(2026, 12, 6, 9, tzinfo=UTC)
each = pytest.mark.parametrize(("language", "purpose", "channel"), EVERY, ids=IDS)


def text(language: str, purpose: Purpose, channel: Channel) -> Text:
    """The built-in text."""
    found = built_in(purpose, channel, language)
    assert found is not None
    return found


@each
def test_a_built_in_text_passes_the_check_that_a_clinics_own_must_pass(language: str, purpose: Purpose, channel: Channel) -> None:
    remarks = check(purpose, channel, text(language, purpose, channel))
    assert language == "hu" or remarks == []


@each
def test_a_built_in_text_suits_every_situation(language: str, purpose: Purpose, channel: Channel) -> None:
    for letter in trials(purpose, channel, text(language, purpose, channel)):
        made = render(replace(letter, own=None, clinic="Riverside"))
        whole = f"{made.subject}\n{made.text}"
        assert "Anna" in made.text
        assert "Riverside" in made.text
        assert LINK in made.text.split()
        assert not re.search(r"[{}%]|None|True|False|\(\)|  |\s[.,]|\.\.|\n\n\n", whole), whole
        assert clinical_words(whole) == []
        assert ("+36 1 555 0100" in made.text) is (letter.phone is not None)
        assert made.language == language
        assert bool(made.subject) is (channel == Channel.EMAIL)


@each
def test_a_text_message_says_how_to_stop_and_how_to_check_that_it_is_real(language: str, purpose: Purpose, channel: Channel) -> None:
    if channel == Channel.SMS:
        made = render(example(purpose, channel, language))
        assert made.text.startswith("Riverside Plastic Surgery: ")
        assert "STOP" in made.text
        assert "+36 1 555 0100" in made.text


@pytest.mark.parametrize("purpose", PATIENT_PURPOSES)
@pytest.mark.parametrize(("language", "most"), [("en", 2), ("es", 2), ("hu", 4)])
def test_a_text_message_is_short(language: str, most: int, purpose: Purpose) -> None:
    for letter in trials(purpose, Channel.SMS, text(language, purpose, Channel.SMS)):
        counted = segments_of(render(letter).text)
        assert counted.segments <= most
        assert language == "hu" or counted.encoding == GSM_7


def said(language: str, purpose: Purpose = Purpose.NEAR, channel: Channel = Channel.EMAIL, *, days: int = 1, booked: bool = True) -> str:
    """What is written on 6 December about a visit `days` later, at 10:30 if it is booked."""
    on = MORNING + timedelta(days=days)
    letter = example(purpose, channel, language, now=MORNING, booked=booked)
    return render(replace(letter, visit_on=on.date(), booked_for=on.replace(hour=10, minute=30) if booked else None)).text


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "follow-up appointment at Riverside Plastic Surgery tomorrow, on Monday 7 December 2026 at 10:30."),
        ("hu", "amely holnap lesz. Időpontja: 2026. december 7., hétfő, 10:30."),
        (
            "es",
            "Le recordamos que mañana tiene cita de seguimiento en Riverside Plastic Surgery: el lunes 7 de diciembre de 2026 a las 10:30.",
        ),
    ],
)
def test_a_booked_appointment_is_named_with_day_and_time(language: str, words: str) -> None:
    assert words in said(language)


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "is due around Monday 7 December 2026, tomorrow."),
        ("hu", "nagyjából ekkor esedékes: 2026. december 7., hétfő (holnap)."),
        ("es", "está prevista para el lunes 7 de diciembre de 2026 aproximadamente (mañana)."),
    ],
)
def test_a_visit_without_appointment_is_due_around_a_day(language: str, words: str) -> None:
    assert words in said(language, booked=False)


@pytest.mark.parametrize(
    ("days", "english", "hungarian", "spanish"),
    [
        (0, "today", "ma", "hoy"),
        (1, "tomorrow", "holnap", "mañana"),
        (2, "in 2 days", "holnapután", "pasado mañana"),
        (3, "in 3 days", "3 nap múlva", "dentro de 3 días"),
        (7, "in a week", "egy hét múlva", "dentro de una semana"),
        (8, "in 8 days", "8 nap múlva", "dentro de 8 días"),
        (14, "in about two weeks", "körülbelül két hét múlva", "dentro de unas dos semanas"),
        (21, "in about three weeks", "körülbelül három hét múlva", "dentro de unas tres semanas"),
        (30, "in about a month", "körülbelül egy hónap múlva", "dentro de un mes aproximadamente"),
        (60, "in about two months", "körülbelül két hónap múlva", "dentro de unos dos meses"),
        (76, "", "", ""),
        (-1, "", "", ""),
    ],
)
def test_how_far_away_a_day_is_counts_from_the_day_of_writing(days: int, english: str, hungarian: str, spanish: str) -> None:
    for language, words in (("en", english), ("hu", hungarian), ("es", spanish)):
        letter = replace(
            example(Purpose.NEAR, Channel.EMAIL, language, now=MORNING, booked=False), visit_on=MORNING.date() + timedelta(days=days)
        )
        assert values_of(letter, language)["away"] == words


def test_a_late_message_never_says_that_a_past_day_is_today() -> None:
    assert "is due around Saturday 5 December 2026. If" in " ".join(said("en", days=-1, booked=False).split())


@pytest.mark.parametrize(
    ("language", "long", "short"),
    [
        ("en", "Wednesday 29 February 2028", "Wed 1 Mar"),
        ("hu", "2028. február 29., kedd", "márc. 1. (szerda)"),
        ("es", "martes 29 de febrero de 2028", "mié 1 mar"),
    ],
)
def test_days_are_said_as_the_language_says_them(language: str, long: str, short: str) -> None:
    words = LANGUAGES[language]
    assert words.day(date(2028, 2, 29)) == long.replace("Wednesday", "Tuesday")
    assert words.day_short(date(2028, 3, 1)) == short


def test_spanish_short_days_stay_in_the_alphabet_of_text_messages_except_on_saturday() -> None:
    week = [LANGUAGES["es"].day_short(date(2026, month, day)) for month in range(1, 13) for day in range(1, 29)]
    assert {odd for one in week if (odd := segments_of(one).odd_letters)} == {"á"}
    assert all("sáb" in one for one in week if segments_of(one).odd_letters)


def test_the_best_time_begins_today_at_the_earliest() -> None:
    letter = replace(example(Purpose.BOOK, Channel.EMAIL, "en", now=MORNING), opens_on=date(2026, 12, 1), closes_on=date(2026, 12, 31))
    assert "from Sunday 6 December 2026 to Thursday 31 December 2026" in render(letter).text


@pytest.mark.parametrize(
    ("language", "words"), [("en", "It is still worth coming."), ("hu", "Még most is érdemes eljönnie."), ("es", "Todavía merece la pena")]
)
def test_who_missed_the_visit_is_asked_to_come_after_all(language: str, words: str) -> None:
    assert words in said(language, Purpose.CHASE, days=-11, booked=False)


def test_a_language_without_texts_reads_english() -> None:
    made = render(example(Purpose.NEAR, Channel.EMAIL, "de"))
    assert made.language == "en"
    assert made.text.startswith("Dear Anna,")


def test_a_clinics_own_text_in_another_language_writes_days_in_figures() -> None:
    own = Text("Termin am {{ day }}", "Hallo {{ given_name }}, {{ day_short }}{% if away %} ({{ away }}){% endif %}", "de")
    made = render(example(Purpose.NEAR, Channel.EMAIL, "de", own=own, now=MORNING))
    assert (made.subject, made.text, made.language) == ("Termin am 2026-12-07", "Hallo Anna, 2026-12-07", "de")


def test_the_clinics_own_english_goes_before_the_built_in_one_where_there_is_no_other() -> None:
    english, german = Text("s", "English", "en"), Text("s", "Deutsch", "de")
    own = {(Purpose.NEAR, Channel.EMAIL, "en"): english, (Purpose.BOOK, Channel.EMAIL, "de"): german}
    assert text_for(own, Purpose.NEAR, Channel.EMAIL, "de") is english
    assert text_for(own, Purpose.BOOK, Channel.EMAIL, "de") is german
    assert text_for(own, Purpose.NEAR, Channel.EMAIL, "hu") is None
    assert text_for(own, Purpose.NEAR, Channel.SMS, "en") is None


def test_an_own_text_that_cannot_be_filled_in_any_more_gives_way_to_the_built_in_one(caplog: pytest.LogCaptureFixture) -> None:
    made = render(example(Purpose.NEAR, Channel.EMAIL, "en", own=Text("Hello", "Dear {{ nickname }}")))
    assert made.text.startswith("Dear Anna,")
    assert "near over email" in caplog.text
    assert "Anna" not in caplog.text


def test_a_line_that_holds_only_a_condition_leaves_no_gap() -> None:
    own = Text(None, "{% if booked %}\nYes.\n{% else %}\nNo.\n{% endif %}\nSee you{% if time %} at {{ time }}{% endif %}\nAnna", "en")
    letter = example(Purpose.NEAR, Channel.SMS, "en", own=own)
    assert fill_in(own, letter).text == "Yes.\nSee you at 10:30\nAnna"


def test_names_with_line_breaks_stay_on_their_line() -> None:
    letter = replace(example(Purpose.NEAR, Channel.SMS, "en"), given_name="Anna\r\n\u2028Bcc: x", clinic="River\nside")
    made = render(letter)
    assert made.text.startswith("River side: Hello Anna Bcc: x, your")


def test_a_name_is_never_read_as_a_variable() -> None:
    made = render(replace(example(Purpose.NEAR, Channel.EMAIL, "en"), given_name="{{ phone }}{% if x %}"))
    assert made.text.startswith("Dear {{ phone }}{% if x %},")


def test_every_variable_has_a_value_in_every_letter() -> None:
    for purpose, channel in product(PATIENT_PURPOSES, PATIENT_CHANNELS):
        values = values_of(example(purpose, channel, "en"), "en")
        assert values.keys() == VARIABLES.keys()
        assert {name for name, value in values.items() if value == ""} <= {name for name, one in VARIABLES.items() if one.maybe_empty}

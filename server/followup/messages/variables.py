"""The closed list of what a message may speak of, and how days are said in each language that has texts."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from server.followup.messages.letter import Letter

FALLBACK = "en"
_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")


@dataclass(frozen=True)
class Variable:
    """One name that a text may use. `maybe_empty`: it must stand between if and endif; `flag`: it is asked, never printed."""

    name: str
    meaning: str
    example: str
    maybe_empty: bool = False
    flag: bool = False

    def document(self) -> dict[str, str | bool]:
        """Wire form."""
        return {"name": self.name, "meaning": self.meaning, "example": self.example, "maybe_empty": self.maybe_empty, "flag": self.flag}


VARIABLES = {
    one.name: one
    for one in (
        Variable("given_name", "The patient's given name", "Anna"),
        Variable("clinic", "The clinic's name", "Riverside Clinic"),
        Variable("phone", "The clinic's telephone number; empty where none is recorded", "+36 1 555 0100", maybe_empty=True),
        Variable("day", "The day of the visit: the day agreed on, else the day around which it is due", "Monday 7 December 2026"),
        Variable("day_short", "The same day, short, for text messages", "Mon 7 Dec"),
        Variable("time", "The time agreed on, on the clinic's clock; empty while there is none", "10:30", maybe_empty=True),
        Variable(
            "away",
            "How far away the day is on the day of sending; empty when it has passed or is months away",
            "tomorrow",
            maybe_empty=True,
        ),
        Variable("window_from", "First day on which the visit is useful, today at the earliest", "Thursday 3 December 2026"),
        Variable("window_to", "Last day on which the visit is useful", "Monday 14 December 2026"),
        Variable("link", "The patient's page for this visit", "https://clinic.example/v/…"),
        Variable("booked", "Whether an appointment is arranged", "yes", flag=True),
    )
}


@dataclass(frozen=True)
class Language:
    """How one language says days. `away`: the most days for which each way of saying holds."""

    day: Callable[[date], str]
    day_short: Callable[[date], str]
    away: tuple[tuple[int, str], ...]


_EN_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_EN_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_HU_DAYS = ("hétfő", "kedd", "szerda", "csütörtök", "péntek", "szombat", "vasárnap")
_HU_MONTHS = (
    "január", "február", "március", "április", "május", "június",
    "július", "augusztus", "szeptember", "október", "november", "december",
)  # fmt: skip
_HU_SHORT = ("jan.", "febr.", "márc.", "ápr.", "máj.", "jún.", "júl.", "aug.", "szept.", "okt.", "nov.", "dec.")
_ES_DAYS = ("lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo")
_ES_MONTHS = (
    "enero", "febrero", "marzo", "abril", "mayo", "junio",
    "julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre",
)  # fmt: skip
_NEXT_DAYS, _WEEK, _DAYS_MORE, _TWO_WEEKS, _THREE_WEEKS, _MONTH, _TWO_MONTHS = 6, 7, 11, 17, 24, 45, 75

LANGUAGES = {
    "en": Language(
        lambda day: f"{_EN_DAYS[day.weekday()]} {day.day} {_EN_MONTHS[day.month - 1]} {day.year}",
        lambda day: f"{_EN_DAYS[day.weekday()][:3]} {day.day} {_EN_MONTHS[day.month - 1][:3]}",
        (
            (0, "today"),
            (1, "tomorrow"),
            (_NEXT_DAYS, "in {} days"),
            (_WEEK, "in a week"),
            (_DAYS_MORE, "in {} days"),
            (_TWO_WEEKS, "in about two weeks"),
            (_THREE_WEEKS, "in about three weeks"),
            (_MONTH, "in about a month"),
            (_TWO_MONTHS, "in about two months"),
        ),
    ),
    "hu": Language(
        lambda day: f"{day.year}. {_HU_MONTHS[day.month - 1]} {day.day}., {_HU_DAYS[day.weekday()]}",
        lambda day: f"{_HU_SHORT[day.month - 1]} {day.day}. ({_HU_DAYS[day.weekday()]})",
        (
            (0, "ma"),
            (1, "holnap"),
            (2, "holnapután"),
            (_NEXT_DAYS, "{} nap múlva"),
            (_WEEK, "egy hét múlva"),
            (_DAYS_MORE, "{} nap múlva"),
            (_TWO_WEEKS, "körülbelül két hét múlva"),
            (_THREE_WEEKS, "körülbelül három hét múlva"),
            (_MONTH, "körülbelül egy hónap múlva"),
            (_TWO_MONTHS, "körülbelül két hónap múlva"),
        ),
    ),
    "es": Language(
        lambda day: f"{_ES_DAYS[day.weekday()]} {day.day} de {_ES_MONTHS[day.month - 1]} de {day.year}",
        lambda day: f"{_ES_DAYS[day.weekday()][:3]} {day.day} {_ES_MONTHS[day.month - 1][:3]}",
        (
            (0, "hoy"),
            (1, "mañana"),
            (2, "pasado mañana"),
            (_NEXT_DAYS, "dentro de {} días"),
            (_WEEK, "dentro de una semana"),
            (_DAYS_MORE, "dentro de {} días"),
            (_TWO_WEEKS, "dentro de unas dos semanas"),
            (_THREE_WEEKS, "dentro de unas tres semanas"),
            (_MONTH, "dentro de un mes aproximadamente"),
            (_TWO_MONTHS, "dentro de unos dos meses"),
        ),
    ),
}
_NO_WORDS = Language(date.isoformat, date.isoformat, ())
"""Of a language for which only a clinic has texts."""


def one_line(text: str) -> str:
    """Safe in a header, and in the middle of a sentence: no line breaks, no control characters."""
    return " ".join(_UNSEEN.sub(" ", text).split())


def values_of(letter: Letter, language: str) -> dict[str, str | bool]:
    """What each variable stands for in this letter."""
    words = LANGUAGES.get(language, _NO_WORDS)
    today = letter.written_at.date()
    on = letter.booked_for.date() if letter.booked_for else letter.visit_on
    opens_on = max(letter.opens_on, today) if letter.opens_on else None
    return {
        "given_name": one_line(letter.given_name),
        "clinic": one_line(letter.clinic),
        "phone": one_line(letter.phone or ""),
        "day": words.day(on) if on else "",
        "day_short": words.day_short(on) if on else "",
        "time": f"{letter.booked_for:%H:%M}" if letter.booked_for else "",
        "away": _away(words, (on - today).days) if on else "",
        "window_from": words.day(opens_on) if opens_on else "",
        "window_to": words.day(letter.closes_on) if letter.closes_on else "",
        "link": letter.link or "",
        "booked": letter.booked,
    }


def _away(words: Language, days: int) -> str:
    """Counted on the day of writing: a message that goes out late must not say "tomorrow" on the day itself."""
    if days < 0:
        return ""
    return next((said.format(days) for most, said in words.away if days <= most), "")

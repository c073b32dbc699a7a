"""What the patient's page says, in the patient's language: words, days, the name of the visit, the number for emergencies."""

from dataclasses import dataclass
from datetime import date, datetime
from types import ModuleType
from zoneinfo import ZoneInfo

from server.followup.calendar import Offset
from server.followup.messages.variables import LANGUAGES as DAYS
from server.patients.phones import country_of
from server.web.link_texts import en, es, hu, questions

TEXTS: dict[str, ModuleType] = {"en": en, "hu": hu, "es": es}
FALLBACK = "en"
_EMERGENCY = {"US": "911", "CA": "911", "MX": "911", "AU": "000", "NZ": "111"}
_EMERGENCY_ELSEWHERE = "112"
"""Works in all of Europe and, from a mobile telephone, nearly everywhere."""


@dataclass(frozen=True)
class Words:
    """One language: `words("hello", name="Anna")`."""

    language: str

    def __call__(self, key: str, **values: object) -> str:
        """The text of that name with its gaps filled; a KeyError for one that there is not."""
        text: str = questions.WORDS[self.language].get(key) or TEXTS[self.language].WORDS[key]
        return text.format(**values)

    def check(self, offset: Offset | None) -> str:
        """The visit in neutral words, by its distance: a clinic's own title could say more than anybody may read."""
        parts = (offset.days, offset.months, offset.years) if offset else (0, 0, 0)
        return str(TEXTS[self.language].check(*parts))

    def day(self, day: date) -> str:
        """In words."""
        return DAYS[self.language].day(day)

    def moment(self, moment: datetime, zone: ZoneInfo) -> str:
        """Day and time on the clinic's clock."""
        local = moment.astimezone(zone)
        return f"{self.day(local.date())}, {local:%H:%M}"


def words_for(*wishes: str | None) -> Words:
    """The first of the wishes that there are words for."""
    return Words(next((one for one in wishes if one in TEXTS), FALLBACK))


def emergency_number(zone: ZoneInfo) -> str:
    """What is dialled in the clinic's country."""
    return _EMERGENCY.get(country_of(zone) or "", _EMERGENCY_ELSEWHERE)

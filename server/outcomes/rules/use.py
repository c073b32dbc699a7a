"""Whether a clinic may use an instrument's wording today, and if not, why not and what to do."""

from dataclasses import dataclass
from datetime import date

from server.outcomes.rules.instrument import Instrument


@dataclass(frozen=True)
class Term:
    """For how long a clinic says that it has a licence; both days are days of use, and without an end there is none."""

    valid_from: date
    valid_until: date | None

    def obstacle(self, today: date) -> str | None:
        """Why it does not hold today."""
        if today < self.valid_from:
            return f"The licence recorded here begins on {self.valid_from}."
        if self.valid_until is not None and today > self.valid_until:
            return f"The licence ended on {self.valid_until}; record the renewed one."
        return None


def obstacle(instrument: Instrument, term: Term | None, today: date) -> str | None:
    """Why its questions cannot be asked; None where they can. A score from elsewhere is taken in any case."""
    if not instrument.worded:
        return "Its questions are not here: load the clinic’s own file of it. Until then only a score computed elsewhere is taken."
    if not instrument.licensed:
        return None
    if term is None:
        return f"No licence is recorded: {instrument.holder} licenses it. Record the clinic’s licence; until then only a score is taken."
    return term.obstacle(today)

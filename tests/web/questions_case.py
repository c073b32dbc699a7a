"""Marta on her telephone, answering the questions of a visit page by page; and what the clinic has stored of it."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from server.outcomes.models import Response, Score
from tests.web.browser import Page
from tests.web.link_case import Anna


@dataclass
class Marta:
    """Her telephone, on which she answers page by page."""

    at: Anna

    def go_on(self) -> Page:
        """What the button on the first page leads to."""
        return self.at.open("/questions")

    def say(self, answer: str, page: Page | None = None, expect: int = 303) -> Page:
        """Choose an answer on the page and continue."""
        page = page or self.go_on()
        action = next(iter(page.forms))
        sent = self.at.phone.send(page, action, expect, answer=answer)
        return self.at.phone.open(sent.headers["Location"]) if expect == 303 else Page(sent)

    def skip(self) -> Page:
        """Leave the next one out."""
        page = self.go_on()
        return self.at.phone.open(self.at.phone.send(page, next(iter(page.forms)), skip="1").headers["Location"])

    def press_send(self, page: Page) -> Page:
        """Send what the check page shows."""
        return self.at.send(page, "/questions/check")

    def rows(self, model: type[Any]) -> list[Any]:
        """What the clinic has stored about her."""
        with self.at.db.transaction(self.at.clinic.id, write=False) as session:
            found = list(session.scalars(sa.select(model).where(model.patient_id == self.at.patient_id).order_by(model.id)))
            session.expunge_all()
            return found

    def stored(self) -> dict[str, tuple[str, dict[str, Any]]]:
        """Instrument → (state, answers)."""
        return {one.instrument: (str(one.state), one.answers) for one in self.rows(Response)}

    def scores(self) -> dict[str, int | None]:
        """Scale → score in thousandths."""
        return {f"{one.instrument}.{one.scale}": one.value_e3 for one in self.rows(Score)}

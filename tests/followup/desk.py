"""What the stories about people at their desk ask: the work list at some hour, calls, one message."""

import uuid
from collections.abc import Callable
from typing import Any

from schemas.vocabulary import ReminderState
from server import clock
from server.followup.engine import chores
from server.followup.models import Reminder
from tests import make
from tests.api import Api
from tests.followup.story import Story, budapest

As = Callable[[make.Person], Api]


class Desk:
    """Csaba's desk at Riverside, where Anna's follow-up is looked after."""

    def __init__(self, story: Story, as_: As) -> None:
        """He signs in anew for every look, because days pass between them."""
        self.story, self.as_ = story, as_

    def call(self, wall: str, method: str, path: str, body: Any = None, expect: int = 200) -> Any:
        """One call of the API at that hour, after the visits have been turned by the calendar."""
        with clock.at(budapest(wall)):
            chores.turn_visits(self.story.db, self.story.clinic.id, self.story.config)
            csaba = self.as_(self.story.clinic.coordinator)
            answer = csaba.call(method, path, **({} if body is None else {"json": body}))
        assert answer.status_code == expect, f"{answer.status_code} {answer.text}"
        return answer.get_json(force=True) if answer.data else None

    def rows(self, wall: str, show: str = "all") -> list[dict[str, Any]]:
        """Rows of the work list, of which each section counts its own."""
        answer = self.call(wall, "GET", f"/follow-up/work-list?show={show}")
        items: list[dict[str, Any]] = answer["items"]
        if show == "all" and answer["next_cursor"] is None:
            assert answer["counts"] == {kind: sum(row["kind"] == kind for row in items) for kind in answer["counts"]}
        return items

    def kinds(self, wall: str) -> list[tuple[str, str | None]]:
        """(section, step) of every row."""
        return [(row["kind"], row["visit"]["step"] if row["visit"] else None) for row in self.rows(wall)]

    def log(self, wall: str, outcome: str, expect: int = 201, *, visit: int = 0, **more: Any) -> Any:
        """Log a call about one of the visits."""
        return self.call(wall, "POST", f"/visits/{self.story.visits()[visit].id}/calls", {"outcome": outcome} | more, expect)


def put(story: Story, reminder_id: uuid.UUID, state: ReminderState, **columns: Any) -> None:
    """Let a message have come to this state."""
    with story.db.transaction(story.clinic.id) as session:
        row = session.get_one(Reminder, (story.clinic.id, reminder_id))
        row.state = state
        for name, value in columns.items():
            setattr(row, name, value)

"""The demo's raters: the pairs that its photographs make, graded by two of them, and half of them by the third."""

import random
import uuid
from datetime import timedelta

import sqlalchemy as sa

from schemas.rating_words import Verdict
from schemas.vocabulary import Role
from server.clinics import service as clinics
from server.clinics.models import User
from server.db import Database
from server.demo.client import Client
from server.outcomes.models import RatingQueue
from server.outcomes.rules import rating

_SAID = {-1: "slightly_better", 0: "no_difference", 1: "slightly_better", 2: "better", 3: "much_better"}


def happen(database: Database, surgeon: Client, raters: list[Client]) -> None:
    """Offer what is ready and let the raters grade it; the first of them leaves half of it for whoever tries the demo."""
    surgeon.post("/rating-pairs", {})
    ids = [one["id"] for one in surgeon.get("/rating-pairs?limit=200")["items"]]
    dice = random.Random(2025)
    truth = {one: dice.choice([-1, 0, 1, 1, 2, 2, 2, 3]) for one in sorted(ids)}
    for number, rater in enumerate(raters):
        queue = rater.post("/ratings/queue", {})
        with database.transaction(write=False, everywhere=True) as session:
            found = sa.select(RatingQueue).where(RatingQueue.id == uuid.UUID(queue["id"]))
            seed = session.scalars(found, execution_options={"all_clinics": True}).one().seed
        mine = sorted(ids, key=lambda one, seed=seed: rating.place(seed, uuid.UUID(one)).key)  # type: ignore[misc]  # reason: bound per turn
        for one in mine if number else mine[: len(mine) // 2]:
            grade = min(3, max(-1, truth[one] + dice.choice([-1, 0, 0, 0, 1])))
            on_left = rating.place(seed, uuid.UUID(one)).swapped == (grade > 0)
            word = _SAID[grade] if grade == 0 else f"{'left' if on_left else 'right'}_{_SAID[grade]}"
            rater.post("/ratings", {"pair_id": one, "verdict": Verdict(word), "milliseconds": dice.randint(2_500, 19_000)})


def raters(database: Database, clinic_id: uuid.UUID, client: Client, lasts: timedelta) -> list[Client]:
    """Clients of all whose role is to rate, in the order of their addresses; `client` says how to reach the application."""
    with database.transaction(clinic_id) as session:
        people = [one for one in session.scalars(sa.select(User).order_by(User.email)) if Role.RATER in one.roles]
        found = []
        for one in people:
            token, _ = clinics.open_session(session, one, lasts)
            reached = Client(client.transport)
            reached.headers["Authorization"] = f"Bearer {token}"
            found.append(reached)
    return found

"""What the raters' panel comes to at each step: the majority, each rater's share, and how far the raters agree."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from schemas.rating_words import Agreed, Step
from server.clinics.models import User
from server.outcomes.service import panel
from server.outcomes.service.panel import Judged
from server.reports.service import agreeing
from server.reports.shape import Agreement


def report(session: Session) -> dict[str, Any]:
    """Wire form of `PanelOut`."""
    judged = panel.gather(session)
    ids = {rater_id for pair in judged for rater_id in pair.grades}
    names = {row.id: row.name for row in session.execute(sa.select(User.id, User.name).where(User.id.in_(ids)))}
    return {"steps": [_step(step, [pair for pair in judged if pair.step == step], names) for step in Step]}


def _step(step: Step, judged: Sequence[Judged], names: dict[Any, str]) -> dict[str, Any]:
    said = Counter(pair.together for pair in judged)
    return {
        "step": str(step),
        "pairs": len(judged),
        "decided": said[Agreed.IMPROVED] + said[Agreed.NOT_IMPROVED],
        "improved": said[Agreed.IMPROVED],
        "undecided": said[Agreed.UNDECIDED],
        "raters": _raters(judged, names),
        "agreement": _agreement(judged),
    }


def _raters(judged: Sequence[Judged], names: dict[Any, str]) -> list[dict[str, Any]]:
    grades: dict[Any, list[int | None]] = {}
    for pair in judged:
        for rater_id, grade in pair.grades.items():
            grades.setdefault(rater_id, []).append(grade)
    return [
        {
            "rater_id": str(rater_id),
            "name": names[rater_id],
            "rated": len(given),
            "cannot_judge": given.count(None),
            "improved": sum(one is not None and one > 0 for one in given),
        }
        for rater_id, given in sorted(grades.items(), key=lambda one: (names[one[0]], one[0]))
    ]


def _agreement(judged: Sequence[Judged]) -> Agreement:
    """Of the raters who take part, over the pairs that all of them have graded."""
    raters = agreeing.taking_part(panel.graded(judged))
    return agreeing.agreement(len(raters), panel.graded_by_all(judged, raters))

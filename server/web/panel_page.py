"""The raters' panel as the clinic sees it: which pairs there are, how far the raters are, what they say, how far they agree."""

from typing import Any

from flask import render_template, url_for

from schemas.common import Page
from schemas.rating_words import Step
from schemas.reading_words import Reading
from server.access import Permission, allow
from server.http import after_id, cursor_of, session
from server.outcomes.service import pairs
from server.outcomes.service import panel as ratings
from server.outcomes.service.pairs import Offered
from server.patients.models import Patient, Scar
from server.reads import reads, saw
from server.reports.service import panel as reports
from server.web import patient_words, queries
from server.web import rating_words as words
from server.web.blueprint import pages
from server.web.forms import filters, kept


def _page(came: Offered | None = None) -> str:
    asked = filters(Page())
    rows = pairs.find_pairs(session(), before=after_id(asked), limit=asked["limit"] + 1)
    shown = rows[: asked["limit"]]
    saw(one.patient_id for one in shown)
    steps = reports.report(session())["steps"]
    return render_template(
        "panel.html",
        came=came,
        unpaired=words.UNPAIRED,
        steps=[one for one in steps if one["pairs"]],
        step_names=words.STEPS,
        agreement=words.AGREEMENT,
        coefficient=words.coefficient,
        lines=_lines(shown),
        further="cursor" in asked,
        first=url_for("web.panel", **kept("limit")),
        following=url_for("web.panel", **kept("limit"), cursor=cursor_of(str(shown[-1].id))) if len(rows) > len(shown) else None,
    )


def _lines(shown: Any) -> list[dict[str, Any]]:
    judged = {one.pair_id: one for one in ratings.gather(session(), [one.id for one in shown])}
    patients = queries.by_id(session(), Patient, {one.patient_id for one in shown})
    scars = queries.by_id(session(), Scar, {one.scar_id for one in shown})
    return [
        {
            "pair": one,
            "patient": patients[one.patient_id],
            "view": patient_words.VIEWS[one.view] + (f", {scars[one.scar_id].label}" if one.scar_id else ""),
            "step": words.STEPS[Step(one.step)],
            "rated": len(judged[one.id].grades),
            "graded": sum(grade is not None for grade in judged[one.id].grades.values()),
            "said": words.AGREED[judged[one.id].together],
        }
        for one in shown
    ]


@pages.get("/panel")
@allow(Permission.REPORT)
@reads(Reading.LIST)
def panel() -> str:
    """Progress, the majority, agreement, and the pairs."""
    return _page()


@pages.post("/panel")
@allow(Permission.REPORT)
def offer_pairs() -> str:
    """Offer what is ready, and say what came of it. Sent again it makes nothing twice."""
    return _page(pairs.offer(session()))

"""HTTP of a surgeon's own logbook."""

from typing import Any

from flask import Response

from schemas.logbook import Logbook, LogbookQuery
from schemas.reading_words import Reading
from server.access import Permission, allow
from server.http import Routes, answer, person, session
from server.rates import Rate, rated
from server.reads import reads, saw
from server.reports.service import logbook

routes = Routes("logbook", __name__, url_prefix="/api/v1", description="What is counted from the record")


@routes.route("/reports/logbook", methods=["GET"])
@routes.arguments(LogbookQuery, location="query")
@routes.response(200, Logbook)
@allow(Permission.SIGN)
@reads(Reading.LIST)
@rated(Rate.EXPORT)
def own_logbook(query: dict[str, Any]) -> Response:
    """The caller's own, from signed notes only; nobody sees another surgeon's. No patient is named but by number."""
    rows = logbook.rows(session(), person().user_id, person().name, **query)
    saw(one.patient_id for one in rows)
    return answer({"surgeon": person().name, "items": [one.document() for one in rows], "totals": logbook.totals(rows)})

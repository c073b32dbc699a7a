"""HTTP of what the raters' panel comes to, in numbers."""

from flask import Response

from schemas.panel import PanelOut
from server.access import Permission, allow
from server.http import Routes, answer, session
from server.reports.service import panel

routes = Routes("panel_report", __name__, url_prefix="/api/v1", description="What the raters' panel says, and how far its raters agree")


@routes.route("/reports/panel", methods=["GET"])
@routes.response(200, PanelOut)
@allow(Permission.REPORT)
def read_panel() -> Response:
    """Each step's pairs, what the majority says of them, each rater's share, and agreement; null where a coefficient is not defined."""
    return answer(panel.report(session()))

"""HTTP of the reports: `ROUTES` are its blueprints."""

from server.reports.routes import panel

ROUTES = (panel.routes,)

__all__ = ["ROUTES"]

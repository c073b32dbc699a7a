"""HTTP of the reports: `ROUTES` are its blueprints."""

from server.reports.routes import logbook, panel

ROUTES = (logbook.routes, panel.routes)

__all__ = ["ROUTES"]

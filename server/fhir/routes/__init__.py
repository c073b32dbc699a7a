"""HTTP of the FHIR interface."""

from server.fhir.routes.reading import routes

__all__ = ["routes"]

"""HTTP of photographs: `ROUTES` are in the API's document; `tus` is the uploads, which tus 1.0 describes itself."""

from server.photos.routes import judging, photos
from server.photos.routes.tus import tus

ROUTES = (photos.routes, judging.routes)

__all__ = ["ROUTES", "tus"]

"""What must be true before the server takes requests."""

from sqlalchemy import select

from server.app import App
from server.clinics.models import Clinic
from server.config import ConfigError


def check_start(app: App) -> None:
    """Refuse to serve demo accounts, whose password everybody knows, to other machines."""
    if app.settings.on_loopback:
        return
    with app.db.transaction(write=False) as session:
        demo = session.scalar(select(Clinic.name).where(Clinic.demo).limit(1))
    if demo:
        raise ConfigError(
            f"HOST={app.settings.host} is reachable from other machines, and the demo clinic {demo!r} is present. "
            "Use HOST=127.0.0.1, or an empty GRAFTLOG_DATA / DATABASE_URL and `graftlog clinic create`."
        )

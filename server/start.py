"""What must be true before the server takes requests."""

import logging
from contextlib import suppress

from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from server.app import App
from server.clinics.models import Clinic
from server.config import ConfigError
from server.walls import weakness

log = logging.getLogger("graftlog.start")


def check_start(app: App) -> None:
    """Say it when the second tenant wall is weak. Refuse to serve demo accounts, whose password everybody knows, to other machines."""
    with suppress(OperationalError), app.db.transaction(write=False) as session:  # a database that is away is /readyz's to say
        weak = weakness(session)
        if weak:
            log.warning("%s", weak)
    if app.settings.on_loopback:
        return
    with app.db.transaction(write=False, everywhere=True) as session:
        demo = session.scalar(select(Clinic.name).where(Clinic.demo).limit(1))
    if demo:
        raise ConfigError(
            f"HOST={app.settings.host} is reachable from other machines, and the demo clinic {demo!r} is present. "
            "Use HOST=127.0.0.1, or an empty GRAFTLOG_DATA / DATABASE_URL and `graftlog clinic create`."
        )

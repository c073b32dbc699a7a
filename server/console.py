"""What commands share: settings and database, and the clinic that was named."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import click
from sqlalchemy.orm import Session

from server.clinics.models import Clinic
from server.config import Config, from_environment
from server.db import Database
from server.walls import enter


@contextmanager
def opened() -> Iterator[tuple[Config, Database]]:
    """The environment's settings and the database that they name."""
    config = from_environment()
    config.data.mkdir(parents=True, exist_ok=True)
    database = Database(config.database_url)
    try:
        yield config, database
    finally:
        database.close()


def of_clinic(session: Session, clinic_id: uuid.UUID) -> Clinic:
    """The clinic, which the session acts for from now on."""
    enter(session, clinic_id)
    found = session.get(Clinic, clinic_id)
    if found is None:
        raise click.ClickException("No such clinic; see: graftlog clinic list")
    return found

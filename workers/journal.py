"""The journal: the task that takes a checkpoint of each clinic that was active. Signatures take their own at once."""

import logging
import uuid

from sqlalchemy.exc import SQLAlchemyError

from server.journal import checkpoints
from server.problems import Problem
from workers.app import app
from workers.process import database, settings

log = logging.getLogger("graftlog.workers")


@app.task(name="checkpoints")
def take_checkpoints() -> None:
    """One transaction a clinic, so that none waits for another's; doing it twice adds nothing."""
    try:
        with database().transaction(write=False, everywhere=True) as session:
            due = checkpoints.due(session)
        for clinic_id in due:
            _take(clinic_id)
    except SQLAlchemyError:
        return  # the tick says so already, once


def _take(clinic_id: uuid.UUID) -> None:
    try:
        with database().transaction(clinic_id) as session:
            checkpoints.take(session, settings.keys)
    except Problem as problem:
        log.error("clinic %s: no checkpoint could be taken: %s", clinic_id, problem.detail)  # noqa: TRY400  reason: the sentence says it all

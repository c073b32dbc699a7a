"""Sending what is due, clinic by clinic: claim, begin, call, finish. Whoever calls may be lost or doubled: the row decides."""

import logging
import random
import uuid
from collections import Counter
from collections.abc import Callable

from schemas.vocabulary import ReminderState
from server.config import Config
from server.db import Database
from server.followup import channels, leases
from server.followup.leases import Result
from server.followup.messages import BadAddress, Letter, compose
from server.followup.models import Outcome

log = logging.getLogger("graftlog.followup")

BATCH = 20
_dice = random.SystemRandom()
_OUTCOMES = {
    channels.NotSent: Outcome.NOT_SENT,
    channels.Rejected: Outcome.REJECTED,
    channels.MaybeSent: Outcome.UNCERTAIN,
}


def run_due(
    db: Database,
    config: Config,
    *,
    limit: int = BATCH,
    clinic_id: uuid.UUID | None = None,
    go_on: Callable[[], bool] = lambda: True,
) -> Counter[str]:
    """One round: at most `limit` reminders of every clinic that has some due, or of `clinic_id` alone. Counts by resulting state.

    `go_on` is asked before every message; what is then left over goes back to pending.
    """
    counts: Counter[str] = Counter()
    with db.transaction(write=False) as session:
        clinics = leases.clinics_with_work(session)
    _dice.shuffle(clinics)  # where the mail server is slow and time runs out, it runs out for another clinic each time
    for one in clinics:
        if clinic_id in {None, one} and go_on():
            counts += _run_clinic(db, config, one, limit, go_on)
    return counts


def _run_clinic(db: Database, config: Config, clinic_id: uuid.UUID, limit: int, go_on: Callable[[], bool]) -> Counter[str]:
    with db.transaction(clinic_id) as session:
        counts = Counter({ReminderState.UNCERTAIN.value: leases.reap(session), ReminderState.EXPIRED.value: leases.expire(session)})
        token, claimed = leases.claim_due(session, limit=limit)
    for reminder_id in claimed:
        if not go_on():
            with db.transaction(clinic_id) as session:
                leases.release(session, token)
            break
        with db.transaction(clinic_id) as session:
            letter = leases.begin(session, reminder_id, token)
        if isinstance(letter, Letter):
            result = _send(letter, config, clinic_id, reminder_id)
            with db.transaction(clinic_id) as session:
                state = leases.finish(session, reminder_id, token, result)
        else:
            state = letter
        if state:
            counts[state.value] += 1
    return +counts


def _send(letter: Letter, config: Config, clinic_id: uuid.UUID, reminder_id: uuid.UUID) -> Result:
    """Outside any transaction. Whatever is not understood is uncertain, never repeated."""
    try:
        mail = compose(letter, config.mail_from)
    except BadAddress:
        return Result(Outcome.REJECTED, "bad_address")
    except Exception as error:  # noqa: BLE001  reason: one letter that cannot be written must not hold up the others
        log.error("reminder %s cannot be written: %s", reminder_id, type(error).__name__)  # noqa: TRY400  reason: a trace could name the patient
        return Result(Outcome.NOT_SENT, type(error).__name__)
    try:
        channels.deliver(mail, config, clinic_id=clinic_id, reminder_id=reminder_id)
    except channels.NotSent as error:
        return Result(_OUTCOMES[type(error)], error.error)
    except Exception as error:  # noqa: BLE001  reason: as above
        log.error("reminder %s, sending failed in an unknown way: %s", reminder_id, type(error).__name__)  # noqa: TRY400  reason: as above
        return Result(Outcome.UNCERTAIN, type(error).__name__)
    return Result(Outcome.ACCEPTED, message_id=str(mail["Message-ID"]))

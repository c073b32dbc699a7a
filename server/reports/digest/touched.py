"""Which procedures a stretch of the journal is about: those whose digest may have changed."""

import uuid
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from server.db import table_of
from server.followup.models import Call, Redness, Reminder, Visit
from server.journal.models import JournalRow
from server.journal.service import Journaled
from server.outcomes.models import Assessment, Finding, Rating, RatingPair, Response, Score
from server.patients.models import Patient, Scar
from server.procedures.models import Entry, Procedure

OF_A_PROCEDURE = (Entry, Visit, Reminder, Response, Score, Redness, Assessment, Finding, RatingPair)
"""Their rows name the procedure."""

OF_ANOTHER = ((Call, "visit_id", Visit), (Rating, "pair_id", RatingPair))
"""Their rows name a row that does."""

OF_A_PATIENT = (Scar,)
"""Their rows name a patient: all of her procedures are looked at again."""

FOLLOWED = frozenset(one.collection for one in (Procedure, Patient, *OF_A_PROCEDURE, *(model for model, _, _ in OF_ANOTHER), *OF_A_PATIENT))
_J, _P = table_of(JournalRow), table_of(Procedure)


def touched(session: Session, after: int, until: int) -> list[uuid.UUID]:
    """Procedures of the session's clinic that journal rows behind `after`, up to `until`, may have changed; in order of ids.

    Whatever a digest is made of is journaled, because nothing can be written past the journal.
    """
    clinic = session.info["clinic_id"]
    rows = (
        sa.select(_J.c.collection, _J.c.record_id)
        .where(_J.c.clinic_id == clinic, _J.c.seq > after, _J.c.seq <= until, _J.c.collection.in_(FOLLOWED))
        .distinct()
        .cte("changed")
    )

    def of(model: type[Journaled], *more: tuple[sa.Table, sa.ColumnElement[bool]], found: sa.ColumnElement[uuid.UUID]) -> sa.Select[Any]:
        table = table_of(model)
        said = sa.and_(rows.c.collection == model.collection, table.c.clinic_id == clinic, table.c.id == rows.c.record_id)
        query = sa.select(found.label("procedure_id")).select_from(rows).join(table, said)
        for other, on in more:
            query = query.join(other, sa.and_(other.c.clinic_id == clinic, on))
        return query.where(found.is_not(None))

    def hers(model: type[Journaled], column: str) -> sa.Select[Any]:
        return of(model, (_P, _P.c.patient_id == table_of(model).c[column]), found=_P.c.id)

    queries = [of(Procedure, found=_P.c.id), hers(Patient, "id"), *(hers(model, "patient_id") for model in OF_A_PATIENT)]
    queries += [of(model, found=table_of(model).c.procedure_id) for model in OF_A_PROCEDURE]
    for model, column, through in OF_ANOTHER:
        other = table_of(through)
        queries.append(of(model, (other, other.c.id == table_of(model).c[column]), found=other.c.procedure_id))
    every = sa.union(*queries).subquery("touched")
    return list(session.connection().execute(sa.select(every.c.procedure_id).order_by(every.c.procedure_id)).scalars())

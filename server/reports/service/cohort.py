"""What every count of one report starts from: the clinic, the moment, and the procedures that the filters leave."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from schemas.outcome_words import ResponseState
from schemas.vocabulary import EntryKind, ProcedureState
from server import clock, snapshot
from server.clinics import service as clinics
from server.dates import local_day
from server.db import table_of
from server.followup.models import Visit
from server.journal.models import JournalRow
from server.outcomes.models import Assessment, Response
from server.patients.models import Scar
from server.procedures import days
from server.procedures.models import Entry, Procedure
from server.reports.rules import Filters, Sessions

DONE = (ProcedureState.COMPLETED, ProcedureState.SIGNED)
"""Procedures that count. What was cancelled, abandoned or entered in error does not."""

_P, _E, _S, _V = table_of(Procedure), table_of(Entry), table_of(Scar), table_of(Visit)
_A, _R, _J = table_of(Assessment), table_of(Response), table_of(JournalRow)


@dataclass(frozen=True)
class Frame:
    """One clinic at one moment: `seq` is the newest row of its journal then, `locked_at` that row's time, `today` its day at the clinic.

    `steps` are the protocol's steps in their order, as far as the cohort has visits of them.
    """

    session: Session
    clinic_id: uuid.UUID
    zone: ZoneInfo
    filters: Filters
    seq: int
    locked_at: datetime | None
    today: date
    steps: dict[str, str] = field(default_factory=dict)

    def rows(self, statement: sa.Executable) -> Sequence[Any]:
        """All of a statement's rows."""
        return self.session.connection().execute(statement).all()

    def of_clinic(self, table: sa.FromClause) -> sa.ColumnElement[bool]:
        """The wall, said in every statement: these are not the ORM's."""
        return table.c.clinic_id == self.clinic_id

    def day(self, instant: sa.ColumnElement[Any]) -> sa.ColumnElement[date]:
        """Its calendar day at the clinic."""
        return local_day(instant, sa.literal(self.zone.key))

    def done(self) -> sa.Select[Any]:
        """All of the clinic's procedures that count, whatever the filters: id, patient_id, surgeon_id, state, their times."""
        columns = (_P.c.id, _P.c.patient_id, _P.c.surgeon_id, _P.c.state, _P.c.started_at, _P.c.ended_at, days.performed(_P))
        return sa.select(*columns).where(self.of_clinic(_P), _P.c.state.in_(DONE))

    def procedures(self) -> sa.Subquery:
        """Those that the filters leave."""
        chosen, query = self.filters, self.done()
        performed = query.selected_columns.performed_at.element
        if chosen.performed_from:
            query = query.where(performed >= datetime.combine(chosen.performed_from, time(), self.zone))
        if chosen.performed_to:
            query = query.where(performed < datetime.combine(chosen.performed_to + timedelta(days=1), time(), self.zone))
        if chosen.surgeon_id:
            query = query.where(_P.c.surgeon_id == chosen.surgeon_id)
        if chosen.protocol:
            query = query.where(
                _P.c.id.in_(sa.select(_V.c.procedure_id).where(self.of_clinic(_V), _V.c.protocol_version == chosen.protocol))
            )
        if chosen.subunit or chosen.aetiology:
            here = self._injected().join(_S, sa.and_(self.of_clinic(_S), _S.c.id == _E.c.scar_id)).where(*self.scar_filters())
            query = query.where(_P.c.id.in_(here.with_only_columns(_E.c.procedure_id)))
        if chosen.sessions != Sessions.ANY:
            query = query.where(_P.c.patient_id.in_(self._with_sessions(chosen.sessions)))
        return query.subquery("chosen")

    def _with_sessions(self, wanted: Sessions) -> sa.Select[Any]:
        every = self.done().subquery("every_session")
        number = sa.func.count()
        only = number == 1 if wanted == Sessions.ONE else number > 1
        return sa.select(every.c.patient_id).group_by(every.c.patient_id).having(only)

    def scar_filters(self) -> list[sa.ColumnElement[bool]]:
        """Which scars the filters leave."""
        wanted = []
        if self.filters.subunit:
            wanted.append(_S.c.subunit == self.filters.subunit)
        if self.filters.aetiology:
            wanted.append(_S.c.aetiology == self.filters.aetiology)
        return wanted

    def _struck(self) -> sa.Select[Any]:
        """Entries that are retracted; as in `sums`, a retraction that is itself retracted strikes nothing."""
        by, undo = _E.alias("by"), _E.alias("undo")
        undone = sa.exists().where(self.of_clinic(undo), undo.c.kind == EntryKind.RETRACTION, undo.c.retracts == by.c.id)
        return sa.select(by.c.retracts).where(self.of_clinic(by), by.c.kind == EntryKind.RETRACTION, by.c.retracts.is_not(None), ~undone)

    def standing(self) -> sa.Subquery:
        """All standing entries of the clinic."""
        return sa.select(_E).where(self.of_clinic(_E), _E.c.id.not_in(self._struck())).subquery("facts")

    def _injected(self) -> sa.Select[Any]:
        """Standing injections. The kind is written out, so that PostgreSQL knows the index that holds just these."""
        return sa.select(_E.c.procedure_id, _E.c.scar_id, _E.c.volume_ul).where(
            self.of_clinic(_E), _E.c.kind == sa.literal_column(f"'{EntryKind.INJECTION}'"), _E.c.id.not_in(self._struck())
        )

    def injections(self) -> sa.Subquery:
        """All standing injections of the clinic: procedure_id, scar_id, volume_ul."""
        return self._injected().subquery("injected")

    def assessments(self) -> sa.Subquery:
        """Standing assessments: neither replaced nor withdrawn. id, procedure_id, visit_id, assessed_on."""
        later = _A.alias("later")
        replaced = sa.select(later.c.replaces).where(self.of_clinic(later), later.c.replaces.is_not(None))
        query = sa.select(_A.c.id, _A.c.procedure_id, _A.c.visit_id, _A.c.assessed_on)
        return query.where(self.of_clinic(_A), ~_A.c.withdrawn, _A.c.id.not_in(replaced)).subquery("assessed")

    def responses(self) -> sa.Select[Any]:
        """Complete responses that were not withdrawn, as a selection of nothing yet."""
        return sa.select().select_from(_R).where(self.of_clinic(_R), _R.c.state == ResponseState.COMPLETE)


def frame_of(session: Session, filters: Filters) -> Frame:
    """The frame at this moment; ask it before anything else of a snapshot."""
    clinic = clinics.current(session)
    zone, seq = ZoneInfo(clinic.time_zone), snapshot.head(session)
    locked_at = session.connection().scalar(sa.select(_J.c.at).where(_J.c.clinic_id == clinic.id, _J.c.seq == seq))
    today = (locked_at or clock.now()).astimezone(zone).date()
    return Frame(session, clinic.id, zone, filters, seq, locked_at, today)

"""Rows of some procedures, as their digests are made from: a statement for each kind, whatever the number of procedures."""

import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa

from server.db import among, table_of
from server.followup.models import PATIENT, Call, Redness, Reminder, Visit
from server.outcomes.models import Finding, Rating, RatingPair, Response, Score
from server.patients.models import Patient, Scar
from server.procedures.models import Procedure
from server.reports.service.cohort import Frame
from server.reports.terms import REACHED, TAKEN

_P, _PATIENT, _S, _V = table_of(Procedure), table_of(Patient), table_of(Scar), table_of(Visit)
_M, _C, _R, _SCORE = table_of(Reminder), table_of(Call), table_of(Response), table_of(Score)
_RED, _F, _PAIR, _G = table_of(Redness), table_of(Finding), table_of(RatingPair), table_of(Rating)
AREA = ("area_mm2_e1", "length_um", "width_um", "morphology")

Of = defaultdict[uuid.UUID, list[Any]]
"""Procedure → rows of one kind, in an order that does not change."""


class Rows:
    """All that the digests of these procedures are made from; only those that count have a row in `procedures`."""

    def __init__(self, frame: Frame, ids: Sequence[uuid.UUID]) -> None:
        self._frame, self._ids = frame, ids
        self.procedures = self._procedures()
        self.visits = self._of(_V, "id", "procedure_id", "step", "title", "protocol_version", "kind", "state", "target_date")
        self.told = {*self._told(), *self._called()}
        self.responses = self._responses()
        self.scores = self._of(
            _SCORE, "id", "procedure_id", "response_id", "instrument", "scale", "value_e3", _SCORE.c.value_e3.is_not(None)
        )
        self.redness = self._redness()
        self.pairs = self._of(_PAIR, "id", "procedure_id", "scar_id", "step", "view")
        self.ratings = self._ratings()
        self.scars = self._scars()
        self.assessed, self.findings = self._assessments()

    def _all(self, query: sa.Select[Any]) -> Of:
        found: Of = defaultdict(list)
        for row in self._frame.rows(query):
            found[row.procedure_id].append(row)
        return found

    def _these(self, table: sa.FromClause) -> sa.ColumnElement[bool]:
        return sa.and_(self._frame.of_clinic(table), among(self._frame.session, table.c.procedure_id, self._ids))

    def _of(self, table: sa.Table, *wanted: str | sa.ColumnElement[bool]) -> Of:
        columns = [table.c[name] for name in wanted if isinstance(name, str)]
        more = [one for one in wanted if not isinstance(one, str)]
        return self._all(sa.select(*columns).where(self._these(table), *more).order_by(table.c.id))

    def _procedures(self) -> Sequence[Any]:
        own = sa.and_(self._frame.of_clinic(_PATIENT), _PATIENT.c.id == _P.c.patient_id)
        query = self._frame.done().add_columns(_PATIENT.c.sex).join(_PATIENT, own)
        return self._frame.rows(query.where(among(self._frame.session, _P.c.id, self._ids)).order_by(_P.c.id))

    def _about(self, table: sa.Table) -> sa.Select[Any]:
        """Visits of these procedures of which the table has a row."""
        of_visit = sa.and_(self._frame.of_clinic(table), table.c.visit_id == _V.c.id)
        return sa.select(_V.c.id).join(table, of_visit).where(self._these(_V))

    def _told(self) -> Iterable[uuid.UUID]:
        taken = self._about(_M).where(_M.c.state.in_(TAKEN), _M.c.recipient == PATIENT)
        return [row.id for row in self._frame.rows(taken)]

    def _called(self) -> Iterable[uuid.UUID]:
        return [row.id for row in self._frame.rows(self._about(_C).where(_C.c.outcome.in_(REACHED)))]

    def _responses(self) -> Of:
        of_visit = sa.and_(self._frame.of_clinic(_V), _V.c.id == _R.c.visit_id)
        columns = (_R.c.id, _R.c.procedure_id, _R.c.visit_id, _R.c.instrument, _R.c.via, _R.c.answered_on, _V.c.step)
        query = self._frame.responses().add_columns(*columns).outerjoin(_V, of_visit)
        return self._all(query.where(self._these(_R)).order_by(_R.c.id))

    def _redness(self) -> Of:
        later = _RED.alias("later")
        replaced = sa.select(later.c.replaces).where(self._these(later), later.c.replaces.is_not(None))
        return self._of(_RED, "procedure_id", "day", "red", _RED.c.red.is_not(None), _RED.c.day >= 0, _RED.c.id.not_in(replaced))

    def _ratings(self) -> Of:
        of_pair = sa.and_(self._frame.of_clinic(_PAIR), _PAIR.c.id == _G.c.pair_id)
        query = sa.select(_PAIR.c.procedure_id, _G.c.pair_id, _G.c.rater_id, _G.c.grade).join(_PAIR, of_pair)
        return self._all(query.where(self._frame.of_clinic(_G), self._these(_PAIR)).order_by(_G.c.id))

    def _scars(self) -> Of:
        """Each scar that a procedure injected, with what it was given there in all."""
        given = self._frame.injections()
        own = sa.and_(self._frame.of_clinic(_S), _S.c.id == given.c.scar_id)
        columns = (_S.c.id, _S.c.subunit, _S.c.side, _S.c.aetiology, *(_S.c[name] for name in AREA))
        query = (
            sa.select(given.c.procedure_id, *columns, sa.func.sum(given.c.volume_ul).label("volume_ul"))
            .join(_S, own)
            .where(among(self._frame.session, given.c.procedure_id, self._ids))
            .group_by(given.c.procedure_id, *columns)
        )
        return self._all(query.order_by(_S.c.id))

    def _assessments(self) -> tuple[set[uuid.UUID], Of]:
        """(procedures with a standing assessment, findings of those assessments)."""
        assessed = self._frame.assessments()
        mine = among(self._frame.session, assessed.c.procedure_id, self._ids)
        looked = {row.procedure_id for row in self._frame.rows(sa.select(assessed.c.procedure_id).where(mine).distinct())}
        names = (
            "procedure_id",
            "event_id",
            "complication",
            "present",
            "onset_on",
            "last_present",
            "first_absent",
            "clavien_dindo",
            "ctcae",
        )
        query = sa.select(*(_F.c[name] for name in names), assessed.c.assessed_on).join(assessed, assessed.c.id == _F.c.assessment_id)
        return looked, self._all(query.where(self._these(_F), mine).order_by(_F.c.id))

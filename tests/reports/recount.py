"""The cohort counted again in plain Python from the objects themselves, as slowly and as plainly as can be."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from schemas.outcome_words import AnsweredBy, Complication, Presence, ResponseState
from schemas.vocabulary import CallOutcome, EntryKind, ProcedureState, ReminderState, VisitKind, VisitState
from server.followup.models import Call, Redness, Reminder, Visit
from server.outcomes.models import Assessment, Finding, Rating, RatingPair, Response, Score
from server.patients.models import Patient, Scar
from server.procedures.facts import standing
from server.procedures.models import Entry, Procedure
from server.reports.rules import Filters, Sessions

YEAR = 365


def last_by(rows: Iterable[Any], key: Any) -> Any:
    """The greatest, or None."""
    return max(rows, key=key, default=None)


def scored(one: Response) -> str:
    """How its scores came."""
    return "entered" if one.via == AnsweredBy.SCORE else "computed"


@dataclass
class Book:
    """Everything of a clinic."""

    session: Session
    filters: Filters
    zone: ZoneInfo
    today: date

    def __post_init__(self) -> None:
        """Read it all."""
        models = (Patient, Scar, Procedure, Entry, Visit, Reminder, Call, Response, Score, Redness, Assessment, Finding, RatingPair, Rating)
        self.all: dict[Any, list[Any]] = {model: list(self.session.scalars(sa.select(model))) for model in models}
        facts = defaultdict(list)
        for entry in self.all[Entry]:
            facts[entry.procedure_id].append({column.key: getattr(entry, column.key) for column in sa.inspect(Entry).column_attrs})
        self.facts = {procedure: standing(rows) for procedure, rows in facts.items()}
        self.done = [one for one in self.all[Procedure] if one.state in {ProcedureState.COMPLETED, ProcedureState.SIGNED}]
        self.scars = {one.id: one for one in self.all[Scar]}
        self.chosen = {one.id: one for one in self.done if self._passes(one)}
        self.patients = {one.patient_id for one in self.chosen.values()}

    def day(self, procedure: Procedure) -> date:
        """On which it was performed."""
        at = procedure.ended_at or procedure.started_at or procedure.planned_for
        return at.astimezone(self.zone).date()

    def injected(self, procedure_id: Any) -> list[Any]:
        """Standing injections."""
        return [one for one in self.facts.get(procedure_id, []) if one["kind"] == EntryKind.INJECTION]

    def scar_counts(self, scar: Scar) -> bool:
        """Whether the filters leave it."""
        return self.filters.subunit in {None, scar.subunit} and self.filters.aetiology in {None, scar.aetiology}

    def _passes(self, one: Procedure) -> bool:
        asked, day = self.filters, self.day(one)
        sessions = sum(other.patient_id == one.patient_id for other in self.done)
        if (asked.subunit or asked.aetiology) and not any(self.scar_counts(self.scars[fact["scar_id"]]) for fact in self.injected(one.id)):
            return False
        versions = {visit.protocol_version for visit in self.all[Visit] if visit.procedure_id == one.id}
        return (
            (asked.performed_from is None or day >= asked.performed_from)
            and (asked.performed_to is None or day <= asked.performed_to)
            and asked.surgeon_id in {None, one.surgeon_id}
            and (asked.protocol is None or asked.protocol in versions)
            and {Sessions.ANY: True, Sessions.ONE: sessions == 1, Sessions.SEVERAL: sessions > 1}[asked.sessions]
        )

    def of_chosen(self, model: Any) -> list[Any]:
        """Rows of a table about the cohort's procedures."""
        return [one for one in self.all[model] if one.procedure_id in self.chosen]

    def responses(self) -> list[Response]:
        """Those that count."""
        return [one for one in self.of_chosen(Response) if one.state == ResponseState.COMPLETE]

    def flow(self) -> dict[str, list[int]]:
        """Step → due, asked, answered, seen."""
        filled = {one.visit_id for one in self.responses()}
        told = {one.visit_id for one in self.all[Reminder] if one.state in {ReminderState.ACCEPTED, ReminderState.DELIVERED}}
        reached = {CallOutcome.BOOKED, CallOutcome.CALL_LATER, CallOutcome.ANSWERED, CallOutcome.DECLINED}
        told |= {one.visit_id for one in self.all[Call] if one.outcome in reached}
        beyond = {VisitState.ATTENDED, VisitState.ANSWERED, VisitState.MISSED, VisitState.DECLINED, VisitState.LOST_TO_FOLLOW_UP}
        found: dict[str, list[int]] = {}
        for visit in self.of_chosen(Visit):
            if visit.state == VisitState.CANCELLED or self.filters.protocol not in {None, visit.protocol_version}:
                continue
            answered = visit.state == VisitState.ANSWERED or visit.id in filled
            due = answered or visit.state in beyond or visit.target_date <= self.today
            asked = due and (answered or visit.id in told)
            row = found.setdefault(visit.step, [0, 0, 0, 0])
            for place, is_so in enumerate((due, asked, answered, visit.state == VisitState.ATTENDED)):
                row[place] += is_so
        return found

    def due(self) -> set[Any]:
        """Patients for whom a visit was due, or who answered."""
        beyond = {VisitState.ATTENDED, VisitState.ANSWERED, VisitState.MISSED, VisitState.DECLINED, VisitState.LOST_TO_FOLLOW_UP}
        visits = [one for one in self.of_chosen(Visit) if one.kind == VisitKind.VISIT and one.state != VisitState.CANCELLED]
        visits = [one for one in visits if self.filters.protocol in {None, one.protocol_version}]
        came = {one.patient_id for one in visits if one.state in beyond or one.target_date <= self.today}
        return came | {one.patient_id for one in self.responses()}

    def redness(self) -> tuple[dict[str, tuple[int, int | None, bool]], int]:
        """(procedure → last day red, first day clear after it, whether red at all; of how many both were seen on one day)."""
        replaced = {one.replaces for one in self.all[Redness]}
        seen = defaultdict(list)
        for one in self.of_chosen(Redness):
            if one.id not in replaced and one.red is not None and one.day >= 0:
                seen[one.procedure_id].append(one)
        single: dict[str, tuple[int, int | None, bool]] = {}
        disputed = 0
        for procedure_id, rows in seen.items():
            reds, clears = [one.day for one in rows if one.red], [one.day for one in rows if not one.red]
            disputed += bool(set(reds) & set(clears))
            last = max(reds, default=0)
            single[str(procedure_id)] = (last, min((day for day in clears if day > last or not reds), default=None), bool(reds))
        return single, disputed

    def grades(self) -> dict[Any, list[int]]:
        """Pair → grades, of those that a panel has graded."""
        found = defaultdict(list)
        for one in self.all[Rating]:
            if one.grade is not None:
                found[one.pair_id].append(one.grade)
        pairs = {one.id for one in self.of_chosen(RatingPair)}
        return {pair: sorted(rows) for pair, rows in found.items() if len(rows) >= 3 and pair in pairs}

    def improved(self, steps: list[str]) -> tuple[int, int]:
        """(improved, judged) patients."""
        grades, mine = self.grades(), defaultdict(list)
        for pair in self.all[RatingPair]:
            if pair.id in grades:
                mine[pair.patient_id].append(pair)
        late = {step: place for place, step in enumerate(steps, 1)}
        speaking = []
        for pairs in mine.values():
            ordered = sorted(pairs, key=lambda one: one.id.hex)
            ordered.sort(key=lambda one: (late.get(one.step, 0), one.scar_id is None, self.chosen[one.procedure_id].ended_at), reverse=True)
            speaking.append(grades[ordered[0].id])
        return sum(2 * sum(grade > 0 for grade in rows) > len(rows) for rows in speaking), len(speaking)

    def scores(self) -> Iterable[tuple[tuple[str, str], str, Score]]:
        """((scale, how it was scored), step of its visit, score), of those that count."""
        complete, step = {one.id: scored(one) for one in self.responses()}, {one.id: one.step for one in self.all[Visit]}
        for score in self.all[Score]:
            if score.response_id in complete and score.value_e3 is not None:
                yield (score.scale, complete[score.response_id]), step.get(score.visit_id, ""), score

    def bins(self) -> dict[tuple[tuple[str, str], str], Counter[int]]:
        """(scale, step) → scores."""
        found: dict[tuple[tuple[str, str], str], Counter[int]] = defaultdict(Counter)
        for scale, step, score in self.scores():
            found[scale, step][score.value_e3 or 0] += 1
        return dict(found)

    def changes(self, steps: list[str]) -> dict[tuple[str, str], int]:
        """Scale → patients who have a score both at its first and at its last visit."""
        given: dict[tuple[str, str], dict[str, set[Any]]] = defaultdict(lambda: defaultdict(set))
        for scale, step, score in self.scores():
            given[scale][step].add(score.patient_id)
        found = {}
        for scale, at in given.items():
            visits = [step for step in steps if step in at]
            found[scale] = len(at[visits[0]] & at[visits[-1]]) if len(visits) > 1 else 0
        return found

    def over_a_year(self) -> dict[tuple[str, str], tuple[list[int], list[int]]]:
        """Scale → scores of those whose latest response came more than a year after their last session until then, and of the others.

        Of each patient the latest that was scored in the same way.
        """
        latest: dict[Any, Response] = {}
        for one in sorted(self.responses(), key=lambda one: (one.answered_on or date.min, one.id.hex)):
            latest[one.patient_id, scored(one)] = one
        found: dict[tuple[str, str], tuple[list[int], list[int]]] = defaultdict(lambda: ([], []))
        for one in latest.values():
            assert one.answered_on is not None
            held = [self.day(other) for other in self.done if other.patient_id == one.patient_id and self.day(other) <= one.answered_on]
            for score in self.all[Score]:
                if held and score.response_id == one.id and score.value_e3 is not None:
                    found[score.scale, scored(one)][0 if (one.answered_on - max(held)).days > YEAR else 1].append(score.value_e3)
        return {scale: (sorted(later), sorted(sooner)) for scale, (later, sooner) in found.items()}

    def places(self) -> Counter[tuple[str, str]]:
        """(subunit, side) → scars injected."""
        hit = {fact["scar_id"] for procedure in self.chosen for fact in self.injected(procedure)}
        return Counter((str(scar.subunit), str(scar.side)) for scar in self.all[Scar] if scar.id in hit and self.scar_counts(scar))

    def volumes(self, steps: list[str]) -> Counter[tuple[float, float]]:
        """(mL given until the procedure that was judged, median grade) → scars."""
        grades, late = self.grades(), {step: place for place, step in enumerate(steps, 1)}
        found = Counter[tuple[float, float]]()
        for scar in self.all[Scar]:
            into = {one for one in self.chosen if any(fact["scar_id"] == scar.id for fact in self.injected(one))}
            speaking = [
                one for one in self.all[RatingPair] if one.id in grades and one.procedure_id in into and one.scar_id in {None, scar.id}
            ]
            if not speaking or not self.scar_counts(scar):
                continue
            speaking.sort(key=lambda one: one.id.hex)
            speaking.sort(
                key=lambda one: (one.scar_id is not None, late.get(one.step, 0), self.chosen[one.procedure_id].ended_at), reverse=True
            )
            until = self.chosen[speaking[0].procedure_id].ended_at
            before = [one for one in self.done if one.ended_at is not None and until is not None and one.ended_at <= until]
            given = sum(fact["volume_ul"] for one in before for fact in self.injected(one.id) if fact["scar_id"] == scar.id)
            rows = grades[speaking[0].id]
            middle = len(rows) // 2
            median = rows[middle] if len(rows) % 2 else (rows[middle - 1] + rows[middle]) / 2
            found[given / 1000, float(median)] += 1
        return found

    def complications(self) -> tuple[int, dict[str, tuple[int, int]], tuple[int, int]]:
        """(procedures assessed, complication → (with it, asked about it), (with a serious one, looked for it))."""
        replaced = {one.replaces for one in self.all[Assessment]}
        assessed = {one.id: one.procedure_id for one in self.of_chosen(Assessment) if one.id not in replaced and not one.withdrawn}
        said: dict[Any, dict[str, list[Finding]]] = {one: defaultdict(list) for one in assessed.values()}
        for one in self.all[Finding]:
            if one.assessment_id in assessed and one.present in {Presence.YES, Presence.NO}:
                said[one.procedure_id][str(one.complication)].append(one)
        found, looked, serious = {}, 0, 0
        for kind in map(str, Complication):
            asked = [rows[kind] for rows in said.values() if rows.get(kind)]
            found[kind] = sum(any(one.present == Presence.YES for one in rows) for rows in asked), len(asked)
        for rows in said.values():
            grave = any(is_serious(one) for every in rows.values() for one in every)
            serious += grave
            looked += grave or all(rows.get(kind) for kind in SERIOUS)
        return len(said), found, (serious, looked)


SERIOUS = (
    *("skin_necrosis", "vision_change", "neuro_deficit", "visceral_injury"),
    *("local_anaesthetic_toxicity", "venous_thromboembolism", "fat_embolism"),
)


def is_serious(one: Finding) -> bool:
    """By its kind or by its grade."""
    graded = str(one.clavien_dindo) in {"IIIa", "IIIb", "IVa", "IVb", "V"} or (one.ctcae or 0) >= 3
    return one.present == Presence.YES and (graded or str(one.complication) in SERIOUS)

"""The style page: every part, state, word and colour of the pages, made from the same macros, tables and files, so that it cannot drift."""

import re
import sys
import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from functools import cache
from types import SimpleNamespace
from typing import Any

from flask import render_template

from schemas.vocabulary import DeviceState, PhotoState, ProcedureState, ReminderState, Role, VisitState
from server import clock
from server.access import public
from server.clinics.models import Device, User
from server.followup.models import Visit
from server.ids import uuid7
from server.reports.shape import Cohort
from server.web import cohort_example, people_words, procedure_grid, tokens, words, worklist_words
from server.web.blueprint import pages, static
from server.web.cohort_figures import Figure, figures
from server.web.drawings.cohort.plot import without_cases
from server.web.words import Said

Table = tuple[str, dict[str, Any]]
_TODAY = date(2026, 3, 2)
_PICTURES: list[dict[str, Any]] = [
    {"photo": {"id": "1"}, "file": "face-front", "alt": "Front, 16 Mar 2026, at follow-up"},
    {"photo": {"id": "2"}, "file": "face-left", "alt": "Left lateral, 16 Mar 2026, at follow-up"},
    {"photo": {"id": "3"}, "file": "", "alt": "Front, 2 Jun 2026, at follow-up", "instead": "Erased on the patient’s request."},
]
_WRONG = [SimpleNamespace(field="example-wrong", message="Type a day like 2026-03-02.")]


@pages.get("/styleguide")
@public
def styleguide() -> str:
    """Everything that pages are made of, with nobody's data in it."""
    return render_template(
        "styleguide.html",
        states=[*_tables(Said), ("states that a date or a person decides", _computed())],
        texts=list(_tables(str)),
        colours=tokens.colours(),
        sizes=re.findall(r"--([\w-]+): ([^#\n]+);", tokens.FILE.read_text(encoding="utf-8").partition("@media")[0]),
        schemes=tokens.SCHEMES,
        pairs=tokens.pairs(),
        wrong=_WRONG,
        pictures=[one | {"small": static(f"{one['file']}.svg")} if one["file"] else one for one in _PICTURES],
        cohorts=_cohorts(),
        signed=words.PROCEDURES[ProcedureState.SIGNED],
    )


@cache
def _cohorts() -> list[tuple[str, str, list[Figure]]]:
    """The cohort's figures of a study, of too few patients, and of nobody; no mark leads anywhere, since nobody is behind it."""
    return [
        ("Of 52 patients", "study", _unlinked(cohort_example.study())),
        ("Of too few to summarise", "few", _unlinked(cohort_example.few())),
        ("Of nobody yet", "nobody", _unlinked(cohort_example.empty())),
    ]


def _unlinked(cohort: Cohort) -> list[Figure]:
    return [replace(one, pieces=[replace(piece, drawing=without_cases(piece.drawing)) for piece in one.pieces]) for one in figures(cohort)]


def _tables(kind: type) -> Iterator[Table]:
    """(where it stands in the code, what it says) of all tables of the pages; texts only from the modules of words."""
    seen: dict[int, dict[str, Any]] = {}  # the tables themselves too: the number of one that is gone is given to the next
    for path, module in sorted(sys.modules.items()):
        if not path.startswith("server.web.") or (kind is str and not path.endswith("words")):
            continue
        tables = {name: one for name, one in vars(module).items() if isinstance(one, dict)}
        tables[""] = {name: one for name, one in vars(module).items() if isinstance(one, Said) and kind is Said}
        for name, table in tables.items():
            if table and id(table) not in seen and all(isinstance(one, kind) for one in table.values()):
                seen[id(table)] = table
                yield f"{path.removeprefix('server.web.')} {name.strip('_')}".strip(), {str(key): one for key, one in table.items()}


def _of_the_grid() -> Iterator[Said]:
    day = timedelta(days=1)
    yield procedure_grid.log(ProcedureState.COMPLETED, 0)
    yield procedure_grid.log(ProcedureState.SIGNED, 1)
    pictures: tuple[dict[PhotoState, int], ...] = (
        {PhotoState.STORED: 2},
        {PhotoState.STORED: 1, PhotoState.ANNOUNCED: 1},
        {PhotoState.FAILED: 1},
        {PhotoState.ERASED: 1},
    )
    yield from (procedure_grid.photos(one) for one in pictures)
    for opens, closes, state in (
        (-9, -3, VisitState.PLANNED),
        (-1, 1, VisitState.DUE),
        (1, 9, VisitState.PLANNED),
        (0, 1, VisitState.BOOKED),
    ):
        visit = Visit(id=uuid7(), state=state, opens_on=_TODAY + opens * day, closes_on=_TODAY + closes * day)
        for told in (frozenset({visit.id}), frozenset[uuid.UUID]()):
            yield procedure_grid.visit(visit, _TODAY, told)


def _computed() -> dict[str, Said]:
    """States that functions say, from examples of what they are asked about."""
    now, day = clock.now(), timedelta(days=1)
    nurse = {"active": True, "roles": [Role.NURSE]}
    waiting = {"state": DeviceState.WAITING}
    said = [
        words.visit(VisitState.BOOKED, _TODAY, _TODAY + day, _TODAY),
        words.visit(VisitState.PLANNED, _TODAY, _TODAY + day, _TODAY),
        words.visit(VisitState.PLANNED, _TODAY + day, _TODAY + day, _TODAY),
        words.visit(VisitState.PLANNED, _TODAY - 9 * day, _TODAY - 3 * day, _TODAY),
        words.reminder(ReminderState.ACCEPTED, in_files=True),
        *_of_the_grid(),
        worklist_words.missed(12),
        worklist_words.booked_before(2),
        worklist_words.on_it("Nóra Szabó", "03:08"),
        worklist_words.escalated(2),
        people_words.pin(User(active=False, roles=[]), ()),
        people_words.pin(User(active=True, roles=[Role.RATER]), ()),
        people_words.pin(User(**nurse), ("Theatre 1",)),
        people_words.pin(User(**nurse, pin_hash="set"), ()),
        people_words.pin(User(**nurse), ()),
        people_words.factor(User(second_factor_since=now)),
        people_words.factor(User(active=True, roles=[Role.ADMIN])),
        people_words.tablet(Device(state=DeviceState.REVOKED)),
        people_words.tablet(Device(state=DeviceState.PAIRED)),
        people_words.tablet(Device(**waiting, code_expires_at=now + day)),
        people_words.tablet(Device(**waiting, code_expires_at=now - day)),
    ]
    return {str(place): one for place, one in enumerate(said, 1)}

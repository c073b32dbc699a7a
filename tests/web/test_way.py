"""From one procedure's page to the one above and the one below in the list that its reader came from."""

import re
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from html import unescape
from typing import Any

import pytest
import sqlalchemy as sa

from schemas.vocabulary import ProcedureState
from server.db import Database, find
from server.procedures.models import Procedure
from server.procedures.service import lifecycle, listing
from tests import make
from tests.web.browser import Browser, Page, faults
from tests.web.case import completed


def planned(db: Database, of: make.Clinic, day: int, **fields: Any) -> str:
    """The address of a procedure that is planned for a day of May."""
    return f"/procedures/{make.procedure(db, of, planned_for=datetime(2026, 5, day, 9, tzinfo=UTC), **fields)['id']}"


def way(page: Page) -> dict[str, str]:
    """What the page's own way says, word by address."""
    inner = page.html.partition('<nav class="way"')[2].partition("</nav>")[0]
    return {word: unescape(href) for href, word in re.findall(r'<a href="([^"]+)"[^>]*>([^<]+)</a>', inner)}


def bare(address: str) -> str:
    """Without what it says of the list."""
    return address.partition("?")[0]


def test_vera_goes_down_her_list_from_end_to_end_and_up_again(vera_at_desk: Browser, clinic: make.Clinic, db: Database) -> None:
    newest_first = [planned(db, clinic, day) for day in (4, 3, 2, 1)]
    address, down = newest_first[0], []
    while address:
        down.append(bare(address))
        page = vera_at_desk.open(address)
        address, last = way(page).get("Next", ""), bare(address)
    assert down == newest_first
    assert set(way(page)) == {"Back to the list", "Previous"}
    assert set(way(vera_at_desk.open(newest_first[0]))) == {"Back to the list", "Next"}
    assert bare(way(vera_at_desk.open(last))["Previous"]) == newest_first[2]
    assert faults(page) == []


def test_two_at_the_same_minute_are_both_on_the_way(vera_at_desk: Browser, clinic: make.Clinic, db: Database) -> None:
    planned(db, clinic, 2), planned(db, clinic, 2), planned(db, clinic, 2)
    listed = [href for href in vera_at_desk.open("/procedures").hrefs if re.match("/procedures/[0-9a-f-]{36}", href)]
    middle = way(vera_at_desk.open(listed[1]))
    assert [middle["Previous"], middle["Next"]] == [listed[0], listed[2]]


def test_the_way_keeps_to_the_filter_and_says_it_again(vera_at_desk: Browser, clinic: make.Clinic, db: Database) -> None:
    """Eszter has two, and Hana's stands between them."""
    eszter = make.patient(db, clinic, family_name="Balogh", given_name="Eszter")["id"]
    older, newer = planned(db, clinic, 1, patient_id=eszter), planned(db, clinic, 3, patient_id=eszter)
    hana = planned(db, clinic, 2, patient_id=make.patient(db, clinic, family_name="Novák", given_name="Hana")["id"])
    listed = vera_at_desk.open("/procedures?q=eszt+BAL&planned_to=2026-05-31&limit=20")
    row = next(href for href in listed.hrefs if bare(href) == newer)
    found = way(vera_at_desk.open(unescape(row)))
    assert bare(found["Next"]) == older
    assert found["Back to the list"] == "/procedures?q=eszt+BAL&planned_to=2026-05-31&limit=20"
    assert found["Next"].partition("?")[2] == found["Back to the list"].partition("?")[2]
    assert bare(way(vera_at_desk.open(newer))["Next"]) == hana


def test_back_leads_to_the_page_of_the_list_that_she_came_from(vera_at_desk: Browser, clinic: make.Clinic, db: Database) -> None:
    for day in (3, 2, 1):
        planned(db, clinic, day)
    second = next(href for href in vera_at_desk.open("/procedures?limit=2").hrefs if "cursor=" in href)
    row = next(href for href in vera_at_desk.open(second).hrefs if href.startswith("/procedures/"))
    assert way(vera_at_desk.open(row))["Back to the list"] == second


def test_without_a_list_the_way_is_through_what_is_hers_and_not_signed(
    vera_at_desk: Browser, clinic: make.Clinic, db: Database, at_desk: Callable[[make.Person], Browser]
) -> None:
    """Nora signs nothing, so hers is through everything."""
    done = f"/procedures/{completed(db, clinic)['id']}"
    vera_at_desk.send(vera_at_desk.open(done), f"{done}/sign", **make.proof())
    older, oldest = planned(db, clinic, 2), planned(db, clinic, 1)
    found = way(vera_at_desk.open(older))
    assert "Previous" not in found
    assert bare(found["Next"]) == oldest
    assert bare(way(at_desk(clinic.nurse).open(older))["Previous"]) == done


@pytest.mark.parametrize("said", ["", "?whose=mine&state=planned", "?whose=all&state=planned&planned_to=2026-05-31"])
def test_a_procedure_that_the_filter_leaves_out_stands_where_its_day_is(
    vera_at_desk: Browser, clinic: make.Clinic, db: Database, said: str
) -> None:
    newer, cancelled, older = (planned(db, clinic, day) for day in (3, 2, 1))
    with db.transaction(clinic.id, actor=clinic.surgeon) as session:
        row = find(session, Procedure, uuid.UUID(cancelled.rpartition("/")[2]), lock=True)
        assert row is not None
        lifecycle.cancel(session, row, "The patient has a fever.")
    found = way(vera_at_desk.open(cancelled + said))
    assert (bare(found["Previous"]), bare(found["Next"])) == (newer, older)
    assert bare(way(vera_at_desk.open(newer + said))["Next"]) == older


@pytest.mark.parametrize("said", ["", "?whose=all", "?whose=all&state=signed", "?whose=all&photos=missing", "?q=anna"])
def test_nothing_of_riverside_is_on_hillsides_way(
    clinic: make.Clinic, other_clinic: make.Clinic, db: Database, at_desk: Callable[[make.Person], Browser], said: str
) -> None:
    planned(db, clinic, 3), planned(db, clinic, 1)
    page = at_desk(other_clinic.surgeon).open(planned(db, other_clinic, 2) + said)
    assert set(way(page)) == {"Back to the list"}


def test_a_list_that_cannot_be_asked_for_is_left_and_the_log_is_shown(vera_at_desk: Browser, clinic: make.Clinic, db: Database) -> None:
    newer, older = planned(db, clinic, 2), planned(db, clinic, 1)
    for said in ("?state=lost", f"?whose={uuid.uuid4()}", "?planned_from=yesterday", "?limit=abc"):
        assert way(vera_at_desk.open(newer + said)) == {"Back to the list": "/procedures", "Next": older}


def test_whoever_signs_stays_on_her_way(vera_at_desk: Browser, clinic: make.Clinic, db: Database) -> None:
    """Also where the form is refused first, and after the entries were filtered by kind."""
    done = completed(db, clinic)["id"]
    older, list_said = planned(db, clinic, 1), "?whose=mine&state=unsigned"
    page = vera_at_desk.open(f"/procedures/{done}{list_said}")
    assert page.forms[f"/procedures/{done}#entries"] == {"whose": "mine", "state": "unsigned"}
    action = next(one for one in page.forms if "/sign?" in one)
    refused = Page(vera_at_desk.send(page, action, 401, password="not her password"))
    assert way(refused)["Next"] == older + list_said
    answer = vera_at_desk.send(refused, action, **make.proof())
    assert answer.location == f"/procedures/{done}{list_said}#signature"
    assert way(vera_at_desk.open(answer.location))["Next"] == older + list_said


def test_whose_record_an_emergency_opened_is_all_that_is_shown(
    clinic: make.Clinic, db: Database, at_desk: Callable[[make.Person], Browser]
) -> None:
    anna = make.patient(db, clinic)["id"]
    here = planned(db, clinic, 2, patient_id=anna)
    planned(db, clinic, 1)
    make.emergency(db, clinic, anna)
    assert way(at_desk(clinic.admin).open(here)) == {}


@pytest.mark.parametrize(
    ("states", "index"),
    [((), "surgeon"), (listing.UNSIGNED, "state"), ((ProcedureState.PLANNED,), "state"), ((ProcedureState.SIGNED,), "surgeon|state")],
)
def test_the_way_is_looked_up_in_an_index_however_much_is_stored(
    db: Database, clinic: make.Clinic, states: tuple[str, ...], index: str
) -> None:
    """What is not signed is found by its state: the surgeon's own index would lead past everything that she has signed."""
    here = uuid.UUID(planned(db, clinic, 1).rpartition("/")[2])
    asked: list[tuple[str, Any]] = []

    def hear(_connection: object, _cursor: object, statement: str, parameters: Any, *_more: object) -> None:
        asked.append((statement, parameters))

    with db.transaction(clinic.id, write=False) as session:
        at = find(session, Procedure, here)
        assert at is not None
        if not db.is_sqlite:
            session.execute(sa.text("SET LOCAL enable_seqscan = off"))  # the table is small here, and would be read whole
        sa.event.listen(db.engine, "before_cursor_execute", hear)
        listing.neighbours(session, at, states=states, surgeon_id=clinic.surgeon.user_id)
        sa.event.remove(db.engine, "before_cursor_execute", hear)
        explain, connection = "EXPLAIN QUERY PLAN " if db.is_sqlite else "EXPLAIN ", session.connection()
        plans = [str(connection.exec_driver_sql(explain + statement, parameters).all()) for statement, parameters in asked]
    assert len(plans) == 2
    assert [len(re.findall(f"ix_procedures_({index})", plan)) for plan in plans] == [max(1, len(states))] * 2
    assert not [plan for plan in plans if "SCAN procedures" in plan or "Seq Scan" in plan]

"""What SQLite's planner is told: that a clinic is large, so that a record's own rows are looked up and never searched for."""

import uuid

import pytest
import sqlalchemy as sa

from server.db import Database
from server.migrations import planner

LOOKED_UP = {
    "the visits of some procedures, by date": (
        "SELECT * FROM visits WHERE clinic_id = :id AND procedure_id IN (:id, :id) ORDER BY target_date",
        "clinic_id=? AND procedure_id=?",
    ),
    "the messages of a procedure, by due time": (
        "SELECT * FROM reminders WHERE clinic_id = :id AND procedure_id = :id ORDER BY due_at, id LIMIT 50",
        "clinic_id=? AND procedure_id=?",
    ),
    "the photographs of a procedure, in order": (
        "SELECT * FROM photos WHERE clinic_id = :id AND procedure_id = :id ORDER BY created_at, id",
        "clinic_id=? AND procedure_id=?",
    ),
    "what waits to be sent, by due time": (
        "SELECT * FROM reminders WHERE clinic_id = :id AND state IN ('pending', 'claimed') AND due_at < :id ORDER BY due_at",
        "clinic_id=? AND state=? AND due_at<?",
    ),
    "what one person has changed, newest first": (
        "SELECT * FROM journal WHERE clinic_id = :id AND actor_id = :id ORDER BY seq DESC LIMIT 50",
        "clinic_id=? AND actor_id=?",
    ),
}


@pytest.fixture
def told(lonely_db: Database) -> Database:
    """An empty database as any start leaves it."""
    if not lonely_db.is_sqlite:
        pytest.skip("PostgreSQL analyses its tables by itself")
    return lonely_db


@pytest.mark.parametrize("what", LOOKED_UP)
def test_rows_of_a_record_are_looked_up_by_it(told: Database, what: str) -> None:
    asked, expected = LOOKED_UP[what]
    with told.engine.connect() as connection:
        plan = str(connection.execute(sa.text(f"EXPLAIN QUERY PLAN {asked}"), {"id": uuid.uuid4().hex}).all())
    assert expected in plan, plan


def test_it_is_told_once_and_again_when_an_index_is_new(told: Database) -> None:
    with told.engine.begin() as connection:
        before = connection.exec_driver_sql("SELECT count(*), max(rowid) FROM sqlite_stat1").one()
        planner.tell(connection)
        assert connection.exec_driver_sql("SELECT count(*), max(rowid) FROM sqlite_stat1").one() == before
        connection.exec_driver_sql("CREATE INDEX ix_visits_title ON visits (clinic_id, title)")
        planner.tell(connection)
        assert (
            connection.exec_driver_sql("SELECT stat FROM sqlite_stat1 WHERE idx = 'ix_visits_title'")
            .scalar_one()
            .startswith("700000 700000 ")
        )

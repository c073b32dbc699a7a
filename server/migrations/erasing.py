"""The one way in which a body leaves the journal: where a decision to erase that record is stored. Both databases, migration 0013."""

import sqlalchemy as sa
from alembic import op

FUNCTION = "erase_from_journal"
_GONE = "NEW.body IS NULL AND NEW.salt IS NULL"
_KEPT = (
    "clinic_id",
    "seq",
    "at",
    "actor_id",
    "device_id",
    "action",
    "collection",
    "record_id",
    "write_id",
    "detail_hash",
    "prev_hash",
    "hash",
)


def sqlite() -> list[str]:
    """Statements that put the conditional guard in the place of the one that refuses every change."""
    same = " AND ".join(f"NEW.{name} IS OLD.{name}" for name in _KEPT)
    decided = (
        "EXISTS (SELECT 1 FROM erasures e WHERE e.clinic_id = OLD.clinic_id AND OLD.seq <= e.journal_to "
        "AND OLD.record_id IN (SELECT replace(value, '-', '') FROM json_each(e.records)))"
    )
    guarded = (
        f"CREATE TRIGGER journal_no_update BEFORE UPDATE ON journal WHEN NOT ({_GONE} AND {same} AND {decided}) "
        "BEGIN SELECT RAISE(ABORT, 'journal: append-only'); END"
    )
    return ["DROP TRIGGER journal_no_update", guarded]


def postgresql() -> list[str]:
    """The same, and the function through which the application's role, which may change nothing there, erases what was decided.

    It runs as the tables' owner, whom the walls between clinics hold as well: it sees the decisions of the transaction's clinic alone.
    """
    decided = (
        "EXISTS (SELECT 1 FROM erasures e WHERE e.clinic_id = OLD.clinic_id AND OLD.seq <= e.journal_to "
        "AND e.records ? OLD.record_id::text)"
    )
    keep = (
        "CREATE FUNCTION keep_journal() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$ BEGIN "
        f"IF {_GONE} AND to_jsonb(NEW) - 'body' - 'salt' = to_jsonb(OLD) - 'body' - 'salt' AND {decided} THEN RETURN NEW; END IF; "
        "RAISE EXCEPTION 'journal: append-only' USING ERRCODE = 'restrict_violation'; END $$"
    )
    erase = (
        f"CREATE FUNCTION {FUNCTION}(decision uuid) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER "  # noqa: S608  reason: our own names
        "SET search_path = public, pg_temp AS $$ DECLARE erased bigint; BEGIN "
        "UPDATE journal j SET body = NULL, salt = NULL FROM erasures e, jsonb_array_elements_text(e.records) AS r "
        "WHERE e.id = decision AND j.clinic_id = e.clinic_id AND j.record_id = r::uuid AND j.seq <= e.journal_to "
        "AND j.body IS NOT NULL; GET DIAGNOSTICS erased = ROW_COUNT; RETURN erased; END $$"
    )
    return [
        keep,
        "DROP TRIGGER journal_no_change ON journal",
        "CREATE TRIGGER journal_no_change BEFORE UPDATE ON journal FOR EACH ROW EXECUTE FUNCTION keep_journal()",
        "CREATE TRIGGER journal_no_delete BEFORE DELETE ON journal FOR EACH ROW EXECUTE FUNCTION refuse_change()",
        erase,
        f"REVOKE EXECUTE ON FUNCTION {FUNCTION}(uuid) FROM PUBLIC",
    ]


def guard() -> None:
    """Run them."""
    for statement in postgresql() if op.get_bind().dialect.name == "postgresql" else sqlite():
        op.get_bind().execute(sa.text(statement))

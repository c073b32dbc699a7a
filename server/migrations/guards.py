"""Triggers of migration 0001: what is recorded is never changed or deleted, and a signed procedure is closed. Both databases."""

APPEND_ONLY = ("entries", "signatures", "addenda", "journal", "attempts")
NEVER_DELETED = ("procedures", "patients", "scars", "users", "clinics")
CLOSED = "closed: the procedure is signed"
_KEPT = (
    "clinic_id",
    "id",
    "patient_id",
    "surgeon_id",
    "planned_for",
    "title",
    "urgency",
    "assistant",
    "anaesthetist",
    "weight_g",
    "consent_on",
    "baseline_photos_on",
    "harvest_site",
    "harvest_side",
    "planned_passes",
    "planned_aperture_um",
    "started_at",
    "ended_at",
    "created_at",
    "created_by",
    "content_hash",
)
"""Columns of a signed procedure that stay as they are. Only `state` may still become entered_in_error, with its reason."""

_SIGNED_PLAN = "EXISTS (SELECT 1 FROM signatures s WHERE s.clinic_id = {row}.clinic_id AND s.procedure_id = {row}.procedure_id)"


def _reopened(distinct: str) -> str:
    changed = " OR ".join(f"NEW.{name} {distinct} OLD.{name}" for name in _KEPT)
    return f"(NEW.state NOT IN ('signed', 'entered_in_error') OR {changed})"


def sqlite() -> dict[str, str]:
    """Trigger name → statement."""
    made = {}
    for table in APPEND_ONLY:
        for verb in ("UPDATE", "DELETE"):
            name = f"{table}_no_{verb.lower()}"
            made[name] = f"CREATE TRIGGER {name} BEFORE {verb} ON {table} BEGIN SELECT RAISE(ABORT, '{table}: append-only'); END"
    for table in NEVER_DELETED:
        name = f"{table}_no_delete"
        made[name] = f"CREATE TRIGGER {name} BEFORE DELETE ON {table} BEGIN SELECT RAISE(ABORT, '{table}: append-only'); END"
    made["procedures_closed"] = (
        f"CREATE TRIGGER procedures_closed BEFORE UPDATE ON procedures WHEN OLD.state IN ('signed', 'entered_in_error') AND "
        f"({_reopened('IS NOT')} OR OLD.state = 'entered_in_error') BEGIN SELECT RAISE(ABORT, '{CLOSED}'); END"
    )
    made["entries_closed"] = (
        f"CREATE TRIGGER entries_closed BEFORE INSERT ON entries WHEN NOT NEW.late AND {_SIGNED_PLAN.format(row='NEW')} "
        f"BEGIN SELECT RAISE(ABORT, '{CLOSED}'); END"
    )
    for verb, row in (("INSERT", "NEW"), ("UPDATE", "OLD"), ("DELETE", "OLD")):
        name = f"planned_injections_closed_{verb.lower()}"
        made[name] = (
            f"CREATE TRIGGER {name} BEFORE {verb} ON planned_injections WHEN {_SIGNED_PLAN.format(row=row)} "
            f"BEGIN SELECT RAISE(ABORT, '{CLOSED}'); END"
        )
    return made


_RAISE = "RAISE EXCEPTION '{text}' USING ERRCODE = 'restrict_violation'"


def _function(name: str, body: str) -> str:
    return f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} END $$"


def postgresql() -> list[str]:
    """Statements in order: functions, then the triggers that call them."""
    reopened = _reopened("IS DISTINCT FROM")
    made = [
        _function("refuse_change", "RAISE EXCEPTION '%: append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';"),
        _function(
            "keep_procedure_closed",
            f"IF OLD.state = 'entered_in_error' OR (OLD.state = 'signed' AND {reopened}) "
            f"THEN {_RAISE.format(text=CLOSED)}; END IF; RETURN NEW;",
        ),
        _function(
            "keep_entries_closed",
            f"IF EXISTS (SELECT 1 FROM fresh WHERE NOT fresh.late AND {_SIGNED_PLAN.format(row='fresh')}) "  # noqa: S608  reason: our own names
            f"THEN {_RAISE.format(text=CLOSED)}; END IF; RETURN NULL;",
        ),
        _function(
            "keep_plan_closed",
            f"IF TG_OP = 'INSERT' AND {_SIGNED_PLAN.format(row='NEW')} THEN {_RAISE.format(text=CLOSED)}; END IF; "
            f"IF TG_OP <> 'INSERT' AND {_SIGNED_PLAN.format(row='OLD')} THEN {_RAISE.format(text=CLOSED)}; END IF; "
            "IF TG_OP = 'DELETE' THEN RETURN OLD; END IF; RETURN NEW;",
        ),
    ]
    each_row = "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
    made += [f"CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON {table} {each_row}" for table in APPEND_ONLY]
    made += [f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} {each_row}" for table in NEVER_DELETED]
    made += [
        f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        for table in (*APPEND_ONLY, *NEVER_DELETED)
    ]
    made.append("CREATE TRIGGER procedures_closed BEFORE UPDATE ON procedures FOR EACH ROW EXECUTE FUNCTION keep_procedure_closed()")
    made.append(
        "CREATE TRIGGER entries_closed AFTER INSERT ON entries REFERENCING NEW TABLE AS fresh "
        "FOR EACH STATEMENT EXECUTE FUNCTION keep_entries_closed()"  # one look per batch, not one per entry
    )
    made.append(
        "CREATE TRIGGER planned_injections_closed BEFORE INSERT OR UPDATE OR DELETE ON planned_injections "
        "FOR EACH ROW EXECUTE FUNCTION keep_plan_closed()"
    )
    return made

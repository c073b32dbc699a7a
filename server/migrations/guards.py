"""Triggers of the migrations: what is recorded is never changed or deleted, and a signed procedure is closed. Both databases."""

from collections.abc import Iterable, Sequence

APPEND_ONLY_1 = ("entries", "signatures", "addenda", "journal", "attempts")
NEVER_DELETED_1 = ("procedures", "patients", "scars", "users", "clinics")
APPEND_ONLY_2 = ("answers", "calls", "protocols", "receipts")
NEVER_DELETED_2 = ("visits", "reminders", "alerts", "pauses")
NEVER_DELETED_5 = ("devices", "pin_tries")
APPEND_ONLY_6 = ("sync_writes",)
NEVER_DELETED_6 = ("sync_issues",)
NEVER_DELETED_7 = ("photos",)
NEVER_DELETED_9 = ("reset_links",)
NEVER_DELETED_10 = ("emergency_accesses",)
APPEND_ONLY_10 = ("access_log",)
APPEND_ONLY_13 = ("erasures",)
APPEND_ONLY_14 = ("photo_consents", "photo_grades")
APPEND_ONLY_15 = (
    *("assessments", "findings", "scar_measurements", "instruments", "licences", "scores"),
    *("rating_pairs", "rating_queues", "ratings", "redness"),
)
NEVER_DELETED_15 = ("responses", "reports")
APPEND_ONLY_8 = ("journal_checkpoints",)
APPEND_ONLY = (
    *(*APPEND_ONLY_1, *APPEND_ONLY_2, *APPEND_ONLY_6, *APPEND_ONLY_8, *APPEND_ONLY_10, *APPEND_ONLY_13, *APPEND_ONLY_14),
    *APPEND_ONLY_15,
)
NEVER_DELETED = (
    *(*NEVER_DELETED_1, *NEVER_DELETED_2, *NEVER_DELETED_5, *NEVER_DELETED_6, *NEVER_DELETED_7, *NEVER_DELETED_9, *NEVER_DELETED_10),
    *NEVER_DELETED_15,
)
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


def keepers_sqlite(append_only: Iterable[str], never_deleted: Iterable[str]) -> dict[str, str]:
    """Trigger name → statement, of the triggers that only keep rows."""
    made = {}
    for table in append_only:
        for verb in ("UPDATE", "DELETE"):
            name = f"{table}_no_{verb.lower()}"
            made[name] = f"CREATE TRIGGER {name} BEFORE {verb} ON {table} BEGIN SELECT RAISE(ABORT, '{table}: append-only'); END"
    for table in never_deleted:
        name = f"{table}_no_delete"
        made[name] = f"CREATE TRIGGER {name} BEFORE DELETE ON {table} BEGIN SELECT RAISE(ABORT, '{table}: append-only'); END"
    return made


def sqlite() -> dict[str, str]:
    """Trigger name → statement, of migration 0001."""
    made = keepers_sqlite(APPEND_ONLY_1, NEVER_DELETED_1)
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


def keepers_postgresql(append_only: Sequence[str], never_deleted: Sequence[str]) -> list[str]:
    """Statements of the triggers that only keep rows; `refuse_change` must exist."""
    each_row = "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
    made = [f"CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON {table} {each_row}" for table in append_only]
    made += [f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} {each_row}" for table in never_deleted]
    made += [
        f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        for table in (*append_only, *never_deleted)
    ]
    return made


def postgresql() -> list[str]:
    """Statements of migration 0001 in order: functions, then the triggers that call them."""
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
    made += keepers_postgresql(APPEND_ONLY_1, NEVER_DELETED_1)
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


WALLED_12 = (
    *("journal", "journal_checkpoints", "journal_heads", "signing_keys", "users", "sign_ins", "kept_answers"),
    *("devices", "device_sightings", "pin_tries", "patients", "scars", "procedures", "planned_injections", "entries"),
    *("signatures", "addenda", "photos", "uploads", "thumbnail_jobs", "sync_writes", "sync_issues", "sync_counts"),
    *("protocols", "protocol_moves", "visits", "reminders", "attempts", "links", "answers", "alerts", "calls", "pauses"),
    *("message_templates", "push_subscriptions", "webhook_endpoints"),
    *("second_factors", "reset_links", "access_log", "emergency_accesses", "photo_master_keys", "photo_keys", "plain_photos"),
)
WALLED_13 = ("erasures",)
WALLED_14 = APPEND_ONLY_14
WALLED_15 = (*APPEND_ONLY_15, *NEVER_DELETED_15)
WALLED_17 = ("cohort_digests", "cohort_digest_heads")
_OWN = "(SELECT NULLIF(current_setting('app.clinic_id', true), '')::uuid)"
_ALL = "(SELECT current_setting('app.scope', true)) = 'system'"
"""In a sub-select each setting is read once a statement, not once a row."""


def wall_postgresql(table: str, column: str = "clinic_id") -> list[str]:
    """Statements that show and take only the rows of the clinic that the transaction acts for; nothing where it says none."""
    return [
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",  # its owner too
        f"CREATE POLICY {table}_wall ON {table} USING ({column} = {_OWN} OR {_ALL})",  # WITH CHECK is the same where it is not given
    ]

"""The follow-up engine: protocols, texts, links, answers, alerts, calls; visits and reminders with more channels and states.

`visits`, `reminders` and `attempts` are made anew, because SQLite cannot change a CHECK; their rows are carried over.
"""

import re

import sqlalchemy as sa
from alembic import op

from server import db
from server.migrations import guards

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

REBUILT = ("attempts", "reminders", "visits")
CARRIED = {
    "visits": (
        "clinic_id, id, procedure_id, patient_id, step, protocol_version, target_date, opens_on, closes_on, state, booked_for, "
        "generation, write_id, created_at, updated_at",
        "title, kind",
        "CASE step WHEN '2w' THEN '2 weeks' WHEN '3m' THEN '3 months' ELSE '1 year' END, 'visit'",
    ),
    "reminders": (
        "clinic_id, id, visit_id, procedure_id, patient_id, rung, purpose, recipient, channel, generation, wall, zone, due_at, expires_at, "
        "state, reason, attempts, lease_until, lease_token, begun_at, idempotency_key, last_error, sent_at, message_id, write_id, "
        "created_at, updated_at",
        "next_at, about_on",
        "coalesce(next_attempt_at, due_at), "
        "(SELECT v.target_date FROM visits v WHERE v.clinic_id = old_reminders.clinic_id AND v.id = old_reminders.visit_id)",
    ),
    "attempts": ("clinic_id, id, reminder_id, number, lease_token, started_at, ended_at, outcome, error", "", ""),
}


def upgrade() -> None:
    postgresql = op.get_bind().dialect.name == "postgresql"
    for table in REBUILT:
        op.execute(sa.text(f"CREATE TEMPORARY TABLE old_{table} AS SELECT * FROM {table}"))
        op.drop_table(table)
    make_tables()
    for table in reversed(REBUILT):
        kept, new, values = CARRIED[table]
        extra = (f", {new}", f", {values}") if new else ("", "")
        op.execute(sa.text(f"INSERT INTO {table} ({kept}{extra[0]}) SELECT {kept}{extra[1]} FROM old_{table}"))
        op.execute(sa.text(f"DROP TABLE old_{table}"))
    add_columns()
    appended, kept_rows = ("attempts", *guards.APPEND_ONLY_2), guards.NEVER_DELETED_2
    if postgresql:
        statements = guards.keepers_postgresql(appended, kept_rows)
    else:
        statements = list(guards.keepers_sqlite(appended, kept_rows).values())
    for statement in statements:
        op.execute(sa.text(statement))


def add_columns() -> None:
    for column in (
        sa.Column("died_on", sa.Date(), nullable=True),
        sa.Column("phone_e164", sa.Text(), nullable=True),
        sa.Column("contact_by", sa.Text(), nullable=True),
        sa.Column("time_zone", sa.Text(), nullable=True),
    ):
        op.add_column("patients", column)
    op.create_index("ix_patients_phone", "patients", ["phone_e164"], unique=False)
    patients = sa.table(
        "patients", sa.column("clinic_id", sa.Uuid()), sa.column("id", sa.Uuid()), sa.column("phone"), sa.column("phone_e164")
    )
    with_country = sa.select(patients.c.clinic_id, patients.c.id, patients.c.phone).where(patients.c.phone.like("+%"))
    for clinic_id, patient_id, phone in op.get_bind().execute(with_country).all():  # the others get theirs when they are next saved
        op.execute(
            sa.update(patients)
            .where(patients.c.clinic_id == clinic_id, patients.c.id == patient_id)
            .values(phone_e164="+" + re.sub(r"[^0-9]", "", phone))
        )


def make_tables() -> None:
    op.create_table(
        "chores",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("next_at", db.UtcDateTime(), nullable=False),
        sa.Column("ran_at", db.UtcDateTime(), nullable=True),
        sa.Column("said", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_chores")),
    )
    op.create_table(
        "receipts",
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("received_at", db.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("provider", "key", name=op.f("pk_receipts")),
    )
    op.create_index("ix_receipts_message", "receipts", ["message_id"], unique=False)
    op.create_table(
        "senders",
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("open_until", db.UtcDateTime(), nullable=True),
        sa.Column("free_at", db.UtcDateTime(), nullable=True),
        sa.Column("paused_at", db.UtcDateTime(), nullable=True),
        sa.Column("pause_reason", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("channel", name=op.f("pk_senders")),
    )
    op.create_table(
        "stopped_addresses",
        sa.Column("address_hash", sa.LargeBinary(), nullable=False),
        sa.Column(
            "channel",
            sa.Enum("email", "sms", "push", "webhook", name="channel", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("stopped_at", db.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("address_hash", name=op.f("pk_stopped_addresses")),
    )
    op.create_table(
        "message_templates",
        sa.Column(
            "purpose",
            sa.Enum(
                "book",
                "near",
                "chase",
                "check_in",
                "link",
                "digest",
                "alert",
                "event",
                name="purpose",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "channel",
            sa.Enum("email", "sms", "push", "webhook", name="channel", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=True),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("write_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", db.UtcDateTime(), nullable=False),
        sa.Column("updated_at", db.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f("fk_message_templates_clinic_id")),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_message_templates")),
        sa.UniqueConstraint(
            "clinic_id", "purpose", "channel", "language", name=op.f("uq_message_templates_clinic_id_purpose_channel_language")
        ),
    )
    op.create_table(
        "webhook_endpoints",
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("write_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", db.UtcDateTime(), nullable=False),
        sa.Column("updated_at", db.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f("fk_webhook_endpoints_clinic_id")),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_webhook_endpoints")),
        sa.UniqueConstraint("clinic_id", "url", name=op.f("uq_webhook_endpoints_clinic_id_url")),
    )
    op.create_table(
        "pauses",
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("begun_at", db.UtcDateTime(), nullable=False),
        sa.Column("begun_by", sa.Uuid(), nullable=True),
        sa.Column("ended_at", db.UtcDateTime(), nullable=True),
        sa.Column("ended_by", sa.Uuid(), nullable=True),
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("write_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", db.UtcDateTime(), nullable=False),
        sa.Column("updated_at", db.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["clinic_id", "begun_by"], ["users.clinic_id", "users.id"], name=op.f("fk_pauses_clinic_id_begun_by")),
        sa.ForeignKeyConstraint(["clinic_id", "ended_by"], ["users.clinic_id", "users.id"], name=op.f("fk_pauses_clinic_id_ended_by")),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f("fk_pauses_clinic_id")),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_pauses")),
    )
    op.create_index("ix_pauses_open", "pauses", ["clinic_id", "ended_at"], unique=False)
    op.create_table(
        "protocols",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("content", db.Json, nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", db.UtcDateTime(), nullable=False),
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["clinic_id", "created_by"], ["users.clinic_id", "users.id"], name=op.f("fk_protocols_clinic_id_created_by")
        ),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f("fk_protocols_clinic_id")),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_protocols")),
        sa.UniqueConstraint("clinic_id", "number", name=op.f("uq_protocols_clinic_id_number")),
    )
    op.create_table(
        "push_subscriptions",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("endpoint", sa.Text(), nullable=False),
        sa.Column("p256dh", sa.Text(), nullable=False),
        sa.Column("auth", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("write_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", db.UtcDateTime(), nullable=False),
        sa.Column("updated_at", db.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["clinic_id", "user_id"], ["users.clinic_id", "users.id"], name=op.f("fk_push_subscriptions_clinic_id_user_id")
        ),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f("fk_push_subscriptions_clinic_id")),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_push_subscriptions")),
        sa.UniqueConstraint("clinic_id", "endpoint", name=op.f("uq_push_subscriptions_clinic_id_endpoint")),
    )
    op.create_table(
        "visits",
        sa.Column("procedure_id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column(
            "kind", sa.Enum("visit", "check_in", name="visitkind", native_enum=False, create_constraint=True, length=32), nullable=False
        ),
        sa.Column("protocol_version", sa.Text(), nullable=False),
        sa.Column("target_date", sa.Date(), nullable=False),
        sa.Column("opens_on", sa.Date(), nullable=False),
        sa.Column("closes_on", sa.Date(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "planned",
                "due",
                "booked",
                "attended",
                "answered",
                "missed",
                "declined",
                "lost_to_follow_up",
                "cancelled",
                name="visitstate",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("booked_for", db.UtcDateTime(), nullable=True),
        sa.Column("confirmed_at", db.UtcDateTime(), nullable=True),
        sa.Column("call_after", sa.Date(), nullable=True),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("write_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", db.UtcDateTime(), nullable=False),
        sa.Column("updated_at", db.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["clinic_id", "patient_id"], ["patients.clinic_id", "patients.id"], name=op.f("fk_visits_clinic_id_patient_id")
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "procedure_id"], ["procedures.clinic_id", "procedures.id"], name=op.f("fk_visits_clinic_id_procedure_id")
        ),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f("fk_visits_clinic_id")),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_visits")),
        sa.UniqueConstraint(
            "clinic_id", "procedure_id", "step", "generation", name=op.f("uq_visits_clinic_id_procedure_id_step_generation")
        ),
    )
    op.create_index("ix_visits_patient", "visits", ["clinic_id", "patient_id"], unique=False)
    op.create_index("ix_visits_state", "visits", ["clinic_id", "state", "target_date", "id"], unique=False)
    op.create_index("ix_visits_target", "visits", ["clinic_id", "target_date", "id"], unique=False)
    op.create_table(
        "alerts",
        sa.Column(
            "kind",
            sa.Enum(
                "concerning_answer",
                "wants_a_call",
                "wants_another_time",
                "bad_contact",
                name="alertkind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("procedure_id", sa.Uuid(), nullable=True),
        sa.Column("visit_id", sa.Uuid(), nullable=True),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("raised_at", db.UtcDateTime(), nullable=False),
        sa.Column("closed_at", db.UtcDateTime(), nullable=True),
        sa.Column("closed_by", sa.Uuid(), nullable=True),
        sa.Column("closing_note", sa.Text(), nullable=True),
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("write_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", db.UtcDateTime(), nullable=False),
        sa.Column("updated_at", db.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["clinic_id", "closed_by"], ["users.clinic_id", "users.id"], name=op.f("fk_alerts_clinic_id_closed_by")),
        sa.ForeignKeyConstraint(
            ["clinic_id", "patient_id"], ["patients.clinic_id", "patients.id"], name=op.f("fk_alerts_clinic_id_patient_id")
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "procedure_id"], ["procedures.clinic_id", "procedures.id"], name=op.f("fk_alerts_clinic_id_procedure_id")
        ),
        sa.ForeignKeyConstraint(["clinic_id", "visit_id"], ["visits.clinic_id", "visits.id"], name=op.f("fk_alerts_clinic_id_visit_id")),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f("fk_alerts_clinic_id")),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_alerts")),
    )
    op.create_index("ix_alerts_open", "alerts", ["clinic_id", "closed_at", "kind", "id"], unique=False)
    op.create_index("ix_alerts_patient", "alerts", ["clinic_id", "patient_id"], unique=False)
    op.create_table(
        "answers",
        sa.Column("visit_id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("concerning", sa.Boolean(), nullable=False),
        sa.Column("via", sa.Text(), nullable=False),
        sa.Column("given_by", sa.Uuid(), nullable=True),
        sa.Column("given_at", db.UtcDateTime(), nullable=False),
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["clinic_id", "patient_id"], ["patients.clinic_id", "patients.id"], name=op.f("fk_answers_clinic_id_patient_id")
        ),
        sa.ForeignKeyConstraint(["clinic_id", "visit_id"], ["visits.clinic_id", "visits.id"], name=op.f("fk_answers_clinic_id_visit_id")),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f("fk_answers_clinic_id")),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_answers")),
    )
    op.create_index("ix_answers_visit", "answers", ["clinic_id", "visit_id"], unique=False)
    op.create_table(
        "calls",
        sa.Column("visit_id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column(
            "outcome",
            sa.Enum(
                "booked",
                "call_later",
                "answered",
                "declined",
                "wrong_number",
                "no_answer",
                name="calloutcome",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("call_after", sa.Date(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("called_by", sa.Uuid(), nullable=True),
        sa.Column("called_at", db.UtcDateTime(), nullable=False),
        sa.Column("content_hash", sa.Text(), nullable=False),
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["clinic_id", "called_by"], ["users.clinic_id", "users.id"], name=op.f("fk_calls_clinic_id_called_by")),
        sa.ForeignKeyConstraint(
            ["clinic_id", "patient_id"], ["patients.clinic_id", "patients.id"], name=op.f("fk_calls_clinic_id_patient_id")
        ),
        sa.ForeignKeyConstraint(["clinic_id", "visit_id"], ["visits.clinic_id", "visits.id"], name=op.f("fk_calls_clinic_id_visit_id")),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f("fk_calls_clinic_id")),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_calls")),
    )
    op.create_index("ix_calls_visit", "calls", ["clinic_id", "visit_id"], unique=False)
    op.create_table(
        "links",
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("visit_id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("serial", sa.Integer(), nullable=False),
        sa.Column("created_at", db.UtcDateTime(), nullable=False),
        sa.Column("expires_at", db.UtcDateTime(), nullable=False),
        sa.Column("revoked_at", db.UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["clinic_id", "patient_id"], ["patients.clinic_id", "patients.id"], name=op.f("fk_links_clinic_id_patient_id")
        ),
        sa.ForeignKeyConstraint(["clinic_id", "visit_id"], ["visits.clinic_id", "visits.id"], name=op.f("fk_links_clinic_id_visit_id")),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f("fk_links_clinic_id")),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_links")),
        sa.UniqueConstraint("clinic_id", "visit_id", "serial", name=op.f("uq_links_clinic_id_visit_id_serial")),
    )
    op.create_table(
        "reminders",
        sa.Column("visit_id", sa.Uuid(), nullable=True),
        sa.Column("procedure_id", sa.Uuid(), nullable=True),
        sa.Column("patient_id", sa.Uuid(), nullable=True),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("rung", sa.Integer(), nullable=False),
        sa.Column(
            "purpose",
            sa.Enum(
                "book",
                "near",
                "chase",
                "check_in",
                "link",
                "digest",
                "alert",
                "event",
                name="purpose",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column(
            "channel",
            sa.Enum("email", "sms", "push", "webhook", name="channel", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("about_on", sa.Date(), nullable=True),
        sa.Column("wall", sa.Text(), nullable=False),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.Column("due_at", db.UtcDateTime(), nullable=False),
        sa.Column("expires_at", db.UtcDateTime(), nullable=False),
        sa.Column("next_at", db.UtcDateTime(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "pending",
                "claimed",
                "sending",
                "accepted",
                "delivered",
                "undelivered",
                "uncertain",
                "suppressed",
                "cancelled",
                "expired",
                "dead",
                name="reminderstate",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("lease_until", db.UtcDateTime(), nullable=True),
        sa.Column("lease_token", sa.Uuid(), nullable=True),
        sa.Column("begun_at", db.UtcDateTime(), nullable=True),
        sa.Column("idempotency_key", sa.Uuid(), nullable=False),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("sent_at", db.UtcDateTime(), nullable=True),
        sa.Column("delivered_at", db.UtcDateTime(), nullable=True),
        sa.Column("message_id", sa.Text(), nullable=True),
        sa.Column("payload", db.Json, nullable=True),
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("write_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", db.UtcDateTime(), nullable=False),
        sa.Column("updated_at", db.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["clinic_id", "patient_id"], ["patients.clinic_id", "patients.id"], name=op.f("fk_reminders_clinic_id_patient_id")
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "procedure_id"], ["procedures.clinic_id", "procedures.id"], name=op.f("fk_reminders_clinic_id_procedure_id")
        ),
        sa.ForeignKeyConstraint(["clinic_id", "user_id"], ["users.clinic_id", "users.id"], name=op.f("fk_reminders_clinic_id_user_id")),
        sa.ForeignKeyConstraint(["clinic_id", "visit_id"], ["visits.clinic_id", "visits.id"], name=op.f("fk_reminders_clinic_id_visit_id")),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f("fk_reminders_clinic_id")),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_reminders")),
        sa.UniqueConstraint("clinic_id", "idempotency_key", name=op.f("uq_reminders_clinic_id_idempotency_key")),
    )
    op.create_index(
        "ix_reminders_clinic_pending",
        "reminders",
        ["channel", "clinic_id", "next_at"],
        unique=False,
        sqlite_where=sa.text("state = 'pending'"),
        postgresql_where=sa.text("state = 'pending'"),
    )
    op.create_index("ix_reminders_due", "reminders", ["clinic_id", "due_at", "id"], unique=False)
    op.create_index(
        "ix_reminders_leased",
        "reminders",
        ["lease_until", "clinic_id"],
        unique=False,
        sqlite_where=sa.text("state IN ('claimed', 'sending')"),
        postgresql_where=sa.text("state IN ('claimed', 'sending')"),
    )
    op.create_index(
        "ix_reminders_message",
        "reminders",
        ["message_id"],
        unique=False,
        sqlite_where=sa.text("message_id IS NOT NULL"),
        postgresql_where=sa.text("message_id IS NOT NULL"),
    )
    op.create_index("ix_reminders_patient", "reminders", ["clinic_id", "patient_id"], unique=False)
    op.create_index(
        "ix_reminders_pending",
        "reminders",
        ["channel", "next_at"],
        unique=False,
        sqlite_where=sa.text("state = 'pending'"),
        postgresql_where=sa.text("state = 'pending'"),
    )
    op.create_index("ix_reminders_procedure", "reminders", ["clinic_id", "procedure_id"], unique=False)
    op.create_index("ix_reminders_state", "reminders", ["clinic_id", "state", "due_at", "id"], unique=False)
    op.create_index("ix_reminders_visit", "reminders", ["clinic_id", "visit_id"], unique=False)
    op.create_table(
        "attempts",
        sa.Column("reminder_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("lease_token", sa.Uuid(), nullable=False),
        sa.Column("started_at", db.UtcDateTime(), nullable=False),
        sa.Column("ended_at", db.UtcDateTime(), nullable=False),
        sa.Column(
            "outcome",
            sa.Enum("accepted", "not_sent", "rejected", "uncertain", name="outcome", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("message_id", sa.Text(), nullable=True),
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["clinic_id", "reminder_id"], ["reminders.clinic_id", "reminders.id"], name=op.f("fk_attempts_clinic_id_reminder_id")
        ),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f("fk_attempts_clinic_id")),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_attempts")),
    )
    op.create_index("ix_attempts_reminder", "attempts", ["clinic_id", "reminder_id", "number"], unique=False)


def downgrade() -> None:
    """Never: a medical record loses nothing. Restore a backup instead."""
    raise NotImplementedError

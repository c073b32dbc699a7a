"""The access log, who has read what of a patient, and emergency accesses. It begins with this migration; earlier reading was not recorded."""

import sqlalchemy as sa
from alembic import op

from server import db
from server.migrations import guards

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    make_log()
    make_emergency()
    if op.get_bind().dialect.name == "postgresql":
        statements = guards.keepers_postgresql(guards.APPEND_ONLY_10, guards.NEVER_DELETED_10)
    else:
        statements = list(guards.keepers_sqlite(guards.APPEND_ONLY_10, guards.NEVER_DELETED_10).values())
    for statement in statements:
        op.execute(sa.text(statement))


def make_log() -> None:
    op.create_table(
        "access_log",
        sa.Column("at", db.UtcDateTime(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("device_id", sa.Uuid(), nullable=True),
        sa.Column("patient_id", sa.Uuid(), nullable=True),
        sa.Column(
            "reading",
            sa.Enum(
                "record",
                "list",
                "photo",
                "note",
                "note_file",
                "history",
                "sync",
                "access",
                "export",
                name="reading",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("record_id", sa.Uuid(), nullable=True),
        sa.Column(
            "outcome",
            sa.Enum("given", "not_allowed", "not_found", name="outcome", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("emergency_id", sa.Uuid(), nullable=True),
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["clinic_id", "device_id"], ["devices.clinic_id", "devices.id"], name="fk_access_log_clinic_id_device_id"),
        sa.ForeignKeyConstraint(["clinic_id", "user_id"], ["users.clinic_id", "users.id"], name="fk_access_log_clinic_id_user_id"),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name="fk_access_log_clinic_id"),
        sa.PrimaryKeyConstraint("clinic_id", "id", name="pk_access_log"),
    )
    op.create_index("ix_access_log_patient", "access_log", ["clinic_id", "patient_id", "id"], unique=False)
    op.create_index("ix_access_log_device", "access_log", ["clinic_id", "device_id", "id"], unique=False)


def make_emergency() -> None:
    op.create_table(
        "emergency_accesses",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("expires_at", db.UtcDateTime(), nullable=False),
        sa.Column("reviewed_by", sa.Uuid(), nullable=True),
        sa.Column("reviewed_at", db.UtcDateTime(), nullable=True),
        sa.Column("review_note", sa.Text(), nullable=True),
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("write_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", db.UtcDateTime(), nullable=False),
        sa.Column("updated_at", db.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["clinic_id", "patient_id"], ["patients.clinic_id", "patients.id"], name="fk_emergency_accesses_clinic_id_patient_id"),
        sa.ForeignKeyConstraint(["clinic_id", "reviewed_by"], ["users.clinic_id", "users.id"], name="fk_emergency_accesses_clinic_id_reviewed_by"),
        sa.ForeignKeyConstraint(["clinic_id", "user_id"], ["users.clinic_id", "users.id"], name="fk_emergency_accesses_clinic_id_user_id"),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name="fk_emergency_accesses_clinic_id"),
        sa.PrimaryKeyConstraint("clinic_id", "id", name="pk_emergency_accesses"),
    )
    op.create_index("ix_emergency_accesses_user", "emergency_accesses", ["clinic_id", "user_id", "expires_at"], unique=False)


def downgrade() -> None:
    """Never: a medical record loses nothing. Restore a backup instead."""
    raise NotImplementedError

"""The access log: who has read what of a patient. It begins with this migration; earlier reading was not recorded."""

import sqlalchemy as sa
from alembic import op

from server import db
from server.migrations import guards

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
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
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["clinic_id", "device_id"], ["devices.clinic_id", "devices.id"], name="fk_access_log_clinic_id_device_id"),
        sa.ForeignKeyConstraint(["clinic_id", "user_id"], ["users.clinic_id", "users.id"], name="fk_access_log_clinic_id_user_id"),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name="fk_access_log_clinic_id"),
        sa.PrimaryKeyConstraint("clinic_id", "id", name="pk_access_log"),
    )
    op.create_index("ix_access_log_patient", "access_log", ["clinic_id", "patient_id", "id"], unique=False)
    op.create_index("ix_access_log_device", "access_log", ["clinic_id", "device_id", "id"], unique=False)
    if op.get_bind().dialect.name == "postgresql":
        statements = guards.keepers_postgresql(guards.APPEND_ONLY_10, ())
    else:
        statements = list(guards.keepers_sqlite(guards.APPEND_ONLY_10, ()).values())
    for statement in statements:
        op.execute(sa.text(statement))


def downgrade() -> None:
    """Never: a medical record loses nothing. Restore a backup instead."""
    raise NotImplementedError

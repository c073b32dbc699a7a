"""Tablets: pairing, last calls, tries of codes and PINs; sessions on a tablet, PINs of people.

`entries.device_id` gets its foreign key. Until now no release wrote anything but null there, because nobody could be a tablet, so
no stored row can break it.
"""

import sqlalchemy as sa
from alembic import op

from server import db
from server.migrations import guards, rebuild

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    postgresql = op.get_bind().dialect.name == "postgresql"
    make_tables()
    op.add_column("users", sa.Column("pin_hash", sa.Text(), nullable=True))
    op.add_column("sign_ins", sa.Column("device_id", sa.Uuid(), nullable=True))
    for table in ("sign_ins", "entries"):
        name = f"fk_{table}_clinic_id_device_id"
        if postgresql:
            op.create_foreign_key(name, table, "devices", ["clinic_id", "device_id"], ["clinic_id", "id"])
        else:
            clause = f"CONSTRAINT {name} FOREIGN KEY(clinic_id, device_id) REFERENCES devices (clinic_id, id)"
            rebuild.with_constraint(table, clause)
    if postgresql:
        statements = guards.keepers_postgresql((), guards.NEVER_DELETED_5)
    else:
        statements = list(guards.keepers_sqlite((), guards.NEVER_DELETED_5).values())
    for statement in statements:
        op.execute(sa.text(statement))


def make_tables() -> None:
    op.create_table(
        "wrong_codes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("at", db.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wrong_codes")),
    )
    op.create_index("ix_wrong_codes_at", "wrong_codes", ["at"], unique=False)
    op.create_table(
        "devices",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column(
            "state",
            sa.Enum("waiting", "paired", "revoked", name="devicestate", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("code_hash", sa.LargeBinary(), nullable=True),
        sa.Column("code_expires_at", db.UtcDateTime(), nullable=False),
        sa.Column("secret_hash", sa.LargeBinary(), nullable=True),
        sa.Column("token_hash", sa.LargeBinary(), nullable=True),
        sa.Column("paired_by", sa.Uuid(), nullable=False),
        sa.Column("paired_at", db.UtcDateTime(), nullable=True),
        sa.Column("revoked_by", sa.Uuid(), nullable=True),
        sa.Column("revoked_at", db.UtcDateTime(), nullable=True),
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("write_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", db.UtcDateTime(), nullable=False),
        sa.Column("updated_at", db.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["clinic_id", "paired_by"], ["users.clinic_id", "users.id"], name=op.f("fk_devices_clinic_id_paired_by")),
        sa.ForeignKeyConstraint(["clinic_id", "revoked_by"], ["users.clinic_id", "users.id"], name=op.f("fk_devices_clinic_id_revoked_by")),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f("fk_devices_clinic_id")),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_devices")),
        sa.UniqueConstraint("code_hash", name=op.f("uq_devices_code_hash")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_devices_token_hash")),
    )
    op.create_index(
        "ux_devices_name",
        "devices",
        ["clinic_id", "name"],
        unique=True,
        sqlite_where=sa.text("state <> 'revoked'"),
        postgresql_where=sa.text("state <> 'revoked'"),
    )
    op.create_table(
        "device_sightings",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("device_id", sa.Uuid(), nullable=False),
        sa.Column("last_seen_at", db.UtcDateTime(), nullable=False),
        sa.Column("app_version", sa.Text(), nullable=True),
        sa.Column("schema_version", sa.Text(), nullable=True),
        sa.Column("clock_offset_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["clinic_id", "device_id"], ["devices.clinic_id", "devices.id"], name=op.f("fk_device_sightings_clinic_id_device_id")
        ),
        sa.PrimaryKeyConstraint("clinic_id", "device_id", name=op.f("pk_device_sightings")),
    )
    op.create_table(
        "pin_tries",
        sa.Column("device_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("wait_until", db.UtcDateTime(), nullable=True),
        sa.Column("locked_at", db.UtcDateTime(), nullable=True),
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("write_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", db.UtcDateTime(), nullable=False),
        sa.Column("updated_at", db.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["clinic_id", "device_id"], ["devices.clinic_id", "devices.id"], name=op.f("fk_pin_tries_clinic_id_device_id")
        ),
        sa.ForeignKeyConstraint(["clinic_id", "user_id"], ["users.clinic_id", "users.id"], name=op.f("fk_pin_tries_clinic_id_user_id")),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f("fk_pin_tries_clinic_id")),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_pin_tries")),
        sa.UniqueConstraint("clinic_id", "device_id", "user_id", name=op.f("uq_pin_tries_clinic_id_device_id_user_id")),
    )


def downgrade() -> None:
    """Never: a medical record loses nothing. Restore a backup instead."""
    raise NotImplementedError

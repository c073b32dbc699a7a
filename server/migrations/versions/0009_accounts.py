"""Accounts: second factors, tries of passwords, one-time links; the clinic's signing policy, what a session was opened with.

Nobody has a second factor yet: administrators set one up before they go on managing, surgeons before they sign.
"""

import sqlalchemy as sa
from alembic import op

from server import db
from server.migrations import guards

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "credential_tries",
        sa.Column("account", sa.LargeBinary(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("last_at", db.UtcDateTime(), nullable=False),
        sa.Column("wait_until", db.UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("account", name=op.f("pk_credential_tries")),
    )
    op.create_index("ix_credential_tries_last_at", "credential_tries", ["last_at"], unique=False)
    op.create_table(
        "reset_links",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("made_by", sa.Uuid(), nullable=True),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("drops_second_factor", sa.Boolean(), nullable=False),
        sa.Column("expires_at", db.UtcDateTime(), nullable=False),
        sa.Column("used_at", db.UtcDateTime(), nullable=True),
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("write_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", db.UtcDateTime(), nullable=False),
        sa.Column("updated_at", db.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["clinic_id", "made_by"], ["users.clinic_id", "users.id"], name=op.f("fk_reset_links_clinic_id_made_by")),
        sa.ForeignKeyConstraint(["clinic_id", "user_id"], ["users.clinic_id", "users.id"], name=op.f("fk_reset_links_clinic_id_user_id")),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f("fk_reset_links_clinic_id")),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_reset_links")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_reset_links_token_hash")),
    )
    op.create_table(
        "second_factors",
        sa.Column("secret", sa.Text(), nullable=True),
        sa.Column("pending", sa.Text(), nullable=True),
        sa.Column("pending_until", db.UtcDateTime(), nullable=True),
        sa.Column("last_step", sa.BigInteger(), nullable=False),
        sa.Column("recovery_hashes", db.Json, nullable=False),
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["clinic_id", "id"], ["users.clinic_id", "users.id"], name=op.f("fk_second_factors_clinic_id_id")),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f("fk_second_factors_clinic_id")),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_second_factors")),
    )
    op.add_column("sign_ins", sa.Column("agent", sa.Text(), nullable=True))
    op.add_column("users", sa.Column("second_factor_since", db.UtcDateTime(), nullable=True))
    op.add_column("users", sa.Column("recovery_codes_left", sa.Integer(), nullable=False, server_default="0"))
    op.execute(
        sa.text(
            "ALTER TABLE clinics ADD COLUMN signing_policy VARCHAR(32) DEFAULT 'code' NOT NULL "
            "CONSTRAINT ck_clinics_signingpolicy CHECK (signing_policy IN ('code', 'pin_or_code'))"
        )
    )
    if op.get_bind().dialect.name == "postgresql":
        statements = guards.keepers_postgresql((), guards.NEVER_DELETED_9)
    else:
        statements = list(guards.keepers_sqlite((), guards.NEVER_DELETED_9).values())
    for statement in statements:
        op.execute(sa.text(statement))


def downgrade() -> None:
    """Never: a medical record loses nothing. Restore a backup instead."""
    raise NotImplementedError

"""Signed checkpoints of each clinic's journal. Clinics that have a journal already get their first one from the worker."""

import sqlalchemy as sa
from alembic import op

from server import db
from server.migrations import guards

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "journal_checkpoints",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("size", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", db.UtcDateTime(), nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.Column("parts", sa.LargeBinary(), nullable=False),
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f("fk_journal_checkpoints_clinic_id")),
        sa.PrimaryKeyConstraint("clinic_id", "size", name=op.f("pk_journal_checkpoints")),
    )
    if op.get_bind().dialect.name == "postgresql":
        statements = guards.keepers_postgresql(guards.APPEND_ONLY_8, ())
    else:
        statements = list(guards.keepers_sqlite(guards.APPEND_ONLY_8, ()).values())
    for statement in statements:
        op.execute(sa.text(statement))


def downgrade() -> None:
    """Never: a medical record loses nothing. Restore a backup instead."""
    raise NotImplementedError

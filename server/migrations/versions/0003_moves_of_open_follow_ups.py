"""A table for moves of the open follow-ups to another version of the protocol."""

import sqlalchemy as sa
from alembic import op

from server import db

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "protocol_moves",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", db.UtcDateTime(), nullable=False),
        sa.Column("next_at", db.UtcDateTime(), nullable=False),
        sa.Column("finished_at", db.UtcDateTime(), nullable=True),
        sa.Column("superseded_at", db.UtcDateTime(), nullable=True),
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["clinic_id", "created_by"], ["users.clinic_id", "users.id"], name=op.f("fk_protocol_moves_clinic_id_created_by")
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "number"], ["protocols.clinic_id", "protocols.number"], name=op.f("fk_protocol_moves_clinic_id_number")
        ),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f("fk_protocol_moves_clinic_id")),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_protocol_moves")),
    )
    op.create_index(
        "ix_protocol_moves_moving",
        "protocol_moves",
        ["clinic_id"],
        unique=True,
        sqlite_where=sa.text("finished_at IS NULL AND superseded_at IS NULL"),
        postgresql_where=sa.text("finished_at IS NULL AND superseded_at IS NULL"),
    )


def downgrade() -> None:
    """Never: a medical record loses nothing. Restore a backup instead."""
    raise NotImplementedError

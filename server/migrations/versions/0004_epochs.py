"""Each clinic's journal has an epoch, which changes when a backup is restored. SQLite adds no such column, so the table is made anew."""

import sqlalchemy as sa
from alembic import op

from server import ids

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    bind = op.get_bind()
    before = sa.table("journal_heads", sa.column("clinic_id", sa.Uuid()), sa.column("seq", sa.BigInteger()), sa.column("hash", sa.LargeBinary()))
    heads = [dict(row) | {"epoch": ids.uuid7()} for row in bind.execute(sa.select(before)).mappings()]
    op.drop_table("journal_heads")
    made = op.create_table(
        "journal_heads",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("epoch", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f("fk_journal_heads_clinic_id")),
        sa.PrimaryKeyConstraint("clinic_id", name=op.f("pk_journal_heads")),
    )
    if heads:
        bind.execute(sa.insert(made), heads)


def downgrade() -> None:
    """Never: a medical record loses nothing. Restore a backup instead."""
    raise NotImplementedError

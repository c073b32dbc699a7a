"""Digests: what reports count of each procedure, packed beforehand. Workers make them; until then a report says that it gathers them."""

import sqlalchemy as sa
from alembic import op

from server import db
from server.migrations import guards

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_SECTIONS = ("facts", "visits", "responses", "scores", "scars", "pairs", "ratings", "events")


def upgrade() -> None:
    op.create_table(
        "cohort_digest_heads",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("form", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("filled_to", sa.Uuid(), nullable=True),
        sa.Column("made", sa.Integer(), nullable=False),
        sa.Column("words", db.Json, nullable=False),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f("fk_cohort_digest_heads_clinic_id")),
        sa.PrimaryKeyConstraint("clinic_id", name=op.f("pk_cohort_digest_heads")),
    )
    op.create_table(
        "cohort_digests",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("procedure_id", sa.Uuid(), nullable=False),
        *(sa.Column(name, sa.LargeBinary(), nullable=False) for name in _SECTIONS),
        sa.ForeignKeyConstraint(
            ["clinic_id", "procedure_id"], ["procedures.clinic_id", "procedures.id"], name=op.f("fk_cohort_digests_clinic_id_procedure_id")
        ),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f("fk_cohort_digests_clinic_id")),
        sa.PrimaryKeyConstraint("clinic_id", "procedure_id", name=op.f("pk_cohort_digests")),
    )
    if op.get_bind().dialect.name == "postgresql":
        for statement in (one for table in guards.WALLED_17 for one in guards.wall_postgresql(table)):
            op.execute(sa.text(statement))


def downgrade() -> None:
    """Never: a medical record loses nothing. Restore a backup instead."""
    raise NotImplementedError

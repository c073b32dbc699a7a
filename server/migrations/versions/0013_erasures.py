"""Erasure on a patient's request: the decision, the state of an erased photograph, and the journal's one way to lose a body."""

import sqlalchemy as sa
from alembic import op

from server import db
from server.migrations import erasing, guards, rebuild

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_BEFORE, _AFTER = "('announced', 'stored', 'failed')", "('announced', 'stored', 'failed', 'erased')"


def upgrade() -> None:
    op.create_table(
        "erasures",
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("decided_by", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("journal_to", sa.BigInteger(), nullable=False),
        sa.Column("records", db.Json, nullable=False),
        sa.Column("bodies", sa.Integer(), nullable=False),
        sa.Column("photos", sa.Integer(), nullable=False),
        sa.Column("contact", db.Json, nullable=False),
        sa.Column("created_at", db.UtcDateTime(), nullable=False),
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["clinic_id", "decided_by"], ["users.clinic_id", "users.id"], name=op.f("fk_erasures_clinic_id_decided_by")
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "patient_id"], ["patients.clinic_id", "patients.id"], name=op.f("fk_erasures_clinic_id_patient_id")
        ),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f("fk_erasures_clinic_id")),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_erasures")),
    )
    op.create_index("ix_erasures_patient", "erasures", ["clinic_id", "patient_id"], unique=False)
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint(op.f("ck_photos_photostate"), "photos", type_="check")
        op.create_check_constraint(op.f("ck_photos_photostate"), "photos", f"state IN {_AFTER}")
        statements = guards.keepers_postgresql(guards.APPEND_ONLY_13, ())
        statements += [one for table in guards.WALLED_13 for one in guards.wall_postgresql(table)]
    else:
        rebuild.with_other_words("photos", f"state IN {_BEFORE}", f"state IN {_AFTER}")
        statements = list(guards.keepers_sqlite(guards.APPEND_ONLY_13, ()).values())
    for statement in statements:
        op.execute(sa.text(statement))
    erasing.guard()


def downgrade() -> None:
    """Never: a medical record loses nothing. Restore a backup instead."""
    raise NotImplementedError

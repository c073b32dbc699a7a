"""What a patient's photographs may be shown for, how well each can be compared; lookups of a journal's person and a title."""

import sqlalchemy as sa
from alembic import op

from server import db
from server.migrations import guards

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def _words(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=32)


def upgrade() -> None:
    op.create_table(
        "photo_consents",
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("purpose", _words("consentpurpose", "record", "rating", "teaching", "publication"), nullable=False),
        sa.Column("given", sa.Boolean(), nullable=False),
        sa.Column("decided_on", sa.Date(), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.Column("created_at", db.UtcDateTime(), nullable=False),
        sa.Column("content_hash", sa.Text(), nullable=False),
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["clinic_id", "patient_id"], ["patients.clinic_id", "patients.id"], name=op.f("fk_photo_consents_clinic_id_patient_id")
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "recorded_by"], ["users.clinic_id", "users.id"], name=op.f("fk_photo_consents_clinic_id_recorded_by")
        ),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f("fk_photo_consents_clinic_id")),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_photo_consents")),
    )
    op.create_index("ix_photo_consents_patient", "photo_consents", ["clinic_id", "patient_id", "created_at", "id"], unique=False)
    op.create_table(
        "photo_grades",
        sa.Column("photo_id", sa.Uuid(), nullable=False),
        sa.Column("quality", _words("photoquality", "good", "usable", "poor"), nullable=False),
        sa.Column("flaws", db.Json, nullable=False),
        sa.Column("graded_by", sa.Uuid(), nullable=False),
        sa.Column("created_at", db.UtcDateTime(), nullable=False),
        sa.Column("content_hash", sa.Text(), nullable=False),
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["clinic_id", "graded_by"], ["users.clinic_id", "users.id"], name=op.f("fk_photo_grades_clinic_id_graded_by")
        ),
        sa.ForeignKeyConstraint(["clinic_id", "photo_id"], ["photos.clinic_id", "photos.id"], name=op.f("fk_photo_grades_clinic_id_photo_id")),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f("fk_photo_grades_clinic_id")),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_photo_grades")),
    )
    op.create_index("ix_photo_grades_photo", "photo_grades", ["clinic_id", "photo_id", "created_at", "id"], unique=False)
    titled = sa.text("title <> 'Nanofat injection of depressed facial scars'")
    op.create_index("ix_procedures_titled", "procedures", ["clinic_id", "title"], unique=False, sqlite_where=titled, postgresql_where=titled)
    op.create_index("ix_journal_actor", "journal", ["clinic_id", "actor_id", "seq"], unique=False)
    if op.get_bind().dialect.name == "postgresql":
        statements = guards.keepers_postgresql(guards.APPEND_ONLY_14, ())
        statements += [one for table in guards.WALLED_14 for one in guards.wall_postgresql(table)]
    else:
        statements = list(guards.keepers_sqlite(guards.APPEND_ONLY_14, ()).values())
    for statement in statements:
        op.execute(sa.text(statement))


def downgrade() -> None:
    """Never: a medical record loses nothing. Restore a backup instead."""
    raise NotImplementedError

"""Keys of photographs, and which of them still lie plain: all that were stored before. Workers encrypt those, a day later at the earliest."""

import sqlalchemy as sa
from alembic import op

from server import db

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "photo_master_keys",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("created_at", db.UtcDateTime(), nullable=False),
        sa.Column("retired_at", db.UtcDateTime(), nullable=True),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("finished_at", db.UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f("fk_photo_master_keys_clinic_id")),
        sa.PrimaryKeyConstraint("clinic_id", "key_id", name=op.f("pk_photo_master_keys")),
    )
    op.create_table(
        "photo_keys",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", db.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["clinic_id", "patient_id"], ["patients.clinic_id", "patients.id"], name=op.f("fk_photo_keys_clinic_id_patient_id")
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "key_id"],
            ["photo_master_keys.clinic_id", "photo_master_keys.key_id"],
            name=op.f("fk_photo_keys_clinic_id_key_id"),
        ),
        sa.PrimaryKeyConstraint("clinic_id", "patient_id", name=op.f("pk_photo_keys")),
    )
    op.create_index("ix_photo_keys_key", "photo_keys", ["clinic_id", "key_id"], unique=False)
    op.create_table(
        "plain_photos",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("photo_id", sa.Uuid(), nullable=False),
        sa.Column("next_at", db.UtcDateTime(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["clinic_id", "photo_id"], ["photos.clinic_id", "photos.id"], name=op.f("fk_plain_photos_clinic_id_photo_id")),
        sa.PrimaryKeyConstraint("clinic_id", "photo_id", name=op.f("pk_plain_photos")),
    )
    op.create_index("ix_plain_photos_next", "plain_photos", ["next_at"], unique=False)
    op.execute(
        sa.text("INSERT INTO plain_photos (clinic_id, photo_id, next_at) SELECT clinic_id, id, stored_at FROM photos WHERE state = 'stored'")
    )


def downgrade() -> None:
    """Never: a medical record loses nothing. Restore a backup instead."""
    raise NotImplementedError

"""Photographs: announced and stored, uploads on their way, thumbnails still to be made."""

import sqlalchemy as sa
from alembic import op

from server import db
from server.migrations import guards

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "photos",
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("procedure_id", sa.Uuid(), nullable=True),
        sa.Column("scar_id", sa.Uuid(), nullable=True),
        sa.Column(
            "view",
            sa.Enum(
                "front",
                "left_oblique",
                "right_oblique",
                "left_profile",
                "right_profile",
                "close_up",
                "other",
                name="photoview",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "kind",
            sa.Enum("baseline", "intraoperative", "follow_up", name="photokind", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("taken_at", db.UtcDateTime(), nullable=True),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            sa.Enum("announced", "stored", "failed", name="photostate", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("failure", sa.Text(), nullable=True),
        sa.Column("stored_at", db.UtcDateTime(), nullable=True),
        sa.Column("stored_sha256", sa.String(length=64), nullable=True),
        sa.Column("stored_bytes", sa.Integer(), nullable=True),
        sa.Column("width_px", sa.Integer(), nullable=True),
        sa.Column("height_px", sa.Integer(), nullable=True),
        sa.Column("object_key", sa.Text(), nullable=True),
        sa.Column(
            "thumbnails",
            sa.Enum("waiting", "made", "failed", name="thumbnailstate", native_enum=False, create_constraint=True, length=32),
            nullable=True,
        ),
        sa.Column("thumbnail_problem", sa.Text(), nullable=True),
        sa.Column("content_hash", sa.Text(), nullable=False),
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("write_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", db.UtcDateTime(), nullable=False),
        sa.Column("updated_at", db.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["clinic_id", "patient_id"], ["patients.clinic_id", "patients.id"], name=op.f("fk_photos_clinic_id_patient_id")
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "procedure_id"], ["procedures.clinic_id", "procedures.id"], name=op.f("fk_photos_clinic_id_procedure_id")
        ),
        sa.ForeignKeyConstraint(["clinic_id", "scar_id"], ["scars.clinic_id", "scars.id"], name=op.f("fk_photos_clinic_id_scar_id")),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f("fk_photos_clinic_id")),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_photos")),
    )
    op.create_index("ix_photos_in_order", "photos", ["clinic_id", "created_at", "id"], unique=False)
    op.create_index("ix_photos_patient", "photos", ["clinic_id", "patient_id", "created_at"], unique=False)
    op.create_index("ix_photos_procedure", "photos", ["clinic_id", "procedure_id"], unique=False)
    op.create_index("ix_photos_scar", "photos", ["clinic_id", "scar_id"], unique=False)
    op.create_table(
        "thumbnail_jobs",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("photo_id", sa.Uuid(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", db.UtcDateTime(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["clinic_id", "photo_id"], ["photos.clinic_id", "photos.id"], name=op.f("fk_thumbnail_jobs_clinic_id_photo_id")
        ),
        sa.PrimaryKeyConstraint("clinic_id", "photo_id", name=op.f("pk_thumbnail_jobs")),
    )
    op.create_index("ix_thumbnail_jobs_next", "thumbnail_jobs", ["next_at"], unique=False)
    op.create_table(
        "uploads",
        sa.Column("photo_id", sa.Uuid(), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("received_bytes", sa.Integer(), nullable=False),
        sa.Column("parts", db.Json, nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "open", "done", "refused", "stopped", "expired", name="uploadstate", native_enum=False, create_constraint=True, length=32
            ),
            nullable=False,
        ),
        sa.Column("object_key", sa.Text(), nullable=False),
        sa.Column("created_at", db.UtcDateTime(), nullable=False),
        sa.Column("expires_at", db.UtcDateTime(), nullable=False),
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["clinic_id", "photo_id"], ["photos.clinic_id", "photos.id"], name=op.f("fk_uploads_clinic_id_photo_id")),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f("fk_uploads_clinic_id")),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_uploads")),
    )
    op.create_index("ix_uploads_expires", "uploads", ["clinic_id", "expires_at"], unique=False)
    op.create_index("ix_uploads_photo", "uploads", ["clinic_id", "photo_id"], unique=False)
    if op.get_bind().dialect.name == "postgresql":
        statements = guards.keepers_postgresql((), guards.NEVER_DELETED_7)
    else:
        statements = list(guards.keepers_sqlite((), guards.NEVER_DELETED_7).values())
    for statement in statements:
        op.execute(sa.text(statement))


def downgrade() -> None:
    """Never: a medical record loses nothing. Restore a backup instead."""
    raise NotImplementedError

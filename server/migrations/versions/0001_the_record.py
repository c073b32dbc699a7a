"""The record: clinics, patients, procedures, entries, signatures, journal, follow-up; and the triggers that guard them."""

import sqlalchemy as sa
from alembic import op

from server.migrations import guards
from server import db

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "clinics",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("time_zone", sa.Text(), nullable=False),
        sa.Column("locale", sa.Text(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("demo", sa.Boolean(), nullable=False),
        sa.Column("write_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", db.UtcDateTime(), nullable=False),
        sa.Column("updated_at", db.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clinics")),
    )
    op.create_table(
        "journal",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", db.UtcDateTime(), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("device_id", sa.Uuid(), nullable=True),
        sa.Column("action", sa.String(length=40), nullable=False),
        sa.Column("collection", sa.String(length=40), nullable=False),
        sa.Column("record_id", sa.Uuid(), nullable=False),
        sa.Column("write_id", sa.Uuid(), nullable=True),
        sa.Column("body", sa.Text(), nullable=True),
        sa.Column("salt", sa.LargeBinary(), nullable=True),
        sa.Column("detail_hash", sa.LargeBinary(), nullable=False),
        sa.Column("prev_hash", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f("fk_journal_clinic_id")),
        sa.PrimaryKeyConstraint("clinic_id", "seq", name=op.f("pk_journal")),
    )
    op.create_index("ix_journal_record", "journal", ["clinic_id", "record_id", "seq"], unique=False)
    op.create_table(
        "journal_heads",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f("fk_journal_heads_clinic_id")),
        sa.PrimaryKeyConstraint("clinic_id", name=op.f("pk_journal_heads")),
    )
    op.create_table(
        "patients",
        sa.Column("mrn", sa.Text(), nullable=False),
        sa.Column("family_name", sa.Text(), nullable=False),
        sa.Column("given_name", sa.Text(), nullable=False),
        sa.Column("birth_date", sa.Date(), nullable=True),
        sa.Column(
            "sex",
            sa.Enum("female", "male", "other", "unknown", name="sex", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("weight_g", sa.Integer(), nullable=True),
        sa.Column("height_mm", sa.Integer(), nullable=True),
        sa.Column("fitzpatrick", sa.Integer(), nullable=True),
        sa.Column("allergies", sa.Text(), nullable=True),
        sa.Column("reminder_consent", sa.Boolean(), nullable=False),
        sa.Column("notes", sa.Text(), nullable=True),
        sa.Column("search", sa.Text(), nullable=False),
        sa.Column("content_hash", sa.Text(), nullable=False),
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("write_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", db.UtcDateTime(), nullable=False),
        sa.Column("updated_at", db.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f("fk_patients_clinic_id")),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_patients")),
        sa.UniqueConstraint("clinic_id", "mrn", name=op.f("uq_patients_clinic_id_mrn")),
    )
    op.create_index("ix_patients_name", "patients", ["clinic_id", "family_name", "given_name", "id"], unique=False)
    op.create_table(
        "signing_keys",
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("public_key", sa.Text(), nullable=False),
        sa.Column("created_at", db.UtcDateTime(), nullable=False),
        sa.Column("retired_at", db.UtcDateTime(), nullable=True),
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f("fk_signing_keys_clinic_id")),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_signing_keys")),
    )
    op.create_table(
        "users",
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("roles", db.Json, nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("write_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", db.UtcDateTime(), nullable=False),
        sa.Column("updated_at", db.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f("fk_users_clinic_id")),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_users")),
        sa.UniqueConstraint("email", name=op.f("uq_users_email")),
    )
    op.create_table(
        "kept_answers",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("body", sa.Text(), nullable=True),
        sa.Column("etag", sa.Text(), nullable=True),
        sa.Column("created_at", db.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["clinic_id", "user_id"], ["users.clinic_id", "users.id"], name=op.f("fk_kept_answers_clinic_id_user_id")),
        sa.PrimaryKeyConstraint("clinic_id", "user_id", "key", name=op.f("pk_kept_answers")),
    )
    op.create_table(
        "procedures",
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("surgeon_id", sa.Uuid(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "planned",
                "in_progress",
                "completed",
                "signed",
                "cancelled",
                "abandoned",
                "entered_in_error",
                name="procedurestate",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("planned_for", db.UtcDateTime(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column(
            "urgency",
            sa.Enum("elective", "emergency", name="urgency", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("assistant", sa.Text(), nullable=True),
        sa.Column("anaesthetist", sa.Text(), nullable=True),
        sa.Column("weight_g", sa.Integer(), nullable=True),
        sa.Column("consent_on", sa.Date(), nullable=True),
        sa.Column("baseline_photos_on", sa.Date(), nullable=True),
        sa.Column(
            "harvest_site",
            sa.Enum(
                "lower_abdomen",
                "upper_abdomen",
                "periumbilical",
                "flank",
                "hip",
                "inner_thigh",
                "outer_thigh",
                "anterior_thigh",
                "inner_knee",
                "lower_back",
                "buttock",
                "trochanter",
                "suprapubic",
                "other",
                name="harvestsite",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=True,
        ),
        sa.Column(
            "harvest_side",
            sa.Enum("left", "right", "midline", "both", name="side", native_enum=False, create_constraint=True, length=32),
            nullable=True,
        ),
        sa.Column("planned_passes", sa.Integer(), nullable=True),
        sa.Column("planned_aperture_um", sa.Integer(), nullable=True),
        sa.Column("started_at", db.UtcDateTime(), nullable=True),
        sa.Column("ended_at", db.UtcDateTime(), nullable=True),
        sa.Column("closed_reason", sa.Text(), nullable=True),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("content_hash", sa.Text(), nullable=False),
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("write_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", db.UtcDateTime(), nullable=False),
        sa.Column("updated_at", db.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["clinic_id", "patient_id"], ["patients.clinic_id", "patients.id"], name=op.f("fk_procedures_clinic_id_patient_id")
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "surgeon_id"], ["users.clinic_id", "users.id"], name=op.f("fk_procedures_clinic_id_surgeon_id")
        ),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f("fk_procedures_clinic_id")),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_procedures")),
    )
    op.create_index("ix_procedures_patient", "procedures", ["clinic_id", "patient_id"], unique=False)
    op.create_index("ix_procedures_planned", "procedures", ["clinic_id", "planned_for", "id"], unique=False)
    op.create_index("ix_procedures_state", "procedures", ["clinic_id", "state", "planned_for", "id"], unique=False)
    op.create_index("ix_procedures_surgeon", "procedures", ["clinic_id", "surgeon_id", "planned_for", "id"], unique=False)
    op.create_table(
        "scars",
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column(
            "subunit",
            sa.Enum(
                "forehead",
                "glabella",
                "temple",
                "brow",
                "upper_eyelid",
                "lower_eyelid",
                "nose_dorsum",
                "nose_tip",
                "nose_ala",
                "nose_sidewall",
                "cheek_medial",
                "cheek_lateral",
                "cheek_zygomatic",
                "cheek_buccal",
                "nasolabial",
                "upper_lip",
                "lower_lip",
                "philtrum",
                "chin",
                "jawline",
                "ear",
                "scalp_edge",
                name="subunit",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "side",
            sa.Enum("left", "right", "midline", "both", name="side", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column(
            "view", sa.Enum("front", "left", "right", name="faceview", native_enum=False, create_constraint=True, length=32), nullable=True
        ),
        sa.Column("x_e4", sa.Integer(), nullable=True),
        sa.Column("y_e4", sa.Integer(), nullable=True),
        sa.Column(
            "morphology",
            sa.Enum(
                "depressed_linear",
                "depressed_broad",
                "icepick",
                "boxcar_shallow",
                "boxcar_deep",
                "rolling",
                "tethered",
                "mixed",
                "other",
                name="morphology",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "aetiology",
            sa.Enum(
                "acne",
                "trauma",
                "surgery",
                "burn",
                "varicella",
                "infection",
                "bite",
                "congenital",
                "scleroderma",
                "iatrogenic",
                "other",
                name="aetiology",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("length_um", sa.Integer(), nullable=True),
        sa.Column("width_um", sa.Integer(), nullable=True),
        sa.Column("depth_um", sa.Integer(), nullable=True),
        sa.Column("area_mm2_e1", sa.Integer(), nullable=True),
        sa.Column("age_months", sa.Integer(), nullable=True),
        sa.Column("notes", sa.Text(), nullable=True),
        sa.Column("content_hash", sa.Text(), nullable=False),
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("write_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", db.UtcDateTime(), nullable=False),
        sa.Column("updated_at", db.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["clinic_id", "patient_id"], ["patients.clinic_id", "patients.id"], name=op.f("fk_scars_clinic_id_patient_id")
        ),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f("fk_scars_clinic_id")),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_scars")),
    )
    op.create_index("ix_scars_patient", "scars", ["clinic_id", "patient_id"], unique=False)
    op.create_table(
        "sign_ins",
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", db.UtcDateTime(), nullable=False),
        sa.Column("last_seen_at", db.UtcDateTime(), nullable=False),
        sa.Column("expires_at", db.UtcDateTime(), nullable=False),
        sa.Column("ended_at", db.UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["clinic_id", "user_id"], ["users.clinic_id", "users.id"], name=op.f("fk_sign_ins_clinic_id_user_id")),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_sign_ins")),
    )
    op.create_index("ix_sign_ins_user", "sign_ins", ["clinic_id", "user_id"], unique=False)
    op.create_table(
        "addenda",
        sa.Column("procedure_id", sa.Uuid(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("signer_id", sa.Uuid(), nullable=False),
        sa.Column("signer_name", sa.Text(), nullable=False),
        sa.Column("signed_at", db.UtcDateTime(), nullable=False),
        sa.Column("manifest", sa.Text(), nullable=False),
        sa.Column("signature", sa.Text(), nullable=False),
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("content_hash", sa.Text(), nullable=False),
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["clinic_id", "procedure_id"], ["procedures.clinic_id", "procedures.id"], name=op.f("fk_addenda_clinic_id_procedure_id")
        ),
        sa.ForeignKeyConstraint(["clinic_id", "signer_id"], ["users.clinic_id", "users.id"], name=op.f("fk_addenda_clinic_id_signer_id")),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f("fk_addenda_clinic_id")),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_addenda")),
    )
    op.create_index("ix_addenda_procedure", "addenda", ["clinic_id", "procedure_id"], unique=False)
    op.create_table(
        "entries",
        sa.Column("procedure_id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "checklist",
                "anaesthesia",
                "harvest",
                "preparation",
                "emulsification",
                "filtration",
                "injection",
                "discard",
                "device_use",
                "incident",
                "note",
                "retraction",
                name="entrykind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("recorded_at", db.UtcDateTime(), nullable=False),
        sa.Column("recorded_offset_min", sa.Integer(), nullable=False),
        sa.Column("received_at", db.UtcDateTime(), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.Column("device_id", sa.Uuid(), nullable=True),
        sa.Column("device_seq", sa.Integer(), nullable=True),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.Column("confirmed", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("scar_id", sa.Uuid(), nullable=True),
        sa.Column("retracts", sa.Uuid(), nullable=True),
        sa.Column(
            "site",
            sa.Enum(
                "lower_abdomen",
                "upper_abdomen",
                "periumbilical",
                "flank",
                "hip",
                "inner_thigh",
                "outer_thigh",
                "anterior_thigh",
                "inner_knee",
                "lower_back",
                "buttock",
                "trochanter",
                "suprapubic",
                "other",
                name="harvestsite",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=True,
        ),
        sa.Column(
            "plane",
            sa.Enum(
                "intradermal",
                "subdermal",
                "intralesional",
                "subcutaneous",
                "deep_fat",
                "supraperiosteal",
                name="plane",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=True,
        ),
        sa.Column(
            "incident",
            sa.Enum(
                "vascular_sign",
                "bleeding",
                "last_sign",
                "allergic_reaction",
                "wrong_site",
                "equipment",
                "sterility",
                "other",
                name="incidentkind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=True,
        ),
        sa.Column(
            "severity",
            sa.Enum("mild", "moderate", "severe", name="severity", native_enum=False, create_constraint=True, length=32),
            nullable=True,
        ),
        sa.Column("lipoaspirate_ul", sa.Integer(), nullable=True),
        sa.Column("fat_ul", sa.Integer(), nullable=True),
        sa.Column("nanofat_ul", sa.Integer(), nullable=True),
        sa.Column("additives_ul", sa.Integer(), nullable=True),
        sa.Column("volume_ul", sa.Integer(), nullable=True),
        sa.Column("cannula_um", sa.Integer(), nullable=True),
        sa.Column("connector_um", sa.Integer(), nullable=True),
        sa.Column("aperture_um", sa.Integer(), nullable=True),
        sa.Column("stage", sa.Integer(), nullable=True),
        sa.Column("passes", sa.Integer(), nullable=True),
        sa.Column("filter_passes", sa.Integer(), nullable=True),
        sa.Column("filtered", sa.Boolean(), nullable=True),
        sa.Column("needle_gauge", sa.Integer(), nullable=True),
        sa.Column("lidocaine_ug_per_l", sa.Integer(), nullable=True),
        sa.Column("lidocaine_ug", sa.Integer(), nullable=True),
        sa.Column("blood_loss_ul", sa.Integer(), nullable=True),
        sa.Column("started_at", db.UtcDateTime(), nullable=True),
        sa.Column("ended_at", db.UtcDateTime(), nullable=True),
        sa.Column("details", db.Json, nullable=False),
        sa.Column("warnings", db.Json, nullable=False),
        sa.Column("content_hash", sa.Text(), nullable=False),
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("kind <> 'discard' OR (coalesce(volume_ul, 0) > 0)", name=op.f("ck_entries_kind_discard")),
        sa.CheckConstraint(
            "kind <> 'emulsification' OR (stage IS NOT NULL AND passes IS NOT NULL)", name=op.f("ck_entries_kind_emulsification")
        ),
        sa.CheckConstraint(
            "kind <> 'filtration' OR (filtered IS NOT NULL AND coalesce(nanofat_ul, 0) > 0)", name=op.f("ck_entries_kind_filtration")
        ),
        sa.CheckConstraint(
            "kind <> 'harvest' OR (site IS NOT NULL AND coalesce(lipoaspirate_ul, 0) > 0)", name=op.f("ck_entries_kind_harvest")
        ),
        sa.CheckConstraint("kind <> 'incident' OR (incident IS NOT NULL)", name=op.f("ck_entries_kind_incident")),
        sa.CheckConstraint(
            "kind <> 'injection' OR (scar_id IS NOT NULL AND coalesce(volume_ul, 0) > 0 AND plane IS NOT NULL)",
            name=op.f("ck_entries_kind_injection"),
        ),
        sa.CheckConstraint(
            "kind <> 'retraction' OR (retracts IS NOT NULL AND reason IS NOT NULL)", name=op.f("ck_entries_kind_retraction")
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "procedure_id"], ["procedures.clinic_id", "procedures.id"], name=op.f("fk_entries_clinic_id_procedure_id")
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "recorded_by"], ["users.clinic_id", "users.id"], name=op.f("fk_entries_clinic_id_recorded_by")
        ),
        sa.ForeignKeyConstraint(["clinic_id", "retracts"], ["entries.clinic_id", "entries.id"], name=op.f("fk_entries_clinic_id_retracts")),
        sa.ForeignKeyConstraint(["clinic_id", "scar_id"], ["scars.clinic_id", "scars.id"], name=op.f("fk_entries_clinic_id_scar_id")),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f("fk_entries_clinic_id")),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_entries")),
        sa.UniqueConstraint("clinic_id", "device_id", "device_seq", name=op.f("uq_entries_clinic_id_device_id_device_seq")),
    )
    op.create_index("ix_entries_procedure", "entries", ["clinic_id", "procedure_id", "recorded_at"], unique=False)
    op.create_index(
        "ix_entries_scar",
        "entries",
        ["clinic_id", "scar_id"],
        unique=False,
        sqlite_where=sa.text("scar_id IS NOT NULL"),
        postgresql_where=sa.text("scar_id IS NOT NULL"),
    )
    op.create_table(
        "planned_injections",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("procedure_id", sa.Uuid(), nullable=False),
        sa.Column("scar_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("volume_ul", sa.Integer(), nullable=False),
        sa.Column(
            "plane",
            sa.Enum(
                "intradermal",
                "subdermal",
                "intralesional",
                "subcutaneous",
                "deep_fat",
                "supraperiosteal",
                name="plane",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=True,
        ),
        sa.Column("needle_gauge", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["clinic_id", "procedure_id"],
            ["procedures.clinic_id", "procedures.id"],
            name=op.f("fk_planned_injections_clinic_id_procedure_id"),
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "scar_id"], ["scars.clinic_id", "scars.id"], name=op.f("fk_planned_injections_clinic_id_scar_id")
        ),
        sa.PrimaryKeyConstraint("clinic_id", "procedure_id", "scar_id", name=op.f("pk_planned_injections")),
    )
    op.create_index("ix_planned_injections_scar", "planned_injections", ["clinic_id", "scar_id"], unique=False)
    op.create_table(
        "signatures",
        sa.Column("procedure_id", sa.Uuid(), nullable=False),
        sa.Column("signer_id", sa.Uuid(), nullable=False),
        sa.Column("signer_name", sa.Text(), nullable=False),
        sa.Column(
            "meaning",
            sa.Enum("author", "verified", name="signaturemeaning", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("signed_at", db.UtcDateTime(), nullable=False),
        sa.Column("manifest", sa.Text(), nullable=False),
        sa.Column("signature", sa.Text(), nullable=False),
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("public_key", sa.Text(), nullable=False),
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["clinic_id", "procedure_id"], ["procedures.clinic_id", "procedures.id"], name=op.f("fk_signatures_clinic_id_procedure_id")
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "signer_id"], ["users.clinic_id", "users.id"], name=op.f("fk_signatures_clinic_id_signer_id")
        ),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f("fk_signatures_clinic_id")),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_signatures")),
        sa.UniqueConstraint("clinic_id", "procedure_id", name=op.f("uq_signatures_clinic_id_procedure_id")),
    )
    op.create_table(
        "visits",
        sa.Column("procedure_id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column(
            "step", sa.Enum("2w", "3m", "1y", name="visitstep", native_enum=False, create_constraint=True, length=32), nullable=False
        ),
        sa.Column("protocol_version", sa.Text(), nullable=False),
        sa.Column("target_date", sa.Date(), nullable=False),
        sa.Column("opens_on", sa.Date(), nullable=False),
        sa.Column("closes_on", sa.Date(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "planned",
                "due",
                "booked",
                "attended",
                "missed",
                "declined",
                "lost_to_follow_up",
                "cancelled",
                name="visitstate",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("booked_for", db.UtcDateTime(), nullable=True),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("write_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", db.UtcDateTime(), nullable=False),
        sa.Column("updated_at", db.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["clinic_id", "patient_id"], ["patients.clinic_id", "patients.id"], name=op.f("fk_visits_clinic_id_patient_id")
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "procedure_id"], ["procedures.clinic_id", "procedures.id"], name=op.f("fk_visits_clinic_id_procedure_id")
        ),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f("fk_visits_clinic_id")),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_visits")),
        sa.UniqueConstraint(
            "clinic_id", "procedure_id", "step", "generation", name=op.f("uq_visits_clinic_id_procedure_id_step_generation")
        ),
    )
    op.create_index("ix_visits_patient", "visits", ["clinic_id", "patient_id"], unique=False)
    op.create_index("ix_visits_state", "visits", ["clinic_id", "state", "target_date", "id"], unique=False)
    op.create_index("ix_visits_target", "visits", ["clinic_id", "target_date", "id"], unique=False)
    op.create_table(
        "reminders",
        sa.Column("visit_id", sa.Uuid(), nullable=False),
        sa.Column("procedure_id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("rung", sa.Integer(), nullable=False),
        sa.Column("purpose", sa.Enum("book", "near", name="purpose", native_enum=False, create_constraint=True, length=32), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("channel", sa.Enum("email", name="channel", native_enum=False, create_constraint=True, length=32), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("wall", sa.Text(), nullable=False),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.Column("due_at", db.UtcDateTime(), nullable=False),
        sa.Column("expires_at", db.UtcDateTime(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "pending",
                "claimed",
                "sending",
                "accepted",
                "uncertain",
                "suppressed",
                "cancelled",
                "expired",
                "dead",
                name="reminderstate",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", db.UtcDateTime(), nullable=True),
        sa.Column("lease_until", db.UtcDateTime(), nullable=True),
        sa.Column("lease_token", sa.Uuid(), nullable=True),
        sa.Column("begun_at", db.UtcDateTime(), nullable=True),
        sa.Column("idempotency_key", sa.Uuid(), nullable=False),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("sent_at", db.UtcDateTime(), nullable=True),
        sa.Column("message_id", sa.Text(), nullable=True),
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("write_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", db.UtcDateTime(), nullable=False),
        sa.Column("updated_at", db.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["clinic_id", "patient_id"], ["patients.clinic_id", "patients.id"], name=op.f("fk_reminders_clinic_id_patient_id")
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "procedure_id"], ["procedures.clinic_id", "procedures.id"], name=op.f("fk_reminders_clinic_id_procedure_id")
        ),
        sa.ForeignKeyConstraint(["clinic_id", "visit_id"], ["visits.clinic_id", "visits.id"], name=op.f("fk_reminders_clinic_id_visit_id")),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f("fk_reminders_clinic_id")),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_reminders")),
        sa.UniqueConstraint("clinic_id", "idempotency_key", name=op.f("uq_reminders_clinic_id_idempotency_key")),
    )
    op.create_index("ix_reminders_due", "reminders", ["clinic_id", "due_at", "id"], unique=False)
    op.create_index(
        "ix_reminders_leased",
        "reminders",
        ["lease_until", "clinic_id"],
        unique=False,
        sqlite_where=sa.text("state IN ('claimed', 'sending')"),
        postgresql_where=sa.text("state IN ('claimed', 'sending')"),
    )
    op.create_index("ix_reminders_patient", "reminders", ["clinic_id", "patient_id"], unique=False)
    op.create_index(
        "ix_reminders_pending",
        "reminders",
        ["due_at", "clinic_id"],
        unique=False,
        sqlite_where=sa.text("state = 'pending'"),
        postgresql_where=sa.text("state = 'pending'"),
    )
    op.create_index("ix_reminders_procedure", "reminders", ["clinic_id", "procedure_id"], unique=False)
    op.create_index("ix_reminders_state", "reminders", ["clinic_id", "state", "due_at", "id"], unique=False)
    op.create_index("ix_reminders_visit", "reminders", ["clinic_id", "visit_id"], unique=False)
    op.create_table(
        "attempts",
        sa.Column("reminder_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("lease_token", sa.Uuid(), nullable=False),
        sa.Column("started_at", db.UtcDateTime(), nullable=False),
        sa.Column("ended_at", db.UtcDateTime(), nullable=False),
        sa.Column(
            "outcome",
            sa.Enum("accepted", "not_sent", "rejected", "uncertain", name="outcome", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["clinic_id", "reminder_id"], ["reminders.clinic_id", "reminders.id"], name=op.f("fk_attempts_clinic_id_reminder_id")
        ),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f("fk_attempts_clinic_id")),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_attempts")),
    )
    op.create_index("ix_attempts_reminder", "attempts", ["clinic_id", "reminder_id", "number"], unique=False)
    if op.get_bind().dialect.name == "postgresql":
        statements = guards.postgresql()
    else:
        statements = list(guards.sqlite().values())
    for statement in statements:
        op.execute(sa.text(statement))


def downgrade() -> None:
    """Never: a medical record loses nothing. Restore a backup instead."""
    raise NotImplementedError

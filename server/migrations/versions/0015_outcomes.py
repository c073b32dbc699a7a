"""Outcomes: assessments, questionnaires, redness over time, the raters' panel; and the reports computed from them."""

import sqlalchemy as sa
from alembic import op

from server import db
from server.migrations import guards

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

PARTIAL = (
    ("ux_reports_active", "reports", ["clinic_id", "filters_hash"], "state IN ('queued', 'running')"),
    ("ix_entries_injected", "entries", ["clinic_id", "procedure_id", "scar_id", "volume_ul", "id"], "kind = 'injection'"),
    ("ix_entries_retracts", "entries", ["clinic_id", "retracts"], "retracts IS NOT NULL"),
    (
        "ix_reminders_told",
        "reminders",
        ["clinic_id", "visit_id"],
        "state IN ('accepted', 'delivered') AND recipient = 'patient' AND visit_id IS NOT NULL",
    ),
)
"""(name, table, columns, of which rows): the reports' own, and what they walk through."""


def upgrade() -> None:
    op.create_table(
        "instruments",
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("version", sa.String(length=40), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("definition", db.Json, nullable=False),
        sa.Column("loaded_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", db.UtcDateTime(), nullable=False),
        sa.Column("content_hash", sa.Text(), nullable=False),
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["clinic_id", "loaded_by"], ["users.clinic_id", "users.id"], name=op.f("fk_instruments_clinic_id_loaded_by")
        ),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f("fk_instruments_clinic_id")),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_instruments")),
        sa.UniqueConstraint("clinic_id", "key", "version", name=op.f("uq_instruments_clinic_id_key_version")),
    )
    op.create_table(
        "licences",
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("recorded_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", db.UtcDateTime(), nullable=False),
        sa.Column("content_hash", sa.Text(), nullable=False),
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["clinic_id", "recorded_by"], ["users.clinic_id", "users.id"], name=op.f("fk_licences_clinic_id_recorded_by")
        ),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f("fk_licences_clinic_id")),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_licences")),
    )
    op.create_index("ix_licences_key", "licences", ["clinic_id", "key", "created_at"], unique=False)
    op.create_table(
        "rating_queues",
        sa.Column("rater_id", sa.Uuid(), nullable=False),
        sa.Column("seed", sa.String(length=64), nullable=False),
        sa.Column("created_at", db.UtcDateTime(), nullable=False),
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["clinic_id", "rater_id"], ["users.clinic_id", "users.id"], name=op.f("fk_rating_queues_clinic_id_rater_id")
        ),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f("fk_rating_queues_clinic_id")),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_rating_queues")),
        sa.UniqueConstraint("clinic_id", "rater_id", name=op.f("uq_rating_queues_clinic_id_rater_id")),
    )
    op.create_table(
        "reports",
        sa.Column("filters", db.Json, nullable=False),
        sa.Column("filters_hash", sa.String(length=64), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column(
            "state",
            sa.Enum("queued", "running", "done", "failed", name="reportstate", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("step", sa.Text(), nullable=True),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("asked_by", sa.Uuid(), nullable=True),
        sa.Column("asked_at", db.UtcDateTime(), nullable=False),
        sa.Column("lease_until", db.UtcDateTime(), nullable=True),
        sa.Column("finished_at", db.UtcDateTime(), nullable=True),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.Column("result", db.Json, nullable=True),
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["clinic_id", "asked_by"], ["users.clinic_id", "users.id"], name=op.f("fk_reports_clinic_id_asked_by")),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f("fk_reports_clinic_id")),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_reports")),
        sa.UniqueConstraint("clinic_id", "filters_hash", "seq", name=op.f("uq_reports_clinic_id_filters_hash_seq")),
    )
    op.create_index("ix_reports_state", "reports", ["state", "asked_at"], unique=False)
    for name, table, columns, only in PARTIAL:
        where = {"sqlite_where": sa.text(only), "postgresql_where": sa.text(only)}
        op.create_index(name, table, columns, unique=name.startswith("ux_"), **where)
    op.create_table(
        "assessments",
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("procedure_id", sa.Uuid(), nullable=False),
        sa.Column("visit_id", sa.Uuid(), nullable=True),
        sa.Column("assessed_on", sa.Date(), nullable=False),
        sa.Column("assessed_by", sa.Uuid(), nullable=False),
        sa.Column("erythema", sa.Integer(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("replaces", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("withdrawn", sa.Boolean(), nullable=False),
        sa.Column("created_at", db.UtcDateTime(), nullable=False),
        sa.Column("content_hash", sa.Text(), nullable=False),
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("NOT withdrawn OR replaces IS NOT NULL", name=op.f("ck_assessments_withdrawn")),
        sa.CheckConstraint("erythema IS NULL OR erythema BETWEEN 0 AND 4", name=op.f("ck_assessments_erythema")),
        sa.ForeignKeyConstraint(
            ["clinic_id", "assessed_by"], ["users.clinic_id", "users.id"], name=op.f("fk_assessments_clinic_id_assessed_by")
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "patient_id"], ["patients.clinic_id", "patients.id"], name=op.f("fk_assessments_clinic_id_patient_id")
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "procedure_id"], ["procedures.clinic_id", "procedures.id"], name=op.f("fk_assessments_clinic_id_procedure_id")
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "replaces"], ["assessments.clinic_id", "assessments.id"], name=op.f("fk_assessments_clinic_id_replaces")
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "visit_id"], ["visits.clinic_id", "visits.id"], name=op.f("fk_assessments_clinic_id_visit_id")
        ),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f("fk_assessments_clinic_id")),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_assessments")),
        sa.UniqueConstraint("clinic_id", "replaces", name=op.f("uq_assessments_clinic_id_replaces")),
    )
    op.create_index("ix_assessments_patient", "assessments", ["clinic_id", "patient_id"], unique=False)
    op.create_index("ix_assessments_procedure", "assessments", ["clinic_id", "procedure_id", "assessed_on"], unique=False)
    op.create_index("ix_assessments_visit", "assessments", ["clinic_id", "visit_id"], unique=False)
    op.create_table(
        "rating_pairs",
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("procedure_id", sa.Uuid(), nullable=False),
        sa.Column("scar_id", sa.Uuid(), nullable=True),
        sa.Column("step", sa.String(length=16), nullable=False),
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
        sa.Column("baseline_id", sa.Uuid(), nullable=False),
        sa.Column("follow_up_id", sa.Uuid(), nullable=False),
        sa.Column("made_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", db.UtcDateTime(), nullable=False),
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["clinic_id", "baseline_id"], ["photos.clinic_id", "photos.id"], name=op.f("fk_rating_pairs_clinic_id_baseline_id")
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "follow_up_id"], ["photos.clinic_id", "photos.id"], name=op.f("fk_rating_pairs_clinic_id_follow_up_id")
        ),
        sa.ForeignKeyConstraint(["clinic_id", "made_by"], ["users.clinic_id", "users.id"], name=op.f("fk_rating_pairs_clinic_id_made_by")),
        sa.ForeignKeyConstraint(
            ["clinic_id", "patient_id"], ["patients.clinic_id", "patients.id"], name=op.f("fk_rating_pairs_clinic_id_patient_id")
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "procedure_id"], ["procedures.clinic_id", "procedures.id"], name=op.f("fk_rating_pairs_clinic_id_procedure_id")
        ),
        sa.ForeignKeyConstraint(["clinic_id", "scar_id"], ["scars.clinic_id", "scars.id"], name=op.f("fk_rating_pairs_clinic_id_scar_id")),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f("fk_rating_pairs_clinic_id")),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_rating_pairs")),
        sa.UniqueConstraint("clinic_id", "baseline_id", "follow_up_id", name=op.f("uq_rating_pairs_clinic_id_baseline_id_follow_up_id")),
    )
    op.create_index("ix_rating_pairs_patient", "rating_pairs", ["clinic_id", "patient_id"], unique=False)
    op.create_index("ix_rating_pairs_procedure", "rating_pairs", ["clinic_id", "procedure_id", "step"], unique=False)
    op.create_table(
        "redness",
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("procedure_id", sa.Uuid(), nullable=False),
        sa.Column("visit_id", sa.Uuid(), nullable=True),
        sa.Column("seen_on", sa.Date(), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("red", sa.Boolean(), nullable=True),
        sa.Column(
            "source",
            sa.Enum("check_in", "questionnaire", "assessment", name="redsource", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("source_id", sa.Uuid(), nullable=False),
        sa.Column("replaces", sa.Uuid(), nullable=True),
        sa.Column("created_at", db.UtcDateTime(), nullable=False),
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["clinic_id", "patient_id"], ["patients.clinic_id", "patients.id"], name=op.f("fk_redness_clinic_id_patient_id")
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "procedure_id"], ["procedures.clinic_id", "procedures.id"], name=op.f("fk_redness_clinic_id_procedure_id")
        ),
        sa.ForeignKeyConstraint(["clinic_id", "replaces"], ["redness.clinic_id", "redness.id"], name=op.f("fk_redness_clinic_id_replaces")),
        sa.ForeignKeyConstraint(["clinic_id", "visit_id"], ["visits.clinic_id", "visits.id"], name=op.f("fk_redness_clinic_id_visit_id")),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f("fk_redness_clinic_id")),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_redness")),
        sa.UniqueConstraint("clinic_id", "replaces", name=op.f("uq_redness_clinic_id_replaces")),
    )
    op.create_index("ix_redness_patient", "redness", ["clinic_id", "patient_id"], unique=False)
    op.create_index("ix_redness_procedure", "redness", ["clinic_id", "procedure_id", "day", "red"], unique=False)
    op.create_table(
        "responses",
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("procedure_id", sa.Uuid(), nullable=False),
        sa.Column("visit_id", sa.Uuid(), nullable=True),
        sa.Column("instrument", sa.String(length=40), nullable=False),
        sa.Column("instrument_version", sa.String(length=40), nullable=False),
        sa.Column(
            "via",
            sa.Enum("link", "staff", "score", name="answeredby", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column(
            "state",
            sa.Enum("open", "complete", "withdrawn", name="responsestate", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("answers", db.Json, nullable=False),
        sa.Column("given_by", sa.Uuid(), nullable=True),
        sa.Column("answered_on", sa.Date(), nullable=True),
        sa.Column("completed_at", db.UtcDateTime(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("content_hash", sa.Text(), nullable=False),
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("write_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", db.UtcDateTime(), nullable=False),
        sa.Column("updated_at", db.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["clinic_id", "given_by"], ["users.clinic_id", "users.id"], name=op.f("fk_responses_clinic_id_given_by")),
        sa.ForeignKeyConstraint(
            ["clinic_id", "patient_id"], ["patients.clinic_id", "patients.id"], name=op.f("fk_responses_clinic_id_patient_id")
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "procedure_id"], ["procedures.clinic_id", "procedures.id"], name=op.f("fk_responses_clinic_id_procedure_id")
        ),
        sa.ForeignKeyConstraint(["clinic_id", "visit_id"], ["visits.clinic_id", "visits.id"], name=op.f("fk_responses_clinic_id_visit_id")),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f("fk_responses_clinic_id")),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_responses")),
    )
    op.create_index("ix_responses_patient", "responses", ["clinic_id", "patient_id"], unique=False)
    op.create_index("ix_responses_procedure", "responses", ["clinic_id", "procedure_id", "instrument"], unique=False)
    op.create_index("ix_responses_visit", "responses", ["clinic_id", "visit_id", "instrument"], unique=False)
    op.create_table(
        "findings",
        sa.Column("assessment_id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("procedure_id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column(
            "complication",
            sa.Enum(
                "erythema",
                "oedema",
                "ecchymosis",
                "pain",
                "haematoma",
                "infection_superficial",
                "infection_deep",
                "infection_atypical",
                "overcorrection",
                "undercorrection",
                "contour_irregularity",
                "nodule",
                "oil_cyst",
                "fat_necrosis",
                "yellow_discoloration",
                "hyperpigmentation",
                "hypopigmentation",
                "acne_milia",
                "herpes_flare",
                "hypertrophic_scar",
                "numbness",
                "facial_weakness",
                "skin_necrosis",
                "vision_change",
                "neuro_deficit",
                "donor_bruising",
                "donor_pain",
                "donor_seroma",
                "donor_haematoma",
                "donor_infection",
                "donor_contour",
                "donor_induration",
                "donor_pigment",
                "donor_numbness",
                "donor_scar",
                "visceral_injury",
                "local_anaesthetic_toxicity",
                "allergic_reaction",
                "venous_thromboembolism",
                "fat_embolism",
                "fever",
                "unplanned_visit",
                "emergency_department",
                "readmission",
                "reoperation",
                name="complication",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "present",
            sa.Enum("yes", "no", "unknown", name="presence", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("scar_id", sa.Uuid(), nullable=True),
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
            nullable=True,
        ),
        sa.Column(
            "side",
            sa.Enum("left", "right", "midline", "both", name="side", native_enum=False, create_constraint=True, length=32),
            nullable=True,
        ),
        sa.Column("onset_on", sa.Date(), nullable=True),
        sa.Column("last_present", sa.Date(), nullable=True),
        sa.Column("first_absent", sa.Date(), nullable=True),
        sa.Column(
            "clavien_dindo",
            sa.Enum(
                "I", "II", "IIIa", "IIIb", "IVa", "IVb", "V", name="claviendindo", native_enum=False, create_constraint=True, length=32
            ),
            nullable=True,
        ),
        sa.Column("disability", sa.Boolean(), nullable=False),
        sa.Column("ctcae", sa.Integer(), nullable=True),
        sa.Column(
            "relation",
            sa.Enum("related", "possibly", "unrelated", "unknown", name="relation", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("treatment", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("photo_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", db.UtcDateTime(), nullable=False),
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("ctcae IS NULL OR ctcae BETWEEN 1 AND 5", name=op.f("ck_findings_ctcae")),
        sa.ForeignKeyConstraint(
            ["clinic_id", "assessment_id"], ["assessments.clinic_id", "assessments.id"], name=op.f("fk_findings_clinic_id_assessment_id")
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "patient_id"], ["patients.clinic_id", "patients.id"], name=op.f("fk_findings_clinic_id_patient_id")
        ),
        sa.ForeignKeyConstraint(["clinic_id", "photo_id"], ["photos.clinic_id", "photos.id"], name=op.f("fk_findings_clinic_id_photo_id")),
        sa.ForeignKeyConstraint(
            ["clinic_id", "procedure_id"], ["procedures.clinic_id", "procedures.id"], name=op.f("fk_findings_clinic_id_procedure_id")
        ),
        sa.ForeignKeyConstraint(["clinic_id", "scar_id"], ["scars.clinic_id", "scars.id"], name=op.f("fk_findings_clinic_id_scar_id")),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f("fk_findings_clinic_id")),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_findings")),
    )
    op.create_index("ix_findings_assessment", "findings", ["clinic_id", "assessment_id"], unique=False)
    op.create_index("ix_findings_event", "findings", ["clinic_id", "event_id"], unique=False)
    op.create_index("ix_findings_patient", "findings", ["clinic_id", "patient_id"], unique=False)
    op.create_index("ix_findings_procedure", "findings", ["clinic_id", "procedure_id", "complication"], unique=False)
    op.create_table(
        "ratings",
        sa.Column("pair_id", sa.Uuid(), nullable=False),
        sa.Column("rater_id", sa.Uuid(), nullable=False),
        sa.Column("grade", sa.Integer(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("swapped", sa.Boolean(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("milliseconds", sa.Integer(), nullable=True),
        sa.Column("created_at", db.UtcDateTime(), nullable=False),
        sa.Column("content_hash", sa.Text(), nullable=False),
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("(grade IS NULL) = (reason IS NOT NULL)", name=op.f("ck_ratings_reason")),
        sa.CheckConstraint("grade IS NULL OR grade BETWEEN -3 AND 3", name=op.f("ck_ratings_grade")),
        sa.ForeignKeyConstraint(
            ["clinic_id", "pair_id"], ["rating_pairs.clinic_id", "rating_pairs.id"], name=op.f("fk_ratings_clinic_id_pair_id")
        ),
        sa.ForeignKeyConstraint(["clinic_id", "rater_id"], ["users.clinic_id", "users.id"], name=op.f("fk_ratings_clinic_id_rater_id")),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f("fk_ratings_clinic_id")),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_ratings")),
        sa.UniqueConstraint("clinic_id", "pair_id", "rater_id", name=op.f("uq_ratings_clinic_id_pair_id_rater_id")),
    )
    op.create_index("ix_ratings_rater", "ratings", ["clinic_id", "rater_id", "created_at"], unique=False)
    op.create_table(
        "scar_measurements",
        sa.Column("assessment_id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("scar_id", sa.Uuid(), nullable=False),
        sa.Column("length_um", sa.Integer(), nullable=True),
        sa.Column("width_um", sa.Integer(), nullable=True),
        sa.Column("depth_um", sa.Integer(), nullable=True),
        sa.Column("area_mm2_e1", sa.Integer(), nullable=True),
        sa.Column("created_at", db.UtcDateTime(), nullable=False),
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["clinic_id", "assessment_id"],
            ["assessments.clinic_id", "assessments.id"],
            name=op.f("fk_scar_measurements_clinic_id_assessment_id"),
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "patient_id"], ["patients.clinic_id", "patients.id"], name=op.f("fk_scar_measurements_clinic_id_patient_id")
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "scar_id"], ["scars.clinic_id", "scars.id"], name=op.f("fk_scar_measurements_clinic_id_scar_id")
        ),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f("fk_scar_measurements_clinic_id")),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_scar_measurements")),
        sa.UniqueConstraint("clinic_id", "assessment_id", "scar_id", name=op.f("uq_scar_measurements_clinic_id_assessment_id_scar_id")),
    )
    op.create_index("ix_scar_measurements_patient", "scar_measurements", ["clinic_id", "patient_id"], unique=False)
    op.create_index("ix_scar_measurements_scar", "scar_measurements", ["clinic_id", "scar_id"], unique=False)
    op.create_table(
        "scores",
        sa.Column("response_id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("procedure_id", sa.Uuid(), nullable=False),
        sa.Column("visit_id", sa.Uuid(), nullable=True),
        sa.Column("instrument", sa.String(length=40), nullable=False),
        sa.Column("scale", sa.String(length=40), nullable=False),
        sa.Column("value_e3", sa.Integer(), nullable=True),
        sa.Column("answered", sa.Integer(), nullable=False),
        sa.Column("items", sa.Integer(), nullable=False),
        sa.Column("answered_on", sa.Date(), nullable=False),
        sa.Column("created_at", db.UtcDateTime(), nullable=False),
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["clinic_id", "patient_id"], ["patients.clinic_id", "patients.id"], name=op.f("fk_scores_clinic_id_patient_id")
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "procedure_id"], ["procedures.clinic_id", "procedures.id"], name=op.f("fk_scores_clinic_id_procedure_id")
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "response_id"], ["responses.clinic_id", "responses.id"], name=op.f("fk_scores_clinic_id_response_id")
        ),
        sa.ForeignKeyConstraint(["clinic_id", "visit_id"], ["visits.clinic_id", "visits.id"], name=op.f("fk_scores_clinic_id_visit_id")),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f("fk_scores_clinic_id")),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_scores")),
        sa.UniqueConstraint("clinic_id", "response_id", "scale", name=op.f("uq_scores_clinic_id_response_id_scale")),
    )
    op.create_index("ix_scores_patient", "scores", ["clinic_id", "patient_id"], unique=False)
    op.create_index("ix_scores_procedure", "scores", ["clinic_id", "procedure_id", "instrument", "scale"], unique=False)
    if op.get_bind().dialect.name == "postgresql":
        statements = guards.keepers_postgresql(guards.APPEND_ONLY_15, guards.NEVER_DELETED_15)
        statements += [one for table in guards.WALLED_15 for one in guards.wall_postgresql(table)]
    else:
        statements = list(guards.keepers_sqlite(guards.APPEND_ONLY_15, guards.NEVER_DELETED_15).values())
    for statement in statements:
        op.execute(sa.text(statement))


def downgrade() -> None:
    """Never: a medical record loses nothing. Restore a backup instead."""
    raise NotImplementedError

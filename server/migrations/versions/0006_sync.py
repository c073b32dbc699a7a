"""The tablets' sync: ledger of writes, counts, issues; the index that pages are pulled by."""

import sqlalchemy as sa
from alembic import op

from server import db
from server.migrations import guards

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

IS_OPEN = sa.text("state = 'open'")
KINDS = ("quarantined", "held", "conflict", "late", "possible_duplicate", "gap", "unverified", "clock")
CHOICES = (
    "release", "reject", "keep_server", "take_other", "both_are_real", "retract", "addendum_written", "no_addendum", "lost", "confirm",
    "seen", "arrived",
)  # fmt: skip


def upgrade() -> None:
    op.create_index("ix_journal_collection", "journal", ["clinic_id", "collection", "seq"], unique=False)
    make_ledger()
    make_issues()
    if op.get_bind().dialect.name == "postgresql":
        statements = guards.keepers_postgresql(guards.APPEND_ONLY_6, guards.NEVER_DELETED_6)
    else:
        statements = list(guards.keepers_sqlite(guards.APPEND_ONLY_6, guards.NEVER_DELETED_6).values())
    for statement in statements:
        op.execute(sa.text(statement))


def make_ledger() -> None:
    op.create_table(
        "sync_writes",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("collection", sa.String(length=40), nullable=False),
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("write_id", sa.Uuid(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("device_id", sa.Uuid(), nullable=True),
        sa.Column("received_at", db.UtcDateTime(), nullable=False),
        sa.Column("device_time", db.UtcDateTime(), nullable=True),
        sa.Column("offset_ms", sa.BigInteger(), nullable=True),
        sa.Column("extra", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f("fk_sync_writes_clinic_id")),
        sa.PrimaryKeyConstraint("clinic_id", "collection", "document_id", "write_id", name=op.f("pk_sync_writes")),
    )
    op.create_table(
        "sync_counts",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("procedure_id", sa.Uuid(), nullable=False),
        sa.Column("device_id", sa.Uuid(), nullable=False),
        sa.Column("recorded", sa.Integer(), nullable=False),
        sa.Column("highest", sa.Integer(), nullable=False),
        sa.Column("told_at", db.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["clinic_id", "procedure_id"],
            ["procedures.clinic_id", "procedures.id"],
            name=op.f("fk_sync_counts_clinic_id_procedure_id"),
        ),
        sa.PrimaryKeyConstraint("clinic_id", "procedure_id", "device_id", name=op.f("pk_sync_counts")),
    )


def make_issues() -> None:
    op.create_table(
        "sync_issues",
        sa.Column("kind", words("issuekind", KINDS), nullable=False),
        sa.Column("state", words("issuestate", ("open", "resolved")), nullable=False),
        sa.Column("about", sa.String(length=40), nullable=False),
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("document_write_id", sa.Uuid(), nullable=True),
        sa.Column("sha256", sa.Text(), nullable=True),
        sa.Column("procedure_id", sa.Uuid(), nullable=True),
        sa.Column("device_id", sa.Uuid(), nullable=True),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("waits_for", sa.Uuid(), nullable=True),
        sa.Column("other_id", sa.Uuid(), nullable=True),
        sa.Column("sent", sa.Text(), nullable=True),
        sa.Column("reasons", db.Json, nullable=False),
        sa.Column("differences", db.Json, nullable=False),
        sa.Column("device_time", db.UtcDateTime(), nullable=True),
        sa.Column("offset_ms", sa.BigInteger(), nullable=True),
        sa.Column("choice", words("choice", CHOICES), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("resolved_by", sa.Uuid(), nullable=True),
        sa.Column("resolved_at", db.UtcDateTime(), nullable=True),
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("write_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", db.UtcDateTime(), nullable=False),
        sa.Column("updated_at", db.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f("fk_sync_issues_clinic_id")),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_sync_issues")),
    )
    op.create_index("ix_sync_issues_list", "sync_issues", ["clinic_id", "state", "created_at", "id"], unique=False)
    op.create_index("ix_sync_issues_document", "sync_issues", ["clinic_id", "document_id"], unique=False)
    for name, column in (("waiting", "waits_for"), ("procedure", "procedure_id")):
        op.create_index(
            f"ix_sync_issues_{name}", "sync_issues", ["clinic_id", column], unique=False, sqlite_where=IS_OPEN, postgresql_where=IS_OPEN
        )


def words(name: str, values: tuple[str, ...]) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=32)


def downgrade() -> None:
    """Never: a medical record loses nothing. Restore a backup instead."""
    raise NotImplementedError

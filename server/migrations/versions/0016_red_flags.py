"""Red flags: a kind of alert, who acknowledged one and how often it was told again; answers that name them, given at a visit or at none.

A concerning answer that nobody has closed yet begins to be told again, as those of from now on are.
"""

import sqlalchemy as sa
from alembic import op

from server import clock, db
from server.migrations import rebuild

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_WORDS = "'concerning_answer', 'wants_a_call', 'wants_another_time', 'bad_contact')"
_BEFORE, _AFTER = f"kind IN ({_WORDS}", f"kind IN ('red_flag', {_WORDS}"
_ACKNOWLEDGED_BY = "fk_alerts_clinic_id_acknowledged_by"


def upgrade() -> None:
    op.add_column("alerts", sa.Column("acknowledged_at", db.UtcDateTime(), nullable=True))
    op.add_column("alerts", sa.Column("acknowledged_by", sa.Uuid(), nullable=True))
    op.add_column("alerts", sa.Column("escalation_level", sa.Integer(), server_default="0", nullable=False))
    op.add_column("alerts", sa.Column("escalated_at", db.UtcDateTime(), nullable=True))
    op.add_column("alerts", sa.Column("next_escalation_at", db.UtcDateTime(), nullable=True))
    op.add_column("answers", sa.Column("flags", db.Json, nullable=True))
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint(op.f("ck_alerts_alertkind"), "alerts", type_="check")
        op.create_check_constraint(op.f("ck_alerts_alertkind"), "alerts", _AFTER)
        op.create_foreign_key(_ACKNOWLEDGED_BY, "alerts", "users", ["clinic_id", "acknowledged_by"], ["clinic_id", "id"])
        op.alter_column("answers", "visit_id", nullable=True)
    else:
        rebuild.with_other_words("alerts", _BEFORE, _AFTER)
        clause = f"CONSTRAINT {_ACKNOWLEDGED_BY} FOREIGN KEY(clinic_id, acknowledged_by) REFERENCES users (clinic_id, id)"
        rebuild.with_constraint("alerts", clause)
        rebuild.with_other_words("answers", "visit_id CHAR(32) NOT NULL", "visit_id CHAR(32)")
    said = sa.text("next_escalation_at IS NOT NULL")
    op.create_index("ix_alerts_urgent", "alerts", ["clinic_id", "next_escalation_at"], sqlite_where=said, postgresql_where=said)
    alerts = sa.table("alerts", sa.column("kind"), sa.column("closed_at"), sa.column("next_escalation_at", db.UtcDateTime()))
    standing = sa.and_(alerts.c.kind == "concerning_answer", alerts.c.closed_at.is_(None))
    op.execute(sa.update(alerts).where(standing).values(next_escalation_at=clock.now()))


def downgrade() -> None:
    """Never: a medical record loses nothing. Restore a backup instead."""
    raise NotImplementedError

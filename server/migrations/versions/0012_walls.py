"""The second tenant wall: forced row level security on every table of a clinic. PostgreSQL only; SQLite has none."""

import sqlalchemy as sa
from alembic import op

from server.migrations import guards

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    # Every request looks its token up there first: whoever is at work ends, whoever comes waits, and then all tables are free.
    op.execute(sa.text("LOCK TABLE sign_ins IN ACCESS EXCLUSIVE MODE"))
    walls = [statement for table in guards.WALLED_12 for statement in guards.wall_postgresql(table)]
    for statement in (*walls, *guards.wall_postgresql("clinics", "id")):
        op.execute(sa.text(statement))


def downgrade() -> None:
    """Never: a medical record loses nothing. Restore a backup instead."""
    raise NotImplementedError

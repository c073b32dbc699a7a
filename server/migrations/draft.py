"""`dev.py migration "what changes"`: draft the next migration from the difference between the models and a migrated database."""

import sys
import tempfile
from pathlib import Path

from alembic import command

from server.db import Database
from server.migrations import heads
from server.migrations.upgrade import config, upgrade


def main() -> None:
    """Write the draft; a person then reads it, names its constraints, recreates triggers of rebuilt tables, and moves `heads.NEWEST`."""
    if len(sys.argv) != 2:  # noqa: PLR2004  reason: the command and its one argument
        sys.exit('Say what changes: python3 dev.py migration "add the photo table"')
    number = f"{int(heads.NEWEST) + 1:04d}"
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{Path(folder) / 'draft.db'}")
        upgrade(database)
        alembic = config()
        with database.engine.begin() as connection:
            alembic.attributes["connection"] = connection
            command.revision(alembic, message=sys.argv[1], autogenerate=True, rev_id=number)
        database.close()
    sys.stdout.write(f"Now read it, and set NEWEST to {number} in server/migrations/heads.py.\n")


if __name__ == "__main__":
    main()

"""PostgreSQL: dumped by pg_dump from one snapshot, restored into a schema beside the real one, which then takes its name."""

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO
from zipfile import ZIP_STORED

import sqlalchemy as sa

from server import tables
from server.backup import contents, files
from server.backup.contents import Contents
from server.backup.programs import Program, address, options_of, path_of
from server.backup.refusals import BackupError
from server.db import Database
from server.migrations.roles import grants

_ASIDE, _STAGE = "graftlog_aside", "graftlog_restoring"
_GONE_AFTER_S = 5
"""A connection that was closed is listed for a moment longer."""
_OTHERS = sa.text(
    "SELECT count(*) FROM pg_stat_activity "
    "WHERE datname = current_database() AND usename IN (current_user, :role) AND pid <> pg_backend_pid()"
)
_FOREIGN = sa.text(
    "SELECT 'extension ' || extname FROM pg_extension WHERE extnamespace = 'public'::regnamespace UNION ALL "
    "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'f') "
    "AND NOT relname = ANY(:ours) ORDER BY 1"
)
_BEFORE = f"BEGIN; ALTER SCHEMA public RENAME TO {_ASIDE}; CREATE SCHEMA public;\n"
_AFTER = f"\nALTER SCHEMA public RENAME TO {_STAGE}; ALTER SCHEMA {_ASIDE} RENAME TO public; COMMIT;\n"
"""A dump names its schema in every line, so it is loaded into `public`. Others never see it there: the same transaction moves it away."""
_SWITCH = (
    f"ALTER SCHEMA public RENAME TO {_ASIDE}",
    f"ALTER SCHEMA {_STAGE} RENAME TO public",
    "GRANT USAGE ON SCHEMA public TO PUBLIC",
    f"DROP SCHEMA {_ASIDE} CASCADE",
)
_MAY_SWITCH = (
    "SELECT has_database_privilege(current_database(), 'CREATE') AND pg_has_role(nspowner, 'MEMBER') FROM pg_namespace "
    "WHERE nspname = 'public'"
)
_SCOPE = "SELECT current_setting('app.scope', true)"
_DROP_STAGE = f"DROP SCHEMA IF EXISTS {_STAGE} CASCADE"


def _with_option(url: sa.URL, setting: str) -> sa.URL:
    return url.update_query_dict({"options": f"{options_of(url)} -c{setting}".strip()})


def _must_see_all(scope: str) -> None:
    """A connection without this setting would read, and dump, no row at all."""
    if scope != "system":
        raise BackupError(
            "PostgreSQL was not told app.scope=system, so row level security would leave every record out of the backup. "
            "Connect to PostgreSQL itself, past any pooler. Nothing was changed."
        )


def _read(connection: sa.Connection) -> Contents | None:
    if connection.exec_driver_sql("SELECT to_regclass('public.alembic_version')").scalar() is None:
        return None
    _must_see_all(str(connection.exec_driver_sql(_SCOPE).scalar()))
    return contents.read(lambda query: connection.exec_driver_sql(query).all())


class PostgresqlPlace:
    """The schema `public` of one database."""

    kind = "postgresql"
    dump_name = "graftlog.pgdump"
    compression = ZIP_STORED  # pg_dump has compressed it

    def __init__(self, url: sa.URL, role: str | None = None) -> None:
        """Connects when it is asked something. `url` is the owner's; `role` the application's, where that is another one.

        Every connection acts for all clinics, those of pg_dump and psql too: row level security holds the owner as well.
        """
        self.url, self.role = _with_option(url, "app.scope=system"), role

    @contextmanager
    def _database(self) -> Iterator[Database]:
        database = Database(self.url.render_as_string(hide_password=False), pool_size=1)
        try:
            yield database
        finally:
            database.close()

    def contents(self) -> Contents | None:
        """See Place."""
        with self._database() as database, database.engine.connect() as connection:
            return _read(connection)

    @contextmanager
    def dumped(self, folder: Path) -> Iterator[tuple[Contents, IO[bytes]]]:
        """See Place. The figures are read in the very snapshot that pg_dump reads."""
        del folder
        uri, environment = address(self.url)
        path_of("pg_dump")
        with self._database() as database, database.engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
            snapshot = connection.exec_driver_sql("SELECT pg_export_snapshot()").scalar_one()
            held = _read(connection)
            if held is None:
                raise BackupError(f"Database {self.url.database} holds no record yet: there is nothing to back up.")
            what = ("--format=custom", "--schema=public", "--no-owner", "--no-privileges", "--enable-row-security")
            with Program("psql", "--no-psqlrc", "-At", f"--command={_SCOPE}", "--no-password", uri, environment=environment) as asked:
                _must_see_all(asked.pipe.read().decode().strip())  # of libpq's way to it, which is pg_dump's too
                asked.finish()
            with Program("pg_dump", *what, f"--snapshot={snapshot}", "--no-password", f"--dbname={uri}", environment=environment) as dump:
                yield held, dump.pipe
                dump.finish()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """See Place. Looked at now, and again in the transaction that switches."""
        with self._database() as database, database.engine.connect() as connection:
            if not connection.exec_driver_sql(_MAY_SWITCH).scalar():
                raise BackupError(
                    f"The role {self.url.username} may not put another schema in place of public: name the one that owns "
                    f"database {self.url.database} in GRAFTLOG_OWNER_URL. Nothing was changed."
                )
            self.must_be_alone(connection)
            foreign = connection.execute(_FOREIGN, {"ours": [*tables.metadata.tables, "alembic_version"]}).scalars().all()
            if foreign:
                raise BackupError(
                    f"Schema public of database {self.url.database} also holds what is not Graftlog's ({', '.join(foreign)}), and would "
                    "lose it. Restore into a database of its own. Nothing was changed."
                )
        yield

    def must_be_alone(self, connection: sa.Connection) -> None:
        """Raises BackupError while other connections of the same role exist."""
        deadline = time.monotonic() + _GONE_AFTER_S
        while others := connection.execute(_OTHERS, {"role": self.role}).scalar_one():
            if time.monotonic() > deadline:
                raise BackupError(
                    f"Database {self.url.database} is in use by {others} other connection{'s' if others > 1 else ''}: "
                    "stop web, worker and beat before restoring. Nothing was changed."
                )
            time.sleep(0.1)
            connection.rollback()  # within one transaction the list of connections does not change
        connection.rollback()

    @contextmanager
    def staged(self, folder: Path) -> Iterator["PostgresqlStage"]:
        """See Place."""
        with files.scratch(folder, "restore") as file:
            try:
                yield PostgresqlStage(self, file)
            finally:
                self.run(_DROP_STAGE)

    def run(self, statement: str) -> None:
        """One statement, one transaction."""
        with self._database() as database, database.engine.begin() as connection:
            connection.exec_driver_sql(statement)

    def switch(self, expected: Contents | None) -> None:
        """Give the staged schema the real one's name and drop the other, in one transaction."""
        with self._database() as database, database.engine.connect() as connection:
            self.must_be_alone(connection)
            with connection.begin():
                connection.exec_driver_sql("SET LOCAL lock_timeout = '20s'")
                if expected is not None:  # who came in the meantime has either committed, and is seen, or waits and then finds other tables
                    connection.exec_driver_sql("LOCK TABLE journal_heads IN ACCESS EXCLUSIVE MODE")
                if _read(connection) != expected:
                    raise BackupError("The database was changed meanwhile. Nothing was replaced; stop web, worker and beat and try again.")
                for statement in (*_SWITCH, *(grants(self.role) if self.role else ())):
                    connection.exec_driver_sql(statement)


class PostgresqlStage:
    """A schema beside the real one."""

    def __init__(self, place: PostgresqlPlace, file: Path) -> None:
        """`file` exists and is empty."""
        self.place, self.file = place, file

    def load(self) -> Database:
        """See Stage. psql commits only when pg_restore has read the dump to its end."""
        self.place.run(_DROP_STAGE)  # of a restore that was cut off
        uri, environment = address(self.place.url)
        to_script = ("--format=custom", "--schema=public", "--no-owner", "--no-privileges", "--enable-row-security")
        quietly = ("--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--no-password", f"--dbname={uri}", "--file=-")
        with (
            Program("psql", *quietly, environment=environment, reads=True) as loader,
            Program("pg_restore", *to_script, "--file=-", str(self.file), environment=environment) as script,
        ):
            with suppress(BrokenPipeError):  # psql has stopped at an error, and says which below
                loader.pipe.write(_BEFORE.encode())
                shutil.copyfileobj(script.pipe, loader.pipe)
                script.finish()
                loader.pipe.write(_AFTER.encode())
            loader.finish()
        return Database(self._staged_url(), pool_size=1)

    def _staged_url(self) -> str:
        return _with_option(self.place.url, f"search_path={_STAGE}").render_as_string(hide_password=False)

    def switch(self, expected: Contents | None) -> None:
        """See Stage."""
        self.place.switch(expected)

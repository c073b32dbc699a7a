"""PostgreSQL's two roles: the owner, who migrates, backs up and restores; and the application's, which can neither change nor unguard."""

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from server.config import Config, ConfigError
from server.db import Database
from server.migrations import erasing, guards
from server.migrations.upgrade import upgrade

_SETUP_LOCK = 4_711_2022
_UNDEFINED, _NOT_ALLOWED = "42704", "42501"
_OTHERS = sa.text("""
    SELECT format('ALTER TABLE public.%I OWNER TO %I', relname, CAST(:owner AS text)) FROM pg_class
     WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v') AND pg_get_userbyid(relowner) <> :owner
    UNION ALL
    SELECT format('ALTER FUNCTION %s OWNER TO %I', oid::regprocedure, CAST(:owner AS text)) FROM pg_proc
     WHERE pronamespace = 'public'::regnamespace AND pg_get_userbyid(proowner) <> :owner
""")
_ROLE = sa.text("SELECT rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb AS strong, rolsuper FROM pg_roles WHERE rolname = :name")


def quoted(name: str | None) -> str:
    """As an identifier."""
    return sa.make_url("postgresql+psycopg://").get_dialect()().identifier_preparer.quote_identifier(name or "")


def application_role(settings: Config) -> str | None:
    """The application's role, where it is another one than the owner's."""
    role, owner = (sa.make_url(url).username for url in (settings.database_url, settings.owner_url))
    return role if role != owner else None


def grants(name: str) -> list[str]:
    """Statements, for one transaction: what the application may do with the tables that there are."""
    role = quoted(name)
    return [
        f"GRANT USAGE ON SCHEMA public TO {role}",
        f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {role}",
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}",
        f"REVOKE UPDATE, DELETE ON {', '.join(guards.APPEND_ONLY)} FROM {role}",
        f"REVOKE DELETE ON {', '.join(guards.NEVER_DELETED)} FROM {role}",
        f"REVOKE INSERT, UPDATE, DELETE ON alembic_version FROM {role}",
        f"GRANT EXECUTE ON FUNCTION {erasing.FUNCTION}(uuid) TO {role}",
    ]


def bring_up(settings: Config) -> None:
    """The newest migration, as the owner, and the application's rights to what is there then. Raises ConfigError without its role."""
    database, role = Database(settings.owner_url, pool_size=1), application_role(settings)
    try:
        upgrade(database)
        if role:
            with database.engine.begin() as connection:
                for statement in grants(role):
                    connection.exec_driver_sql(statement)
    except sa.exc.ProgrammingError as error:
        state = getattr(error.orig, "sqlstate", None)
        if state == _NOT_ALLOWED:
            raise ConfigError("The tables belong to another role: name it in GRAFTLOG_OWNER_URL. Nothing was changed.") from None
        if role and state == _UNDEFINED:
            raise ConfigError(f"The role {role} of DATABASE_URL does not exist yet: run `graftlog db setup`.") from None
        raise
    finally:
        database.close()


def setup(settings: Config, admin: str) -> list[str]:
    """Make both roles and the database where they are missing, and bring it up; what was done, a sentence each. May be repeated.

    `admin` is the URL of whoever may make roles and databases. Raises ConfigError.
    """
    url, owner = sa.make_url(settings.database_url), sa.make_url(settings.owner_url)
    if url.get_backend_name() != "postgresql" or not url.username or not owner.username or url.username == owner.username:
        raise ConfigError(
            "DATABASE_URL must name the application's role and GRAFTLOG_OWNER_URL another one, who owns the tables, both on PostgreSQL: "
            "postgresql://graftlog_app:…@host/graftlog and postgresql://graftlog_owner:…@host/graftlog."
        )
    if (url.host, url.port, url.database) != (owner.host, owner.port, owner.database):
        raise ConfigError("DATABASE_URL and GRAFTLOG_OWNER_URL must name the same database on the same server.")
    with _connected(sa.make_url(admin)) as connection:
        connection.execute(sa.text("SELECT pg_advisory_lock(:key)"), {"key": _SETUP_LOCK})
        done = [make_role(connection, url, weak=True), make_role(connection, owner, weak=False), _database(connection, owner)]
        _apart(connection, url.username, owner.username)
    with _connected(sa.make_url(admin).set(database=owner.database)) as connection:
        done += _schema(connection, owner.username)
    bring_up(settings)
    return [*done, f"The newest migration is applied. {url.username} may work with the tables, and cannot change what was recorded."]


@contextmanager
def _connected(url: sa.URL) -> Iterator[sa.Connection]:
    database = Database(url.render_as_string(hide_password=False), pool_size=1)
    try:
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            yield connection
    finally:
        database.close()


def make_role(connection: sa.Connection, url: sa.URL, *, weak: bool) -> str:
    """Make it if it is missing; its password becomes the URL's. A `weak` one may have no right that leads around a wall."""
    found = connection.execute(_ROLE, {"name": url.username}).one_or_none()
    if found and (found.rolsuper or (weak and found.strong)):
        raise ConfigError(f"The role {url.username} may do more than work with tables, and no wall would hold it. Name another one.")
    if not found:
        connection.exec_driver_sql(f"CREATE ROLE {quoted(url.username)} LOGIN")
    if url.password:  # PostgreSQL gets it hashed, so that none of its logs has it
        session = connection.connection.dbapi_connection.pgconn  # type: ignore[union-attr]  # reason: psycopg's own
        hashed = session.encrypt_password(str(url.password).encode(), str(url.username).encode(), b"scram-sha-256").decode()
        connection.exec_driver_sql(f"ALTER ROLE {quoted(url.username)} PASSWORD '{hashed}'")
    return f"Role {url.username} {'was there' if found else 'is made'}."


def _database(connection: sa.Connection, owner: sa.URL) -> str:
    name, role = quoted(owner.database), quoted(owner.username)
    mine, almighty = connection.execute(
        sa.text("SELECT current_user = :owner, rolsuper FROM pg_roles WHERE rolname = current_user"), {"owner": owner.username}
    ).one()
    if not mine and not almighty:
        connection.exec_driver_sql(f"GRANT {role} TO CURRENT_USER")  # else it could give nothing to the owner
    found = connection.execute(sa.text("SELECT 1 FROM pg_database WHERE datname = :name"), {"name": owner.database}).scalar()
    connection.exec_driver_sql(f"ALTER DATABASE {name} OWNER TO {role}" if found else f"CREATE DATABASE {name} OWNER {role}")
    connection.exec_driver_sql(f"REVOKE TEMPORARY ON DATABASE {name} FROM PUBLIC")
    return f"Database {owner.database} {'was there' if found else 'is made'}; it belongs to {owner.username}."


def _apart(connection: sa.Connection, role: str, owner: str) -> None:
    if connection.execute(sa.text("SELECT pg_has_role(:role, :owner, 'MEMBER')"), {"role": role, "owner": owner}).scalar():
        raise ConfigError(f"The role {role} is a member of {owner} and could do whatever the owner can: REVOKE {owner} FROM {role}.")


def _schema(connection: sa.Connection, owner: str) -> list[str]:
    """Before PostgreSQL 15 everybody could make tables in it. What a single role had made so far becomes the owner's."""
    connection.exec_driver_sql(f"ALTER SCHEMA public OWNER TO {quoted(owner)}")
    connection.exec_driver_sql("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
    statements = connection.execute(_OTHERS, {"owner": owner}).scalars().all()
    for statement in statements:
        connection.exec_driver_sql(statement)
    return [f"Tables and functions that were another role's: {len(statements)}; they are {owner}'s now."] if statements else []

"""Opens the database, upgrades it, and refuses a schema of another version."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from peewee import Database, DatabaseProxy, PostgresqlDatabase, SqliteDatabase
from playhouse.db_url import parse as parse_url
from playhouse.migrations import Runner
from playhouse.pool import PooledPostgresqlDatabase

from extract.errors import ConfigError, SchemaError
from extract.read_only import refuse_write

MIGRATIONS = Path(__file__).parent / "migrations"
_LOCK = 7_234_001  # any number, the same in every process: the key of our PostgreSQL advisory locks

T = TypeVar("T")
BATCH = 400

database = DatabaseProxy()
"""The proxy that every model is bound to. `open_database` sets the database behind it."""

_PRAGMAS = {
    "journal_mode": "wal",
    "synchronous": "normal",
    "foreign_keys": 1,
    "temp_store": "memory",
    "cache_size": -32_000,
}


class _Sqlite(SqliteDatabase):
    field_types = {**SqliteDatabase.field_types, "UTC": "TEXT"}

    def execute_sql(self, sql: str, params: Any = None) -> Any:
        refuse_write(sql)
        return super().execute_sql(sql, params)  # type: ignore[no-untyped-call]  # peewee gives it no types


class _Postgres(PooledPostgresqlDatabase):  # type: ignore[misc]  # playhouse ships no types
    field_types = {**PooledPostgresqlDatabase.field_types, "UTC": "TIMESTAMPTZ"}

    def execute_sql(self, sql: str, params: Any = None) -> Any:
        refuse_write(sql)
        return super().execute_sql(sql, params)


def open_database(url: str) -> Database:
    """Bind the models to the database at `url`, `sqlite:///path` or `postgres://…`.

    Raises ConfigError when the URL is of neither kind. Connecting happens on first use.
    """
    try:
        scheme = urlsplit(url).scheme
    except ValueError as error:
        raise ConfigError("database.url (DATABASE_URL): is not a URL") from error
    if scheme == "sqlite":
        path = url.removeprefix("sqlite:///")
        if not path or path == url:
            raise ConfigError(
                "database.url (DATABASE_URL): SQLite needs a file, as in sqlite:///instance/hilal.db"
            )
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        # Readers that later write would otherwise fail with "database is locked" whatever the time-out.
        target: Database = _Sqlite(path, pragmas=_PRAGMAS, timeout=15, lock_type="IMMEDIATE")
    elif scheme in ("postgres", "postgresql"):
        options = parse_url(url, unquote_password=True, unquote_user=True)
        target = _Postgres(**options, max_connections=20, stale_timeout=300, timeout=10)
    else:
        raise ConfigError("database.url (DATABASE_URL): must start with sqlite:/// or postgres://")
    database.initialize(target)
    return target


def batches(items: Sequence[T]) -> Iterator[Sequence[T]]:
    """Yield `items` in parts that fit into one statement: far fewer than SQLite's limit of variables."""
    for start in range(0, len(items), BATCH):
        yield items[start : start + BATCH]


def is_postgres() -> bool:
    """Return True if the open database is PostgreSQL; otherwise it is SQLite."""
    return isinstance(database.obj, PostgresqlDatabase)


def lock(name: str) -> None:
    """Wait for the lock called `name`, and hold it until the transaction around this call ends.

    Read the rows that a decision depends on after this call. On SQLite nothing is done: only one transaction writes at
    a time there, and each takes the write lock when it begins.
    https://www.postgresql.org/docs/current/explicit-locking.html#ADVISORY-LOCKS
    """
    if not database.in_transaction():
        raise RuntimeError("a lock without a transaction would end at once")
    if is_postgres():
        database.execute_sql("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", (_LOCK, name))


def upgrade() -> list[str]:
    """Apply every pending migration in one transaction. Return their names. Safe to call from several processes."""
    with database.atomic():
        if is_postgres():
            database.execute_sql("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
        applied: list[str] = Runner(database.obj, str(MIGRATIONS)).up()
        return applied


def check_schema() -> None:
    """Raise SchemaError, with the command that repairs it, unless the database matches this code."""
    runner: Any = Runner(database.obj, str(MIGRATIONS))
    applied = set(runner.applied())
    known = {migration.name for migration in runner.migrations()}
    if known - applied:
        state = "is empty" if not applied else "is older than this code"
        raise SchemaError(f"The database {state}: run `flask db upgrade`.")
    if applied - known:
        raise SchemaError("The database is newer than this code: deploy the version that upgraded it.")

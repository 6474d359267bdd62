"""Where benchmarks work: embedded servers under ``.data/bench`` (or those of DATABASE_URL), a database for each.

``prepare`` comes before Django's settings are read.
"""

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

ROOT = Path(__file__).resolve().parent.parent.parent
DATA_DIR = ROOT / ".data" / "bench"


def prepare() -> None:
    """Start the servers, and Django on them. The business date is the demo's, so that every run is the same."""
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "batosocial.settings",
        "DATA_DIR": str(DATA_DIR),
        "PRODUCTION": "false",
        "DEBUG": "false",
        "DEMO": "true",
        "BUSINESS_DATE": "2024-07-22",
    }
    if not os.environ.get("DATABASE_URL"):
        from batosocial import embedded

        DATA_DIR.parent.mkdir(exist_ok=True)
        try:
            servers = embedded.hold(DATA_DIR)
        except embedded.EmbeddedError as error:
            sys.exit(f"Lỗi: {error}")
        os.environ |= {
            "DATABASE_URL": servers.database_url,
            "REDIS_URL": servers.redis_url,
            "EMBEDDED": "true",
        }
    import django

    django.setup()


@contextlib.contextmanager
def fresh(name: str, *, keep: bool = False) -> Iterator[bool]:
    """A migrated database of its own behind Django's connection; yields whether it was kept from an earlier run.

    Without ``keep`` it is dropped at the end, and what a killed run left of it before.
    """
    from django.core.management import call_command
    from django.db import connection

    original = str(connection.settings_dict["NAME"])
    database = f"{original}_bench_{name}{'_kept' if keep else ''}"
    found = bool(_execute(f"SELECT 1 FROM pg_database WHERE datname = '{database}'"))
    if not (found and keep):
        _execute(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)', f'CREATE DATABASE "{database}"')
        found = False
    _use(database)
    try:
        call_command("migrate", verbosity=0, interactive=False)
        yield found
    finally:
        _use(original)
        if not keep:
            _execute(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')


def _use(name: str) -> None:
    from django.db import connection

    connection.close()
    connection.settings_dict["NAME"] = name


def _execute(*statements: str) -> list[tuple[object, ...]]:
    """Run statements that may not stand in a transaction; return the rows of the last."""
    import psycopg

    parts = urlsplit(os.environ["DATABASE_URL"])
    url = urlunsplit(parts._replace(path="/postgres", scheme="postgresql"))
    # urlunsplit drops the empty host of a unix socket's address.
    url = url if "://" in url else url.replace("postgresql:", "postgresql://", 1)
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in statements:
            cursor = connection.execute(statement)
        return cursor.fetchall() if cursor.description else []

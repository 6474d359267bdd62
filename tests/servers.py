"""The servers that the tests run on, and the databases that one run makes there.

Importing this module prepares the environment, so it must come before Django's settings are read. Each run of the
tests has a name; its databases are ``test_<database>_<run>_…``: one template with every migration and the demo
district, and a clone of it for each process and each portal that a test starts. Two runs at once do not meet, and
what a killed run left behind the next one removes.
"""

import contextlib
import fcntl
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from batosocial import embedded

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = BASE_DIR / ".data" / "test"
IS_XDIST_WORKER = "PYTEST_XDIST_WORKER" in os.environ

# The workers of one run inherit its name from the process that started them.
RUN = os.environ.setdefault("TEST_RUN", f"{os.getpid()}x{secrets.token_hex(2)}")

os.environ |= {
    "DATA_DIR": str(DATA_DIR),
    "PRODUCTION": "false",
    "DEBUG": "false",
    "DEMO": "true",
    "BUSINESS_DATE": "2024-07-22",
    # Playwright keeps an event loop in the thread of the tests, which Django would take for asynchronous code.
    "DJANGO_ALLOW_ASYNC_UNSAFE": "true",
}
if "DATABASE_URL" not in os.environ or "TEST_EMBEDDED" in os.environ:
    _servers = embedded.hold(DATA_DIR, durable=False)
    os.environ |= {
        "DATABASE_URL": _servers.database_url,
        "REDIS_URL": _servers.redis_url,
        "EMBEDDED": "true",
        "TEST_EMBEDDED": "true",
    }
DATABASE_URL = os.environ["DATABASE_URL"]
_VALKEY_DATABASES = 64 if "TEST_EMBEDDED" in os.environ else 16


class Slot:
    """A Valkey database that no other test process uses; it is free again when the process ends."""

    def __init__(self) -> None:
        folder = DATA_DIR / "slots"
        folder.mkdir(parents=True, exist_ok=True)
        for number in range(1, _VALKEY_DATABASES):
            self._file = (folder / str(number)).open("w")
            with contextlib.suppress(BlockingIOError):
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                self.number = number
                break
            self._file.close()
        else:
            raise RuntimeError("Every Valkey database is taken by other test runs.")
        self.redis_url = _with_valkey_database(os.environ["REDIS_URL"], self.number)
        self.flush()

    def flush(self) -> None:
        import redis

        with redis.Redis.from_url(self.redis_url) as client:
            client.flushdb()

    def free(self) -> None:
        self._file.close()


def _with_valkey_database(url: str, number: int) -> str:
    parts = urlsplit(url)
    if parts.scheme == "unix":
        return f"{url.partition('?')[0]}?db={number}"  # urlunsplit would drop two of the three slashes
    return urlunsplit(parts._replace(path=f"/{number}"))


@contextlib.contextmanager
def _locked(path: Path, kind: int = fcntl.LOCK_EX) -> Iterator[None]:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        fcntl.flock(file, kind)
        yield


class RunLock:
    """Says that this run is alive: held by the process that the user started, for as long as it lives."""

    def __init__(self) -> None:
        folder = DATA_DIR / "runs"
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / f"{RUN}.lock"
        self._file = self._path.open("w")
        fcntl.flock(self._file, fcntl.LOCK_EX)

    def free(self) -> None:
        for left in self._path.parent.glob(f"{RUN}.*"):
            left.unlink(missing_ok=True)
        self._file.close()

    @staticmethod
    def is_alive(run: str) -> bool:
        try:
            with (DATA_DIR / "runs" / f"{run}.lock").open("r") as file:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except FileNotFoundError:
            return False
        except BlockingIOError:
            return True
        return False


class Databases:
    """The databases of this run."""

    def __init__(self) -> None:
        self.original = urlsplit(DATABASE_URL).path.strip("/").rsplit("/", 1)[-1]
        self.template = self.name("template")
        self._state = DATA_DIR / "runs" / f"{RUN}.template"

    def name(self, suffix: str) -> str:
        return f"test_{self.original}_{RUN}_{suffix}"

    def url(self, name: str) -> str:
        parts = urlsplit(DATABASE_URL)
        return urlunsplit(parts._replace(path=f"{parts.path.removesuffix(self.original)}{name}"))

    def execute(self, *statements: str) -> list[tuple[object, ...]]:
        """Run statements that may not stand in a transaction; return the rows of the last."""
        import psycopg

        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            for statement in statements:
                cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def build_template(self) -> None:
        """Make the template, once for all processes of this run."""
        with _locked(self._state.with_suffix(".build")):
            state = self._state.read_text() if self._state.exists() else ""
            if state == "ready":
                return
            if state:
                raise RuntimeError(f"The test database could not be built; another process says: {state}")
            self._state.write_text("its process was killed")
            self.drop_leftovers()
            self.execute(f'CREATE DATABASE "{self.template}"')
            try:
                self._fill_template()
            except BaseException as error:
                self._state.write_text(repr(error))
                raise
            self._state.write_text("ready")

    def _fill_template(self) -> None:
        from django.core.management import call_command

        self.use(self.template)
        call_command("migrate", verbosity=0, interactive=False)
        with Path(os.devnull).open("w") as nowhere:
            call_command("demo", stdout=nowhere)
        self.use(self.original)

    def use(self, name: str) -> None:
        """Let Django's connection of this thread lead to that database."""
        from django.db import connection

        connection.close()
        connection.settings_dict["NAME"] = name

    def clone(self, name: str) -> None:
        """Copy the template: files, not pages through the log, which is faster where fsync is off."""
        self.drop(name)
        self.execute(f'CREATE DATABASE "{name}" TEMPLATE "{self.template}" STRATEGY file_copy')

    def drop(self, *names: str) -> None:
        for name in names:
            self.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def drop_all(self) -> None:
        """Remove every database of this run."""
        self.drop(*self._names(RUN))

    def drop_leftovers(self) -> None:
        """Remove the databases of runs that are no more."""
        prefix = self.name("").removesuffix(f"{RUN}_")
        runs = {name.removeprefix(prefix).partition("_")[0] for name in self._names()}
        for run in runs:
            if run != RUN and not RunLock.is_alive(run):
                self.drop(*self._names(run))

    def _names(self, run: str = "") -> list[str]:
        prefix = f"test_{self.original}_{run}"
        rows = self.execute(f"SELECT datname FROM pg_database WHERE starts_with(datname, '{prefix}')")
        return [str(name) for (name,) in rows]


databases = Databases()

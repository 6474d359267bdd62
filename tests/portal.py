"""A real portal for a test: gunicorn, a Celery worker and beat on a database and a Valkey of its own."""

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from tests.servers import BASE_DIR, DATA_DIR, Slot, databases

START_SECONDS = 60


class Portal:
    """Processes that a test may talk to, kill and start again.

    ``url`` is where it answers, ``env`` the environment for commands that shall meet the same data.
    """

    def __init__(self, **settings: str) -> None:
        self.database = databases.name(f"portal_{secrets.token_hex(3)}")
        self.slot = Slot()
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log_dir = DATA_DIR / "log"
        self.env = os.environ | {
            "DATABASE_URL": databases.url(self.database),
            "REDIS_URL": self.slot.redis_url,
            "PORT": str(self.port),
            # A killed worker's job is found within seconds, not within a minute.
            "JOB_SWEEP_SECONDS": "1",
            "JOB_STALE_SECONDS": "5",
            **settings,
        }
        for foreign in ("PYTEST_XDIST_WORKER", "PYTEST_CURRENT_TEST"):
            self.env.pop(foreign, None)
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    def start(self) -> None:
        databases.clone(self.database)
        try:
            self.start_web()
            self.start_worker(wait=False)
            self.start_beat()
            self.await_web()
            self.await_worker()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End every process and remove the database. Safe to repeat."""
        for name in list(self.processes):
            self.end(name, signal.SIGTERM)
        databases.drop(self.database)
        self.slot.free()

    # processes

    def start_web(self) -> None:
        self._spawn(
            "web",
            *("gunicorn", "batosocial.wsgi", "--bind", f"127.0.0.1:{self.port}"),
            *("--workers", "1", "--threads", "4", "--graceful-timeout", "2", "--no-control-socket"),
        )

    def start_worker(self, *, wait: bool = True) -> None:
        worker = f"test@{self.port}-{secrets.token_hex(2)}"
        command = ("celery", "-A", "batosocial.celery", "worker", "--concurrency", "1", "--loglevel", "INFO")
        self._spawn("worker", *command, "--hostname", worker)
        if wait:
            self.await_worker()

    def start_beat(self) -> None:
        schedule = self.log_dir / f"{self.database}.beat"
        self._spawn("beat", "celery", "-A", "batosocial.celery", "beat", "--schedule", str(schedule))

    def kill_worker(self) -> None:
        """Kill the worker with its children as a power cut would."""
        self.end("worker", signal.SIGKILL)

    def end(self, name: str, sign: signal.Signals) -> None:
        process = self.processes.pop(name, None)
        if process is None:
            return
        for kill in (sign, signal.SIGKILL):
            try:
                os.killpg(process.pid, kill)
            except ProcessLookupError:
                break
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                continue
        process.wait()

    def await_web(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self.processes["web"].poll() is None:
            try:
                with urllib.request.urlopen(f"{self.url}/suc-khoe/", timeout=5) as answer:
                    if answer.status == 200:
                        return
            except (urllib.error.URLError, OSError):
                time.sleep(0.1)
        raise RuntimeError(f"The portal does not answer:\n{self.log('web')}")

    def await_worker(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self.processes["worker"].poll() is None:
            if " ready." in self.log("worker"):
                return
            time.sleep(0.1)
        raise RuntimeError(f"The worker does not start:\n{self.log('worker')}")

    def log(self, name: str) -> str:
        return self._log_path(name).read_text(errors="replace")

    def _log_path(self, name: str) -> Path:
        return self.log_dir / f"{self.database}.{name}.log"

    def _spawn(self, name: str, module: str, *arguments: str) -> None:
        self.end(name, signal.SIGKILL)
        with self._log_path(name).open("wb") as log:
            self.processes[name] = subprocess.Popen(
                [sys.executable, "-m", module, *arguments],
                cwd=BASE_DIR,
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    # the same data, by other ways

    def manage(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run ``manage.py`` on this portal's data."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=BASE_DIR,
            env=self.env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if check and done.returncode:
            raise AssertionError(f"manage.py {' '.join(arguments)} → {done.returncode}\n{done.stderr}")
        return done

    def manage_json(self, *arguments: str) -> Any:
        """Run ``manage.py … --json`` and return what it says."""
        return json.loads(self.manage(*arguments, "--json").stdout)

    def sql(self, statement: str, *parameters: object) -> list[tuple[Any, ...]]:
        """Run one statement on this portal's database, committed."""
        import psycopg

        with psycopg.connect(self.env["DATABASE_URL"], autocommit=True) as connection:
            cursor = connection.execute(statement, parameters or None)
            return cursor.fetchall() if cursor.description else []


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])

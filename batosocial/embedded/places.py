"""Where things are: addresses, folders, locks, and what to say when a folder cannot be used."""

import contextlib
import errno
import fcntl
import hashlib
import os
import pwd
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

NAME = "batosocial"  # of the database and of the role that owns it
START_SECONDS = 120  # recovery after a power cut may take a while
STOP_SECONDS = 60


class EmbeddedError(Exception):
    """The embedded servers cannot run; the message is one line for the user, in Vietnamese."""


@dataclass(frozen=True)
class Servers:
    """Where the servers of one data folder answer."""

    database_url: str
    redis_url: str
    socket_dir: Path


def locate(data_dir: Path) -> Servers:
    """Tell where the servers of ``data_dir`` answer, or would. Starts nothing and creates nothing.

    Raises EmbeddedError when the folder for the sockets belongs to somebody else.
    """
    data_dir = data_dir.resolve()
    digest = hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:8]
    # Always /tmp, never TMPDIR: the address must be the same for every process of this user.
    socket_dir = Path("/tmp") / f"{NAME}-{os.geteuid()}-{digest}"  # noqa: S108 - owner and mode are checked
    refuse_foreign(socket_dir)
    return Servers(
        # The form that both libpq and django-environ read.
        database_url=f"postgres://{NAME}@/{NAME}?host={quote(str(socket_dir / 'pg'))}",
        redis_url=f"unix://{quote(str(socket_dir / 'valkey.sock'))}?db=0",
        socket_dir=socket_dir,
    )


def refuse_foreign(folder: Path) -> None:
    try:
        found = folder.lstat()
    except FileNotFoundError:
        return
    if found.st_uid != os.geteuid() or not folder.is_dir() or folder.is_symlink():
        raise EmbeddedError(f"{folder} thuộc về người dùng khác; hãy xoá nó hoặc đặt DATA_DIR khác.")


def make_folders(data_dir: Path) -> None:
    data_dir.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(FileExistsError):
        data_dir.mkdir(mode=0o700)
    owner = data_dir.stat().st_uid
    if owner != os.geteuid():
        name = user_name(owner)
        raise EmbeddedError(
            f"Thư mục dữ liệu {data_dir} thuộc về người dùng {name}; hãy chạy bằng người dùng đó"
            " hoặc đặt DATA_DIR khác."
        )
    for name in ("lock", "log", "valkey"):
        (data_dir / name).mkdir(mode=0o700, exist_ok=True)


def make_socket_dir(socket_dir: Path) -> None:
    with contextlib.suppress(FileExistsError):
        socket_dir.mkdir(mode=0o700)
    refuse_foreign(socket_dir)


def clear_sockets(socket_dir: Path) -> None:
    """Remove what dead servers left: with their lock files their sockets would stop the next start."""
    for leftover in (*(socket_dir / "pg").glob(".s.PGSQL.*"), socket_dir / "valkey.sock"):
        leftover.unlink(missing_ok=True)
    for folder in (socket_dir / "pg", socket_dir):
        with contextlib.suppress(OSError):
            folder.rmdir()


def user_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def open_lock(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def try_lock(fd: int, kind: int) -> bool:
    try:
        fcntl.flock(fd, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the exclusive lock, waiting for it as long as a start or a stop may take."""
    fd = open_lock(path)
    deadline = time.monotonic() + START_SECONDS + STOP_SECONDS
    try:
        while not try_lock(fd, fcntl.LOCK_EX):
            if time.monotonic() > deadline:
                raise EmbeddedError(f"Chờ quá lâu: một tiến trình khác đang giữ {path}.")
            time.sleep(0.02)
        yield
    finally:
        os.close(fd)


def explain_os_error(error: OSError, data_dir: Path) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"Ổ đĩa chứa {data_dir} đã đầy; hãy giải phóng dung lượng rồi chạy lại."
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        where = error.filename or data_dir
        return f"Không ghi được vào {where}; hãy kiểm tra quyền của thư mục hoặc đặt DATA_DIR khác."
    return f"Không dùng được thư mục dữ liệu {data_dir}: {error}"


def answers(socket_dir: Path) -> bool:
    return postgres_accepts(socket_dir / "pg") and valkey_answers(socket_dir / "valkey.sock")


def postgres_accepts(folder: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(2)
        try:
            client.connect(str(folder / ".s.PGSQL.5432"))
        except OSError:
            return False
    return True


def valkey_answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(2)
        try:
            client.connect(str(path))
            client.sendall(b"PING\r\n")
            return client.recv(64).startswith(b"+PONG")
        except OSError:
            return False

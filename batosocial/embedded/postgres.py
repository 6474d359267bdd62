"""PostgreSQL from the wheel: making the cluster once, and the command that runs it."""

import contextlib
import functools
import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path

from .places import NAME, EmbeddedError
from .processes import clean_environment, explain, first_number, works, works_in

POSTGRES_VERSION = "18"

SETTINGS = {
    "listen_addresses": "",
    "port": "5432",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "256MB",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "max_wal_size": "1GB",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    # Parallel queries share memory through /dev/shm, which containers keep at 64 MB.
    "dynamic_shared_memory_type": "mmap",
    "jit": "off",
    "timezone": "Asia/Ho_Chi_Minh",
    "log_timezone": "Asia/Ho_Chi_Minh",
    "log_line_prefix": "%m [%p] %d ",
}
NOT_DURABLE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class Postgres:
    """The PostgreSQL of one data folder, its files in ``postgres`` there, its socket in ``pg``."""

    def __init__(self, data_dir: Path, socket_dir: Path, programs: Path, *, durable: bool) -> None:
        self.data_dir = data_dir
        self.socket_dir = socket_dir
        self.programs = programs
        self.durable = durable
        self.home = data_dir / "postgres"

    def prepare(self) -> None:
        """Make the cluster if there is none, and everything else that a start needs."""
        (self.socket_dir / "pg").mkdir(mode=0o700, exist_ok=True)
        self._give(self.socket_dir / "pg")
        if (self.home / "PG_VERSION").exists():
            self._check_version()
            self._give(self.home)
        else:
            self._make_cluster()
        pid = first_number(self.home / "postmaster.pid")
        if pid and not works_in(pid, self.home):
            # After a crash the number may belong to another program by now; PostgreSQL would wait for that one.
            (self.home / "postmaster.pid").unlink(missing_ok=True)

    def command(self) -> list[str]:
        settings = SETTINGS | {"unix_socket_directories": str(self.socket_dir / "pg")}
        if not self.durable:
            settings |= NOT_DURABLE
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return [*self._prefix, str(self.programs / "postgres"), "-D", str(self.home), *options]

    def ready(self, pid: int) -> bool:
        """PostgreSQL writes its state into the eighth line of its pid file, where pg_ctl reads it too."""
        try:
            lines = (self.home / "postmaster.pid").read_text().splitlines()
        except OSError:
            return False
        return len(lines) >= 8 and lines[0].strip() == str(pid) and lines[7].strip() == "ready"

    # Who runs it: PostgreSQL refuses to run as root.

    @functools.cached_property
    def _service_user(self) -> "pwd.struct_passwd | None":
        """As root, the user that PostgreSQL takes itself for; None when we are an ordinary user."""
        if os.geteuid() != 0:
            return None
        # It must be a user that the machine knows, or initdb refuses.
        with contextlib.suppress(KeyError):
            return pwd.getpwnam("nobody")
        for user in pwd.getpwall():
            if user.pw_uid != 0:
                return user
        raise EmbeddedError("PostgreSQL không chạy bằng root và máy này không có người dùng nào khác")

    @functools.cached_property
    def _namespace_prefix(self) -> list[str]:
        """In a user namespace we look like the service user, but are and stay root outside; or empty."""
        user = self._service_user
        if user is None:
            return []
        prefix = ["unshare", "-U", f"--map-user={user.pw_uid}", f"--map-group={user.pw_gid}", "--"]
        return prefix if works([*prefix, "true"]) else []

    @functools.cached_property
    def _prefix(self) -> list[str]:
        """What stands before each PostgreSQL command."""
        user = self._service_user
        if user is None or self._namespace_prefix:
            return self._namespace_prefix
        dropped = ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups", "--"]
        # The service user only passes through these two; what lies inside keeps its own mode.
        self.data_dir.chmod(0o711)
        self.socket_dir.chmod(0o711)
        program = [str(self.programs / "postgres"), "--version"]
        if not works([*dropped, *program]) or not works([*dropped, "test", "-x", str(self.data_dir)]):
            raise EmbeddedError(
                "PostgreSQL không chạy bằng root và máy này không cho tạo user namespace;"
                " hãy chạy bằng người dùng thường"
            )
        return dropped

    def _give(self, path: Path) -> None:
        """As root, make the files belong to whom PostgreSQL's process is, seen from outside a namespace."""
        user = self._service_user
        if user is None:
            return
        owner = (0, 0) if self._prefix == self._namespace_prefix else (user.pw_uid, user.pw_gid)
        if path.stat().st_uid == owner[0]:
            return
        for folder, _, files in os.walk(path):
            for name in (folder, *(os.path.join(folder, file) for file in files)):  # noqa: PTH118
                os.chown(name, *owner, follow_symlinks=False)

    # The cluster.

    def _check_version(self) -> None:
        found = (self.home / "PG_VERSION").read_text().strip()
        if found != POSTGRES_VERSION:
            raise EmbeddedError(
                f"{self.home} là dữ liệu của PostgreSQL {found}, chương trình đi kèm là bản {POSTGRES_VERSION};"
                " hãy sao lưu và chuyển dữ liệu, hoặc đặt DATA_DIR khác"
            )

    def _make_cluster(self) -> None:
        """Make the cluster with its database aside and rename it: half a cluster never stands in its place."""
        for half in self.data_dir.glob("postgres.new-*"):
            shutil.rmtree(half)
        workshop = Path(tempfile.mkdtemp(prefix="postgres.new-", dir=self.data_dir))
        self._give(workshop)
        fresh = workshop / "data"
        try:
            self._run(
                [
                    *("initdb", "-D", str(fresh), "-U", NAME, "--encoding=UTF8", "--locale=C.UTF-8"),
                    *("--auth-local=trust", "--auth-host=reject", "--no-instructions"),
                    *(() if self.durable else ("--no-sync",)),
                ],
                workshop,
            )
            single = ["postgres", "--single", "-D", str(fresh), "-c", "exit_on_error=true", "postgres"]
            self._run(single, workshop, f"CREATE DATABASE {NAME};\n")
            if self.home.exists():
                self.home.rmdir()  # an empty folder may stand there; anything else is not ours to remove
            fresh.rename(self.home)
            _sync_folder(self.data_dir)
        finally:
            shutil.rmtree(workshop, ignore_errors=True)

    def _run(self, command: list[str], cwd: Path, stdin: str = "") -> None:
        done = subprocess.run(  # noqa: S603
            [*self._prefix, str(self.programs / command[0]), *command[1:]],
            input=stdin,
            capture_output=True,
            text=True,
            env=clean_environment(),
            cwd=cwd,
            check=False,
        )
        if done.returncode:
            output = done.stdout + done.stderr
            print(output, flush=True)  # noqa: T201 - into the keeper's log
            raise EmbeddedError(explain(command[0], output, self.data_dir))


def _sync_folder(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)

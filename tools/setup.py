"""`make setup`: the virtual environment, the pinned packages, the front-end files, the collected static files.

Each step leaves a stamp of what it was made from and is skipped while that is unchanged. This file is read by the
machine's own Python, which may be an old one: it uses nothing newer than Python 3.6, so that an old one is told so
in a line of text and not by a syntax error.
"""

import contextlib
import fcntl
import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
BUILD = ROOT / "build"
PYTHON = VENV / "bin" / "python"
OLDEST = (3, 11)
NEEDED_MB = 1500


def say(text):
    print(text, flush=True)


def fail(text):
    sys.exit("Lỗi: " + text)


def run(command, trouble):
    """Run quietly; what the command said is shown only when it fails."""
    done = subprocess.run(
        [str(part) for part in command],
        cwd=str(ROOT),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    if done.returncode:
        output = done.stdout.decode("utf-8", "replace").strip()
        if "No space left on device" in output:
            fail("ổ đĩa đã đầy; hãy giải phóng dung lượng rồi chạy lại.")
        print("\n".join(output.splitlines()[-25:]), file=sys.stderr)
        fail(trouble)


def find_python():
    """This Python, or a newer one on the path; ends with a line of text when there is none."""
    if sys.version_info[:2] >= OLDEST:
        return sys.executable
    for minor in range(OLDEST[1] + 4, OLDEST[1] - 1, -1):
        found = shutil.which(f"python3.{minor}")
        if found:
            return found
    return fail(
        f"cần Python {OLDEST[0]}.{OLDEST[1]} trở lên, máy này có {sys.version.split()[0]};"
        " hãy cài bản mới (ví dụ gói python3.11) rồi chạy lại."
    )


def digest(*parts):
    """A short name for the contents of files and for other things that count."""
    whole = hashlib.sha256()
    for part in parts:
        if isinstance(part, Path) and part.is_file():
            whole.update(part.read_bytes())
        whole.update(str(part).encode() + b"\0")
    return whole.hexdigest()


def tree(*folders):
    """Path, size and time of every file below, as a list of strings."""
    found = []
    for top in folders:
        for path in top.rglob("*"):
            if path.is_file():
                state = path.stat()
                found.append(f"{path} {state.st_size} {state.st_mtime_ns}")
    return sorted(found)


class Step:
    """Something that is done again only when what it depends on has changed."""

    def __init__(self, stamp, *parts):
        self.stamp = stamp
        self.wanted = digest(*parts)

    def is_done(self):
        return self.stamp.is_file() and self.stamp.read_text() == self.wanted

    def done(self):
        self.stamp.write_text(self.wanted)


def environment_works():
    """Whether .venv was made here, by a Python that is still there; its scripts name their folder."""
    pip = VENV / "bin" / "pip"
    if not pip.is_file() or str(VENV).encode() not in pip.read_bytes()[:1000]:
        return False
    probe = f"import sys, pip; sys.exit(sys.version_info[:2] < {OLDEST})"
    return subprocess.call([str(PYTHON), "-c", probe], stderr=subprocess.DEVNULL) == 0


def make_environment(python):
    """`.venv` with the pinned packages."""
    requirements = [ROOT / "requirements.txt", ROOT / "requirements-dev.txt"]
    packages = Step(VENV / ".packages", *requirements)
    works = environment_works()
    if works and packages.is_done():
        return
    free = shutil.disk_usage(str(ROOT)).free // 1024**2
    if free < NEEDED_MB:
        fail(f"ổ đĩa chỉ còn {free} MB trống, cần khoảng {NEEDED_MB} MB.")
    if not works:
        say("Tạo môi trường Python (.venv)…")
        shutil.rmtree(str(VENV), ignore_errors=True)
        run([python, "-m", "venv", VENV], "không tạo được .venv; trên Debian/Ubuntu hãy cài gói python3-venv.")
    say("Cài các gói Python đã ghim phiên bản (lần đầu mất một vài phút)…")
    run(
        [PYTHON, "-m", "pip", "install", "-q", "--disable-pip-version-check", "-r", requirements[1]],
        "không cài được các gói trong requirements-dev.txt; hãy kiểm tra kết nối tới kho gói Python.",
    )
    packages.done()


def make_front_end():
    """The files of npm packages that the pages use, in build/vendor."""
    names = ("package.json", "package-lock.json", "tools/frontend.py")
    step = Step(BUILD / ".frontend", *(ROOT / name for name in names))
    if step.is_done() and (BUILD / "vendor").is_dir():
        return
    say("Cài các tệp giao diện (Tabler, ECharts)…")
    # It says itself what is wrong.
    if subprocess.call([str(PYTHON), "-m", "tools.frontend"], cwd=str(ROOT)):
        sys.exit(1)
    step.done()


def collect_static():
    """Hashed and compressed static files in build/static.

    Older files stay: a portal that runs beside still names them.
    """
    apps = (ROOT.glob("*/static"), (ROOT / "batosocial").glob("*/static"))
    folders = [ROOT / "static", BUILD / "vendor"]
    folders += [folder for found in apps for folder in found if folder.parent != BUILD]
    step = Step(BUILD / ".static", VENV / ".packages", ROOT / "batosocial" / "settings.py", *tree(*folders))
    if step.is_done() and (BUILD / "static" / "staticfiles.json").is_file():
        return
    say("Gom các tệp tĩnh…")
    run([PYTHON, "manage.py", "collectstatic", "--noinput"], "không gom được các tệp tĩnh (xem ở trên).")
    step.done()


@contextlib.contextmanager
def alone():
    """`make run` and `make test` may be started at the same moment: one prepares, the other waits."""
    BUILD.mkdir(exist_ok=True)
    with (BUILD / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def main():
    python = find_python()
    with alone():
        make_environment(python)
        make_front_end()
        collect_static()


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
    except OSError as problem:
        fail(f"{problem.strerror}: {problem.filename}" if problem.filename else str(problem))

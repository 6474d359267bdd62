"""`make lint` and the first half of `make test`: everything that reads the code without running the tests.

The checks run beside each other; each says one line, and all it has to say only when it fails.
"""

import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent

# Made up, as production needs them; nothing is connected to.
PRODUCTION = {
    "PRODUCTION": "true",
    "DEMO": "false",
    "DEBUG": "false",
    "BUSINESS_DATE": "",
    "SECRET_KEY": "".join(chr(33 + (7 * n) % 90) for n in range(80)).replace("$", "S"),
    "DATABASE_URL": "postgres://portal:portal@database.invalid/portal",
    "REDIS_URL": "redis://queue.invalid/0",
    "ALLOWED_HOSTS": "portal.example.vn",
}


@dataclass
class Check:
    """A command that must end well."""

    name: str
    command: list[str]
    environment: dict[str, str] = field(default_factory=dict)

    def run(self) -> tuple[int, str, float]:
        began = time.monotonic()
        done = subprocess.run(
            [str(BIN / self.command[0]), *self.command[1:]],
            cwd=ROOT,
            env=os.environ | self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout, time.monotonic() - began


def checks(scratch: str) -> list[Check]:
    # A folder that never holds data: these checks start no server and look into no database.
    aside = {"DATA_DIR": scratch, "DATABASE_URL": "", "REDIS_URL": ""}
    return [
        Check("mypy", ["mypy", "."]),
        Check("ruff", ["ruff", "check", "."]),
        Check("ruff format", ["ruff", "format", "--check", "."]),
        Check("import-linter", ["lint-imports", "--no-cache"]),
        Check("migrations", ["python", "manage.py", "makemigrations", "--check", "--dry-run"], aside),
        Check(
            "check --deploy",
            ["python", "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
            PRODUCTION | {"DATA_DIR": scratch},
        ),
    ]


def main() -> int:
    failed = []
    with tempfile.TemporaryDirectory() as scratch, ThreadPoolExecutor(os.cpu_count() or 2) as pool:
        every = checks(scratch)
        for check, (code, output, seconds) in zip(every, pool.map(Check.run, every), strict=True):
            print(f"{check.name:<16} {'đạt' if code == 0 else 'KHÔNG ĐẠT'} ({seconds:.1f} s)", flush=True)
            if code:
                failed.append(check.name)
                print(output.rstrip(), flush=True)
    if failed:
        print(f"Không đạt: {', '.join(failed)}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

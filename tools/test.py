"""`make test`: the checks of the code, then every test, browser tests included.

Ends with pytest's own summary. Words after `-m tools.test` go to pytest.
"""

import os
import subprocess
import sys
from pathlib import Path

from tools import checks, chromium

ROOT = Path(__file__).resolve().parent.parent


def main() -> int:
    in_ci = bool(os.environ.get("CI"))
    checked = checks.main()
    if checked and not in_ci:
        return checked  # in CI the tests run all the same, so that one run tells everything
    browser = chromium.main()
    if browser:
        return browser
    tested = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-n", "2", "--dist", "loadgroup", *sys.argv[1:]],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    return tested.returncode or checked


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)

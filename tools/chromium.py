"""Make sure that there is a Chromium for the browser tests: Debian's package, where we may install it."""

import os
import shutil
import subprocess
import sys

NAMES = ("chromium", "chromium-browser", "google-chrome")


def main() -> int:
    if any(shutil.which(name) for name in NAMES):
        return 0
    prefix = _as_root()
    if prefix is not None and shutil.which("apt-get"):
        print("Cài Chromium cho kiểm thử trình duyệt…", flush=True)
        environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        for step in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", "chromium"]):
            done = subprocess.run(
                [*prefix, "apt-get", *step],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                check=False,
            )
            if done.returncode:
                print("\n".join(done.stdout.splitlines()[-5:]), file=sys.stderr)
                break
        if any(shutil.which(name) for name in NAMES):
            return 0
    print("Thiếu Chromium, kiểm thử trình duyệt không chạy: hãy cài bằng `sudo apt-get install chromium`.")
    # In CI nothing is skipped.
    return 1 if os.environ.get("CI") else 0


def _as_root() -> "list[str] | None":
    if os.geteuid() == 0:
        return []
    if shutil.which("sudo") and subprocess.run(["sudo", "-n", "true"], capture_output=True).returncode == 0:
        return ["sudo", "-n"]
    return None


if __name__ == "__main__":
    sys.exit(main())

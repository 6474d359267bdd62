"""LibreOffice and poppler, the programs that turn papers into pages."""

import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

#: Program, and the package of Debian that brings it.
_NEEDED = {
    "soffice": "libreoffice-writer libreoffice-calc",
    "pdftoppm": "poppler-utils",
}
_MINUTES = 10
_DOTS_PER_INCH = "80"


class OfficeFailed(Exception):
    """A program did not do its work; the message says which and what it said."""


def missing() -> str:
    """What is to be installed, in words; "" where everything is there."""
    lacking = [program for program in _NEEDED if shutil.which(program) is None]
    if not lacking:
        return ""
    packages = " ".join(_NEEDED[program] for program in lacking)
    return f"Thiếu {' và '.join(lacking)}. Hãy cài: sudo apt-get install {packages}"


def convert(papers: Sequence[Path], ending: str, folder: Path) -> None:
    """Papers in another format, into a folder. With a profile of its own, so that an open LibreOffice does not mind."""
    if not papers:
        return
    with tempfile.TemporaryDirectory() as profile:
        _run(
            "soffice",
            f"-env:UserInstallation={Path(profile).as_uri()}",
            "--headless",
            "--convert-to",
            ending,
            "--outdir",
            str(folder),
            *map(str, papers),
        )
    if absent := [paper.name for paper in papers if not (folder / f"{paper.stem}.{ending}").exists()]:
        raise OfficeFailed(f"LibreOffice không chuyển được {', '.join(absent)} sang {ending}.")


def pictures(pdf: Path) -> int:
    """Every page as a picture beside the PDF; returns how many pages there are."""
    _run("pdftoppm", "-r", _DOTS_PER_INCH, "-png", str(pdf), str(pdf.with_suffix("")))
    return len(list(pdf.parent.glob(f"{pdf.stem}-[0-9]*.png")))


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, timeout=60 * _MINUTES, check=False)
    if done.returncode:
        raise OfficeFailed(f"{command[0]} báo lỗi {done.returncode}: {(done.stderr or done.stdout).strip()}")

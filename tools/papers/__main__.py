import shutil
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

from tools.bench import databases
from tools.papers import office, workbook

ROOT = Path(__file__).resolve().parent.parent.parent
OUT = ROOT / "build" / "papers"
MONTH = "2024-07"
LETTER, APPENDIX, NOTICES = "cong-van.docx", "phu-luc.xlsx", "thong-bao.zip"
#: In a notice everything stands on one page.
ONE_PAGE = "thong-bao"


def make_papers() -> None:
    """By the commands that the district uses, in a database of their own that is dropped afterwards."""
    from django.core.management import call_command, get_commands

    databases.prepare()
    with databases.fresh("papers"):
        say("Nạp huyện minh họa…")
        with (OUT / "demo.log").open("w", encoding="utf-8") as log:
            call_command("demo", stdout=log)
        for command, name in (("letter", LETTER), ("appendix", APPENDIX), ("notices", NOTICES)):
            if command in get_commands():
                call_command(command, MONTH, "-o", str(OUT / name), stdout=sys.stdout)
    (OUT / "demo.log").unlink()
    with zipfile.ZipFile(OUT / NOTICES) as archive:
        archive.extractall(OUT / ONE_PAGE)


def recompute() -> bool:
    """Whether LibreOffice comes to the same figures as the appendix."""
    compared, differences = workbook.recompute(OUT / APPENDIX)
    say(f"Phụ lục: LibreOffice tính lại {compared} ô công thức, {len(differences)} ô khác số đã lưu.")
    for difference in differences:
        say(f"  {difference}")
    return compared > 0 and not differences


def print_pages() -> bool:
    """Whether every notice is one page; all papers as PDF and pictures."""
    alone = True
    for folder, papers in _papers():
        office.convert(papers, "pdf", folder)
        for paper in papers:
            pages = office.pictures(folder / f"{paper.stem}.pdf")
            say(f"{paper.relative_to(OUT)}: {pages} trang")
            if folder.name == ONE_PAGE and pages != 1:
                say("  KHÔNG ĐẠT: thông báo phải vừa một trang.")
                alone = False
    return alone


def _papers() -> Iterator[tuple[Path, list[Path]]]:
    yield OUT, sorted(paper for paper in (OUT / LETTER, OUT / APPENDIX) if paper.exists())
    yield OUT / ONE_PAGE, sorted((OUT / ONE_PAGE).glob("*.docx"))


def say(text: str) -> None:
    print(text, flush=True)


def main() -> int:
    if missing := office.missing():
        say(missing)
        return 2
    shutil.rmtree(OUT, ignore_errors=True)
    (OUT / ONE_PAGE).mkdir(parents=True)
    make_papers()
    agrees = recompute()
    alone = print_pages()
    say(f"Các trang nằm trong {OUT.relative_to(ROOT)}.")
    return 0 if agrees and alone else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except office.OfficeFailed as failure:
        sys.exit(str(failure))
    except KeyboardInterrupt:
        sys.exit(130)

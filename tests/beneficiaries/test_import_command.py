"""`import_people`: what it prints, what it writes, how it ends."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from openpyxl import load_workbook

from batosocial.jobs.models import StoredFile
from batosocial.staff.models import User
from beneficiaries.models import ImportBatch, PayoutRoute, Person
from tests import factories as make
from tests.beneficiaries import import_lists as lists

pytestmark = pytest.mark.django_db


def run(file: Path, *options: str, commune: str = make.BA_DONG, policy: str = "BTXH") -> tuple[int, str]:
    """Exit code and standard output."""
    out = io.StringIO()
    try:
        call_command("import_people", str(file), "--commune", commune, "--policy", policy, *options, stdout=out)
    except SystemExit as end:
        return int(end.code or 0), out.getvalue()
    except CommandError as error:
        return error.returncode, out.getvalue()
    return 0, out.getvalue()


def as_json(file: Path, *options: str, **where: str) -> tuple[int, dict[str, Any]]:
    code, out = run(file, "--json", *options, **where)
    return code, json.loads(out)


def test_without_commit_nothing_at_all_is_written() -> None:
    before = [model.objects.count() for model in (Person, ImportBatch, StoredFile, User)]
    code, report = as_json(lists.BTXH_SAMPLE)
    assert code == 0
    assert report == {
        "rows": 150, "new": 150, "changed": 0, "unchanged": 0, "errors": 0, "warnings": 0, "messages": [],
    }  # fmt: skip
    assert [model.objects.count() for model in (Person, ImportBatch, StoredFile, User)] == before


def test_commit_loads_and_the_same_file_again_is_unchanged() -> None:
    code, report = as_json(lists.BTXH_SAMPLE, "--commit")
    assert (code, report["new"]) == (0, 150)
    batch = ImportBatch.objects.latest("pk")
    assert batch.state == "accepted"
    assert batch.start_month == make.NEXT_MONTH
    routes = PayoutRoute.objects.filter(person__changes__batch=batch)
    # One operator is one person: a second one confirms in the browser.
    assert set(routes.values_list("state", flat=True)) == {"entered"}
    code, report = as_json(lists.BTXH_SAMPLE, "--commit")
    assert (code, report["unchanged"], report["new"], report["changed"]) == (0, 150, 0, 0)
    assert ImportBatch.objects.latest("pk") == batch


def test_a_file_with_an_error_writes_nothing_and_ends_with_1() -> None:
    before = Person.objects.count()
    code, report = as_json(lists.NCC_SAMPLE, "--commit", commune=make.BA_TO_TOWN, policy="NCC")
    assert code == 1
    assert (report["rows"], report["new"], report["errors"], report["warnings"]) == (40, 34, 6, 5)
    assert report["rows"] == report["new"] + report["changed"] + report["unchanged"] + report["errors"]
    assert set(report["messages"][0]) == {"sheet", "row", "column", "severity", "message"}
    assert (Person.objects.count(), ImportBatch.objects.filter(uploaded_by__role="system").count()) == (before, 0)


@pytest.mark.parametrize("content", [b"", b"khong phai bang tinh", lists.workbook(header=["A", "B"])])
def test_an_unreadable_workbook_is_bad_input_with_well_formed_json(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "ds.xlsx"
    file.write_bytes(content)
    code, report = as_json(file, "--commit")
    assert code == 1
    assert (report["rows"], report["errors"]) == (0, 0)
    (message,) = report["messages"]
    assert message["severity"] == "error"
    assert message["message"]


def test_another_communes_title_is_bad_input() -> None:
    code, report = as_json(lists.NCC_SAMPLE, commune="21520", policy="NCC")
    assert code == 1
    assert "THỊ TRẤN BA TƠ" in report["messages"][0]["message"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["khong-co.xlsx", "--commune", make.BA_DONG, "--policy", "BTXH"],
        [str(lists.BTXH_SAMPLE), "--commune", "99999", "--policy", "BTXH"],
        [str(lists.BTXH_SAMPLE), "--commune", make.BA_DONG, "--policy", "XXX"],
        [str(lists.BTXH_SAMPLE), "--commune", make.BA_DONG],
    ],
)
def test_wrong_usage_ends_with_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    from beneficiaries.management.commands.import_people import Command

    with pytest.raises(SystemExit) as ended:
        Command().run_from_argv(["manage.py", "import_people", *arguments, "--skip-checks"])
    assert ended.value.code == 2
    assert capsys.readouterr().out == ""


def test_marked_is_the_users_workbook_with_cells_coloured(tmp_path: Path) -> None:
    out = tmp_path / "danh_dau.xlsx"
    code, text = run(lists.NCC_SAMPLE, "--marked", str(out), commune=make.BA_TO_TOWN, policy="NCC")
    assert code == 1
    assert "40 dòng: 34 mới, 0 thay đổi, 0 không đổi, 6 lỗi, 5 có cảnh báo." in text
    sheet = load_workbook(out)[lists.SHEET]
    assert "NCC-99" in str(sheet["G19"].comment.text)
    assert sheet["G19"].fill.fgColor.rgb != sheet["G20"].fill.fgColor.rgb
    assert sheet["G20"].comment is None

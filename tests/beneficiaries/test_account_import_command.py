"""`import_accounts`: what it prints, what it writes, how it ends."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from beneficiaries.models import Account, ImportBatch, PayoutRoute
from tests import factories as make
from tests.beneficiaries import account_lists as lists
from tests.beneficiaries.account_lists import line

pytestmark = pytest.mark.django_db


def run(file: Path, *options: str, source: str = "Bưu điện mở, 8/2024") -> tuple[int, str]:
    """Exit code and standard output."""
    out = io.StringIO()
    try:
        call_command("import_accounts", str(file), "--source", source, *options, stdout=out)
    except SystemExit as end:
        return int(end.code or 0), out.getvalue()
    except CommandError as error:
        return error.returncode, out.getvalue()
    return 0, out.getvalue()


def as_json(file: Path, *options: str) -> tuple[int, dict[str, Any]]:
    code, out = run(file, "--json", *options)
    return code, json.loads(out)


def saved(folder: Path, rows: list[dict[str, Any]]) -> Path:
    file = folder / "tk.xlsx"
    file.write_bytes(lists.workbook(rows))
    return file


def test_the_demo_s_581_are_unchanged_and_nothing_is_written(tmp_path: Path) -> None:
    file = saved(tmp_path, lists.of_the_demo())
    before = [model.objects.count() for model in (PayoutRoute, Account, ImportBatch)]
    for options in ([], ["--commit"], ["--month", "2024-08"]):
        code, report = as_json(file, *options)
        assert code == 0
        assert report == {
            "rows": 581, "new": 0, "changed": 0, "unchanged": 581, "errors": 0, "warnings": 0, "messages": [],
        }  # fmt: skip
    assert [model.objects.count() for model in (PayoutRoute, Account, ImportBatch)] == before


def test_commit_enters_routes_that_wait_and_again_is_unchanged(tmp_path: Path) -> None:
    person = make.person()
    make.entitlement(person)
    file = saved(tmp_path, [line(person)])
    assert as_json(file)[1]["new"] == 1
    assert not PayoutRoute.objects.filter(person=person).exists()
    code, report = as_json(file, "--commit", "--month", "2024-10")
    assert (code, report["new"]) == (0, 1)
    route = PayoutRoute.objects.get(person=person)
    assert (route.state, route.source, str(route.first_month)) == ("entered", "Bưu điện mở, 8/2024", "2024-10-01")
    assert route.entered_by.username == "he-thong"
    code, report = as_json(file, "--commit", "--month", "2024-10")
    assert (code, report["unchanged"]) == (0, 1)


def test_one_error_writes_nothing_and_ends_with_1(tmp_path: Path) -> None:
    person = make.person()
    make.entitlement(person)
    file = saved(tmp_path, [line(person), line(name="Không Ai Tên Này")])
    marked = tmp_path / "ra.xlsx"
    code, report = as_json(file, "--commit", "--marked", str(marked))
    assert (code, report["rows"], report["new"], report["errors"]) == (1, 2, 1, 1)
    assert set(report["messages"][0]) == {"sheet", "row", "column", "severity", "message"}
    assert (report["messages"][0]["row"], report["messages"][0]["column"]) == (5, "B")
    assert not PayoutRoute.objects.filter(person=person).exists()
    assert "Chỉ có họ tên" in lists.marked_cells(marked)["B5"]


def test_a_workbook_without_the_columns_is_bad_input(tmp_path: Path) -> None:
    file = tmp_path / "tk.xlsx"
    file.write_bytes(lists.workbook([line(make.person())], fields=["name", "cccd", "account"]))
    code, report = as_json(file)
    assert (code, report["rows"]) == (1, 0)
    assert "Bảng thiếu cột: Ngân hàng" in report["messages"][0]["message"]


@pytest.mark.parametrize(
    "options", [["--month", "2024-07"], ["--month", "tháng tám"], ["--source", " "], ["--source", "x" * 101]]
)
def test_wrong_usage_ends_with_2(tmp_path: Path, options: list[str]) -> None:
    file = saved(tmp_path, [line(make.person())])
    assert run(file, *options)[0] == 2
    assert run(tmp_path / "khong-co.xlsx")[0] == 2


def test_in_words(tmp_path: Path) -> None:
    code, out = run(saved(tmp_path, [line(name="Không Ai Tên Này")]), "--commit")
    assert code == 1
    assert "LỖI Tài khoản!B4" in out
    assert "1 dòng: 0 mới" in out
    assert "không ghi gì" in out

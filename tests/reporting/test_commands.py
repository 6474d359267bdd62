import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from django.core.management import CommandError, call_command

from batosocial.audit.models import Entry
from reporting.models import CashlessFigure
from tests.reporting import rows

pytestmark = pytest.mark.django_db
PROJECT = Path(__file__).parents[2]


def rollup_json(month: str = "2024-07") -> Any:
    out = io.StringIO()
    call_command("rollup", month, "--json", stdout=out)
    return json.loads(out.getvalue())


def test_rollup_prints_the_json_of_the_contract() -> None:
    said = rollup_json()
    assert list(said) == ["month", "policies", "communes"]
    assert said["month"] == "2024-07"
    assert said["policies"] == {
        "NCC": {"due": 1492, "with_account": 588, "paid_by_account": 443, "r1": 29.7, "r2": 39.4, "r3": 75.3},
        "BTXH": {"due": 2320, "with_account": 884, "paid_by_account": 684, "r1": 29.5, "r2": 38.1, "r3": 77.4},
    }
    assert len(said["communes"]) == 38
    assert said["communes"][0] == {
        "code": "21484",
        "name": "Thị trấn Ba Tơ",
        "policy": "NCC",
        "due": 140,
        "with_account": 96,
        "paid_by_account": 78,
        "r1": 55.7,
        "class": "high",
    }
    assert [(row["name"], row["policy"]) for row in said["communes"][8:10]] == [
        ("Xã Ba Động", "NCC"),
        ("Xã Ba Động", "BTXH"),
    ]
    assert {row["class"] for row in said["communes"]} == {"high", "average", "low", "none"}


def test_rates_of_nobody_are_null() -> None:
    rows.payment_list(rows.commune(rows.district()))
    said = rollup_json("2031-03")
    assert said["policies"]["NCC"] == {
        "due": 0,
        "with_account": 0,
        "paid_by_account": 0,
        "r1": None,
        "r2": None,
        "r3": None,
    }
    assert [row["r1"] for row in said["communes"]] == [None]


def test_rollup_without_json_is_for_people() -> None:
    out = io.StringIO()
    call_command("rollup", "7/2024", stdout=out)
    assert "NCC tháng 7/2024: đã chi qua tài khoản 443/1.492 người, R1 29,7%" in out.getvalue()


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["rollup", "2035-01"], 1),
        (["rollup", "tháng mười ba"], 2),
        (["appendix", "2035-01", "-o", "x.xlsx"], 1),
        (["appendix", "2024", "-o", "x.xlsx"], 2),
        (["appendix", "2024-07", "-o", "x.csv"], 2),
    ],
)
def test_exit_codes(arguments: list[str], code: int) -> None:
    with pytest.raises(CommandError) as raised:
        call_command(*arguments, stdout=io.StringIO())
    assert raised.value.returncode == code


def test_wrong_usage_in_a_shell_is_2_and_says_nothing_on_standard_output() -> None:
    for arguments in (["rollup"], ["appendix", "2024-07"], ["rollup", "2024-07", "--xml"]):
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments], cwd=PROJECT, env=os.environ, capture_output=True, text=True
        )
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr


def test_appendix_writes_the_file_and_the_audit(tmp_path: Path) -> None:
    target = tmp_path / "phu-luc.xlsx"
    call_command("appendix", "2024-07", "-o", str(target), stdout=io.StringIO())
    assert openpyxl.load_workbook(target).sheetnames[:2] == ["NCC", "BTXH"]
    assert Entry.objects.filter(action="Xuất phụ lục").latest("pk").actor.username == "he-thong"  # type: ignore[union-attr]


def test_appendix_brings_an_open_month_up_to_date_first(tmp_path: Path) -> None:
    CashlessFigure.objects.filter(month="2024-07-01").delete()
    target = tmp_path / "phu-luc.xlsx"
    call_command("appendix", "2024-07", "-o", str(target), stdout=io.StringIO())
    assert openpyxl.load_workbook(target, data_only=True)["NCC"]["F27"].value == 443


def test_appendix_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="Không ghi được") as raised:
        call_command("appendix", "2024-07", "-o", str(tmp_path / "none" / "x.xlsx"), stdout=io.StringIO())
    assert raised.value.returncode == 2

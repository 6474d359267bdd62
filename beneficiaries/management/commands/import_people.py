"""A commune's own workbook from the command line: check it, and with --commit load it."""

import json
from argparse import ArgumentParser
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from batosocial.lib import months, os_errors
from batosocial.lib.workbooks import WorkbookError
from batosocial.staff.models import User
from batosocial.territory.models import Unit
from beneficiaries.imports.check import check_workbook
from beneficiaries.imports.checked import Preview
from beneficiaries.imports.downloads import mark_list
from beneficiaries.imports.messages import ListRefused
from beneficiaries.imports.services import CannotDo, load_directly
from beneficiaries.models import ImportBatch, Policy
from beneficiaries.months import first_open_month

#: Exit codes: done, the input has errors, wrong usage.
DONE, BAD_INPUT, BAD_USAGE = 0, 1, 2
_COUNTS = {"new": "mới", "changed": "thay đổi", "unchanged": "không đổi", "errors": "lỗi", "warnings": "có cảnh báo"}


class Command(BaseCommand):
    help = (
        "Kiểm tra danh sách Excel của một xã; có --commit thì nạp lần đầu vào sổ, từ tháng đầu tiên chưa mở kỳ. "
        "Mã thoát: 0 xong, 1 danh sách có lỗi (không ghi gì), 2 gọi sai."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", metavar="FILE", type=Path)
        parser.add_argument("--commune", required=True, metavar="CODE", help="mã GSO của xã, thị trấn")
        parser.add_argument("--policy", required=True, choices=Policy.values)
        parser.add_argument("--commit", action="store_true", help="ghi vào sổ; còn một dòng lỗi thì không ghi gì")
        parser.add_argument("--json", action="store_true", help="kết quả dạng JSON ra đầu ra chuẩn")
        parser.add_argument("--marked", metavar="OUT.xlsx", type=Path, help="lưu tệp đã đánh dấu ô")

    def handle(self, *args: Any, **options: Any) -> None:
        file: Path = options["file"]
        commune = Unit.objects.current().communes().filter(code=options["commune"]).first()
        if commune is None:
            raise CommandError(f"Không có xã, thị trấn mang mã {options['commune']}.", returncode=BAD_USAGE)
        content = _read(file)
        batch = ImportBatch(commune=commune, policy=options["policy"])
        try:
            preview = check_workbook(content, file.name, batch, start=first_open_month(batch.policy))
        except ListRefused as refused:
            self._tell(_refused(refused), as_json=options["json"])
            raise SystemExit(BAD_INPUT) from None
        report = _report(preview)
        if options["marked"]:
            _save_marked(options["marked"], content, preview)
        written = ""
        if options["commit"] and not report["errors"]:
            written = self._load(batch, file.name, content, preview)
        elif options["commit"]:
            written = "Danh sách còn dòng lỗi nên không ghi gì."
        self._tell(report, as_json=options["json"], written=written)
        if report["errors"]:
            raise SystemExit(BAD_INPUT)

    def _load(self, batch: ImportBatch, filename: str, content: bytes, preview: Preview) -> str:
        counts = preview.counts
        if counts["new"] + counts["changed"] == 0:
            return "Không có dòng nào mới hoặc thay đổi nên không ghi gì."
        try:
            load_directly(
                actor=User.objects.system(),
                batch=batch,
                filename=filename,
                content=content,
                preview=preview,
            )
        except CannotDo as problem:
            raise CommandError(str(problem), returncode=BAD_INPUT) from None
        return (
            f"Đã ghi vào sổ, hưởng từ {months.title(preview.start)}; "
            "nơi nhận tiền chờ người thứ hai xác nhận trên cổng."
        )

    def _tell(self, report: dict[str, Any], *, as_json: bool, written: str = "") -> None:
        if as_json:
            self.stdout.write(json.dumps(report, ensure_ascii=False))
            return
        for message in report["messages"]:
            place = f" {message['sheet']}!{message['column']}{message['row']}" if message["row"] else ""
            kind = "LỖI" if message["severity"] == "error" else "Cảnh báo"
            self.stdout.write(f"{kind}{place}: {message['message']}")
        counts = ", ".join(f"{report[key]} {label}" for key, label in _COUNTS.items())
        self.stdout.write(f"{report['rows']} dòng: {counts}.")
        if written:
            self.stdout.write(written)


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise CommandError(f"Không đọc được tệp {file}: {os_errors.describe(error)}.", returncode=BAD_USAGE) from None


def _report(preview: Preview) -> dict[str, Any]:
    counts = preview.counts
    return {
        "rows": len(preview.rows),
        "new": counts["new"],
        "changed": counts["changed"],
        "unchanged": counts["unchanged"],
        "errors": counts["error"],
        "warnings": counts["warning"],
        "messages": [
            {
                "sheet": row.sheet,
                "row": row.row,
                "column": message.column,
                "severity": message.severity,
                "message": message.text,
            }
            for row in preview.rows
            for message in row.messages
        ],
    }


def _refused(refused: ListRefused) -> dict[str, Any]:
    """A workbook that cannot be taken at all: no rows, one message for the whole."""
    message = {
        "sheet": refused.sheet,
        "row": refused.row,
        "column": "",
        "severity": "error",
        "message": str(refused),
    }
    return {"rows": 0, **dict.fromkeys(_COUNTS, 0), "messages": [message]}


def _save_marked(out: Path, content: bytes, preview: Preview) -> None:
    found: Iterable[tuple[str, int, str, str, str]] = (
        (row.sheet, row.row, message.column, message.severity, message.text)
        for row in preview.rows
        for message in row.messages
    )
    try:
        out.write_bytes(mark_list(content, found))
    except WorkbookError as error:
        raise CommandError(str(error), returncode=BAD_INPUT) from None
    except OSError as error:
        raise CommandError(f"Không ghi được tệp {out}: {os_errors.describe(error)}.", returncode=BAD_USAGE) from None

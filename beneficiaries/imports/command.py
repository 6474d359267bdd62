"""What every importing command does: check a workbook, tell what was found, and with --commit load it."""

import json
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from django.core.management.base import BaseCommand, CommandError

from batosocial.lib import os_errors
from batosocial.lib.workbooks import WorkbookError
from batosocial.staff.models import User
from beneficiaries.imports.check import check_workbook
from beneficiaries.imports.checked import CheckedRow, Preview
from beneficiaries.imports.downloads import mark_list
from beneficiaries.imports.kinds import importer_of
from beneficiaries.imports.messages import ListRefused
from beneficiaries.imports.services import CannotDo, load_directly
from beneficiaries.models import ImportBatch

#: Exit codes: done, the input has errors, wrong usage.
DONE, BAD_INPUT, BAD_USAGE = 0, 1, 2


class Checked(Protocol):
    """What a check of a workbook found."""

    @property
    def rows(self) -> Sequence[CheckedRow]: ...

    @property
    def counts(self) -> Counter[str]: ...


C = TypeVar("C", bound=Checked)


class WorkbookCommand(BaseCommand, Generic[C]):
    """A command that checks one workbook; it says how it is checked and what --commit does."""

    #: Counts of the report by their key, as the last line names them.
    counted: ClassVar[dict[str, str]] = {
        "new": "mới",
        "changed": "thay đổi",
        "unchanged": "không đổi",
        "errors": "lỗi",
        "warnings": "có cảnh báo",
    }

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", metavar="FILE", type=Path)
        parser.add_argument(
            "--sheet",
            action="append",
            default=[],
            metavar="NAME",
            help="chỉ đọc trang này, kể cả trang ẩn (ghi được nhiều lần); không ghi thì đọc mọi trang có bảng",
        )
        parser.add_argument("--tcvn3", action="store_true", help="đồng ý chuyển chữ TCVN3 (.VnTime…) sang Unicode")
        parser.add_argument("--commit", action="store_true", help="ghi vào sổ; còn một dòng lỗi thì không ghi gì")
        parser.add_argument("--json", action="store_true", help="kết quả dạng JSON ra đầu ra chuẩn")
        parser.add_argument("--marked", metavar="OUT.xlsx", type=Path, help="lưu tệp đã đánh dấu ô")

    def check_content(self, content: bytes, filename: str, options: dict[str, Any]) -> C:
        """The checked workbook. ListRefused for one that cannot be taken; CommandError with BAD_USAGE where the
        options make no sense."""
        raise NotImplementedError

    def load(self, content: bytes, filename: str, checked: C) -> str:
        """Write what was checked, without an error in it, and return what to say."""
        raise NotImplementedError

    def remarks(self) -> Iterable[str]:
        """Lines to say before the report, unless it is JSON."""
        return ()

    def prepare(self, options: dict[str, Any]) -> None:
        """What the options mean, before the file is opened. CommandError with BAD_USAGE."""

    def handle(self, *args: Any, **options: Any) -> None:
        file: Path = options["file"]
        self.prepare(options)
        content = _read(file)
        try:
            checked = self.check_content(content, file.name, options)
        except ListRefused as refused:
            self._tell(self._refused(refused), as_json=options["json"])
            raise SystemExit(BAD_INPUT) from None
        report = self._report(checked)
        if options["marked"]:
            _save_marked(options["marked"], content, checked)
        written = ""
        if options["commit"] and not report["errors"]:
            written = self._load(content, file.name, checked)
        elif options["commit"]:
            written = "Danh sách còn dòng lỗi nên không ghi gì."
        if not options["json"]:
            for remark in self.remarks():
                self.stdout.write(remark)
        self._tell(report, as_json=options["json"], written=written)
        if report["errors"]:
            raise SystemExit(BAD_INPUT)

    def _load(self, content: bytes, filename: str, checked: C) -> str:
        counts = checked.counts
        if counts["new"] + counts["changed"] == 0:
            return "Không có dòng nào mới hoặc thay đổi nên không ghi gì."
        return self.load(content, filename, checked)

    def _tell(self, report: dict[str, Any], *, as_json: bool, written: str = "") -> None:
        if as_json:
            self.stdout.write(json.dumps(report, ensure_ascii=False))
            return
        for message in report["messages"]:
            place = f" {message['sheet']}!{message['column']}{message['row']}" if message["row"] else ""
            kind = "LỖI" if message["severity"] == "error" else "Cảnh báo"
            self.stdout.write(f"{kind}{place}: {message['message']}")
        counts = ", ".join(f"{report[key]} {label}" for key, label in self.counted.items())
        self.stdout.write(f"{report['rows']} dòng: {counts}.")
        if written:
            self.stdout.write(written)

    def _report(self, checked: C) -> dict[str, Any]:
        counts = checked.counts
        return {
            "rows": len(checked.rows),
            **{key: counts[key.removesuffix("s")] for key in self.counted},
            "messages": [
                {
                    "sheet": row.sheet,
                    "row": row.row,
                    "column": message.column,
                    "severity": message.severity,
                    "message": message.text,
                }
                for row in checked.rows
                for message in row.messages
            ],
        }

    def _refused(self, refused: ListRefused) -> dict[str, Any]:
        """A workbook that cannot be taken at all: no rows, one message for the whole."""
        message = {
            "sheet": refused.sheet,
            "row": refused.row,
            "column": "",
            "severity": "error",
            "message": str(refused),
        }
        return {"rows": 0, **dict.fromkeys(self.counted, 0), "messages": [message]}


class ListCommand(WorkbookCommand[Preview]):
    """A command for one kind of list; it says which list its options mean."""

    #: The list, not stored, as the options of this call describe it.
    wanted: ImportBatch

    def batch(self, options: dict[str, Any]) -> ImportBatch:
        """The list, not stored. CommandError with BAD_USAGE where the options make no sense."""
        raise NotImplementedError

    def told(self, preview: Preview) -> str:
        """What to say once the list is written."""
        raise NotImplementedError

    def prepare(self, options: dict[str, Any]) -> None:
        self.wanted = self.batch(options)

    def check_content(self, content: bytes, filename: str, options: dict[str, Any]) -> Preview:
        return check_workbook(
            content,
            filename,
            self.wanted,
            start=importer_of(self.wanted).first_month(self.wanted),
            sheets=options["sheet"],
            tcvn3=True if options["tcvn3"] else None,
        )

    def load(self, content: bytes, filename: str, checked: Preview) -> str:
        try:
            load_directly(
                actor=User.objects.system(), batch=self.wanted, filename=filename, content=content, preview=checked
            )
        except CannotDo as problem:
            raise CommandError(str(problem), returncode=BAD_INPUT) from None
        return self.told(checked)

    def remarks(self) -> Iterable[str]:
        if self.wanted.reading.get("remembered"):
            yield "Các cột được hiểu như đã chọn trên cổng cho tiêu đề này."


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise CommandError(f"Không đọc được tệp {file}: {os_errors.describe(error)}.", returncode=BAD_USAGE) from None


def _save_marked(out: Path, content: bytes, checked: Checked) -> None:
    found: Iterable[tuple[str, int, str, str, str]] = (
        (row.sheet, row.row, message.column, message.severity, message.text)
        for row in checked.rows
        for message in row.messages
    )
    try:
        out.write_bytes(mark_list(content, found))
    except WorkbookError as error:
        raise CommandError(str(error), returncode=BAD_INPUT) from None
    except OSError as error:
        raise CommandError(f"Không ghi được tệp {out}: {os_errors.describe(error)}.", returncode=BAD_USAGE) from None

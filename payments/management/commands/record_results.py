"""`record_results FILE --payer CODE [--commit] [--marked OUT.xlsx] [--json]`."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from batosocial.jobs.models import StoredFile
from batosocial.lib import os_errors
from batosocial.lib.workbooks import WorkbookError
from batosocial.staff.models import Payer, User
from payments.models import ResultBatch, ResultRow
from payments.results.marking import marked_content
from payments.results.matching import Matched
from payments.results.reading import Unreadable
from payments.results.recording import ChangedMeanwhile, check_content, record_batch, store_preview

Outcome = ResultRow.Outcome


class Command(BaseCommand):
    help = (
        "Ghi nhận kết quả chi trả từ tệp của tổ chức chi trả. Không có --commit thì chỉ kiểm tra, không ghi gì; "
        "có --commit thì tệp có lỗi hoặc dòng không khớp cũng không ghi gì."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="tệp xlsx, xls hoặc csv")
        parser.add_argument("--payer", required=True, help="mã tổ chức chi trả, ví dụ BUUDIEN")
        parser.add_argument("--commit", action="store_true", help="ghi nhận nếu mọi dòng đều đúng")
        parser.add_argument("--marked", metavar="OUT.xlsx", type=Path, help="lưu tệp đã đánh dấu ô lỗi")
        parser.add_argument("--json", action="store_true", help="in kết quả dạng JSON")

    def handle(
        self, *, file: Path, payer: str, commit: bool, json: bool, marked: Path | None = None, **options: Any
    ) -> None:
        chosen = Payer.objects.filter(code=payer).first()
        if chosen is None:
            known = ", ".join(Payer.objects.values_list("code", flat=True))
            raise CommandError(f"Không có tổ chức chi trả {payer}; các mã: {known}.", returncode=2)
        try:
            content = file.read_bytes()
        except OSError as error:
            raise CommandError(f"Không mở được tệp {file}: {os_errors.describe(error)}.", returncode=2) from error
        try:
            report, clean = self._run(content, file.name, chosen, commit=commit)
            if marked:
                self._save_marked(marked, content, report["messages"])
        except (Unreadable, WorkbookError, ChangedMeanwhile) as error:
            message = {"sheet": None, "row": None, "column": None, "severity": "error", "message": str(error)}
            report, clean = self._report([], [message]) | {"errors": 1}, False
        if json:
            self.stdout.write(_as_json(report))
        else:
            self._tell(report, written=commit and clean)
        if not clean:
            raise SystemExit(1)

    def _run(self, content: bytes, name: str, payer: Payer, *, commit: bool) -> tuple[dict[str, Any], bool]:
        """The report, and whether every row can be taken."""
        # One transaction: what was compared is what is recorded.
        with transaction.atomic():
            matched = check_content(content=content, filename=name, payer=payer)
            report = self._report(matched, _messages(matched))
            clean = not report["errors"] and not report["unmatched"]
            if commit and clean and report["recorded"]:
                actor = User.objects.system()
                file = StoredFile.keep(
                    name=name, content_type="application/octet-stream", content=content, created_by=actor
                )
                batch = ResultBatch.objects.create(payer=payer, file=file, uploaded_by=actor)
                store_preview(batch, matched)
                record_batch(actor=actor, batch=batch)
        return report, clean

    def _save_marked(self, out: Path, content: bytes, messages: list[dict[str, Any]]) -> None:
        """The user's workbook with its cells marked; as it came where nothing is to be marked."""
        said = [(one["sheet"], one["row"], [one | {"column": one["column"] or ""}]) for one in messages if one["row"]]
        try:
            out.write_bytes(marked_content(content, said) or content)
        except OSError as error:
            raise CommandError(f"Không lưu được tệp {out}: {os_errors.describe(error)}.", returncode=2) from error

    def _report(self, matched: list[Matched], messages: list[dict[str, Any]]) -> dict[str, Any]:
        counts = Counter(str(one.outcome) for one in matched)
        return {
            "rows": len(matched),
            "recorded": counts[Outcome.READY],
            "unchanged": counts[Outcome.UNCHANGED],
            "unmatched": counts[Outcome.UNMATCHED],
            "errors": counts[Outcome.ERROR],
            "messages": messages,
        }

    def _tell(self, report: dict[str, Any], *, written: bool) -> None:
        for message in report["messages"]:
            place = f"{message['sheet']}!{message['column'] or ''}{message['row']}: " if message["row"] else ""
            self.stderr.write(f"{place}{message['message']}")
        done = "đã ghi" if written else "sẽ ghi"
        self.stdout.write(
            f"{report['rows']} dòng: {done} {report['recorded']}, không đổi {report['unchanged']}, "
            f"không khớp {report['unmatched']}, lỗi {report['errors']}."
        )


def _messages(matched: list[Matched]) -> list[dict[str, Any]]:
    return [
        {"sheet": one.row.sheet, "row": one.row.row, **message, "column": message["column"] or None}
        for one in matched
        for message in one.row.messages
    ]


def _as_json(report: dict[str, Any]) -> str:
    return json.dumps(report, ensure_ascii=False)

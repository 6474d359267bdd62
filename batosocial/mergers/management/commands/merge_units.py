"""`merge_units FILE.csv --date 2025-07-01 [--upper CODE] [--json] [--commit]`, `merge_units --due`."""

import datetime
import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from batosocial.lib import clock, money, months, os_errors
from batosocial.mergers import reading, services
from batosocial.mergers.checking import Plan, check
from batosocial.mergers.preview import Preview, preview
from batosocial.staff.models import User

#: Exit codes, beside 0: the file has errors or the merger is refused; wrong usage.
BAD_INPUT, BAD_USAGE = 1, 2


class Command(BaseCommand):
    help = (
        "Sáp nhập đơn vị theo tệp (cột old_code,new_code,new_name,new_kind): xem trước; có --commit thì lưu. Ngày từ "
        "hôm nay trở về trước có hiệu lực ngay, ngày sau đó chờ đến ngày. "
        "Mã thoát: 0 xong, 1 tệp có lỗi (không ghi gì), 2 gọi sai."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", metavar="FILE.csv", type=Path, nargs="?")
        parser.add_argument("--date", metavar="2025-07-01", help="ngày có hiệu lực, ngày đầu tháng")
        parser.add_argument("--upper", metavar="CODE", default="", help="mã cấp trên của đơn vị mới, ví dụ 51")
        parser.add_argument("--commit", action="store_true", help="lưu; còn một lỗi thì không ghi gì")
        parser.add_argument("--json", action="store_true", help="kết quả dạng JSON ra đầu ra chuẩn")
        parser.add_argument("--due", action="store_true", help="thực hiện các đợt đã lưu mà đến ngày")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["due"]:
            self._apply_due(as_json=options["json"])
            return
        file, day = options["file"], options["date"]
        if file is None or not day:
            raise CommandError("Hãy ghi tệp và --date, ví dụ: merge_units FILE.csv --date 2025-07-01.", returncode=2)
        try:
            parsed = datetime.date.fromisoformat(day)
        except ValueError:
            raise CommandError(f"Không đọc được ngày “{day}”. Hãy ghi theo dạng 2025-07-01.", returncode=2) from None
        try:
            content = file.read_bytes()
        except OSError as error:
            raise CommandError(f"Không đọc được tệp {file}: {os_errors.describe(error)}.", returncode=2) from None
        try:
            read = reading.read_file(content, file.name)
        except reading.FileRefused as refusal:
            raise CommandError(str(refusal), returncode=BAD_INPUT) from None
        plan = check(read, day=parsed, upper_code=options["upper"])
        shown = preview(plan)
        state = "preview"
        if options["commit"] and not plan.errors:
            try:
                stored = services.store_merger(
                    actor=User.objects.system(),
                    file=read,
                    file_name=file.name,
                    day=parsed,
                    upper_code=options["upper"],
                )
            except services.MergerRefused as refusal:
                raise CommandError(str(refusal), returncode=BAD_INPUT) from None
            state = stored.merger.state
        self._tell(shown, state, as_json=options["json"], commit=options["commit"])
        if plan.errors:
            raise SystemExit(BAD_INPUT)

    def _apply_due(self, *, as_json: bool) -> None:
        try:
            done = services.apply_due(actor=User.objects.system())
        except services.MergerRefused as refusal:
            raise CommandError(str(refusal), returncode=BAD_INPUT) from None
        if as_json:
            applied = [{"date": merger.day.isoformat(), "carried": merger.carried} for merger in done]
            self.stdout.write(json.dumps({"applied": applied}, ensure_ascii=False))
            return
        for merger in done:
            self.stdout.write(f"Đã thực hiện: {str(merger).lower()}.")
        if not done:
            self.stdout.write(f"Đến {clock.today():%d/%m/%Y} không có đợt sáp nhập nào chờ thực hiện.")

    def _tell(self, shown: Preview, state: str, *, as_json: bool, commit: bool) -> None:
        plan = shown.plan
        if as_json:
            self.stdout.write(json.dumps(_report(shown, state), ensure_ascii=False))
            return
        for message in plan.messages:
            kind = "LỖI" if message.severity == "error" else "Cảnh báo"
            value = f" “{message.value}”" if message.value else ""
            place = f" {message.place}{value}" if message.place else ""
            self.stdout.write(f"{kind}{place}: {message.text}")
        for unit in shown.units:
            old = ", ".join(f"{one.unit.full_name} ({one.unit.code})" for one in unit.old)
            self.stdout.write(
                f"{unit.unit.full_name} ({unit.unit.code}) ← {old}: {money.format_number(unit.people)} người, "
                f"{money.format_number(unit.lists)} danh sách cũ, {money.format_number(unit.users)} người dùng"
            )
        self.stdout.write(
            f"{len(plan.old)} đơn vị cũ thành {len(plan.new)} đơn vị mới từ {plan.day:%d/%m/%Y}, trực thuộc "
            f"{plan.upper.full_name if plan.upper else '?'}: {money.format_number(shown.people)} người. "
            f"Danh sách từ {months.title(months.first(plan.day))} lập theo đơn vị mới."
        )
        self.stdout.write(_ending(plan, state, commit=commit))


def _ending(plan: Plan, state: str, *, commit: bool) -> str:
    if plan.errors:
        return f"Tệp còn {len(plan.errors)} lỗi{' nên không ghi gì' if commit else ''}."
    return {
        "preview": "Đây là xem trước, chưa ghi gì. Thêm --commit để lưu.",
        "planned": f"Đã lưu. Đến {plan.day:%d/%m/%Y} cổng tự thực hiện; trước ngày đó còn hủy được.",
        "applied": "Đã thực hiện. Việc này không rút lại được.",
    }[state]


def _report(shown: Preview, state: str) -> dict[str, Any]:
    plan = shown.plan
    return {
        "date": plan.day.isoformat(),
        "state": state,
        "upper": plan.upper.code if plan.upper else None,
        "old": len(plan.old),
        "new": len(plan.new),
        "people": shown.people,
        "lists": shown.lists,
        "users": shown.users,
        "units": [
            {
                "code": unit.unit.code,
                "name": unit.unit.name,
                "kind": unit.unit.kind,
                "people": unit.people,
                "officers": unit.officers,
                "leaders": unit.leaders,
                "police": unit.police,
                "old": [
                    {
                        "code": old.unit.code,
                        "name": old.unit.full_name,
                        "people": old.people,
                        "lists": old.lists,
                        "users": old.users,
                    }
                    for old in unit.old
                ],
            }
            for unit in shown.units
        ],
        "errors": len(plan.errors),
        "warnings": len(plan.warnings),
        "messages": [
            {
                "row": message.row,
                "column": message.column,
                "value": message.value,
                "severity": message.severity,
                "message": message.text,
            }
            for message in plan.messages
        ],
    }

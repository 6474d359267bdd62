"""`check_identity [--json]`."""

import json as json_format
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from batosocial.lib.money import format_number
from batosocial.staff.models import User
from beneficiaries.identity.services import check_register, people_by_kind
from beneficiaries.models import IdentityIssue


class Command(BaseCommand):
    help = "Kiểm tra nhân thân của mọi người trong sổ đối tượng và cập nhật danh sách việc xác minh."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="kết quả dạng JSON ra đầu ra chuẩn")

    def handle(self, *, json: bool, **options: Any) -> None:
        checked = check_register(actor=User.objects.system(), progress=self._progress)
        counts = people_by_kind()
        if json:
            self.stdout.write(json_format.dumps({"checked": checked.people, **counts}))
            return
        self.stdout.write(f"Đã kiểm tra {format_number(checked.people)} người; số người có việc cần xác minh:")
        for kind in IdentityIssue.Kind:
            self.stdout.write(f"  {kind.label}: {format_number(counts[kind])}")
        self.stdout.write(
            f"Việc mới {format_number(checked.opened)}, xuất hiện lại {format_number(checked.reopened)}, "
            f"tự đóng {format_number(checked.closed)}."
        )

    def _progress(self, done: int, total: int, step: str) -> None:
        # Standard output holds the result alone.
        if total and sys.stderr.isatty():
            self.stderr.write(f"{done * 100 // total:3}% {step}")

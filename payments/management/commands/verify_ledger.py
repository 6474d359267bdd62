"""`verify_ledger [--json]`."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from batosocial.lib import months
from payments.ledger import verify_ledger


class Command(BaseCommand):
    help = "Tính lại sổ tăng giảm của mọi tháng, mọi xã từ các dòng chi trả và nêu chỗ không khớp."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="in kết quả dạng JSON")

    def handle(self, *, json: bool, **options: Any) -> None:
        verified = verify_ledger()
        if json:
            self.stdout.write(_as_json(verified))
        else:
            for problem in verified.problems:
                self.stdout.write(str(problem))
            self.stdout.write(f"Đã tính lại {verified.months} tháng, {verified.lists} danh sách.")
        if verified.problems:
            raise CommandError(f"{len(verified.problems)} chỗ không khớp.", returncode=1)
        if not json:
            self.stdout.write("Tất cả đều khớp.")


def _as_json(verified: Any) -> str:
    return json.dumps(
        {
            "months": verified.months,
            "lists": verified.lists,
            "agrees": not verified.problems,
            "problems": [
                {
                    "month": months.iso(one.month),
                    "policy": one.policy,
                    "commune": one.commune,
                    "what": one.what,
                    "expected": one.expected,
                    "found": one.found,
                }
                for one in verified.problems
            ],
        },
        ensure_ascii=False,
    )

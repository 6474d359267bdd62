"""`open_month 2024-08 [--policy NCC|BTXH] [--with-next] [--json]`."""

import json
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from batosocial.lib import money, months
from batosocial.staff.models import User
from beneficiaries.models import Policy
from payments.opening import OpeningRefused, open_month


class Command(BaseCommand):
    help = "Mở tháng chi trả: lập danh sách của từng xã, từng chính sách. Mở lại không thay đổi gì."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("month", help="tháng, ví dụ 2024-08")
        parser.add_argument("--policy", choices=Policy.values, help="chỉ một chính sách")
        parser.add_argument(
            "--with-next", action="store_true", help="NCC: chi luôn trợ cấp của tháng sau (Tết, thiên tai)"
        )
        parser.add_argument("--json", action="store_true", help="in kết quả dạng JSON")

    def handle(self, *, month: str, policy: str | None, with_next: bool, json: bool, **options: Any) -> None:
        try:
            parsed = months.parse(month)
        except ValueError as error:
            raise CommandError(str(error), returncode=2) from error
        try:
            opened = open_month(
                actor=User.objects.system(),
                month=parsed,
                policies=[policy] if policy else None,
                with_next=with_next,
            )
        except OpeningRefused as refusal:
            raise CommandError(str(refusal), returncode=1) from refusal
        if json:
            self.stdout.write(_as_json(opened))
            return
        if opened.already_open:
            self.stdout.write(f"Tháng {months.label(parsed)} đã mở từ trước, không thay đổi gì.")
        self.stdout.write(
            f"Tháng {months.label(parsed)}: {opened.lists} danh sách, {money.format_number(opened.people)} người, "
            f"{money.format_number(opened.lines)} dòng, {money.format_amount(opened.amount)}."
        )


def _as_json(opened: Any) -> str:
    return json.dumps(
        {
            "month": months.iso(opened.month),
            "lists": opened.lists,
            "lines": opened.lines,
            "people": opened.people,
            "amount": opened.amount,
            "opened": list(opened.opened),
            "ledger": {name: asdict(side) for name, side in opened.ledger.items()},
        },
        ensure_ascii=False,
    )

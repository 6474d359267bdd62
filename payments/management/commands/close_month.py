"""`close_month 2024-07 [--policy NCC|BTXH] [--json]`."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from batosocial.lib import money, months
from batosocial.staff.models import User
from beneficiaries.models import Policy
from payments.closing.services import Closed, ClosingRefused, close_month

PARTS = ("approved", "paid_account", "paid_cash", "carried_over", "returned_to_budget")


class Command(BaseCommand):
    help = (
        "Khóa sổ một tháng chi trả khi mọi khoản đã rõ: đã chi, chuyển kỳ sau hoặc nộp trả ngân sách. "
        "Khóa lại không thay đổi gì."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("month", help="tháng, ví dụ 2024-07")
        parser.add_argument("--policy", choices=Policy.values, help="chỉ một chính sách")
        parser.add_argument("--json", action="store_true", help="in kết quả dạng JSON")

    def handle(self, *, month: str, policy: str | None, json: bool, **options: Any) -> None:
        try:
            parsed = months.parse(month)
        except ValueError as error:
            raise CommandError(str(error), returncode=2) from error
        try:
            done = close_month(actor=User.objects.system(), month=parsed, policies=[policy] if policy else None)
        except ClosingRefused as refusal:
            if json:
                self.stdout.write(_as_json({"month": months.iso(parsed), "refused": refusal.reasons}))
            for reason in refusal.reasons:
                self.stderr.write(reason)
            raise SystemExit(1) from None
        if json:
            self.stdout.write(_as_json(_report(done)))
        else:
            self._tell(done)

    def _tell(self, done: Closed) -> None:
        title = months.title(done.month)
        if done.closed:
            self.stdout.write(f"Đã khóa sổ {title}: {', '.join(done.closed)}.")
        if done.already_closed:
            self.stdout.write(f"{', '.join(done.already_closed)} {title} đã khóa từ trước, không thay đổi gì.")
        for _, label, figure in done.balance.shown()[: len(PARTS)]:
            self.stdout.write(
                f"{label}: {money.format_number(figure.payments)} khoản, {money.format_amount(figure.amount)}"
            )


def _report(done: Closed) -> dict[str, Any]:
    return {
        "month": months.iso(done.month),
        "closed": list(done.closed),
        "already_closed": list(done.already_closed),
        **{part: getattr(done.balance, part).as_json() for part in PARTS},
    }


def _as_json(report: dict[str, Any]) -> str:
    return json.dumps(report, ensure_ascii=False)

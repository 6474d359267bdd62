"""`rollup 2024-07 [--json]`."""

import json
from decimal import Decimal
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from batosocial.lib import money, months
from batosocial.staff.models import User
from beneficiaries.models import Policy
from reporting import rollup
from reporting.figures import MonthFigures, read_month


class Command(BaseCommand):
    help = "Tổng hợp số liệu không dùng tiền mặt của một tháng. Chạy lại bao nhiêu lần cũng được."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("month", help="tháng, ví dụ 2024-07")
        parser.add_argument("--json", action="store_true", help="in kết quả dạng JSON")

    def handle(self, *, month: str, json: bool, **options: Any) -> None:
        try:
            parsed = months.parse(month)
        except ValueError as error:
            raise CommandError(str(error), returncode=2) from error
        actor = User.objects.system()
        try:
            done = rollup.roll_up(actor=actor, month=parsed)
        except rollup.RollUpRefused as refusal:
            raise CommandError(str(refusal), returncode=1) from refusal
        figures = read_month(actor, parsed)
        if json:
            self.stdout.write(as_json(figures))
            return
        for policy in done.closed:
            self.stdout.write(f"{policy}: tháng {months.label(parsed)} đã khóa sổ, giữ nguyên số liệu.")
        for policy in Policy.values:
            counts = figures.total(policy)
            self.stdout.write(
                f"{policy} {months.title(parsed)}: đã chi qua tài khoản {money.format_number(counts.paid_by_account)}/"
                f"{money.format_number(counts.due)} người, R1 {money.format_rate(counts.r1)}, "
                f"R2 {money.format_rate(counts.r2)}, R3 {money.format_rate(counts.r3)}"
            )


def _number(rate: Decimal | None) -> float | None:
    # One decimal survives the way through a float: 29.7 prints as 29.7.
    return None if rate is None else float(rate)


def as_json(figures: MonthFigures) -> str:
    totals = {policy: figures.total(policy) for policy in Policy.values}
    return json.dumps(
        {
            "month": months.iso(figures.month),
            "policies": {
                policy: {
                    "due": total.due,
                    "with_account": total.with_account,
                    "paid_by_account": total.paid_by_account,
                    "r1": _number(total.r1),
                    "r2": _number(total.r2),
                    "r3": _number(total.r3),
                }
                for policy, total in totals.items()
            },
            "communes": [
                {
                    "code": row.unit.code,
                    "name": row.unit.full_name,
                    "policy": row.policy,
                    "due": row.counts.due,
                    "with_account": row.counts.with_account,
                    "paid_by_account": row.counts.paid_by_account,
                    "r1": _number(row.counts.r1),
                    "class": row.klass.value,
                }
                for row in figures.rows
            ],
        },
        ensure_ascii=False,
    )

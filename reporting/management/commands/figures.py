"""`figures 2024-07 [--commune CODE] [--policy NCC|BTXH] [--people [--measure NAME]] [--json]`."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from batosocial.lib import money, months
from batosocial.staff.models import User
from batosocial.territory.models import Unit, unit_by_code
from batosocial.web.templatetags.vietnamese import masked
from beneficiaries.models import Policy
from reporting import rates, rollup
from reporting.figures import FIELDS, MonthFigures, read_month
from reporting.models import CountedPerson
from reporting.people import Measure, list_people
from reporting.rates import Counts


class Command(BaseCommand):
    help = (
        "In số liệu không dùng tiền mặt của một tháng: cả huyện, một xã hoặc một chính sách; với --people là danh sách "
        "những người đứng sau một con số. Tháng còn mở được tổng hợp lại trước."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("month", help="tháng, ví dụ 2024-07")
        parser.add_argument("--commune", default="", help="mã xã, thị trấn của tháng đó; mặc định cả huyện")
        parser.add_argument("--policy", choices=Policy.values, help="một chính sách; mặc định cả hai")
        parser.add_argument("--people", action="store_true", help="in danh sách người thay cho các con số")
        parser.add_argument(
            "--measure", choices=Measure.values, default=Measure.DUE.value, help="những ai, với --people"
        )
        parser.add_argument("--json", action="store_true", help="in kết quả dạng JSON")

    def handle(
        self, *, month: str, commune: str, policy: str | None, people: bool, measure: str, json: bool, **options: Any
    ) -> None:
        try:
            parsed = months.parse(month)
        except ValueError as error:
            raise CommandError(str(error), returncode=2) from error
        place = unit_by_code(commune, parsed) if commune else None
        if commune and place is None:
            raise CommandError(
                f"Không có xã, thị trấn nào mang mã {commune} trong {months.title(parsed)}.", returncode=2
            )
        actor = User.objects.system()
        try:
            rollup.roll_up(actor=actor, month=parsed)
        except rollup.RollUpRefused as refusal:
            raise CommandError(str(refusal), returncode=1) from refusal
        named = {
            "month": months.iso(parsed),
            "commune": {"code": place.code, "name": place.full_name} if place else None,
            "policy": policy,
        }
        if not people:
            counts = _counts(read_month(actor, parsed), policy, place)
            self.stdout.write(_json(named | _told(counts)) if json else _sentence(counts))
            return
        listed = list_people(
            actor, month=parsed, measure=measure, policy=policy, commune_id=place.pk if place else None
        ).select_related("unit", "person", "payment")
        rows = [_person(row) for row in listed.order_by("unit__position", "policy", "person__sort_key", "person")]
        if json:
            self.stdout.write(_json(named | {"measure": measure, "count": len(rows), "people": rows}))
            return
        self.stdout.write(f"{Measure(measure).label}: {money.format_number(len(rows))} người")
        for row in rows:
            self.stdout.write("\t".join(str(row[key]) for key in ("name", "birth", "cccd", "hamlet", "unit", "policy")))


def _json(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False)


def _counts(shown: MonthFigures, policy: str | None, place: Unit | None) -> Counts:
    rows = shown.of(policy) if policy else shown.both
    return Counts.total(row.counts for row in rows if place is None or row.unit.pk == place.pk)


def _told(counts: Counts) -> dict[str, Any]:
    found = {"r1": counts.r1, "r2": counts.r2, "r3": counts.r3, "r4": counts.r4}
    return {name: getattr(counts, name) for name in FIELDS} | {
        name: None if value is None else float(value) for name, value in found.items()
    }


def _sentence(counts: Counts) -> str:
    number, amount = money.format_number, money.format_amount
    lines = [
        f"Tổng số đối tượng: {number(counts.due)}",
        f"Đã có tài khoản: {number(counts.with_account)}",
        f"Đã chi qua tài khoản: {number(counts.paid_by_account)}",
        f"Có tài khoản chưa chi qua: {number(counts.account_not_paid)}",
        f"Đã mở, chi từ tháng sau: {number(counts.pending)} người, {number(counts.pending_accounts)} tài khoản",
        f"Chưa có CCCD: {number(counts.no_cccd)}",
        f"Số tiền: {amount(counts.money_by_account)} qua tài khoản / {amount(counts.money_due)}",
    ]
    values = {"R1": counts.r1, "R2": counts.r2, "R3": counts.r3, "R4": counts.r4}
    return "\n".join([*lines, *(f"{code} ({rates.NAMES[code]}): {money.format_rate(values[code])}" for code in values)])


def _person(row: CountedPerson) -> dict[str, Any]:
    """As the month's list has it; the CCCD masked, as everywhere outside the register."""
    source = row.payment or row.person
    return {
        "name": row.name,
        "birth": row.payment.birth if row.payment else row.person.birth_text,
        "cccd": masked(source.cccd),
        "hamlet": source.hamlet,
        "unit": row.unit.full_name,
        "policy": row.policy,
        "has_account": row.has_account,
        "paid_by_account": row.paid_by_account,
        "pending": row.pending,
        "reason": row.reason,
        "amount": row.amount,
    }

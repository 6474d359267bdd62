"""The list of people as a workbook."""

import datetime
import tempfile
from collections.abc import Iterator, Mapping
from typing import IO, Any

import xlsxwriter
from django.conf import settings
from django.contrib.postgres.expressions import ArraySubquery
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Case, F, OuterRef, Value, When
from django.db.models.functions import JSONObject
from django.utils import timezone

from batosocial.audit import services as audit
from batosocial.lib import months
from batosocial.staff.models import BENEFIT_ROLES, User
from beneficiaries.confidential import HIDDEN_CODE, may_see
from beneficiaries.models import Category, Entitlement, PayoutRoute
from beneficiaries.models.person import PersonQuerySet
from beneficiaries.querysets import Status

CONTENT_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
#: Heading and width in characters.
COLUMNS = [
    ("TT", 6),
    ("Họ và tên", 26),
    ("Ngày sinh", 12),
    ("Giới tính", 9),
    ("Số CCCD", 16),
    ("Thôn, tổ dân phố", 20),
    ("Xã, thị trấn", 18),
    ("Đối tượng", 18),
    ("Trạng thái", 15),
    ("Hình thức nhận", 15),
    ("Ngân hàng", 14),
    ("Số tài khoản", 18),
    ("Chủ tài khoản", 24),
    ("Vì sao tiền mặt", 24),
    ("Điện thoại", 13),
    ("Đối chiếu dân cư", 18),
]
_CHUNK = 2000


@transaction.atomic
def export_people(
    *,
    actor: User,
    people: PersonQuerySet,
    month: datetime.date,
    policy: str = "",
    full_numbers: bool = False,
    filters: Mapping[str, str] | None = None,
) -> IO[bytes]:
    """Write the people, who are in the actor's scope already, to a workbook; rewound, to be streamed.

    Numbers of cards and accounts are text cells, by default only their last four digits (rules.md 8.3). One query
    whatever the size, memory for one row. PermissionDenied without a role that works with benefits.
    """
    if actor.role not in BENEFIT_ROLES or not actor.is_active:
        raise PermissionDenied
    # The response closes it.
    file = tempfile.TemporaryFile(suffix=".xlsx")  # noqa: SIM115
    count = _write(file, _rows(people, month, policy, may_see(actor), full_numbers), actor, month)
    audit.record(
        actor=actor,
        action="Xuất danh sách đối tượng",
        details={"count": count, "full_numbers": full_numbers, "filters": dict(filters or {})},
    )
    file.seek(0)
    return file


def _write(file: IO[bytes], rows: Iterator[list[str]], actor: User, month: datetime.date) -> int:
    book = xlsxwriter.Workbook(file, {"constant_memory": True, "strings_to_formulas": False})
    bold, note = book.add_format({"bold": True, "font_size": 14}), book.add_format({"italic": True})
    head = book.add_format({"bold": True, "border": 1, "text_wrap": True, "valign": "vcenter", "bg_color": "#EAF0F6"})
    cell = book.add_format({"border": 1, "num_format": "@", "valign": "top", "text_wrap": True})
    number = book.add_format({"border": 1, "valign": "top"})
    sheet = book.add_worksheet("Đối tượng")
    for column, (_, width) in enumerate(COLUMNS):
        sheet.set_column(column, column, width)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(3)
    who = f"{actor.full_name} xuất lúc {timezone.localtime():%H:%M %d/%m/%Y}"
    # "&" begins a code in headers and footers.
    sheet.set_footer(f"&L{who.replace('&', '&&')[:120]}&RTrang &P/&N")
    sheet.write_string(0, 0, f"DANH SÁCH ĐỐI TƯỢNG, {months.title(month)}", bold)
    sheet.write_string(1, 0, f"Dữ liệu minh họa. {who}" if settings.DEMO else who, note)
    for column, (heading, _) in enumerate(COLUMNS):
        sheet.write_string(3, column, heading, head)
    sheet.freeze_panes(4, 2)
    count = 0
    for count, row in enumerate(rows, start=1):
        sheet.write_number(3 + count, 0, count, number)
        for column, value in enumerate(row, start=1):
            sheet.write_string(3 + count, column, value, cell)
    book.close()
    return count


def _rows(
    people: PersonQuerySet, month: datetime.date, policy: str, sees_confidential: bool, full_numbers: bool
) -> Iterator[list[str]]:
    # Collapsed here, not in the sheet: whoever may not see the group does not receive it.
    code = F("category__code")
    if not sees_confidential:
        code = Case(When(category__confidential=True, then=Value(HIDDEN_CODE)), default=code)  # type: ignore[assignment]
    entitlements = (
        Entitlement.objects.granted()
        .current_in(month)
        .filter(person=OuterRef("pk"))
        .exclude(category__regime=Category.Regime.ONE_OFF)
        .order_by("category__code")
    )
    routes = PayoutRoute.objects.confirmed().current_in(month).filter(person=OuterRef("pk")).order_by("policy")
    if policy:
        entitlements, routes = entitlements.filter(category__policy=policy), routes.filter(policy=policy)
    rows = people.with_status(month, policy).annotate(
        codes=ArraySubquery(entitlements.values_list(code)),
        ways=ArraySubquery(
            routes.values_list(
                JSONObject(
                    provider="account__provider__short_name",
                    number="account__number",
                    holder="account__holder_name",
                    reason="cash_reason",
                )
            )
        ),
    )
    mask = str if full_numbers else _masked
    for person in rows.select_related("commune").iterator(chunk_size=_CHUNK):
        yield _row(person, mask)


def _row(person: Any, mask: Any) -> list[str]:
    ways = person.ways
    accounts = [way for way in ways if way["number"]]
    channels = ["Tài khoản" if way["number"] else "Tiền mặt" for way in ways]
    return [
        person.name,
        person.birth_text,
        person.get_sex_display(),
        mask(person.cccd),
        person.hamlet,
        person.commune.full_name,
        _joined(person.codes),
        str(Status(person.status).label),
        _joined(channels) or "Chưa xác nhận",
        _joined(way["provider"] for way in accounts),
        _joined(mask(way["number"]) for way in accounts),
        _joined(way["holder"] for way in accounts),
        _joined(PayoutRoute.CashReason(way["reason"]).label for way in ways if way["reason"]),
        person.phone,
        person.get_identity_status_display(),
    ]


def _joined(values: Any) -> str:
    """Each once, in order."""
    return "; ".join(dict.fromkeys(str(value) for value in values))


def _masked(number: str) -> str:
    return f"•••• {number[-4:]}" if number else ""

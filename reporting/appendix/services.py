"""The workbook of a month's stored figures: for whom, from what, recorded in the audit."""

import datetime
import io

import xlsxwriter
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction

from batosocial.audit.services import record
from batosocial.lib import months
from batosocial.staff.models import DISTRICT_ROLES, Role, User
from batosocial.territory.models import Unit
from beneficiaries.models import Policy
from reporting import figures, rates
from reporting.appendix import policies as policy_sheets
from reporting.appendix import providers, reasons, summary
from reporting.appendix.layout import Sheet, Styles
from reporting.figures import MonthFigures, previous_counts, read_month
from reporting.people import count_moved
from reporting.rates import Counts

_STALE = "- Số liệu cũ hơn dữ liệu: danh sách, kết quả hoặc tài khoản đã thay đổi sau khi tổng hợp, hãy tổng hợp lại."


class NoFigures(Exception):
    """The month has no figures; the message says in Vietnamese what to do."""


def file_name(month: datetime.date) -> str:
    return f"phu-luc-{months.iso(month)}.xlsx"


@transaction.atomic
def make_appendix(*, actor: User, month: datetime.date) -> bytes:
    """The workbook of a month's stored figures, recorded in the audit. NoFigures where nothing is rolled up."""
    if actor.role not in DISTRICT_ROLES | {Role.SYSTEM}:
        raise PermissionDenied
    shown = read_month(actor, month)
    if not shown.rows:
        raise NoFigures(f"Tháng {months.label(month)} chưa có số liệu. Hãy mở tháng và tổng hợp số liệu trước.")
    content = _write(actor, shown, previous_counts(actor, month))
    record(
        actor=actor,
        action="Xuất phụ lục",
        details={"month": months.iso(month), "rows": len(shown.rows), "bytes": len(content)},
    )
    return content


def _district_name(shown: MonthFigures) -> str:
    """ "huyện Ba Tơ", as it stands in the middle of a sentence."""
    upper = Unit.objects.filter(children=shown.rows[0].unit).first()
    return f"{upper.kind.lower()} {upper.name}" if upper else ""


def _write(actor: User, shown: MonthFigures, before: dict[tuple[int, str], Counts]) -> bytes:
    district, threshold = _district_name(shown), rates.threshold_of(shown.month)
    fresh, moved = figures.freshness(actor, shown.month), count_moved(actor, shown.month)
    stale = [_STALE] if fresh.stale or fresh.differs else []
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        book.set_properties(
            {
                "title": f"Phụ lục chi trả không dùng tiền mặt {months.title(shown.month)}",
                "author": f"UBND {district}",
                "comments": "Dữ liệu minh họa" if settings.DEMO else "",
                # The same figures make the same file.
                "created": shown.computed_at,
            }
        )
        styles = Styles(book)

        def sheet(name: str) -> Sheet:
            made = book.add_worksheet(name, Sheet)
            assert isinstance(made, Sheet)  # noqa: S101
            made.styles = styles
            return made

        for policy in Policy.values:
            policy_sheets.write(sheet(policy), shown, policy, district, before, moved, threshold, stale)
        summary.write(sheet(summary.NAME), shown, district, stale)
        reasons.write(sheet(reasons.NAME), shown, district, stale)
        providers.write(sheet(providers.NAME), shown, district, stale)
    return buffer.getvalue()

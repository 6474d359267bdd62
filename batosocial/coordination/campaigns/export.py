"""A campaign's progress as a workbook: communes with their numbers, and what it does to the rate."""

import io
from collections.abc import Sequence
from typing import Any

import xlsxwriter
from django.conf import settings

from batosocial.coordination.campaigns.counting import COLUMNS, CommuneProgress, Progress
from batosocial.coordination.campaigns.effect import CampaignEffect
from batosocial.coordination.models import Campaign
from batosocial.lib import clock, months

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_A4 = 9
_HEAD = 4


def workbook(
    campaign: Campaign, rows: Sequence[CommuneProgress], total: Progress, effect: CampaignEffect | None
) -> bytes:
    """Two sheets to print on A4 landscape; one where there are no rates to see. Rates are numbers shown as percent."""
    output = io.BytesIO()
    with xlsxwriter.Workbook(
        output, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    ) as book:
        styles = _styles(book)
        _progress(_sheet(book, styles, "Tiến độ", campaign), styles, rows, total)
        if effect is not None:
            _effect(_sheet(book, styles, "Tác động tỷ lệ R1", campaign), styles, effect)
    return output.getvalue()


def _styles(book: Any) -> dict[str, Any]:
    base = {"font_name": "Times New Roman", "font_size": 11}
    boxed = base | {"border": 1, "valign": "top"}
    head = boxed | {"bold": True, "align": "center", "valign": "vcenter", "text_wrap": True, "bg_color": "#EAF0F6"}
    return {
        "bold": book.add_format(base | {"bold": True}),
        "title": book.add_format(base | {"bold": True, "font_size": 13}),
        "note": book.add_format(base | {"italic": True}),
        "head": book.add_format(head),
        "text": book.add_format(boxed | {"num_format": "@", "text_wrap": True}),
        "number": book.add_format(boxed | {"num_format": "#,##0"}),
        "rate": book.add_format(boxed | {"num_format": "0.0%"}),
        "total": book.add_format(boxed | {"bold": True, "num_format": "#,##0"}),
        "total_rate": book.add_format(boxed | {"bold": True, "num_format": "0.0%"}),
    }


def _sheet(book: Any, styles: dict[str, Any], name: str, campaign: Campaign) -> Any:
    sheet = book.add_worksheet(name)
    sheet.set_landscape()
    sheet.set_paper(_A4)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(_HEAD)
    sheet.set_footer("&CTrang &P/&N" + ("&RDữ liệu minh họa" if settings.DEMO else ""))
    demo = " · Dữ liệu minh họa" if settings.DEMO else ""
    sheet.write_string(0, 0, str(campaign.upper), styles["bold"])
    sheet.write_string(1, 0, campaign.name, styles["title"])
    sheet.write_string(
        2,
        0,
        f"{campaign.payer} · hạn {campaign.deadline:%d/%m/%Y} · dùng từ {months.title(campaign.month)} · "
        f"đến ngày {clock.today():%d/%m/%Y}{demo}",
        styles["note"],
    )
    return sheet


def _progress(sheet: Any, styles: dict[str, Any], rows: Sequence[CommuneProgress], total: Progress) -> None:
    heads = ["TT", "Xã, thị trấn", "Ngày mở", "Nơi mở", "Dự kiến", *(heading for _, heading, _ in COLUMNS), "Ghi chú"]
    for place, (heading, width) in enumerate(zip(heads, [5, 20, 14, 26, 9, *([10] * len(COLUMNS)), 24], strict=True)):
        sheet.set_column(place, place, width)
        sheet.write_string(_HEAD, place, heading, styles["head"])
    sheet.freeze_panes(_HEAD + 1, 2)
    for count, row in enumerate(rows, start=1):
        at = _HEAD + count
        sheet.write_number(at, 0, count, styles["number"])
        for place, value in enumerate([str(row.unit), row.days, row.plan.place], start=1):
            sheet.write_string(at, place, value, styles["text"])
        for place, number in enumerate([row.progress.planned, *(number for _, number, _ in row.cells)], start=4):
            sheet.write_number(at, place, number, styles["number"])
        sheet.write_string(at, len(heads) - 1, row.late, styles["text"])
    at = _HEAD + len(rows) + 1
    for place in range(len(heads)):
        sheet.write_string(at, place, "Tổng cộng" if place == 1 else "", styles["total"])
    for place, name in enumerate(["planned", *(name for name, _, _ in COLUMNS)], start=4):
        sheet.write_number(at, place, getattr(total, name), styles["total"])


def _effect(sheet: Any, styles: dict[str, Any], effect: CampaignEffect) -> None:
    heads = ["Xã, thị trấn", "Chính sách", "Phải chi", "Đã chi qua TK", "R1 nay", "Thêm", "R1 khi đó"]
    for place, (heading, width) in enumerate(zip(heads, [22, 22, 11, 13, 10, 9, 11], strict=True)):
        sheet.set_column(place, place, width)
        sheet.write_string(_HEAD, place, heading, styles["head"])
    at = _HEAD
    for part in [*effect.communes, effect.total]:
        whole = part.unit is None
        number, rate = (styles["total"], styles["total_rate"]) if whole else (styles["number"], styles["rate"])
        for one in part.effects:
            at += 1
            sheet.write_string(at, 0, "Toàn huyện" if whole else str(part.unit), styles["text"])
            sheet.write_string(at, 1, one.name, styles["text"])
            sheet.write_number(at, 2, one.now.due, number)
            sheet.write_number(at, 3, one.now.paid_by_account, number)
            _rate(sheet, at, 4, one.now.paid_by_account, one.now.due, rate)
            sheet.write_number(at, 5, one.more, number)
            _rate(sheet, at, 6, one.then.paid_by_account, one.now.due, rate)
    sheet.write_string(
        at + 2,
        0,
        f"R1: đã chi qua tài khoản / tổng số đối tượng, {months.title(effect.month)}; “khi đó”: khi mọi người của đợt "
        "được chi qua tài khoản.",
        styles["note"],
    )


def _rate(sheet: Any, at: int, place: int, part: int, whole: int, style: Any) -> None:
    if whole:
        sheet.write_number(at, place, part / whole, style)
    else:
        sheet.write_string(at, place, "-", style)

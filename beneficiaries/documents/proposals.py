"""Danh sách đề nghị of a commune for a month, and the tờ trình by which the Phòng lays proposals before who decides."""

import datetime
from collections.abc import Sequence
from itertools import groupby

from batosocial.lib import months
from batosocial.lib.money import format_number
from batosocial.territory.models import Unit
from beneficiaries.changes.outlook import signed
from beneficiaries.documents.content import Row, changed, in_text, legal_bases, total
from beneficiaries.documents.layout import CENTER, Agency, Page, Signer
from beneficiaries.models import Policy

_HEADS = (
    "TT", "Họ và tên", "Ngày sinh", "Số CCCD", "Nơi ở", "Đối tượng, chế độ", "Mức (đồng/tháng)", "Từ",
    "Lý do, căn cứ", "Tăng, giảm mỗi tháng (đồng)", "Truy lĩnh",
)  # fmt: skip
_WIDTHS = (9, 34, 22, 28, 34, 38, 23, 22, 48, 25, 25)
_RIGHT, _CENTRE = (6, 9), (0, 2, 3, 7)


def commune_list(rows: Sequence[Row], *, commune: Unit, month: datetime.date, policy: str, signer: Signer) -> bytes:
    """What a commune proposes for the lists of a month (khoản 4 Điều 2 TT 02/2021), landscape."""
    page = Page(landscape=True)
    district = commune.parent
    agency = Agency(f"Ủy ban nhân dân\n{district}" if district else "", f"Ủy ban nhân dân\n{commune}", commune.name)
    page.head(agency, "       /UBND-VHXH", None, month.year if month.month > 1 else month.year - 1)
    what = "người có công" if policy == Policy.MERIT else "bảo trợ xã hội"
    page.title("Danh sách", f"Đề nghị biến động đối tượng {what}, {months.title(month)}")
    page.text(f"Kính gửi: Phòng Lao động - Thương binh và Xã hội {in_text(district)}.", align=CENTER)
    page.table(_HEADS, _WIDTHS, _lines(rows, by_commune=False), size=11, right=_RIGHT, centre=_CENTRE)
    page.text(f"{_summary(rows)} Ủy ban nhân dân {in_text(commune)} đề nghị xem xét, thẩm định./.")
    page.signatures(Signer(("Người lập",)), signer)
    return page.save()


def district_proposal(
    rows: Sequence[Row], *, district: Unit, month: datetime.date, today: datetime.date, policy: str, signer: Signer
) -> bytes:
    """The tờ trình of the Phòng with its list by commune: BTXH to the chairman, NCC to the Sở."""
    page = Page()
    agency = Agency(f"Ủy ban nhân dân\n{district}", "Phòng Lao động -\nThương binh và Xã hội", district.name)
    page.head(agency, "       /TTr-LĐTBXH", None, today.year)
    merit = policy == Policy.MERIT
    what = "ưu đãi người có công hằng tháng" if merit else "trợ cấp xã hội, hỗ trợ kinh phí chăm sóc hằng tháng"
    kinds = ", ".join(dict.fromkeys(row.kind.lower() for row in rows)) or "biến động"
    page.title("Tờ trình", f"Về việc {kinds} {what}, {months.title(month)}")
    province = in_text(district.parent)
    to = f"Sở Lao động - Thương binh và Xã hội {province}" if merit else f"Chủ tịch Ủy ban nhân dân {in_text(district)}"
    page.text(f"Kính gửi: {to}.", align=CENTER, before=12)
    for basis in legal_bases(policy, today, decision=False):
        page.text(f"Căn cứ {basis};", italic=True)
    page.text(
        f"Trên cơ sở đề nghị của Ủy ban nhân dân các xã, thị trấn và kết quả thẩm định, Phòng Lao động - Thương binh "
        f"và Xã hội kính trình {to} xem xét, quyết định đối với {len(_people(rows)):02} người (có danh sách kèm theo), "
        "cụ thể:"
    )
    for kind, found in groupby(sorted(rows, key=lambda row: _order(rows, row.kind)), key=lambda row: row.kind):
        given = list(found)
        page.text(f"- {kind}: {len(_people(given)):02} người, {len(given):02} chế độ{_money(given)};")
    page.text(f"{_summary(rows)}")
    page.text(f"Kính trình {to} xem xét, quyết định./.")
    page.signatures(("Như trên", "Ủy ban nhân dân các xã, thị trấn", "Lưu: VT, BTXH" if not merit else "Lưu: VT, NCC"),
                    signer)  # fmt: skip
    page.annex()
    page.heading_of_annex(
        "Danh sách đề nghị", f"{kinds.capitalize()} {what}, {months.title(month)}",
        "(Kèm theo Tờ trình số       /TTr-LĐTBXH ngày       tháng       năm "
        f"{today.year} của Phòng Lao động - Thương binh và Xã hội {in_text(district)})",
    )  # fmt: skip
    page.table(_HEADS, _WIDTHS, _lines(rows, by_commune=True), size=11, right=_RIGHT, centre=_CENTRE)
    page.signatures(Signer(("Người lập",)), signer)
    return page.save()


# --- shared ------------------------------------------------------------------------------------------------------


def _lines(rows: Sequence[Row], *, by_commune: bool) -> list[Sequence[str]]:
    """Rows of the table under headings of commune and kind, with the sum at the end."""
    lines: list[Sequence[str]] = []
    number = 0
    for (commune_id, kind), found in groupby(rows, key=lambda row: (row.commune_id if by_commune else 0, row.kind)):
        given = list(found)
        place = f"{given[0].commune} - " if commune_id else ""
        lines.append([f"{place}{kind} ({len(_people(given))} người)"])
        for row in given:
            number += 1
            lines.append(_line(number, row))
    difference = total(row.difference for row in rows)
    arrears = total(row.arrears_amount for row in rows)
    lines.append(
        ["", f"Cộng: {len(_people(rows))} người", "", "", "", "", "", "", "", _plain(difference),
         f"{format_number(arrears)}" if arrears else ""]
    )  # fmt: skip
    return lines


def _line(number: int, row: Row) -> list[str]:
    arrears = f"{row.arrears}: {number_text(row.arrears_amount)} đ" if row.arrears else ""
    reason = f"{row.reason} ({row.basis})" if row.basis else row.reason
    first = row.difference is None or row.difference != 0
    return [
        str(number), row.name, row.birth, row.cccd, row.place, row.group, number_text(row.amount), row.starts, reason,
        _plain(row.difference) if first else "", arrears,
    ]  # fmt: skip


def _plain(amount: int | None) -> str:
    return signed(amount).removesuffix(" đ") or "chưa rõ"


def number_text(amount: int | None) -> str:
    return "chưa rõ" if amount is None else format_number(amount)


def _people(rows: Sequence[Row]) -> set[int]:
    return {row.change.person_id for row in rows}


def _order(rows: Sequence[Row], kind: str) -> int:
    return list(dict.fromkeys(row.kind for row in rows)).index(kind)


def _money(rows: Sequence[Row]) -> str:
    difference, arrears = total(row.difference for row in rows), total(row.arrears_amount for row in rows)
    words = f", mỗi tháng {changed(difference)}" if difference else ""
    return words + (f", truy lĩnh {format_number(arrears)} đồng" if arrears else "")


def _summary(rows: Sequence[Row]) -> str:
    difference = total(row.difference for row in rows)
    if difference is None:
        return f"Tổng số {len(_people(rows)):02} người."
    return f"Tổng số {len(_people(rows)):02} người, kinh phí mỗi tháng {changed(difference)}."

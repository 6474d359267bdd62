"""Quyết định thôi hưởng, tạm dừng, tiếp tục hưởng of the chairman of the district: of one person, or with a list."""

import datetime
from collections.abc import Sequence

from batosocial.lib import months
from batosocial.lib.money import format_number, in_words
from batosocial.territory.models import Unit
from beneficiaries.documents.content import REGIMES, Row, in_text, legal_bases, spelled_out, total
from beneficiaries.documents.layout import CENTER, Agency, Page, Signer, date_words
from beneficiaries.documents.proposals import number_text
from beneficiaries.models import Change

#: Kinds of change for which the chairman's decision is printed.
VERBS = {
    Change.Kind.STOP: "thôi hưởng",
    Change.Kind.SUSPEND: "tạm dừng hưởng",
    Change.Kind.RESUME: "tiếp tục hưởng",
}
_HEADS = ("TT", "Họ và tên", "Ngày sinh", "Số CCCD", "Nơi ở", "Đối tượng, chế độ", "Mức (đồng/tháng)", "Kể từ", "Lý do")
_WIDTHS = (9, 36, 23, 29, 38, 42, 25, 23, 55)


def decision(
    rows: Sequence[Row],
    *,
    kind: Change.Kind,
    district: Unit,
    number: str,
    day: datetime.date | None,
    today: datetime.date,
    signer: Signer,
) -> bytes:
    """The decision; number and day are blank while it is not decided. Điều 2, Điều 6 TT 02/2021, Điều 8 NĐ 20/2021."""
    page = Page()
    verb, what = VERBS[kind], _what(rows)
    agency = Agency("", f"Ủy ban nhân dân\n{district}", district.name)
    shown = number or "       /QĐ-UBND"
    page.head(agency, shown, day, (day or today).year)
    page.title("Quyết định", f"Về việc {verb} {what}")
    page.text(f"CHỦ TỊCH ỦY BAN NHÂN DÂN {str(district).upper()}", bold=True, align=CENTER, before=12)
    for basis in legal_bases("BTXH", day or today, decision=True):
        page.text(f"Căn cứ {basis};", italic=True)
    page.text("Theo đề nghị của Trưởng phòng Lao động - Thương binh và Xã hội.", italic=True)
    page.text("QUYẾT ĐỊNH:", bold=True, align=CENTER, before=12)
    people = {row.change.person_id for row in rows}
    if len(people) == 1:
        _one(page, rows, verb)
    else:
        arrears = total(row.arrears_amount for row in rows)
        page.led(
            "Điều 1.",
            f"{verb.capitalize()} {what} đối với {len(people):02} người (có danh sách kèm theo), kể từ tháng ghi trong "
            "danh sách.",
        )
        if kind == Change.Kind.RESUME:
            page.text(_arrears_of_list(arrears))
    page.led("Điều 2.", _second(kind))
    page.led(
        "Điều 3.",
        "Chánh Văn phòng Hội đồng nhân dân và Ủy ban nhân dân huyện, Trưởng phòng Lao động - Thương binh và Xã hội, "
        "Trưởng phòng Tài chính - Kế hoạch, Chủ tịch Ủy ban nhân dân các xã, thị trấn liên quan và người có tên tại "
        "Điều 1 chịu trách nhiệm thi hành Quyết định này kể từ ngày ký./.",
    )
    page.signatures(("Như Điều 3", "Tổ chức chi trả", "Lưu: VT, LĐTBXH"), signer)
    if len(people) > 1:
        _annex(page, rows, kind, verb, what, shown, day, today, district)
    return page.save()


def _what(rows: Sequence[Row]) -> str:
    regimes = [regime for regime in REGIMES.values() if any(row.regime == regime for row in rows)]
    return ", ".join(regimes) or REGIMES["allowance"]  # type: ignore[index]


def _one(page: Page, rows: Sequence[Row], verb: str) -> None:
    first = rows[0]
    person = "ông" if first.sex == "M" else "bà"
    card = f", số CCCD {first.cccd}" if first.cccd else ""
    page.led(
        "Điều 1.",
        f"{verb.capitalize()} {_what(rows)} đối với {person} {first.name}, sinh {first.birth}{card}, nơi ở: "
        f"{first.place}, cụ thể:",
    )
    for row in rows:
        page.text(f"- {row.group}, mức {number_text(row.amount)} đồng/tháng, {verb} kể từ {months.title(row.month)}.")
    for reason in dict.fromkeys(f"{row.reason} ({spelled_out(row.basis)})" for row in rows if row.reason):
        page.text(f"Lý do: {reason}.")
    if rows[0].change.kind == Change.Kind.RESUME:
        for row in rows:
            page.text(_arrears_of_one(row))


def _arrears_of_one(row: Row) -> str:
    if not row.arrears:
        return "Không truy lĩnh các tháng đã tạm dừng."
    amount = row.arrears_amount
    words = "" if amount is None else f", số tiền {format_number(amount)} đồng (Bằng chữ: {_words(amount)})"
    return f"Truy lĩnh các tháng đã tạm dừng {row.arrears}: {row.arrears_months:02} tháng{words}."


def _arrears_of_list(amount: int | None) -> str:
    if amount == 0:
        return "Không truy lĩnh các tháng đã tạm dừng."
    words = "" if amount is None else f": {format_number(amount)} đồng (Bằng chữ: {_words(amount)})"
    return f"Truy lĩnh các tháng ghi trong danh sách, tổng số tiền{words}."


def _words(amount: int) -> str:
    text = in_words(amount)
    return text[:1].upper() + text[1:]


def _second(kind: Change.Kind) -> str:
    office = "Giao Phòng Lao động - Thương binh và Xã hội phối hợp với tổ chức chi trả"
    if kind == Change.Kind.SUSPEND:
        return (
            f"{office} dừng chi trong thời gian tạm dừng. Ủy ban nhân dân các xã, thị trấn theo dõi, đề nghị thôi "
            "hưởng hoặc tiếp tục hưởng và truy lĩnh (nếu có) theo quy định tại điểm b khoản 1 Điều 6 Thông tư số "
            "02/2021/TT-BLĐTBXH."
        )
    if kind == Change.Kind.RESUME:
        return f"{office} chi trả kể từ tháng được tiếp tục hưởng; số tiền truy lĩnh (nếu có) chi một lần."
    return (
        f"{office} dừng chi kể từ tháng thôi hưởng; số tiền đã chi sau thời điểm thôi hưởng (nếu có) được thu hồi theo "
        "quy định."
    )


def _annex(
    page: Page,
    rows: Sequence[Row],
    kind: Change.Kind,
    verb: str,
    what: str,
    number: str,
    day: datetime.date | None,
    today: datetime.date,
    district: Unit,
) -> None:
    page.annex()
    page.heading_of_annex(
        "Danh sách",
        f"Người {verb} {what}",
        f"(Kèm theo Quyết định số {number} {date_words(day, today.year)} của Chủ tịch Ủy ban nhân dân "
        f"{in_text(district)})",
    )
    resumes = kind == Change.Kind.RESUME
    heads = [*_HEADS, "Truy lĩnh"] if resumes else list(_HEADS)
    widths = [*_WIDTHS, 32] if resumes else list(_WIDTHS)
    lines: list[list[str]] = []
    commune = 0
    for place, row in enumerate(rows, 1):
        if row.commune_id != commune:
            commune = row.commune_id
            lines.append([row.commune])
        reason = f"{row.reason} ({spelled_out(row.basis)})" if row.basis else row.reason
        line = [
            str(place), row.name, row.birth, row.cccd, row.place, row.group, number_text(row.amount),
            months.title(row.month), reason,
        ]  # fmt: skip
        lines.append([*line, f"{row.arrears}: {number_text(row.arrears_amount)}" if row.arrears else ""][: len(heads)])
    people = len({row.change.person_id for row in rows})
    sums = ["", f"Cộng: {people} người", "", "", "", "", number_text(total(row.amount for row in rows)), "", ""]
    arrears = total(row.arrears_amount for row in rows)
    lines.append([*sums, number_text(arrears) if arrears else ""][: len(heads)])
    page.table(heads, widths, lines, size=11, right=(6,), centre=(0, 2, 3, 7))

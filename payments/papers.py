"""A payment list on paper: rows, sums of each page, the sum in words; as a print page and as a workbook, A4 landscape.

No form of a payment list is prescribed (TT 76/2021/TT-BTC has none); these are the columns of local practice, rules.md
1.8. Paper never names a confidential group.
"""

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import xlsxwriter
from django.conf import settings
from django.db.models import Q

from batosocial.lib import money, months
from batosocial.territory.models import Unit
from beneficiaries.models import Policy
from payments.board import category_label
from payments.models import Payment, PaymentLine, PaymentList

A4 = 9
DEMO_NOTE = "Dữ liệu minh họa"
Kind = PaymentLine.Kind
#: Rows of a paper page; the first one has the title above it. Measured with the longest names of a district.
FIRST_PAGE_ROWS, PAGE_ROWS = 13, 16
#: As many rows the signatures take; a page of signatures alone, nobody would sign.
_SIGNATURE_ROWS, _KEPT_WITH_SIGNATURES = 5, 3

#: (heading, part of it, width in characters)
COLUMNS = (
    ("TT", "", 4),
    ("Họ và tên", "", 19),
    ("Năm sinh", "Nam", 9),
    ("Năm sinh", "Nữ", 9),
    ("Số CCCD", "", 13),
    ("Thôn, tổ dân phố", "", 14),
    ("Đối tượng (mã)", "", 13),
    ("Trợ cấp tháng (đồng)", "", 11),
    ("Truy lĩnh", "Số tháng", 6),
    ("Truy lĩnh", "Số tiền", 10),
    ("Chậm lĩnh", "", 10),
    ("Mai táng phí, một lần", "", 10),
    ("Tổng cộng (đồng)", "", 12),
    ("Hình thức", "", 6),
    ("Ngân hàng", "", 9),
    ("Số tài khoản", "", 14),
    ("Chủ tài khoản, người nhận (quan hệ)", "", 17),
    ("Ký nhận", "", 9),
    ("Ghi chú", "", 14),
)
#: Columns with a sum below them.
SUMMED = (7, 9, 10, 11, 12)
SUMMED_FIELDS = ("regular", "arrears", "carry_over", "one_off", "total")
SIGNATURES = ("Người lập", "Kế toán", "Thủ trưởng đơn vị")
_HEADING_ROWS = 2
#: So that the columns fit the width of A4; "fit to width" would make Excel pass over the page breaks.
_SCALE = 52
#: In points: three lines of text, and room to sign.
_ROW_HEIGHT = 36


@dataclass(frozen=True)
class ListRow:
    """A payment as it stands on paper; amounts in đồng, 0 where there is nothing of the kind."""

    position: int
    name: str
    birth_male: str
    birth_female: str
    cccd: str
    hamlet: str
    groups: str
    regular: int
    arrears_months: int
    arrears: int
    carry_over: int
    one_off: int
    total: int
    channel: str
    provider: str
    account: str
    receiver: str
    note: str

    def cells(self) -> list[Any]:
        """In the order of COLUMNS, with room for the signature."""
        return [
            self.position,
            self.name,
            self.birth_male,
            self.birth_female,
            self.cccd,
            self.hamlet,
            self.groups,
            self.regular,
            self.arrears_months,
            self.arrears,
            self.carry_over,
            self.one_off,
            self.total,
            self.channel,
            self.provider,
            self.account,
            self.receiver,
            "",
            self.note,
        ]


@dataclass(frozen=True)
class PaperPage:
    """The rows of a page; their sums, and the sums up to its end, by the names of SUMMED_FIELDS."""

    number: int
    rows: Sequence[ListRow]
    sums: dict[str, int] = field(default_factory=dict)
    running: dict[str, int] = field(default_factory=dict)


def sums_of(rows: Iterable[ListRow]) -> dict[str, int]:
    found = dict.fromkeys(SUMMED_FIELDS, 0)
    for row in rows:
        for name in SUMMED_FIELDS:
            found[name] += getattr(row, name)
    return found


def pages_of(rows: Sequence[ListRow]) -> list[PaperPage]:
    """The rows in pages as they come out of the printer, each with its sums; one page for none."""
    cuts = [0, *range(FIRST_PAGE_ROWS, len(rows), PAGE_ROWS), len(rows)]
    room = (PAGE_ROWS if len(cuts) > 2 else FIRST_PAGE_ROWS) - _SIGNATURE_ROWS
    if cuts[-1] - cuts[-2] > room:
        cuts.insert(-1, len(rows) - _KEPT_WITH_SIGNATURES)
    pages: list[PaperPage] = []
    running = dict.fromkeys(SUMMED_FIELDS, 0)
    for number, (start, end) in enumerate(pairwise(cuts), 1):
        sums = sums_of(rows[start:end])
        running = {name: running[name] + sums[name] for name in SUMMED_FIELDS}
        pages.append(PaperPage(number, rows[start:end], sums, running))
    return pages


def list_rows(row: PaymentList, payments: Iterable[Payment], *, for_payer: bool) -> list[ListRow]:
    """Rows for paper, in one query more: confidential groups are never named, and a payer is told no group at all."""
    found = list(payments)
    came_from = _came_from(row, [payment.person_id for payment in found])
    return [_list_row(payment, came_from.get(payment.person_id, ""), for_payer=for_payer) for payment in found]


def _came_from(row: PaymentList, person_ids: list[int]) -> dict[int, str]:
    """Those who stood in another commune's list of the policy in the month before: person → that commune. Nobody came
    from anywhere because communes merged."""
    same = Unit.objects.filter(Q(pk=row.commune_id) | Q(successor=row.commune_id)).values("pk")
    before = (
        Payment.objects.filter(
            person__in=person_ids,
            payment_list__period__policy=row.period.policy,
            payment_list__period__month=months.add(row.period.month, -1),
        )
        .exclude(payment_list__commune__in=same)
        .values_list("person", "payment_list__commune_name")
    )
    return dict(before)


def _list_row(payment: Payment, came_from: str, *, for_payer: bool) -> ListRow:
    lines = list(payment.lines.all())
    labels = [line.policy if for_payer else category_label(line, user=None) for line in lines]

    def amount(kind: str) -> int:
        return sum(line.amount for line in lines if line.kind == kind)

    male = payment.sex == "M"
    return ListRow(
        position=payment.position,
        name=payment.name,
        birth_male=payment.birth if male else "",
        birth_female="" if male else payment.birth,
        cccd=payment.cccd,
        hamlet=payment.hamlet,
        groups=", ".join(dict.fromkeys(labels)),
        regular=amount(Kind.REGULAR),
        arrears_months=len({line.month for line in lines if line.kind == Kind.ARREARS}),
        arrears=amount(Kind.ARREARS),
        carry_over=amount(Kind.CARRY_OVER),
        one_off=amount(Kind.ONE_OFF),
        total=payment.total,
        channel="TK" if payment.planned_channel == Payment.Channel.ACCOUNT else "TM",
        provider=payment.provider.short_name if payment.provider else "",
        account=payment.account_number,
        receiver=receiver(payment),
        note=_note(payment, lines, came_from),
    )


def _note(payment: Payment, lines: list[PaymentLine], came_from: str) -> str:
    """What whoever pays has to know: "Chậm lĩnh 6, 7/2024; chuyển từ Xã Ba Vinh; nơi nhận mới"."""
    parts = []
    stop = getattr(payment, "stop_order", None)
    if stop is not None and stop.lifted_at is None:
        parts.append("KHÔNG CHI, có lệnh dừng")
    regular = _months(lines, Kind.REGULAR)
    if regular and regular != months.label(payment.payment_list.period.month):
        parts.append(f"trợ cấp {regular}")
    if carried := _months(lines, Kind.CARRY_OVER):
        parts.append(f"chậm lĩnh {carried}")
    if owed := _months(lines, Kind.ARREARS):
        parts.append(f"truy lĩnh {owed}")
    if came_from:
        parts.append(f"chuyển từ {came_from}")
    if payment.payee_kind == Payment.PayeeKind.RELATIVE:
        parts.append("người hưởng đã chết, thân nhân nhận")
    if payment.route_is_new:
        parts.append("nơi nhận mới")
    text = "; ".join(parts)
    return text[:1].upper() + text[1:]


def _months(lines: list[PaymentLine], kind: str) -> str:
    """The months of a kind's lines: "6, 7/2024", "12/2023, 1/2024"; more than three as "1/2024 đến 7/2024"."""
    found = sorted({line.month for line in lines if line.kind == kind})
    if len(found) > 3:
        return f"{months.label(found[0])} đến {months.label(found[-1])}"
    return ", ".join(
        str(month.month) if place + 1 < len(found) and found[place + 1].year == month.year else months.label(month)
        for place, month in enumerate(found)
    )


def receiver(payment: Payment) -> str:
    """Who holds the account or signs, with the relation where it is not the person."""
    name = payment.account_holder or payment.payee_name
    if payment.payee_kind == Payment.PayeeKind.OWN:
        return name
    relation = payment.get_payee_kind_display().lower()
    return f"{name} ({relation})" if name else relation.capitalize()


def words_of(amount: int) -> str:
    """ "Hai triệu bảy trăm tám mươi chín nghìn đồng."""
    text = money.in_words(amount)
    return f"{text[0].upper()}{text[1:]}."


def list_title(row: PaymentList) -> str:
    what = "TRỢ CẤP XÃ HỘI" if row.period.policy == Policy.SOCIAL else "TRỢ CẤP ƯU ĐÃI NGƯỜI CÓ CÔNG"
    month = months.title(row.period.month).upper()
    if row.period.with_next:
        month += f" VÀ {months.title(months.add(row.period.month, 1)).upper()}"
    return f"DANH SÁCH CHI TRẢ {what} {month}"


def list_filename(row: PaymentList) -> str:
    return f"danh-sach-chi-tra_{row.period.policy}_{months.iso(row.period.month)}_{row.commune.code}.xlsx"


def list_workbook(row: PaymentList, rows: list[ListRow], *, payer_name: str = "") -> bytes:
    """The list to print on A4 landscape: sums of each page and up to it, the sum in words, room for signatures."""
    output = io.BytesIO()
    # Not with constant memory: headings are merged over two rows. A commune's list has at most some hundred rows.
    with xlsxwriter.Workbook(output, {"in_memory": True, "strings_to_formulas": False}) as book:
        _Sheet(book, row).write(rows, payer_name)
    return output.getvalue()


class _Sheet:
    """The one sheet of a list's workbook, and its formats."""

    def __init__(self, book: Any, row: PaymentList) -> None:
        self.row = row
        base = {"font_name": "Times New Roman", "font_size": 9}
        ruled = {**base, "border": 1}
        self.plain = book.add_format(base)
        self.bold = book.add_format({**base, "font_size": 11, "bold": True})
        self.title = book.add_format({**base, "font_size": 13, "bold": True, "align": "center"})
        self.centred = book.add_format({**base, "font_size": 11, "align": "center", "italic": True})
        self.head = book.add_format({**ruled, "bold": True, "align": "center", "valign": "vcenter", "text_wrap": True})
        self.cell = book.add_format({**ruled, "text_wrap": True, "valign": "top"})
        text = book.add_format({**ruled, "num_format": "@", "valign": "top"})
        figure = book.add_format({**ruled, "num_format": "#,##0;-#,##0;", "valign": "top"})
        self.total = book.add_format({**ruled, "bold": True, "num_format": "#,##0"})
        self.formats = {4: text, 15: text} | dict.fromkeys((7, 8, 9, 10, 11, 12), figure)
        self.sheet = book.add_worksheet(row.period.policy)

    def write(self, rows: list[ListRow], payer_name: str) -> None:
        sheet, last = self.sheet, len(COLUMNS) - 1
        sheet.set_landscape()
        sheet.set_paper(A4)
        sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
        sheet.set_print_scale(_SCALE)
        sheet.set_footer("&C&9Trang &P/&N" + (f"&R&9{DEMO_NOTE}" if settings.DEMO else ""))
        for index, (_, _, width) in enumerate(COLUMNS):
            sheet.set_column(index, index, width)
        sheet.write_string(0, 0, f"ỦY BAN NHÂN DÂN {self.row.commune_name.upper()}", self.bold)
        if settings.DEMO:
            sheet.write_string(0, last - 3, DEMO_NOTE, self.bold)
        sheet.merge_range(2, 0, 2, last, list_title(self.row), self.title)
        subtitle = f"Số liệu chốt ngày {self.row.locked_on:%d/%m/%Y}" + (f" · {payer_name}" if payer_name else "")
        sheet.merge_range(3, 0, 3, last, subtitle, self.centred)
        top = 5
        self._heading(top)
        after = self._pages(top + _HEADING_ROWS, pages_of(rows))
        sheet.write_string(after, 0, f"Bằng chữ: {words_of(sum(one.total for one in rows))}", self.bold)
        self._signatures(after + 2)
        sheet.repeat_rows(top, top + 1)
        sheet.print_area(0, 0, after + 8, last)

    def _pages(self, at: int, pages: list[PaperPage]) -> int:
        """Write the rows of every page with its sums, and the sum of all; returns the row after it."""
        breaks: list[int] = []
        page_sums: list[int] = []
        carried: int | None = None
        first = at
        for page in pages:
            first = at
            for one in page.rows:
                self.sheet.set_row(at, _ROW_HEIGHT)
                self._cells(at, one)
                at += 1
            if len(pages) == 1:
                break
            self._sums(at, "Cộng trang", page.sums, f"=SUM({{0}}{first + 1}:{{0}}{at})")
            page_sums.append(at)
            running = f"={{0}}{at + 1}" + (f"+{{0}}{carried + 1}" if carried is not None else "")
            self._sums(at + 1, "Cộng lũy kế", page.running, running)
            carried = at + 1
            at += 2
            breaks.append(at)
        if len(pages) == 1:
            formula = f"=SUM({{0}}{first + 1}:{{0}}{at})" if at > first else ""
        else:
            formula = f"=SUM({','.join(f'{{0}}{place + 1}' for place in page_sums)})"
        self._sums(at, "Tổng cộng", pages[-1].running, formula)
        self.sheet.set_h_pagebreaks(breaks[:-1])
        return at + 1

    def _cells(self, at: int, one: ListRow) -> None:
        for index, value in enumerate(one.cells()):
            if isinstance(value, int):
                self.sheet.write_number(at, index, value, self.formats.get(index, self.cell))
            else:
                self.sheet.write_string(at, index, value, self.formats.get(index, self.cell))

    def _sums(self, at: int, label: str, sums: dict[str, int], formula: str) -> None:
        """A row of sums: ``formula`` with the column's letter for {0}; without one, the figures alone."""
        values = dict(zip(SUMMED, (sums[name] for name in SUMMED_FIELDS), strict=True))
        for index in range(len(COLUMNS)):
            if index not in values:
                self.sheet.write_string(at, index, label if index == 1 else "", self.total)
            elif formula:
                letter = chr(ord("A") + index)
                self.sheet.write_formula(at, index, formula.format(letter), self.total, values[index])
            else:
                self.sheet.write_number(at, index, values[index], self.total)

    def _heading(self, top: int) -> None:
        """Two rows: headings with parts are merged sideways, the others downwards."""
        index = 0
        while index < len(COLUMNS):
            name, part, _ = COLUMNS[index]
            if not part:
                self.sheet.merge_range(top, index, top + 1, index, name, self.head)
                index += 1
                continue
            end = index
            while end + 1 < len(COLUMNS) and COLUMNS[end + 1][0] == name:
                end += 1
            self.sheet.merge_range(top, index, top, end, name, self.head)
            for position in range(index, end + 1):
                self.sheet.write_string(top + 1, position, COLUMNS[position][1], self.head)
            index = end + 1

    def _signatures(self, top: int) -> None:
        for column, name in zip((1, 7, 15), SIGNATURES, strict=True):
            self.sheet.write_string(top, column, name, self.bold)
        for column, note in zip((1, 7, 15), ("(Ký, họ tên)", "(Ký, họ tên)", "(Ký, họ tên, đóng dấu)"), strict=True):
            self.sheet.write_string(top + 1, column, note, self.plain)

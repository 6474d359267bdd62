"""Sheet "Theo đơn vị chi trả": who pays into the accounts and whose they are, by policy and commune."""

from collections.abc import Mapping, Sequence

from beneficiaries.models import Payee
from reporting.appendix.blocks import write_blocks
from reporting.appendix.layout import Column, Heading, Sheet, sum_above, sum_beside
from reporting.appendix.links import Links
from reporting.figures import CommuneFigure, MonthFigures
from reporting.people import MAIN_PAYERS, OTHER_PAYERS, Measure
from reporting.rates import Counts

NAME = "Theo đơn vị chi trả"
_KINDS = Payee.Kind.values
_COLUMNS = (
    Column("TT", 5, "(1)"),
    Column("Tên đơn vị (xã, thị trấn)", 24, "(2)"),
    Column("Tổng số đối tượng", 12, "(3)"),
    Column("Số đối tượng đã có tài khoản", 17, "(4) = (5)+(6)+(7)\n= (8)+(9)+(10)"),
    Column("Agribank", 12, "(5)"),
    Column("Bưu điện", 12, "(6)"),
    Column("Đơn vị khác", 11, "(7)"),
    Column("Chính chủ", 12, "(8)"),
    Column("Người giám hộ", 12, "(9)"),
    Column("Người được ủy quyền", 14, "(10)"),
    Column("Tỷ lệ có TK (%)", 14, "(11) = (4)/(3)\nR2"),
)
_PAID_BY, _OWNED_BY = 4, 7
_NOTES = [
    "- Cột 5 đến 7: đơn vị chi trả vào tài khoản; cột 8 đến 10: chủ tài khoản. Mỗi người tính một lần trong một chính "
    "sách.",
    "- Ngân hàng, ví mà huyện chi qua Bưu điện tính là Bưu điện.",
]


def write(sheet: Sheet, shown: MonthFigures, district: str, notes: Sequence[str]) -> None:
    title = "SỐ ĐỐI TƯỢNG ĐÃ CÓ TÀI KHOẢN THEO ĐƠN VỊ CHI TRẢ VÀ CHỦ TÀI KHOẢN"
    sheet.begin(sheet.styles, Heading("Phụ lục V", title, shown.month, district), _COLUMNS)

    def line(row: int, figure: CommuneFigure | None, policy: str, links: Links, first: int | None) -> None:
        if figure is None:
            _figures(sheet, row, shown.total(policy), shown.accounts(policy), links, above=first)
        else:
            _figures(sheet, row, figure.counts, figure.accounts, links)

    sheet.end(write_blocks(sheet, shown, line), [*_NOTES, *notes])


def _figures(
    sheet: Sheet,
    row: int,
    counts: Counts,
    accounts: Mapping[tuple[str, str], int],
    links: Links,
    *,
    above: int | None = None,
) -> None:
    """A row; with ``above``, the first row of its block, the block's sum."""
    total = above is not None

    def count(column: int, value: int, **filters: str) -> None:
        formula = "" if above is None else sum_above(column, above, row - 1)
        address = links.to(Measure.WITH_ACCOUNT, **filters)
        sheet.count(row, column, value, address=address, formula=formula, total=total)

    formula = "" if above is None else sum_above(2, above, row - 1)
    sheet.count(row, 2, counts.due, address=links.to(Measure.DUE), formula=formula, total=total)
    sheet.count(
        row, 3, counts.with_account, address=links.to(Measure.WITH_ACCOUNT),
        formula=sum_beside(row, _PAID_BY, _OWNED_BY - 1), total=total, bold=True,
    )  # fmt: skip
    for column, payer in enumerate(MAIN_PAYERS, _PAID_BY):
        count(column, sum(n for (by, _), n in accounts.items() if by == payer), payer=payer)
    others = sum(n for (by, _), n in accounts.items() if by not in MAIN_PAYERS)
    count(_OWNED_BY - 1, others, payer=OTHER_PAYERS)
    for column, kind in enumerate(_KINDS, _OWNED_BY):
        count(column, sum(n for (_, owner), n in accounts.items() if owner == kind), payee=kind)
    sheet.rate(row, 10, "D", "C", counts.r2, total=total)

"""Sheet "Lý do chưa có TK": why people have no account (the reasons frozen in the month), by policy and commune."""

from collections.abc import Mapping, Sequence

from beneficiaries.models import PayoutRoute
from reporting.appendix.blocks import write_blocks
from reporting.appendix.layout import Column, Heading, Sheet, sum_above, sum_beside
from reporting.appendix.links import Links
from reporting.figures import CommuneFigure, MonthFigures
from reporting.people import Measure
from reporting.rates import Counts

NAME = "Lý do chưa có TK"
_REASONS = PayoutRoute.CashReason
_COLUMNS = (
    Column("TT", 5, "(1)"),
    Column("Tên đơn vị (xã, thị trấn)", 24, "(2)"),
    Column("Tổng số đối tượng", 11, "(3)"),
    *(
        Column(str(reason.label), width, f"({number})")
        for number, (reason, width) in enumerate(zip(_REASONS, (11, 12, 16, 14, 15, 12, 12), strict=True), 4)
    ),
    Column("Cộng chưa có tài khoản", 14, "(11) = (4)+…+(10)"),
)
_FROM, _TOTAL = 3, 10
_NOTE = "- Lý do ghi nhận khi lập danh sách chi trả của tháng; mỗi người tính một lần trong một chính sách."


def write(sheet: Sheet, shown: MonthFigures, district: str, notes: Sequence[str]) -> None:
    title = "LÝ DO ĐỐI TƯỢNG CHƯA CÓ TÀI KHOẢN NHẬN TRỢ CẤP"
    sheet.begin(sheet.styles, Heading("Phụ lục IV", title, shown.month, district), _COLUMNS)

    def line(row: int, figure: CommuneFigure | None, policy: str, links: Links, first: int | None) -> None:
        if figure is None:
            _figures(sheet, row, shown.total(policy), shown.reasons(policy), links, above=first)
        else:
            _figures(sheet, row, figure.counts, figure.reasons, links)

    sheet.end(write_blocks(sheet, shown, line), [_NOTE, *notes])


def _figures(
    sheet: Sheet, row: int, counts: Counts, reasons: Mapping[str, int], links: Links, *, above: int | None = None
) -> None:
    """A row; with ``above``, the first row of its block, the block's sum."""
    total = above is not None

    def formula(column: int) -> str:
        return "" if above is None else sum_above(column, above, row - 1)

    sheet.count(row, 2, counts.due, address=links.to(Measure.DUE), formula=formula(2), total=total)
    for column, reason in enumerate(_REASONS, _FROM):
        address = links.to(Measure.WITHOUT_ACCOUNT, reason=reason)
        sheet.count(row, column, reasons.get(reason, 0), address=address, formula=formula(column), total=total)
    sheet.count(
        row, _TOTAL, counts.without_account, address=links.to(Measure.WITHOUT_ACCOUNT),
        formula=sum_beside(row, _FROM, _TOTAL - 1), total=total, bold=True,
    )  # fmt: skip

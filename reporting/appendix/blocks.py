"""Sheets with one block of rows for each policy: its communes, then its sum."""

from collections.abc import Callable

from beneficiaries.models import Policy
from reporting.appendix.layout import FIRST, Sheet
from reporting.appendix.links import Links
from reporting.figures import CommuneFigure, MonthFigures

#: Writes a row: its place, the commune's figure (None: the sum of the policy), the policy, the links of its cells, and
#: for a sum the first row of its block.
Line = Callable[[int, CommuneFigure | None, str, Links, int | None], None]


def write_blocks(sheet: Sheet, shown: MonthFigures, line: Line) -> int:
    """Write the blocks of both policies; the row after the last one."""
    row = FIRST
    for letter, policy in zip("AB", Policy.values, strict=True):
        sheet.band(row, letter, str(Policy(policy).label))
        first, links = row + 1, Links(shown.month, policy)
        row = first
        for number, figure in enumerate(shown.of(policy), 1):
            sheet.label(row, figure.unit.full_name, number=number)
            line(row, figure, policy, links.at(figure.unit), None)
            row += 1
        sheet.label(row, f"Cộng {policy}", total=True)
        line(row, None, policy, links, first)
        row += 1
    return row

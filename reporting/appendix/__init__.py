"""The appendix of the monthly letter as a workbook: a sheet for each policy, a summary, the reasons for having no
account and the accounts by payer (columns of rules.md 3.2).

Laid out by Phụ lục I NĐ 30/2020: "Phụ lục I", the title in capitals, "(Kèm theo …)" with blanks that an electronic
document leaves unfilled, A4 landscape, Times New Roman, the page number centred in the top margin but on page 1.
Rates and sums are formulas with their values stored, so that the file shows figures before anything recalculates it.
A cell that counts people opens the list of these people.
"""

from reporting.appendix.services import NoFigures, file_name, make_appendix

__all__ = ["NoFigures", "file_name", "make_appendix"]

"""A document of NĐ 30/2020/NĐ-CP (Phụ lục I): A4, margins, Times New Roman, quốc hiệu, số, căn cứ, signatures."""

from beneficiaries.documents.layout.dates import date_words, month_words
from beneficiaries.documents.layout.page import CENTER, JUSTIFY, LEFT, RIGHT, Agency, Page, Signer
from beneficiaries.documents.layout.runs import Link, Rich, link, links, plain, write

__all__ = [
    "CENTER",
    "JUSTIFY",
    "LEFT",
    "RIGHT",
    "Agency",
    "Link",
    "Page",
    "Rich",
    "Signer",
    "date_words",
    "link",
    "links",
    "month_words",
    "plain",
    "write",
]

"""Workbooks as communes make them, small and to order; and the steps that a list takes."""

import io
from pathlib import Path
from typing import Any

from xlsxwriter import Workbook

from batosocial.staff.models import Role, User
from batosocial.territory.models import Unit
from beneficiaries.imports import services
from beneficiaries.imports.check import check_workbook
from beneficiaries.imports.checked import CheckedRow, Preview
from beneficiaries.models import ImportBatch
from beneficiaries.months import first_open_month
from tests import factories as make

DATA = Path(__file__).parent.parent / "data"
BTXH_SAMPLE = DATA / "ds_btxh_ba_dong.xlsx"
NCC_SAMPLE = DATA / "ds_ncc_ba_to_loi.xlsx"
SHEET = "Danh sách"
HEADER = [
    "TT", "Họ và tên", "Nam", "Nữ", "Số CCCD", "Dân tộc", "Mã đối tượng", "Mức trợ cấp", "Số tài khoản", "Ngân hàng",
    "Chủ tài khoản", "Ghi chú",
]  # fmt: skip
TITLES = {
    "BTXH": ["ỦY BAN NHÂN DÂN XÃ BA ĐỘNG", "DANH SÁCH ĐỐI TƯỢNG HƯỞNG TRỢ CẤP XÃ HỘI HẰNG THÁNG", "Tháng 7 năm 2024"],
    "NCC": ["ỦY BAN NHÂN DÂN XÃ BA ĐỘNG", "DANH SÁCH NGƯỜI CÓ CÔNG HƯỞNG TRỢ CẤP HẰNG THÁNG", "Tháng 7 năm 2024"],
}
#: Row of the first person in a workbook of ``workbook``: three titles, the header, the hamlet.
FIRST = 6


def line(**values: Any) -> list[Any]:
    """One person's cells below HEADER: a woman born in 1940 on BTXH-5C without an account, unless told."""
    sex = values.pop("sex", "F")
    birth = values.pop("birth", 1940)
    year = int(str(birth)[-4:]) if str(birth)[-4:].isdigit() else 1940
    known: dict[str, Any] = {
        "tt": 1,
        "name": "Phạm Thị Nhập",
        "male": birth if sex == "M" else "",
        "female": birth if sex == "F" else "",
        "cccd": None,
        "ethnicity": "H're",
        "category": "BTXH-5C",
        "amount": 500_000,
        "account": "",
        "provider": "",
        "owner": "",
        "note": "",
    }
    unknown = values.keys() - known.keys()
    if unknown:
        raise TypeError(unknown)
    known |= values
    if known["cccd"] is None:
        known["cccd"] = make.cccd(sex, year)
    return list(known.values())


def workbook(
    *rows: list[Any],
    policy: str = "BTXH",
    titles: list[str] | None = None,
    header: list[str] | None = None,
    hamlet: str = "Thôn Thử",
    foot: list[list[Any]] | None = None,
) -> bytes:
    """Titles, header, a hamlet's row, the rows, and a total and a signature row."""
    file = io.BytesIO()
    book = Workbook(file, {"in_memory": True, "strings_to_formulas": False, "strings_to_numbers": False})
    sheet = book.add_worksheet(SHEET)
    lines: list[list[Any]] = [[title] for title in (TITLES[policy] if titles is None else titles)]
    lines.append(HEADER if header is None else header)
    if hamlet:
        lines.append(["", hamlet])
    lines += rows
    lines += [["", "Tổng cộng"], [], ["", "NGƯỜI LẬP", "", "", "", "", "", "", "CHỦ TỊCH"]] if foot is None else foot
    for number, cells in enumerate(lines):
        for column, value in enumerate(cells):
            if isinstance(value, str):
                if value:
                    sheet.write_string(number, column, value)
            elif isinstance(value, bool):
                sheet.write_boolean(number, column, value)
            elif value is not None:
                sheet.write_number(number, column, value)
    book.close()
    return file.getvalue()


def check(content: bytes, *, policy: str = "BTXH", commune: Unit | None = None) -> Preview:
    return check_workbook(
        content,
        "ds.xlsx",
        ImportBatch(commune=commune or make.commune(), policy=policy),
        start=first_open_month(policy),
    )


def check_rows(*rows: list[Any], policy: str = "BTXH", **layout: Any) -> list[CheckedRow]:
    return check(workbook(*rows, policy=policy, **layout), policy=policy).rows


def problems(row: CheckedRow) -> list[tuple[str, str, str]]:
    """(severity, column letter, text) of a row's messages."""
    return [(message.severity, message.column, message.text) for message in row.messages]


def upload(content: bytes, *, by: User | None = None, policy: str = "BTXH", commune: Unit | None = None) -> ImportBatch:
    """A batch that was uploaded and checked, as the job does it."""
    by = by or make.user(Role.COMMUNE_OFFICER)
    batch = services.upload_list(
        actor=by, commune=commune or make.commune(), policy=policy, filename="ds.xlsx", content=content
    )
    return services.check_batch(batch_id=batch.pk)


def accept(batch: ImportBatch, *, by: User | None = None, good_rows_only: bool = False) -> ImportBatch:
    """Sent by its uploader where that is the commune, accepted by a district officer, and written."""
    if batch.uploaded_by.role == Role.COMMUNE_OFFICER:
        batch = services.send_batch(actor=batch.uploaded_by, batch=batch, good_rows_only=good_rows_only)
    services.request_acceptance(
        actor=by or make.user(Role.DISTRICT_OFFICER),
        batch=batch,
        start_month=first_open_month(batch.policy),
        good_rows_only=good_rows_only,
    )
    services.accept_batch(batch_id=batch.pk)
    return ImportBatch.objects.get(pk=batch.pk)

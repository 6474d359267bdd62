"""The worklist of a round as a workbook that the police fill in without the portal: identities alone, nothing of money.

What it holds is the register as it is; the answers' columns are empty. Whoever was answered about can be left out.
"""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import xlsxwriter
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction

from batosocial.audit import services as audit
from batosocial.coordination.models import IdentityRound, RoundPerson
from batosocial.coordination.models.rounds import READERS, RoundPersonQuerySet
from batosocial.coordination.rounds.files.codes import code_of
from batosocial.coordination.rounds.files.columns import FILLED, HEADINGS, RIGHT
from batosocial.lib.national_id import SEX_NAMES
from batosocial.staff.models import Role, User
from batosocial.territory.models import Unit
from beneficiaries.models import IdentityAnswer

SHEET = "Danh sách xác minh"
GUIDE = "Hướng dẫn"
#: Rows from 0: title, round, remark, header.
HEAD = 3
_CHUNK = 2000
_A4 = 9
_WIDTHS = {
    "code": 12, "ordinal": 6, "name": 26, "birth": 12, "sex": 9, "cccd": 15, "hamlet": 22, "commune": 18, "answer": 16,
    "right_name": 26, "right_birth": 13, "right_sex": 10, "right_cccd": 15, "died": 12, "note": 30,
}  # fmt: skip
_HINTS = {
    "answer": "Chọn một trong năm kết quả trong ô. Để trống: chưa trả lời, sau này trả lời tiếp bằng tệp khác.",
    "right_name": "Chỉ ghi khi kết quả là Khác và họ tên khác: họ và tên đúng theo cơ sở dữ liệu dân cư.",
    "right_birth": "Chỉ ghi khi kết quả là Khác và ngày sinh khác: 12/05/1942, 05/1942 hoặc 1942.",
    "right_sex": "Chỉ ghi khi kết quả là Khác và giới tính khác: Nam hoặc Nữ.",
    "right_cccd": "Chỉ ghi khi kết quả là Khác và số CCCD khác: đủ 12 chữ số, kể cả số 0 ở đầu.",
    "died": "Bắt buộc khi kết quả là Đã chết: ngày 15/05/2024, hoặc tháng 05/2024 nếu không rõ ngày.",
    "note": "Điều cần nói thêm, tối đa 300 ký tự. Không tìm thấy: ghi đã tra cứu thế nào.",
}
_MEANINGS = {
    IdentityAnswer.Answer.MATCH: "Mọi thông tin được hỏi đúng như cơ sở dữ liệu quốc gia về dân cư.",
    IdentityAnswer.Answer.DIFFERS: "Có thông tin khác: ghi giá trị đúng vào cột tương ứng, cột không khác để trống.",
    IdentityAnswer.Answer.NOT_FOUND: "Không có ai như vậy trong cơ sở dữ liệu.",
    IdentityAnswer.Answer.DEAD: "Đã chết: ghi ngày hoặc tháng chết.",
    IdentityAnswer.Answer.NO_CCCD: "Có người này nhưng chưa được cấp căn cước.",
}


class NothingToWrite(Exception):
    """Nobody to write down; the message says why in Vietnamese."""


@dataclass(frozen=True, slots=True)
class Made:
    name: str
    content: bytes
    count: int


@transaction.atomic
def make_workbook(*, actor: User, round_: IdentityRound, commune: Unit | None = None, everybody: bool = False) -> Made:
    """The people of a round who wait for an answer, or ``everybody``, of the actor's scope or one commune of it.

    PermissionDenied without the role; NothingToWrite. A fixed number of queries for each 2,000 people.
    """
    if actor.role not in READERS | {Role.SYSTEM} or not actor.is_active:
        raise PermissionDenied
    rows = RoundPerson.objects.visible_to(actor).filter(round=round_)
    if commune is not None:
        rows = rows.filter(person__commune__in=Unit.objects.of_commune(commune.pk).values("pk"))
    if not everybody:
        rows = rows.filter(answer__isnull=True)
    place = commune or (actor.unit if actor.unit and actor.unit.level == Unit.Level.COMMUNE else None)
    content, count = _write(round_, rows, place)
    if not count:
        where = f" ở {place.full_name}" if place else ""
        what = "không có ai" if everybody else "không còn ai chờ trả lời"
        raise NothingToWrite(f"Đợt “{round_.name}” {what}{where}.")
    audit.record(
        actor=actor,
        action="Xuất tệp xác minh",
        row=round_,
        details={"commune": place, "count": count, "everybody": everybody},
    )
    return Made(f"xac-minh-dot-{round_.pk}-{place.code if place else 'toan-huyen'}.xlsx", content, count)


def _write(round_: IdentityRound, rows: RoundPersonQuerySet, place: Unit | None) -> tuple[bytes, int]:
    columns = [name for name in HEADINGS if name not in RIGHT.values() or name in _asked(round_)]
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file, {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    sheet = book.add_worksheet(SHEET)
    _titles(book, sheet, round_, place)
    head = {"bold": True, "border": 1, "text_wrap": True, "align": "center", "valign": "vcenter"}
    known, filled = book.add_format({**head, "bg_color": "#E8EEF4"}), book.add_format({**head, "bg_color": "#FFE8B3"})
    sheet.set_row(HEAD, 34)
    for place_, name in enumerate(columns):
        sheet.set_column(place_, place_, _WIDTHS[name])
        sheet.write_string(HEAD, place_, HEADINGS[name], filled if name in FILLED else known)
    text = {"num_format": "@", "border": 1, "valign": "top", "text_wrap": True}
    shown = book.add_format({**text, "bg_color": "#F5F7F9"})
    number = book.add_format({"border": 1, "valign": "top", "bg_color": "#F5F7F9"})
    empty = book.add_format(text)
    count = 0
    for count, row in enumerate(_people(rows), 1):
        at, values = HEAD + count, _cells(row)
        for place_, name in enumerate(columns):
            if name == "ordinal":
                sheet.write_number(at, place_, count, number)
            elif name in FILLED:
                sheet.write_blank(at, place_, None, empty)
            else:
                sheet.write_string(at, place_, values[name], shown)
    _choices(sheet, columns, HEAD + 1, HEAD + max(count, 1))
    sheet.freeze_panes(HEAD + 1, columns.index("name") + 1)
    sheet.autofilter(HEAD, 0, HEAD + max(count, 1), len(columns) - 1)
    sheet.set_landscape()
    sheet.set_paper(_A4)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(HEAD)
    sheet.set_footer("&RTrang &P/&N")
    _guide(book, round_, columns)
    book.close()
    return file.getvalue(), count


def _asked(round_: IdentityRound) -> set[str]:
    return {RIGHT[name] for name in round_.fields}


def _people(rows: RoundPersonQuerySet) -> Iterator[RoundPerson]:
    """By commune, hamlet and name, as somebody goes from door to door."""
    ordered = rows.select_related("person__commune").order_by(
        "person__commune__position", "person__commune_id", "person__hamlet", "person__sort_key", "pk"
    )
    return ordered.iterator(chunk_size=_CHUNK)


def _cells(row: RoundPerson) -> dict[str, str]:
    person = row.person
    return {
        "code": code_of(row),
        "name": person.name,
        "birth": person.birth_text,
        "sex": SEX_NAMES[person.sex],
        "cccd": person.cccd,
        "hamlet": person.hamlet,
        "commune": person.commune.full_name,
    }


def _titles(book: xlsxwriter.Workbook, sheet: Any, round_: IdentityRound, place: Unit | None) -> None:
    bold, plain = book.add_format({"bold": True, "font_size": 13}), book.add_format({"italic": True})
    where = f" - {place.full_name}" if place else ""
    # A title above the table: "Đợt xác minh" begins none of its headings.
    sheet.write_string(0, 0, f"Danh sách đề nghị xác minh: {round_.name}{where}", bold)
    demo = "Dữ liệu minh họa. " if settings.DEMO else ""
    sheet.write_string(1, 0, f"{demo}Cần đối chiếu: {round_.asked_for}. Hạn trả lời: {round_.until:%d/%m/%Y}.", plain)
    sheet.write_string(
        2, 0, f"Chỉ điền các cột nền vàng; không sửa các cột nền xám. Cách ghi: xem trang “{GUIDE}”.", plain
    )


def _choices(sheet: Any, columns: list[str], first: int, last: int) -> None:
    """Drop-down lists; what they do not have can still be typed: the portal says what is wrong with it."""
    offered = {
        "answer": [str(label) for label in IdentityAnswer.Answer.labels],
        "right_sex": list(SEX_NAMES.values()),
    }
    for name, values in offered.items():
        if name in columns:
            place = columns.index(name)
            options = {
                "validate": "list",
                "source": values,
                "error_type": "warning",
                "error_title": HEADINGS[name],
                "error_message": f"Hãy chọn trong danh sách: {', '.join(values)}.",
            }
            sheet.data_validation(first, place, last, place, options)


def _guide(book: xlsxwriter.Workbook, round_: IdentityRound, columns: list[str]) -> None:
    sheet = book.add_worksheet(GUIDE)
    wrapped = book.add_format({"text_wrap": True, "valign": "top"})
    bold = book.add_format({"bold": True, "valign": "top", "text_wrap": True})
    sheet.set_column(0, 0, 20)
    sheet.set_column(1, 1, 90)
    lines: list[tuple[str, str]] = [("Cột cần điền", "Cách ghi")]
    lines += [(HEADINGS[name], _HINTS[name]) for name in FILLED if name in columns]
    lines += [("", ""), ("Năm kết quả", "Nghĩa là")]
    lines += [(str(answer.label), meaning) for answer, meaning in _MEANINGS.items()]
    lines += [
        ("", ""),
        ("Lưu ý", "Các cột nền xám là hồ sơ khi xuất tệp; hồ sơ được sửa sau đó thì dòng ấy phải xác minh lại."),
        ("", "Sắp xếp lại, xóa bớt dòng đều được; đừng sửa cột Mã dòng."),
        ("", "Xong thì nạp tệp ở trang Tệp trả lời của cổng: cổng kiểm tra từng dòng, cho xem trước rồi mới ghi."),
    ]
    if round_.note:
        lines.append(("Yêu cầu của Phòng", round_.note))
    for row, (left, right) in enumerate(lines):
        heading = left in ("Cột cần điền", "Năm kết quả")
        sheet.write_string(row, 0, left, bold)
        sheet.write_string(row, 1, right, bold if heading else wrapped)
    sheet.set_landscape()
    sheet.set_paper(_A4)
    sheet.fit_to_pages(1, 0)

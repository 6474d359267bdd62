"""A directive on paper: its assignments as a workbook, and the công văn that presses whoever is behind."""

import datetime
import io
from collections.abc import Sequence

import xlsxwriter
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from batosocial.audit import services as audit
from batosocial.coordination.directives import showing
from batosocial.coordination.directives.reading import Reading, Status
from batosocial.coordination.models import Addressee, Directive
from batosocial.lib import clock, months
from batosocial.staff.models import DISTRICT_ROLES, User
from beneficiaries.documents.layout import LEFT, Agency, Page, Rich, Signer, date_words

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_A4 = 9
_HEAD_ROW = 4
#: (heading, width in characters)
_COLUMNS = (
    ("TT", 5),
    ("Nơi nhận", 24),
    ("Việc số", 8),
    ("Nội dung", 60),
    ("Hạn", 12),
    ("Tình trạng", 22),
    ("Quá hạn (ngày)", 10),
    ("Số liệu trên phần mềm", 34),
    ("Chỉ tiêu", 16),
    ("Tiến độ báo cáo (%)", 12),
    ("Báo cáo mới nhất", 50),
    ("Ngày báo cáo", 12),
)


def make_workbook(*, actor: User, directive: Directive, month: datetime.date | None) -> bytes:
    """Every assignment of a month, one row each, and the matrix on a second sheet. Recorded in the audit."""
    _ask(actor)
    readings = showing.of_directive(actor, directive, month)
    content = _workbook(actor, directive, month, readings)
    audit.record(
        actor=actor, action="Xuất bảng theo dõi việc được giao", row=directive, details={"rows": len(readings)}
    )
    return content


def _ask(actor: User) -> None:
    if actor.role not in DISTRICT_ROLES or not actor.is_active:
        raise PermissionDenied


def _workbook(actor: User, directive: Directive, month: datetime.date | None, readings: Sequence[Reading]) -> bytes:
    output = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(output, options) as book:
        base = {"font_name": "Times New Roman", "font_size": 11}
        bold = book.add_format({**base, "bold": True, "font_size": 13})
        plain = book.add_format({**base, "italic": True})
        head = book.add_format(
            {**base, "bold": True, "border": 1, "align": "center", "valign": "vcenter", "text_wrap": True}
        )
        text = book.add_format({**base, "border": 1, "text_wrap": True, "valign": "top", "num_format": "@"})
        number = book.add_format({**base, "border": 1, "valign": "top", "num_format": "#,##0"})
        tones = {
            tone: book.add_format({**base, "border": 1, "text_wrap": True, "valign": "top", "bg_color": colour})
            for tone, colour in _COLOURS.items()
        }

        def sheet(name: str, columns: Sequence[tuple[str, int]]) -> xlsxwriter.worksheet.Worksheet:
            made = book.add_worksheet(name)
            made.set_landscape()
            made.set_paper(_A4)
            made.fit_to_pages(1, 0)
            made.repeat_rows(_HEAD_ROW)
            made.set_footer("&C&9Trang &P/&N")
            made.write_string(0, 0, f"THEO DÕI THỰC HIỆN {directive.label.upper()}", bold)
            made.write_string(1, 0, directive.abstract, plain)
            of = f"{months.title(month).capitalize()}. " if month else ""
            who = f"{of}{actor.full_name} xuất ngày {clock.today():%d/%m/%Y}"
            made.write_string(2, 0, f"Dữ liệu minh họa. {who}" if settings.DEMO else who, plain)
            for place, (heading, width) in enumerate(columns):
                made.set_column(place, place, width)
                made.write_string(_HEAD_ROW, place, heading, head)
            made.freeze_panes(_HEAD_ROW + 1, 2)
            return made

        rows = sheet("Việc được giao", _COLUMNS)
        for at, one in enumerate(readings, 1):
            rows.write_number(_HEAD_ROW + at, 0, at, number)
            for place, value in enumerate(_cells(one), 1):
                if isinstance(value, int):
                    rows.write_number(_HEAD_ROW + at, place, value, number)
                else:
                    rows.write_string(_HEAD_ROW + at, place, value, tones[one.tone] if place == 5 else text)
        rows.autofilter(_HEAD_ROW, 0, _HEAD_ROW + len(readings), len(_COLUMNS) - 1)
        for shown in showing.matrices(readings):
            wide = [("Nơi nhận", 24), *((f"Việc {task.position}", 16) for task in shown.tasks)]
            table = sheet(shown.label[:31].replace("/", "-"), wide)
            for at, row in enumerate(shown.rows, 1):
                table.write_string(_HEAD_ROW + at, 0, row.name, text)
                for place, cell in enumerate(row.cells, 1):
                    if cell is None:
                        table.write_string(_HEAD_ROW + at, place, "", text)
                    else:
                        table.write_string(_HEAD_ROW + at, place, word_of(cell), tones[cell.tone])
    return output.getvalue()


_COLOURS = {
    "neutral": "#EAEEF2",
    "info": "#E3EEFA",
    "warning": "#FFF1D6",
    "danger": "#FDE7E4",
    "success": "#E2F4E9",
}


def word_of(one: Reading) -> str:
    """The status, and that it is overdue: "Chưa bắt đầu, quá hạn"."""
    return f"{one.status.label}, quá hạn" if one.row.is_overdue else str(one.status.label)


def _cells(one: Reading) -> list[str | int]:
    row = one.row
    reported = f"{timezone.localtime(row.reported_at):%d/%m/%Y}" if row.reported_at else ""
    return [
        row.addressee.name,
        row.task.position,
        row.task.text,
        f"{row.due:%d/%m/%Y}",
        word_of(one),
        row.days_late if row.is_overdue else "",
        one.value.text if one.value else "",
        one.target_text,
        row.percent if row.percent is not None else "",
        row.report,
        reported,
    ]


# --- the reminder ------------------------------------------------------------------------------------------------


def make_reminder(*, actor: User, directive: Directive, month: datetime.date | None) -> bytes | None:
    """The công văn đôn đốc of the Phòng to whoever has not begun or is late, by task; None where nobody is.

    Number and day are left to the văn thư, as on every letter of the portal (NĐ 30/2020, rules.md 6.2).
    """
    _ask(actor)
    behind = [
        one
        for one in showing.of_directive(actor, directive, month)
        if one.row.is_open and (one.row.is_overdue or one.status == Status.NOT_BEGUN)
    ]
    if not behind:
        return None
    content = _letter(directive, behind)
    places = sorted({one.row.addressee.name for one in behind})
    audit.record(
        actor=actor,
        action="Lập công văn đôn đốc",
        row=directive,
        details={"places": places, "assignments": [one.row.pk for one in behind]},
    )
    return content


def _letter(directive: Directive, behind: Sequence[Reading]) -> bytes:
    district, today = directive.upper, clock.today()
    name = f"{district.kind.lower()} {district.name}"
    page = Page(spacing=1)
    page.describe(
        title=f"Công văn đôn đốc thực hiện {directive.label}",
        author=f"Phòng LĐ-TB&XH {name}",
        made_at=timezone.now(),
    )
    agency = Agency(f"UBND {name}", "Phòng Lao động -\nThương binh và Xã hội", district.name)
    about = ["V/v đôn đốc thực hiện", directive.label[0].lower() + directive.label[1:]]
    page.headed(agency, "       /LĐTBXH", f"{district.name}, {date_words(None, today.year)}", about=about)
    receivers = _receivers(behind)
    page.text("Kính gửi:", align=LEFT, before=12)
    for place, who in enumerate(receivers):
        page.text(f"- {who}{'.' if place == len(receivers) - 1 else ';'}", align=LEFT, before=0)
    places = len({one.row.addressee.code for one in behind})
    page.text(
        f"Thực hiện {directive.label} của {directive.issuer} về việc {_in_sentence(directive.abstract)}; qua theo dõi "
        f"trên phần mềm đến ngày {today:%d/%m/%Y}, còn {places} nơi chưa bắt đầu hoặc quá hạn các việc sau:",
        before=12,
    )
    rows: list[Sequence[Rich]] = []
    by_task: dict[int, list[Reading]] = {}
    for one in behind:
        by_task.setdefault(one.row.task_id, []).append(one)
    for group in by_task.values():
        task, due = group[0].row.task, group[0].row.due
        rows.append([str(task.position), _shortened(task.text), f"{due:%d/%m/%Y}", _behind(group)])
    page.text("", before=2, size=4)
    page.table(("Việc", "Nội dung", "Hạn", "Nơi nhận"), (12, 62, 24, 62), rows, size=11, centre=(0, 2))
    page.text(
        "Phòng Lao động - Thương binh và Xã hội đề nghị các đơn vị khẩn trương thực hiện, báo cáo kết quả trên phần "
        "mềm và nêu rõ vướng mắc để phối hợp giải quyết./.",
        before=8,
    )
    copies = ("Như trên", f"CT, PCT UBND {district.kind.lower()} (để b/c)", "Lưu: VT, BTXH")
    page.signatures(copies, Signer(tuple(settings.SIGNER_HEAD), settings.SIGNER_HEAD_NAME), keep=True)
    return page.save()


def _in_sentence(abstract: str) -> str:
    """Without the "V/v" that it begins with on paper."""
    lowered = abstract.removeprefix("V/v").strip()
    return lowered[:1].lower() + lowered[1:]


#: More communes than this are not named one by one above the letter; the table names them.
_MOST_NAMED = 6


def _receivers(behind: Sequence[Reading]) -> list[str]:
    known = {one.row.addressee.code: one.row.addressee for one in behind}
    who = sorted(known.values(), key=showing.order_of)
    communes = [f"UBND {one.name[0].lower()}{one.name[1:]}" for one in who if one.kind == Addressee.Kind.COMMUNE]
    if len(communes) > _MOST_NAMED:
        communes = ["UBND các xã, thị trấn có tên dưới đây"]
    return communes + [one.name for one in who if one.kind != Addressee.Kind.COMMUNE]


def _behind(group: Sequence[Reading]) -> str:
    """ "Quá hạn (2): Ba Xa, Ba Vì. Chưa bắt đầu (1): Ba Tô": each place once, the overdue ones first."""
    late = [one for one in group if one.row.is_overdue]
    parts = (("Quá hạn", late), ("Chưa bắt đầu", [one for one in group if not one.row.is_overdue]))
    return ". ".join(f"{words} ({len(some)}): {', '.join(_name(one) for one in some)}" for words, some in parts if some)


def _name(one: Reading) -> str:
    who = one.row.addressee
    return who.unit.name if who.kind == Addressee.Kind.COMMUNE and who.unit else who.name


def _shortened(text: str) -> str:
    return text if len(text) <= 160 else f"{text[:158].rstrip()}…"

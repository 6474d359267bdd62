"""The columns of a payer's account file, as the district sets them, and what stands in them.

No official layout of Agribank was found (rules.md 7): the default is the common one, and the district edits it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from string import Formatter
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from batosocial.audit import services as audit
from batosocial.lib import months
from batosocial.lib.text import clean, without_accents
from batosocial.staff.models import Payer, Role, User
from payments.models import FileLayout, Payment
from payments.results.stopping import ORDERED as IS_STOPPED

#: What banks' systems take as the text of a transfer, from memory (rules.md 7).
MAX_CONTENT = 140
#: Room that a text must leave for the receiver's name.
NAME_ROOM = 20
MAX_HEADING = 60
EDITORS = frozenset({Role.DISTRICT_OFFICER})


@dataclass(frozen=True)
class Field:
    code: str
    label: str
    #: In characters, for the workbook.
    width: int
    example: str


FIELDS = {
    field.code: field
    for field in (
        Field("position", "Số thứ tự", 6, "1"),
        Field("account", "Số tài khoản", 20, "4500205123456"),
        Field("holder", "Tên chủ tài khoản", 30, "PHAM THI HUYEN"),
        Field("amount", "Số tiền", 14, "500.000"),
        Field("content", "Nội dung chuyển tiền", 60, ""),
        Field("bank", "Ngân hàng (tên ngắn)", 16, "Agribank"),
        Field("number", "Số chi trả", 24, "BTXH-2408-21496-0001"),
        Field("bank_name", "Ngân hàng (tên đầy đủ)", 40, ""),
        Field("bin", "Mã BIN của ngân hàng", 10, "970405"),
        Field("name", "Họ tên người hưởng trợ cấp", 30, ""),
        Field("commune", "Xã, thị trấn", 20, ""),
        Field("month", "Tháng chi trả", 10, "8/2024"),
        Field("policy", "Chính sách", 10, "BTXH"),
    )
}
#: Without them the bank cannot pay, or what it reports cannot be told from one another.
REQUIRED = ("account", "amount", "number")
PLACEHOLDERS = {
    "name": "tên chủ tài khoản",
    "month": "tháng chi trả",
    "policy": "chính sách",
    "number": "số chi trả",
}


@dataclass(frozen=True)
class Column:
    field: str
    heading: str
    #: In capitals without accents.
    plain: bool = False

    def as_json(self) -> dict[str, Any]:
        return {"field": self.field, "heading": self.heading, "plain": self.plain}


@dataclass(frozen=True)
class Layout:
    columns: tuple[Column, ...]
    content: str


DEFAULT = Layout(
    columns=(
        Column("position", "STT"),
        Column("account", "Số tài khoản"),
        Column("holder", "Tên người hưởng", plain=True),
        Column("amount", "Số tiền"),
        Column("content", "Nội dung"),
        Column("bank", "Ngân hàng hưởng"),
        Column("number", "Ghi chú"),
    ),
    content="Tro cap {policy} thang {month} {number} {name}",
)


class LayoutRefused(Exception):
    """The layout cannot be used; ``errors`` says why by field ("" for the layout as a whole)."""

    def __init__(self, errors: dict[str, str]) -> None:
        self.errors = errors
        super().__init__(" ".join(errors.values()))


def layout_of(payer: Payer) -> Layout:
    """The payer's layout for account files: what the district stored, else the default."""
    stored = FileLayout.objects.filter(payer=payer, channel=Payment.Channel.ACCOUNT).first()
    if stored is None:
        return DEFAULT
    columns = tuple(Column(one["field"], one["heading"], bool(one["plain"])) for one in stored.columns)
    return Layout(columns, stored.content)


def objections(layout: Layout) -> dict[str, str]:
    """What is wrong with a layout: by field ("number", "content"), "" for the whole."""
    found: dict[str, str] = {}
    chosen = [column.field for column in layout.columns]
    for column in layout.columns:
        if column.field not in FIELDS:
            found[""] = f"Không có mục “{column.field}”."
        elif not column.heading:
            found[column.field] = "Hãy ghi tiêu đề cột."
        elif len(column.heading) > MAX_HEADING:
            found[column.field] = f"Tiêu đề dài quá {MAX_HEADING} ký tự."
        elif [other.heading.casefold() for other in layout.columns].count(column.heading.casefold()) > 1:
            found[column.field] = "Tiêu đề này đã dùng cho cột khác."
        elif chosen.count(column.field) > 1:
            found[column.field] = "Mỗi mục chỉ đứng ở một cột."
    if "number" not in chosen:
        found["number"] = "Tệp phải có số chi trả: nhờ số này mà kết quả ngân hàng gửi về khớp được với từng khoản."
    for code in REQUIRED:
        if code not in chosen:
            found.setdefault(code, f"Tệp phải có {FIELDS[code].label.lower()}.")
    if "content" in chosen and (objection := _content_objection(layout.content)):
        found["content_text"] = objection
    return found


def _content_objection(content: str) -> str:
    known = ", ".join(f"{{{name}}}" for name in PLACEHOLDERS)
    if not content:
        return "Hãy ghi nội dung chuyển tiền, hoặc bỏ cột nội dung."
    try:
        parts = list(Formatter().parse(content))
    except ValueError:
        return f"Dấu ngoặc nhọn chưa khớp; chỗ điền sẵn chỉ gồm {known}."
    for _, name, spec, conversion in parts:
        if name is not None and (name not in PLACEHOLDERS or spec or conversion):
            return f"Không có chỗ điền sẵn {{{name}}}; chỉ gồm {known}."
    if without_accents(content) != content:
        return "Nội dung chuyển tiền phải không dấu; ví dụ “Tro cap {policy} thang {month} {number}”."
    sample = {"name": "A" * NAME_ROOM, "month": "12/2024", "policy": "BTXH", "number": "BTXH-2412-21496-0001"}
    length = len(content.format(**sample))
    if length > MAX_CONTENT:
        return f"Điền vào thì nội dung dài {length} ký tự, quá {MAX_CONTENT}; hãy ghi ngắn lại."
    return ""


@dataclass(frozen=True)
class Transfer:
    """A payment by account as it stands in the file; amount in đồng."""

    number: str
    account: str
    holder: str
    amount: int
    bank: str
    bank_name: str
    bin: str
    name: str
    commune: str
    month: str
    policy: str
    #: Ordered not to be paid before the file was made.
    stopped: bool = False


TRANSFER_FIELDS = (
    "number",
    "account_number",
    "account_holder",
    "payee_name",
    "total",
    "provider__short_name",
    "provider__name",
    "provider__bin",
    "name",
    "payment_list__commune_name",
    "payment_list__period__month",
    "payment_list__period__policy",
)


def transfers(payments: Any) -> list[Transfer]:
    """The payments of a queryset as rows of an account file, in one query."""
    return [
        Transfer(
            number=row["number"],
            account=row["account_number"],
            holder=row["account_holder"] or row["payee_name"] or row["name"],
            amount=row["total"],
            bank=row["provider__short_name"] or "",
            bank_name=row["provider__name"] or "",
            bin=row["provider__bin"] or "",
            name=row["name"],
            commune=row["payment_list__commune_name"],
            month=months.label(row["payment_list__period__month"]),
            policy=row["payment_list__period__policy"],
            stopped=row["stopped"],
        )
        for row in payments.annotate(stopped=IS_STOPPED).values(*TRANSFER_FIELDS, "stopped")
    ]


def content_of(template: str, transfer: Transfer) -> str:
    """The text of a transfer: plain letters, at most 140; a name that is too long gives way, the number never."""

    def filled(name: str) -> str:
        return without_accents(
            template.format(name=name, month=transfer.month, policy=transfer.policy, number=transfer.number)
        )

    name = without_accents(transfer.holder).upper()
    text = filled(name)
    if len(text) > MAX_CONTENT:
        text = filled(name[: max(0, len(name) - (len(text) - MAX_CONTENT))].rstrip())
    return text[:MAX_CONTENT]


def cells(layout: Layout, transfer: Transfer, position: int) -> list[str | int]:
    """A row of the file: numbers for position and amount, text for all else."""
    return [_cell(column, layout, transfer, position) for column in layout.columns]


def _cell(column: Column, layout: Layout, transfer: Transfer, position: int) -> str | int:
    if column.field == "position":
        return position
    if column.field == "amount":
        return transfer.amount
    text = content_of(layout.content, transfer) if column.field == "content" else str(getattr(transfer, column.field))
    return without_accents(text).upper() if column.plain else text


def preview(layout: Layout, some: Sequence[Transfer]) -> Iterable[list[str | int]]:
    return [cells(layout, transfer, position) for position, transfer in enumerate(some, 1)]


@transaction.atomic
def set_layout(*, actor: User, payer: Payer, layout: Layout) -> bool:
    """Store the layout of a payer's account files; False where it stands so already. It holds for files that are not
    made yet: what was handed over stays as it is. LayoutRefused with the errors by field."""
    if actor.role not in EDITORS:
        raise PermissionDenied
    layout = Layout(
        tuple(Column(column.field, clean(column.heading), column.plain) for column in layout.columns),
        clean(layout.content),
    )
    if errors := objections(layout):
        raise LayoutRefused(errors)
    Payer.objects.select_for_update().get(pk=payer.pk)
    old = layout_of(payer)
    if old == layout:
        return False
    row, _ = FileLayout.objects.update_or_create(
        payer=payer,
        channel=Payment.Channel.ACCOUNT,
        defaults={
            "columns": [column.as_json() for column in layout.columns],
            "content": layout.content,
            "changed_by": actor,
            "changed_at": timezone.now(),
        },
    )
    audit.record(
        actor=actor,
        action="sửa mẫu tệp giao",
        row=row,
        changes={
            "columns": ([one.as_json() for one in old.columns], [one.as_json() for one in layout.columns]),
            "content": (old.content, layout.content),
        },
        details={"tổ chức chi trả": payer.code},
    )
    return True


@transaction.atomic
def reset_layout(*, actor: User, payer: Payer) -> bool:
    """Go back to the default; False where it is in use already."""
    if actor.role not in EDITORS:
        raise PermissionDenied
    row = FileLayout.objects.select_for_update().filter(payer=payer, channel=Payment.Channel.ACCOUNT).first()
    if row is None:
        return False
    audit.record(
        actor=actor,
        action="đưa mẫu tệp giao về mặc định",
        row=row,
        changes={"columns": (row.columns, [one.as_json() for one in DEFAULT.columns])},
        details={"tổ chức chi trả": payer.code},
    )
    row.delete()
    return True

"""Whether a merger can be done as its file says: every row is looked at, every objection named with its remedy."""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db.models import Q

from batosocial.lib import months
from batosocial.lib.text import accent_key, fold
from batosocial.mergers.reading import KINDS, FileRow, MergerFile
from batosocial.territory.models import Unit
from payments.models import Period

ERROR, WARNING = "error", "warning"


@dataclass(frozen=True, slots=True)
class Message:
    """What is wrong or doubtful: ``row`` 0 is about the whole; ``column`` as a spreadsheet's letter."""

    severity: str
    text: str
    row: int = 0
    column: str = ""
    value: str = ""

    @property
    def place(self) -> str:
        return f"{self.column}{self.row}" if self.row else ""


@dataclass(frozen=True)
class NewUnit:
    code: str
    name: str
    kind: str
    old: tuple[Unit, ...]

    @property
    def full_name(self) -> str:
        return f"{self.kind} {self.name}"

    @property
    def position(self) -> int:
        """Where it stands in lists: where the unit with its code stood, else the first of those that it is made of."""
        same = [unit.position for unit in self.old if unit.code == self.code]
        return min(same or [unit.position for unit in self.old])


@dataclass
class Plan:
    """A merger as it would be stored; with an error among the messages nothing of it is."""

    day: datetime.date
    upper: Unit | None
    new: list[NewUnit] = field(default_factory=list)
    #: Upper units that have no commune left after it.
    emptied: list[Unit] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)

    @property
    def errors(self) -> list[Message]:
        return [message for message in self.messages if message.severity == ERROR]

    @property
    def warnings(self) -> list[Message]:
        return [message for message in self.messages if message.severity == WARNING]

    @property
    def old(self) -> list[Unit]:
        return [unit for new in self.new for unit in new.old]


def check(file: MergerFile, *, day: datetime.date, upper_code: str = "") -> Plan:
    """The merger of a file, with everything that stands against it. A fixed number of queries; writes nothing."""
    return _Check(file, day, upper_code).plan


class _Check:
    def __init__(self, file: MergerFile, day: datetime.date, upper_code: str) -> None:
        self.file = file
        self.plan = Plan(day, None)
        before = day - datetime.timedelta(days=1)
        #: The communes of the last day before the merger, by code.
        self.units = {unit.code: unit for unit in Unit.objects.at(before).communes().select_related("parent")}
        self.ended = {unit.code: unit for unit in Unit.objects.communes().filter(valid_to__lte=before)}
        self.taken: dict[str, FileRow] = {}
        self._rows()
        self._new_units()
        self._upper(upper_code)
        self._left_out()
        self._day()

    def _say(self, text: str, row: FileRow | None = None, column: str = "", severity: str = ERROR) -> None:
        value = getattr(row, column) if row and column else ""
        self.plan.messages.append(
            Message(severity, text, row.number if row else 0, self.file.letters.get(column, ""), value)
        )

    # --- rows ----------------------------------------------------------------------------------------------------

    def _rows(self) -> None:
        for row in self.file.rows:
            if self._old(row) and self._new(row):
                self.taken[row.old_code] = row

    def _old(self, row: FileRow) -> bool:
        if not row.old_code:
            self._say("Thiếu mã đơn vị cũ. Hãy ghi mã GSO của xã, thị trấn trước sáp nhập.", row, "old_code")
            return False
        unit = self.units.get(row.old_code)
        if unit is None:
            ended = self.ended.get(row.old_code)
            day = self.plan.day
            why = (
                f"{ended.full_name} ({row.old_code}) đã kết thúc từ {ended.valid_to:%d/%m/%Y}"
                if ended
                else f"Trước ngày {day:%d/%m/%Y} không có xã, thị trấn nào mang mã “{row.old_code}”"
            )
            self._say(f"{why}. Hãy sửa mã theo danh mục ở trang Đơn vị hành chính, hoặc bỏ dòng này.", row, "old_code")
            return False
        if unit.successor_id or unit.valid_to:
            self._say(
                f"{unit.full_name} ({unit.code}) đã có trong đợt sáp nhập từ {unit.valid_to:%d/%m/%Y}. "
                "Hãy hủy đợt đó trước nếu chưa thực hiện, hoặc bỏ dòng này.",
                row,
                "old_code",
            )
            return False
        if earlier := self.taken.get(row.old_code):
            if earlier.new_code == row.new_code:
                self._say(f"Trùng với dòng {earlier.number}. Hãy bỏ một dòng.", row, "old_code")
            else:
                self._say(
                    f"{unit.full_name} ({unit.code}) đã nhập vào mã {earlier.new_code} ở dòng {earlier.number}; một "
                    "đơn vị cũ chỉ nhập vào một đơn vị mới. Hãy giữ một dòng.",
                    row,
                    "old_code",
                )
            return False
        return True

    def _new(self, row: FileRow) -> bool:
        found = len(self.plan.messages)
        if not row.new_code.isascii() or not row.new_code.isdecimal() or len(row.new_code) > 10:
            self._say("Mã đơn vị mới phải là các chữ số của mã GSO, ví dụ 21484.", row, "new_code")
        if not row.new_name:
            self._say("Thiếu tên đơn vị mới. Hãy ghi tên không kèm loại, ví dụ “Ba Tơ”.", row, "new_name")
        elif len(row.new_name) > 100:
            self._say("Tên đơn vị mới dài quá 100 ký tự. Hãy ghi ngắn lại.", row, "new_name")
        elif any(accent_key(row.new_name).startswith(f"{accent_key(kind)} ") for kind in KINDS):
            self._say("Tên ghi kèm loại. Hãy để loại ở cột new_kind, tên ghi riêng, ví dụ “Ba Tơ”.", row, "new_name")
        if _kind(row) is None:
            self._say(f"Loại đơn vị phải là một trong: {', '.join(KINDS)}.", row, "new_kind")
        return len(self.plan.messages) == found

    # --- new units -----------------------------------------------------------------------------------------------

    def _new_units(self) -> None:
        groups: dict[str, list[FileRow]] = {}
        for row in self.taken.values():
            groups.setdefault(row.new_code, []).append(row)
        existing = set(Unit.objects.filter(valid_from=self.plan.day).values_list("code", flat=True))
        by_name: dict[str, FileRow] = {}
        for code, rows in groups.items():
            first = rows[0]
            self._agree(first, rows[1:])
            if code in existing:
                self._say(
                    f"Đơn vị mới mang mã {code} từ {self.plan.day:%d/%m/%Y} đã được lưu. Hãy xem lại đợt sáp nhập cùng "
                    "ngày ở trang Đơn vị hành chính.",
                    first,
                    "new_code",
                )
            elif code in self.units and code not in self.taken and not self._named(code):
                self._say(
                    f"Mã {code} đang là của {self.units[code].full_name}, đơn vị này không có trong tệp. Hãy ghi thêm "
                    "dòng của đơn vị đó, hoặc sửa mã.",
                    first,
                    "new_code",
                )
            name = accent_key(f"{_kind(first)} {first.new_name}")
            if other := by_name.get(name):
                self._say(
                    f"{_kind(first)} {first.new_name} đã là tên của mã {other.new_code} (dòng {other.number}); hai đơn "
                    "vị mới không thể cùng tên. Hãy kiểm tra dấu: Ba Tơ và Ba Tô là hai xã khác nhau.",
                    first,
                    "new_name",
                )
            by_name.setdefault(name, first)
            standing = next((unit for unit in self._staying() if accent_key(unit.full_name) == name), None)
            if standing:
                self._say(
                    f"{standing.full_name} ({standing.code}) không có trong tệp mà cùng tên với đơn vị mới mã {code}. "
                    "Hãy ghi thêm dòng của đơn vị đó, hoặc sửa tên.",
                    first,
                    "new_name",
                )
            self._accents(first)
            old = tuple(sorted((self.units[row.old_code] for row in rows), key=lambda unit: unit.position))
            self.plan.new.append(NewUnit(code, first.new_name, _kind(first) or "", old))
        self.plan.new.sort(key=lambda new: (new.position, new.code))

    def _staying(self) -> list[Unit]:
        return [unit for code, unit in self.units.items() if not self._named(code) and not unit.valid_to]

    def _named(self, code: str) -> bool:
        """Whether the file has a row for the code, if only a faulty one: that one is named already."""
        return any(row.old_code == code for row in self.file.rows)

    def _agree(self, first: FileRow, others: Iterable[FileRow]) -> None:
        for row in others:
            if row.new_name != first.new_name:
                hint = (
                    " Hai tên chỉ khác dấu: hãy sửa cho đúng tên trong nghị quyết."
                    if fold(row.new_name) == fold(first.new_name)
                    else " Hãy ghi cùng một tên."
                )
                self._say(
                    f"Mã {row.new_code} ở dòng {first.number} tên “{first.new_name}”, ở đây là “{row.new_name}”.{hint}",
                    row,
                    "new_name",
                )
            if _kind(row) != _kind(first):
                self._say(
                    f"Mã {row.new_code} ở dòng {first.number} là {_kind(first)}, ở đây là {_kind(row)}. "
                    "Hãy ghi cùng một loại.",
                    row,
                    "new_kind",
                )

    def _accents(self, row: FileRow) -> None:
        same = self.units.get(row.new_code)
        if same and fold(same.name) == fold(row.new_name) and accent_key(same.name) != accent_key(row.new_name):
            self._say(
                f"Mã {row.new_code} nay là {same.full_name}, tệp ghi “{row.new_name}”: chỉ khác dấu. Hãy kiểm tra lại "
                "tên (Ba Tơ và Ba Tô là hai đơn vị khác nhau).",
                row,
                "new_name",
                WARNING,
            )

    # --- the whole -----------------------------------------------------------------------------------------------

    def _upper(self, code: str) -> None:
        uppers = {unit.parent.pk: unit.parent for unit in self.plan.old if unit.parent}
        if code:
            found = Unit.objects.at(self.plan.day).filter(code=code).exclude(level=Unit.Level.COMMUNE).first()
            if found is None:
                self._say(
                    f"Không có đơn vị cấp trên mang mã {code} vào ngày {self.plan.day:%d/%m/%Y}. Hãy ghi mã của huyện "
                    "hoặc tỉnh, ví dụ 51."
                )
            self.plan.upper = found
        elif len(uppers) == 1:
            self.plan.upper = next(iter(uppers.values()))
        elif uppers:
            names = ", ".join(unit.full_name for unit in uppers.values())
            self._say(f"Các đơn vị cũ thuộc nhiều cấp trên ({names}). Hãy chọn cấp trên của các đơn vị mới.")

    def _left_out(self) -> None:
        """Communes of the same upper units without a row stay as they are; a new upper unit takes them with it."""
        uppers = {unit.parent_id for unit in self.plan.old if unit.parent_id is not None}
        left = [
            unit
            for code, unit in self.units.items()
            if unit.parent_id in uppers and not unit.valid_to and code not in self.taken and not self._named(code)
        ]
        changes = self.plan.upper is not None and uppers and uppers != {self.plan.upper.pk}
        if left:
            names = ", ".join(f"{unit.full_name} ({unit.code})" for unit in left)
            text = f"{len(left)} đơn vị không có trong tệp nên giữ nguyên mã và tên"
            if changes and self.plan.upper:
                text += f", nay trực thuộc {self.plan.upper.full_name}"
                self.plan.new += [NewUnit(unit.code, unit.name, unit.kind, (unit,)) for unit in left]
            self._say(f"{text}: {names}.", severity=WARNING)
        self.plan.new.sort(key=lambda new: (new.position, new.code))
        if changes and self.plan.upper:
            emptied = uppers - {self.plan.upper.pk}
            self.plan.emptied = [unit for unit in Unit.objects.filter(pk__in=emptied) if unit.valid_to is None]

    def _day(self) -> None:
        day = self.plan.day
        if day.day != 1:
            self._say(
                f"Ngày {day:%d/%m/%Y} không phải ngày đầu tháng. Trợ cấp chi theo tháng nên đơn vị mới bắt đầu từ ngày "
                f"01; hãy chọn 01/{months.add(months.first(day), 1):%m/%Y} hoặc 01/{day:%m/%Y}."
            )
        month = months.first(day)
        opened = Period.objects.filter(
            Q(month__gte=month) | Q(with_next=True, month=months.add(month, -1)),
            lists__commune__in=[unit.pk for unit in self.plan.old],
        ).distinct()
        found = sorted({(period.month, period.policy, period.with_next) for period in opened})
        if found:
            names = ", ".join(
                f"{policy} {months.title(of)}{' (chi gộp hai tháng)' if two else ''}" for of, policy, two in found
            )
            last = max(months.add(of, 1 if two else 0) for of, _, two in found)
            self._say(
                f"Danh sách {names} đã mở theo các đơn vị cũ, không lập lại theo đơn vị mới được. "
                f"Ngày sớm nhất còn chọn được là {months.add(last, 1):%d/%m/%Y}."
            )


def _kind(row: FileRow) -> str | None:
    return next((kind for kind in KINDS if accent_key(kind) == accent_key(row.new_kind)), None)

"""Forms of directives: their head, their tasks, reports and what is said to them; filters of the lists."""

import datetime
from collections.abc import Sequence
from typing import Any

from django import forms
from django.conf import settings

from batosocial.coordination.directives import measures, reading, services
from batosocial.coordination.models import Addressee, Assignment, Directive, DirectiveTask
from batosocial.lib import months
from batosocial.lib.text import clean
from batosocial.territory.models import Unit
from batosocial.web import once
from batosocial.web.forms import DayInput, MonthField
from beneficiaries.attachments.checking import ENDINGS, FileRefused, check_file
from beneficiaries.forms import choices_with_all

#: Stands for every commune of the district among the addressees.
EVERY_COMMUNE = "communes"
MOST_TASKS = 40


class DayField(forms.DateField):
    """A day as "22/07/2024"."""

    widget = DayInput

    def __init__(self, **options: Any) -> None:
        wrong = "Hãy ghi ngày theo dạng 22/07/2024."
        super().__init__(error_messages={"required": wrong, "invalid": wrong}, **options)


class ScanField(forms.FileField):
    """One scan, cleaned to (name, content); None where none was chosen."""

    def __init__(self, **options: Any) -> None:
        limit = settings.EVIDENCE_MAX_BYTES // 1024**2
        options.setdefault("help_text", f"PDF, JPEG hoặc PNG, tối đa {limit} MB. Không bắt buộc.")
        super().__init__(required=False, **options)

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        return {
            **super().widget_attrs(widget),
            "accept": ",".join(ENDINGS),
            "data-max-bytes": settings.EVIDENCE_MAX_BYTES,
            "data-too-large": "Hãy quét hoặc chụp ở độ phân giải thấp hơn.",
        }

    def clean(self, data: Any, initial: Any = None) -> tuple[str, bytes] | None:
        file = super().clean(data, initial)
        if not file:
            return None
        content = file.read(settings.EVIDENCE_MAX_BYTES + 1)
        try:
            check_file(str(file.name or ""), content)
        except FileRefused as why:
            raise forms.ValidationError(str(why)) from why
        return str(file.name or ""), content


class HeadForm(forms.Form):
    token = once.TokenField()
    kind = forms.ChoiceField(label="Loại văn bản", choices=Directive.Kind.choices)
    number = forms.CharField(
        label="Số, ký hiệu", required=False, max_length=50, widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text="Ví dụ 157/TB-UBND; văn thư chưa vào số thì ghi /UBND hoặc để trống.",
    )  # fmt: skip
    month = MonthField(label="Tháng ban hành", help_text="Ví dụ 7/2024.")
    day = forms.IntegerField(
        label="Ngày", required=False, min_value=1, max_value=31, help_text="Để trống nếu văn bản chưa ghi ngày.",
        error_messages=dict.fromkeys(("invalid", "min_value", "max_value"), "Ngày từ 1 đến 31."),
    )  # fmt: skip
    abstract = forms.CharField(
        label="Trích yếu", max_length=500, widget=forms.Textarea(attrs={"rows": 2}),
        help_text="V/v…, như trên văn bản.", error_messages={"required": "Hãy ghi trích yếu, như sau chữ V/v."},
    )  # fmt: skip
    issuer = forms.CharField(
        label="Cơ quan ban hành", max_length=200, error_messages={"required": "Hãy ghi cơ quan ban hành."}
    )
    signer = forms.CharField(label="Người ký", required=False, max_length=200)
    basis = forms.CharField(
        label="Căn cứ", required=False, max_length=4000, widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Các văn bản làm căn cứ, mỗi văn bản một dòng.",
    )  # fmt: skip
    file = ScanField(label="Bản quét")

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        month, day = data.get("month"), data.get("day")
        if month and day:
            try:
                month.replace(day=day)
            except ValueError:
                self.add_error("day", f"{months.title(month).capitalize()} không có ngày {day}.")
        for name in ("number", "abstract", "issuer", "signer"):
            data[name] = clean(data.get(name) or "")
        return data

    @property
    def head(self) -> services.Head:
        return services.Head(**{name: self.cleaned_data[name] for name in services.Head.__dataclass_fields__})


class TaskForm(forms.Form):
    """One task; one without text is none."""

    place = forms.CharField(label="Mục của văn bản", required=False, max_length=100, help_text="Ví dụ: Mục 1, ý 2.")
    text = forms.CharField(
        label="Nội dung việc", required=False, max_length=3000, widget=forms.Textarea(attrs={"rows": 3})
    )
    to = forms.MultipleChoiceField(label="Nơi nhận", required=False, widget=forms.CheckboxSelectMultiple)
    communes = forms.MultipleChoiceField(
        label="Chỉ một số xã", required=False, widget=forms.CheckboxSelectMultiple,
        help_text="Không cần đánh dấu khi đã chọn tất cả xã, thị trấn.",
    )  # fmt: skip
    recurs = forms.ChoiceField(
        label="Thời hạn", required=False, choices=[("once", "Một lần"), ("monthly", "Hằng tháng")], initial="once"
    )
    deadline = DayField(label="Hạn", required=False)
    due_day = forms.IntegerField(
        label="Chậm nhất ngày trong tháng", required=False, min_value=1, max_value=28,
        error_messages=dict.fromkeys(("invalid", "min_value", "max_value"), "Ngày từ 1 đến 28."),
    )  # fmt: skip
    from_month = MonthField(label="Từ tháng", required=False)
    to_month = MonthField(label="Đến tháng", required=False)
    measure = forms.ChoiceField(label="Thước đo", required=False)
    target = forms.DecimalField(
        label="Chỉ tiêu", required=False, min_value=0, max_value=100_000, decimal_places=1, localize=True,
        help_text="Để trống: theo mặc định của thước đo (tỷ lệ 50%).",
        error_messages=dict.fromkeys(("invalid", "min_value", "max_value"), "Hãy ghi một số, ví dụ 50."),
    )  # fmt: skip
    measured_in = forms.ChoiceField(label="Đo tại", required=False)

    def __init__(self, *args: Any, district: Unit, places: Sequence[tuple[str, str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.district, self.places = district, places
        own = self.prefix or ""
        communes = [(code, name) for kind, code, name in places if kind == Addressee.Kind.COMMUNE]
        others = [(code, name) for kind, code, name in places if kind != Addressee.Kind.COMMUNE]
        self._choose("to", [(EVERY_COMMUNE, "Tất cả xã, thị trấn"), *others])
        self._choose("communes", communes)
        self._choose("measure", [("", "Không đo tự động"), *((one.code, one.label) for one in measures.every())])
        self._choose("measured_in", [("", "Nơi nhận việc"), *communes])
        self.fields["deadline"].widget.attrs["data-shown-with"] = f"{own}-recurs=once"
        for name in ("due_day", "from_month", "to_month"):
            self.fields[name].widget.attrs["data-shown-with"] = f"{own}-recurs=monthly"

    def _choose(self, name: str, choices: list[tuple[str, str]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101
        field.choices = choices

    @property
    def is_blank(self) -> bool:
        return not clean(str(self.data.get(self.add_prefix("text"), "") or ""))

    @property
    def number(self) -> int:
        return int((self.prefix or "0").rpartition("-")[2]) + 1

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if self.is_blank:
            return data
        data["addressees"] = self._addressees(data)
        if not data["addressees"]:
            self.add_error("to", "Hãy chọn ít nhất một nơi nhận.")
        monthly = data.get("recurs") == "monthly"
        for name in ("due_day", "from_month") if monthly else ("deadline",):
            if not data.get(name) and name not in self.errors:
                self.add_error(name, _MISSING[name])
        for name in ("deadline",) if monthly else ("due_day", "from_month", "to_month"):
            data[name] = None
        first, last = data.get("from_month"), data.get("to_month")
        if first and last and last < first:
            self.add_error("to_month", "Tháng cuối phải sau tháng đầu.")
        problem = services.measuring_problem(data.get("measure", ""), data["addressees"])
        if problem and data["addressees"]:
            self.add_error("measure", problem[0].upper() + problem[1:])
        return data

    def _addressees(self, data: dict[str, Any]) -> list[str]:
        chosen = set(data.get("to") or []) | set(data.get("communes") or [])
        if EVERY_COMMUNE in chosen:
            chosen |= {code for kind, code, _ in self.places if kind == Addressee.Kind.COMMUNE}
        return sorted(chosen - {EVERY_COMMUNE})

    @property
    def task(self) -> services.Task:
        data = self.cleaned_data
        unit = data.get("measured_in") or ""
        return services.Task(
            text=clean(data["text"]),
            addressees=data["addressees"],
            place=clean(data["place"]),
            deadline=data["deadline"],
            from_month=data["from_month"],
            to_month=data["to_month"],
            due_day=data["due_day"],
            measure=data["measure"],
            target=data["target"] if data["measure"] else None,
            measured_in=Unit.objects.get(pk=int(unit.partition(":")[2])) if unit and data["measure"] else None,
        )


_MISSING = {
    "deadline": "Hãy ghi hạn, ví dụ 31/08/2024.",
    "due_day": "Hãy ghi ngày phải xong trong tháng, từ 1 đến 28.",
    "from_month": "Hãy ghi tháng bắt đầu, ví dụ 7/2024.",
}


def initial_of(task: DirectiveTask, communes: int) -> dict[str, Any]:
    """What the form of a drafted task shows; ``communes`` is how many the district has."""
    codes = [one.code for one in task.addressees.all()]
    of_communes = [code for code in codes if code.startswith(f"{Addressee.Kind.COMMUNE}:")]
    every = len(of_communes) == communes
    to = [code for code in codes if code not in of_communes] + ([EVERY_COMMUNE] if every else [])
    return {
        "place": task.place,
        "text": task.text,
        "to": to,
        "communes": [] if every else of_communes,
        "recurs": "monthly" if task.monthly else "once",
        "deadline": task.deadline,
        "due_day": task.due_day,
        "from_month": task.from_month,
        "to_month": task.to_month,
        "measure": task.measure,
        "target": task.target,
        "measured_in": f"commune:{task.measured_in_id}" if task.measured_in_id else "",
    }


class TaskChangeForm(forms.Form):
    """Of a task in force: another deadline, or none any more."""

    deadline = DayField(label="Hạn mới", required=False)
    due_day = forms.IntegerField(
        label="Chậm nhất ngày trong tháng", required=False, min_value=1, max_value=28,
        error_messages=dict.fromkeys(("invalid", "min_value", "max_value"), "Ngày từ 1 đến 28."),
    )  # fmt: skip
    reason = forms.CharField(
        label="Lý do", max_length=300, error_messages={"required": "Hãy ghi lý do, nơi nhận việc sẽ đọc được."}
    )

    def __init__(self, *args: Any, task: DirectiveTask, cancels: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        unused = {"deadline", "due_day"} if cancels else {"deadline" if task.monthly else "due_day"}
        for name in unused:
            del self.fields[name]
        for name in ("deadline", "due_day"):
            if name in self.fields:
                self.fields[name].required = True
                self.fields[name].error_messages["required"] = _MISSING[name]


class ReportForm(forms.Form):
    token = once.TokenField()
    text = forms.CharField(
        label="Đã làm được gì", max_length=3000, widget=forms.Textarea(attrs={"rows": 4}),
        help_text="Việc đã làm, kết quả bằng con số, vướng mắc nếu có.",
        error_messages={"required": "Hãy ghi đã làm được gì."},
    )  # fmt: skip
    done = forms.ChoiceField(
        label="Mức độ", widget=forms.RadioSelect,
        choices=[("", "Đang làm"), ("xong", "Đã hoàn thành, đề nghị xác nhận")], required=False, initial="",
    )  # fmt: skip
    percent = forms.IntegerField(
        label="Tiến độ (%)", required=False, min_value=0, max_value=100,
        error_messages=dict.fromkeys(("invalid", "min_value", "max_value"), "Tiến độ từ 0 đến 100."),
    )  # fmt: skip
    on_day = DayField(label="Số liệu đến ngày", required=False)
    file = ScanField(label="Tệp kèm theo")


class ReasonForm(forms.Form):
    reason = forms.CharField(
        label="Lý do trả lại", max_length=500, error_messages={"required": "Hãy ghi lý do trả lại, cần bổ sung gì."}
    )


class AssignmentFilter(forms.Form):
    """Of the list of assignments; the names of its fields are those of the URL."""

    van_ban = forms.ChoiceField(label="Văn bản", required=False)
    tinh_trang = forms.ChoiceField(
        label="Tình trạng",
        required=False,
        choices=[
            ("", "Tất cả"),
            (reading.OVERDUE, "Quá hạn"),
            (reading.IN_TIME, "Chưa xong, còn hạn"),
            *reading.Status.choices,
            (reading.DOUBTFUL, "Báo cáo trái số liệu"),
        ],
    )
    viec = forms.ChoiceField(label="Việc", required=False)
    noi = forms.ChoiceField(label="Nơi nhận", required=False)
    thang = forms.ChoiceField(label="Tháng", required=False)

    def __init__(self, data: Any, *, rows: Sequence[Assignment], fixed: bool = False) -> None:
        """The choices are those that ``rows`` have; ``fixed``: on the page of one directive."""
        super().__init__(data)
        directives = {str(row.task.directive_id): row.task.directive for row in rows}
        chosen = self.data.get("van_ban", "")
        shown = [row for row in rows if chosen in ("", str(row.task.directive_id))]
        tasks = {row.task_id: row.task for row in shown}
        places = {row.addressee.code: row.addressee for row in rows}
        order = {kind: place for place, kind in enumerate(reading.KIND_ORDER)}
        named = sorted(
            places.values(), key=lambda one: (order[Addressee.Kind(one.kind)], one.unit.position if one.unit else 0)
        )
        self._choose("van_ban", [(key, one.label) for key, one in directives.items()], "Mọi văn bản")
        ordered = sorted(tasks.values(), key=lambda one: (one.directive_id, one.position))
        self._choose("viec", [(str(one.pk), f"{one.position}. {_short(one.text)}") for one in ordered], "Mọi việc")
        self._choose("noi", [(one.code, one.name) for one in named], "Mọi nơi nhận")
        known = sorted({row.month for row in rows if row.month}, reverse=True)
        self._choose("thang", [(months.iso(one), months.title(one).capitalize()) for one in known], "Mọi tháng")
        if fixed:
            del self.fields["van_ban"]
        if len(named) < 2:
            del self.fields["noi"]
        if not known:
            del self.fields["thang"]

    def _choose(self, name: str, choices: list[tuple[str, str]], everything: str) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101
        field.choices = choices_with_all(choices, everything)

    def value(self, name: str) -> str:
        """A value that is no choice filters nothing."""
        self.is_valid()
        return str(self.cleaned_data.get(name, ""))

    @property
    def month(self) -> datetime.date | None:
        chosen = self.value("thang")
        return months.parse(chosen) if chosen else None

    def keep(self, rows: Sequence[Assignment]) -> list[Assignment]:
        """Those that fit, but for the status, which takes a reading."""
        directive, task, place, month = (self.value(name) for name in ("van_ban", "viec", "noi", "thang"))
        return [
            row
            for row in rows
            if directive in ("", str(row.task.directive_id))
            and task in ("", str(row.task_id))
            and place in ("", row.addressee.code)
            and (not month or row.month is None or months.iso(row.month) == month)
        ]


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:58].rstrip()}…"

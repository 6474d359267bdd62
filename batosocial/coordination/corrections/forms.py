"""The filter of paths, and the form of a path's next step."""

from typing import Any

from django import forms

from batosocial.coordination.corrections import law
from batosocial.coordination.corrections.services import WITH_NUMBER, WITH_VALUES, WITH_WORDS, right_values
from batosocial.coordination.filters import PersonFilter, search_field
from batosocial.coordination.models import Correction, CorrectionStep
from batosocial.coordination.models.corrections import CorrectionQuerySet
from batosocial.lib import clock
from batosocial.lib.text import clean
from batosocial.web.forms import DayInput, PartialDateField
from beneficiaries.forms import choices_with_all, commune_field

What = CorrectionStep.What
OPEN, OVERDUE = "chua-xong", "qua-han"
_DAY = dict.fromkeys(("invalid", "required"), "Hãy ghi ngày dạng 22/07/2024.")


class CorrectionFilter(PersonFilter):
    tim = search_field()
    trang_thai = forms.ChoiceField(
        label="Trạng thái",
        required=False,
        choices=choices_with_all(
            [(OPEN, "Chưa xong"), (OVERDUE, "Quá hạn"), *Correction.State.choices], "Mọi trạng thái"
        ),
    )
    duong = forms.ChoiceField(
        label="Đường đính chính", required=False, choices=choices_with_all(Correction.Path.choices, "Cả hai đường")
    )
    xa = commune_field()

    def apply(self, rows: CorrectionQuerySet) -> CorrectionQuerySet:
        rows = self.narrowed(rows)
        state, path = self.cleaned_data.get("trang_thai"), self.cleaned_data.get("duong")
        if path:
            rows = rows.filter(path=path)
        if state == OPEN:
            return rows.open()
        if state == OVERDUE:
            return rows.open().filter(due__lt=clock.today())
        return rows.filter(state=state) if state else rows


class StepForm(forms.Form):
    """What a step asks for: the day of its paper, a number, words; the decision also the values that it says."""

    use_required_attribute = False

    LABELS = {
        What.REQUESTED: ("Ngày nhận đơn Mẫu 26", "Giấy tờ kèm đơn", f"Ví dụ: {law.PAPERS}."),
        What.SENT: ("Ngày công văn", "Ghi chú", ""),
        What.FORWARDED: ("Ngày Sở chuyển", "Cơ quan cấp hồ sơ", "Ví dụ: Cục Người có công, Ban Chỉ huy quân sự tỉnh."),
        What.RETURNED: ("Ngày cơ quan cấp hồ sơ trả lời", "Nội dung trả lời", ""),
        What.DECIDED: ("Ngày quyết định", "Ghi chú", ""),
        What.AMENDED: ("Ngày quyết định", "Ghi chú", "Dùng khi lần trước gõ nhầm: ghi đúng như quyết định của Sở."),
        What.REFUSED: ("Ngày văn bản", "Lý do của Sở", ""),
        What.RESTARTED: ("Ngày lập lại", "Vì sao lập lại", ""),
    }

    day = forms.DateField(label="Ngày", widget=DayInput(), error_messages=_DAY)
    number = forms.CharField(
        label="Số văn bản",
        max_length=50,
        error_messages={
            "required": "Hãy ghi số văn bản, ví dụ 125/QĐ-SLĐTBXH.",
            "max_length": "Số dài quá 50 ký tự; hãy kiểm tra lại.",
        },
    )
    words = forms.CharField(label="Nội dung", required=False, max_length=500)
    name = forms.CharField(
        label="Họ và tên theo quyết định",
        max_length=150,
        error_messages={"required": "Hãy ghi họ tên theo quyết định."},
    )
    birth = PartialDateField(label="Ngày sinh theo quyết định", help_text="Ghi đến đâu biết đến đó: 1942, 12/5/1942.")

    def __init__(self, *args: Any, correction: Correction, what: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        day, words, hint = self.LABELS[What(what)]
        self.fields["day"].label, self.fields["words"].label = day, words
        self.fields["words"].help_text = hint
        if what in WITH_WORDS:
            self.fields["words"].required = True
            self.fields["words"].error_messages["required"] = WITH_WORDS[What(what)]
        if what not in WITH_NUMBER:
            del self.fields["number"]
        known = right_values(correction.answer, correction.fields) if what in WITH_VALUES else {}
        for field in ("name", "birth"):
            if field in known:
                self.fields[field].initial = str(known[field])
            else:
                del self.fields[field]
        self.fields["day"].initial = f"{clock.today():%d/%m/%Y}"

    def clean_name(self) -> str:
        return clean(self.cleaned_data["name"])

    @property
    def values(self) -> dict[str, Any]:
        return {field: self.cleaned_data[field] for field in ("name", "birth") if field in self.cleaned_data}

    def refuse(self, errors: dict[str, str]) -> None:
        for name, why in errors.items():
            self.add_error(name if name in self.fields else None, why)


class TakeForm(forms.Form):
    use_required_attribute = False

    words = forms.CharField(
        label="Giấy tờ đã đối chiếu",
        max_length=200,
        help_text="Ví dụ: thẻ CCCD, giấy khai sinh.",
        error_messages={"required": "Hãy ghi giấy tờ đã đối chiếu, ví dụ: CCCD, giấy khai sinh."},
    )

    def refuse(self, errors: dict[str, str]) -> None:
        for name, why in errors.items():
            self.add_error(name if name in self.fields else None, why)

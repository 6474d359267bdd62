"""The form that brings a merger's file, and the one that confirms what was shown."""

import datetime
from typing import Any

from django import forms

from batosocial.lib import clock, months
from batosocial.mergers import reading
from batosocial.territory.models import Unit
from batosocial.web import once
from batosocial.web.forms import DayInput, WorkbookField

_DAY = {
    "required": "Hãy ghi ngày có hiệu lực, ví dụ 01/07/2025.",
    "invalid": "Không đọc được ngày. Hãy ghi theo dạng 01/07/2025.",
}


class MergerForm(forms.Form):
    """The file is read here, so that what is wrong with it as a file stands beside the field; its rows come after."""

    day = forms.DateField(
        label="Có hiệu lực từ ngày",
        widget=DayInput,
        error_messages=_DAY,
        help_text="Ngày đầu tháng. Từ hôm nay trở về trước thì thực hiện ngay; ngày sau thì chờ đến ngày.",
    )
    upper = forms.ModelChoiceField(
        Unit.objects.none(),
        to_field_name="code",
        required=False,
        label="Đơn vị mới trực thuộc",
        empty_label="Như các đơn vị cũ",
        help_text="Cán bộ cấp huyện theo đơn vị này. Chính quyền hai cấp (không còn huyện): chọn tỉnh.",
    )
    file = WorkbookField(
        label="Tệp sáp nhập",
        endings=(".csv", ".xlsx"),
        max_length=200,
        error_messages={
            "required": "Hãy chọn tệp sáp nhập.",
            "empty": "Tệp trống. Hãy kiểm tra lại tệp đã chọn.",
            "max_length": "Tên tệp quá dài. Hãy đổi tên ngắn hơn.",
        },
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        uppers = Unit.objects.current().exclude(level=Unit.Level.COMMUNE).order_by("-level", "code")
        field = self.fields["upper"]
        assert isinstance(field, forms.ModelChoiceField)  # noqa: S101 (for the type checker)
        field.queryset = uppers
        field.label_from_instance = lambda unit: f"{unit.full_name} ({unit.code})"  # type: ignore[method-assign,assignment]

    def clean_day(self) -> datetime.date:
        day: datetime.date = self.cleaned_data["day"]
        if day.day != 1:
            raise forms.ValidationError(
                f"Trợ cấp chi theo tháng nên đơn vị mới bắt đầu từ ngày 01. Hãy chọn 01/{day:%m/%Y} hoặc "
                f"{months.add(months.first(day), 1):%d/%m/%Y}."
            )
        return day

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if file := cleaned.get("file"):
            cleaned["content"] = file.read()
            try:
                reading.read_file(cleaned["content"], file.name)
            except reading.FileRefused as refusal:
                self.add_error("file", str(refusal))
        return cleaned


class ConfirmForm(forms.Form):
    token = once.TokenField()


class UnitFilter(forms.Form):
    """Which units are listed."""

    NOW, ENDED, COMING = "", "het", "sap-toi"

    tim = forms.CharField(
        label="Tìm",
        required=False,
        max_length=100,
        widget=forms.TextInput(attrs={"type": "search", "placeholder": "Tên, mã GSO…"}),
    )
    xem = forms.ChoiceField(
        label="Đơn vị",
        required=False,
        choices=[(NOW, "Đang có"), (COMING, "Sẽ có"), (ENDED, "Đã sáp nhập")],
    )

    def apply(self) -> Any:
        """The units, by their order in lists; none where the filter itself is wrong."""
        units = Unit.objects.communes()
        if not self.is_valid():
            return units.none()
        today, which = clock.today(), self.cleaned_data["xem"]
        if which == self.ENDED:
            units = units.filter(valid_to__lte=today)
        elif which == self.COMING:
            units = units.filter(valid_from__gt=today)
        else:
            units = units.at(today)
        return units

    @property
    def text(self) -> str:
        return str(self.cleaned_data.get("tim", "")) if self.is_valid() else ""

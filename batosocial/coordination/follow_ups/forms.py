"""The filter of follow-ups, and the form of a visit."""

from typing import Any

from django import forms

from batosocial.coordination.filters import PersonFilter, search_field
from batosocial.coordination.models import FollowUp
from batosocial.coordination.models.follow_ups import FollowUpQuerySet
from batosocial.lib import clock
from batosocial.staff.models import Role
from batosocial.web import once
from batosocial.web.forms import DayInput
from beneficiaries.forms import choices_with_all, commune_field

DONE, OVERDUE, UNSEEN, EVERY = "xong", "qua-han", "chua-gap", "tat-ca"
_DAY = dict.fromkeys(("invalid", "required"), "Hãy ghi ngày dạng 22/07/2024.")


class FollowUpFilter(PersonFilter):
    tim = search_field()
    trang_thai = forms.ChoiceField(
        label="Trạng thái",
        required=False,
        choices=[
            ("", "Chưa xong"),
            (OVERDUE, "Quá hẹn"),
            (UNSEEN, "Chưa gặp lần nào"),
            (DONE, "Đã xong"),
            (EVERY, "Tất cả"),
        ],
    )
    viec = forms.ChoiceField(
        label="Việc", required=False, choices=choices_with_all(FollowUp.Kind.choices, "Cả hai việc")
    )
    xa = commune_field()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.user.role == Role.POLICE:
            del self.fields["viec"]

    def apply(self, rows: FollowUpQuerySet) -> FollowUpQuerySet:
        rows = self.narrowed(rows)
        if kind := self.cleaned_data.get("viec"):
            rows = rows.filter(kind=kind)
        match self.cleaned_data.get("trang_thai"):
            case "qua-han":
                return rows.open().filter(planned_on__lt=clock.today())
            case "chua-gap":
                return rows.open().filter(visits__isnull=True)
            case "xong":
                return rows.exclude(closed_on=None)
            case "tat-ca":
                return rows
        return rows.open()


class VisitForm(forms.Form):
    use_required_attribute = False

    day = forms.DateField(label="Ngày gặp", widget=DayInput(), error_messages=_DAY)
    words = forms.CharField(
        label="Đã làm gì",
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Ví dụ: gặp tại nhà, đã đồng ý; già yếu, cần làm tại nhà.",
        error_messages={"required": "Hãy ghi đã làm gì, ví dụ: gặp tại nhà, đã đồng ý làm CCCD."},
    )
    appointment = forms.DateField(
        label="Hẹn ngày",
        required=False,
        widget=DayInput(),
        error_messages=_DAY,
        help_text="Ngày hẹn, ngày dự kiến xong.",
    )
    token = once.TokenField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["day"].initial = f"{clock.today():%d/%m/%Y}"

    def refuse(self, errors: dict[str, str]) -> None:
        for name, why in errors.items():
            self.add_error(name if name in self.fields else None, why)

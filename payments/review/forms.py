"""Forms of the monthly review."""

import datetime
from typing import Any

from django import forms

from batosocial.lib import months
from batosocial.staff.models import User
from batosocial.web import once
from batosocial.web.forms import MonthField
from beneficiaries import confidential
from beneficiaries.attachments.forms import EvidenceField
from beneficiaries.changes import law, pauses
from beneficiaries.changes.forms import DayField
from beneficiaries.models import ChangeReason, Entitlement, Policy
from payments.models import ReviewLine
from payments.review.lines import is_death
from payments.review.preparing import DEATH, Handling, stamp

Action, Source = ReviewLine.Action, ReviewLine.Source
#: Another reason to stop, which the note tells.
OTHER = "khac"

_ACTIONS = [
    (Action.KEEP, "Giữ nguyên, không có biến động"),
    (Action.STOP, "Đề nghị thôi hưởng"),
    (Action.SUSPEND, "Đề nghị tạm dừng"),
    (Action.RESUME, "Đề nghị tiếp tục hưởng"),
    (Action.ADJUST, "Điều chỉnh (lập đề nghị ở biểu mẫu điều chỉnh)"),
]


#: Which fields an action needs.
_SHOWN_WITH = {
    "reason": (Action.STOP, Action.SUSPEND),
    "entitlement": (Action.STOP, Action.SUSPEND, Action.RESUME, Action.ADJUST),
    "happened_on": (Action.STOP, Action.SUSPEND, Action.RESUME),
    "effective_month": (Action.STOP, Action.SUSPEND, Action.RESUME),
    "arrears_from": (Action.RESUME,),
    "paper": (Action.STOP, Action.SUSPEND, Action.RESUME),
}


class LineForm(forms.Form):
    """What the officer makes of a line. Which fields an action needs, the service says beside them."""

    action = forms.ChoiceField(
        label="Xử lý",
        choices=_ACTIONS,
        widget=forms.RadioSelect,
        error_messages={"required": "Hãy chọn giữ nguyên hoặc một đề nghị."},
    )
    reason = forms.ChoiceField(label="Lý do", required=False, help_text="Khi đề nghị thôi hưởng hoặc tạm dừng.")
    entitlement = forms.TypedChoiceField(
        label="Chế độ",
        required=False,
        coerce=int,
        empty_value=None,
        help_text="Khi người hưởng chết, mọi chế độ đều thôi; không cần chọn.",
    )
    happened_on = DayField(
        label="Ngày xảy ra",
        required=False,
        help_text="Ngày chết, ngày không còn đủ điều kiện, ngày bản án hoặc kết luận.",
    )
    effective_month = MonthField(
        label="Từ tháng",
        required=False,
        help_text="Để trống: thôi hưởng từ tháng ngay sau (k2 Đ8 NĐ 20/2021); tạm dừng, tiếp tục từ tháng rà soát.",
    )
    arrears_from = MonthField(
        label="Truy lĩnh từ tháng",
        required=False,
        help_text="Chỉ khi tiếp tục hưởng và đề nghị truy lĩnh (đ.b k1 Đ6 TT 02/2021).",
    )
    paper = forms.CharField(
        label="Giấy tờ kèm theo",
        required=False,
        max_length=300,
        help_text="Bắt buộc khi có đề nghị. Ví dụ: Trích lục khai tử số 12/2024 ngày 03/07/2024.",
    )
    note = forms.CharField(label="Ghi chú", required=False, max_length=500, widget=forms.Textarea(attrs={"rows": 2}))
    evidence = EvidenceField(label="Tệp minh chứng")
    seen = forms.CharField(required=False, widget=forms.HiddenInput(attrs={"data-no-draft": ""}))

    def __init__(self, *args: Any, user: User, line: ReviewLine, rows: list[Entitlement], **kwargs: Any) -> None:
        kwargs.setdefault("initial", initial_of(line, rows))
        super().__init__(*args, **kwargs)
        entitlement, reason = self.fields["entitlement"], self.fields["reason"]
        for name, actions in _SHOWN_WITH.items():
            self.fields[name].widget.attrs["data-shown-with"] = f"action={','.join(actions)}"
        assert isinstance(entitlement, forms.TypedChoiceField)  # noqa: S101
        assert isinstance(reason, forms.ChoiceField)  # noqa: S101
        entitlement.choices = [
            ("", "Chọn chế độ"),
            *((row.pk, _benefit(row, user)) for row in rows),
        ]
        reason.choices = reasons_for(rows)
        self._policies = {row.pk: row.category.policy for row in rows}

    @property
    def handling(self) -> Handling:
        data = self.cleaned_data
        reason = "" if data["reason"] == OTHER else data["reason"]
        return Handling(
            action=data["action"],
            entitlement_id=data["entitlement"],
            reason=_fitting(data["action"], reason, self._policies.get(data["entitlement"], "")),
            happened_on=data["happened_on"],
            effective_month=data["effective_month"],
            arrears_from=data["arrears_from"],
            paper=data["paper"],
            note=data["note"],
        )

    def refuse(self, errors: dict[str, str]) -> None:
        """Show a service's objections beside the fields."""
        for name, message in errors.items():
            self.add_error(name if name in self.fields else None, message)


def _benefit(row: Entitlement, user: User) -> str:
    words = f"{confidential.shown_code(row.category, user)} · {confidential.shown_name(row.category, user)}"
    return words[:110]


def _fitting(action: str, reason: str, policy: str) -> str:
    """The reason that the select holds; going on has one of its own for BTXH (đ.b k1 Điều 6 TT 02/2021), NCC none."""
    if action != Action.RESUME:
        return reason
    return pauses.GOES_ON if policy == Policy.SOCIAL else ""


def reasons_for(rows: list[Entitlement]) -> list[Any]:
    """Choices of reasons for the benefits that somebody has, parted by what is proposed."""
    regimes = {row.category.regime for row in rows}
    ending = law.ending_reasons(regimes) if regimes else []
    stops = [(DEATH, "Người hưởng chết"), *map(_choice, ending), (OTHER, "Lý do khác (ghi rõ ở ghi chú)")]
    groups: list[Any] = [("", "Chọn lý do"), ("Thôi hưởng", stops)]
    if pausing := pauses.reasons(regimes) if regimes else []:
        groups.append(("Tạm dừng", [_choice(one) for one in pausing]))
    return groups


def _choice(reason: ChangeReason) -> tuple[str, str]:
    return reason.code, f"{reason.name} ({reason.legal_basis})"


def initial_of(line: ReviewLine, rows: list[Entitlement]) -> dict[str, Any]:
    """What stands on the line, or what the program proposes."""
    reason = line.reason.code if line.reason else ""
    if is_death(line):
        reason = DEATH
    elif line.prepared_by_id and line.action == Action.STOP and not reason:
        reason = OTHER
    if line.action == Action.ADJUST or line.action == Action.KEEP:
        reason = ""
    only = rows[0].pk if len(rows) == 1 and line.source == Source.ADDED else None
    return {
        "action": line.action,
        "reason": reason,
        "entitlement": line.entitlement_id or only,
        # The day on which a paper ends is no day of the person's.
        "happened_on": line.happened_on if line.source != Source.PAPER or line.prepared_by_id else None,
        "effective_month": line.effective_month if line.action not in (Action.KEEP, Action.ADJUST) else None,
        "arrears_from": line.arrears_from,
        "paper": line.paper,
        "note": line.note,
        "seen": stamp(line),
    }


class RemovalForm(forms.Form):
    removal = forms.CharField(
        label="Vì sao bỏ",
        max_length=300,
        help_text="Ví dụ: đã xác minh, người này vẫn sống tại thôn.",
        error_messages={"required": "Hãy ghi vì sao bỏ, ví dụ: đã xác minh, người này vẫn sống tại thôn."},
    )


class ReturnForm(forms.Form):
    # It shares its <form> with a button that needs no reason.
    use_required_attribute = False

    reason = forms.CharField(
        label="Lý do trả lại",
        max_length=500,
        required=False,
        help_text="Chỉ khi trả lại các dòng đã chọn; xã thấy lý do này.",
    )


class LineFilter(forms.Form):
    """Lines of a review; the names of the fields are those of the URL."""

    nhom = forms.ChoiceField(label="Nhóm", required=False, choices=[("", "Mọi nhóm"), *Source.choices])
    xem = forms.ChoiceField(label="Tình trạng", required=False)

    #: Values of ``xem``.
    UNHANDLED, PROPOSED, WAITING, RETURNED, REMOVED = "chua-xem-xet", "de-nghi", "cho-tham-dinh", "tra-lai", "da-bo"
    _VIEWS = [
        (UNHANDLED, "Chưa xem xét"),
        (PROPOSED, "Có đề nghị"),
        (WAITING, "Chờ thẩm định"),
        (RETURNED, "Phòng trả lại"),
        (REMOVED, "Đã bỏ"),
    ]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["xem"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101
        field.choices = [("", "Tất cả"), *self._VIEWS]

    def value(self, name: str) -> str:
        self.is_valid()
        return str(self.cleaned_data.get(name, ""))

    @property
    def is_used(self) -> bool:
        return bool(self.value("nhom") or self.value("xem"))


class MonthFilter(forms.Form):
    thang = forms.ChoiceField(label="Tháng", required=False)

    def __init__(self, *args: Any, known: list[datetime.date], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["thang"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101
        field.choices = [(months.iso(month), months.title(month).capitalize()) for month in known]


class AddForm(forms.Form):
    token = once.TokenField()
    person = forms.IntegerField(widget=forms.HiddenInput)

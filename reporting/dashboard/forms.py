"""The filters of the dashboards; the names of their fields are those of the URL."""

import datetime
from collections.abc import Iterable, Sequence
from typing import Any

from django import forms
from django.db import models
from django.db.models import Q

from batosocial.lib import months
from batosocial.lib.text import clean
from beneficiaries.forms import choices_with_all
from beneficiaries.models import PayoutRoute, Policy


class MonthFilter(forms.Form):
    """The month, and the policy where the page can show one of them."""

    thang = forms.ChoiceField(label="Tháng", required=False)
    chinh_sach = forms.ChoiceField(
        label="Chính sách", required=False, choices=choices_with_all(Policy.choices, "NCC và BTXH")
    )

    def __init__(
        self, data: Any, *, choices: Sequence[datetime.date], month: datetime.date | None, policies: bool
    ) -> None:
        chosen = months.iso(month) if month else ""
        super().__init__({"thang": chosen, "chinh_sach": data.get("chinh_sach", "")})
        _choose(self.fields["thang"], [(months.iso(one), months.title(one).capitalize()) for one in choices])
        if not policies:
            del self.fields["chinh_sach"]

    @property
    def policy(self) -> str:
        """ "" for both; whatever is no policy counts as both."""
        chosen = self.data.get("chinh_sach", "") if "chinh_sach" in self.fields else ""
        return chosen if chosen in Policy.values else ""


class Group(models.TextChoices):
    """Whom a commune's worklist shows; the codes stand in its address."""

    WITHOUT = "chua-co", "Chưa có tài khoản"
    NOT_USED = "chua-dung", "Có tài khoản, chưa chi qua"
    PENDING = "thang-sau", "Có tài khoản từ tháng sau"

    @property
    def condition(self) -> Q:
        """Of a counted person."""
        return _CONDITIONS[self]

    @property
    def nobody(self) -> str:
        """What it means that the group is empty."""
        return _NOBODY[self]


_CONDITIONS = {
    Group.WITHOUT: Q(has_account=False),
    Group.NOT_USED: Q(has_account=True, paid_by_account=False),
    Group.PENDING: Q(pending=True),
}

_NOBODY = {
    Group.WITHOUT: "Ai phải chi tháng này cũng đã có tài khoản.",
    Group.NOT_USED: "Ai đã có tài khoản cũng đã được chi qua tài khoản.",
    Group.PENDING: "Không có tài khoản nào bắt đầu được chi từ tháng sau.",
}


class PeopleFilter(forms.Form):
    """A commune's worklist by group, policy, reason, hamlet and name."""

    thang = forms.CharField(required=False, widget=forms.HiddenInput)
    tim = forms.CharField(
        label="Tìm theo tên", required=False, max_length=100, widget=forms.TextInput(attrs={"type": "search"})
    )
    nhom = forms.ChoiceField(label="Nhóm", required=False, choices=Group.choices)
    chinh_sach = forms.ChoiceField(
        label="Chính sách", required=False, choices=choices_with_all(Policy.choices, "Cả hai chính sách")
    )
    ly_do = forms.ChoiceField(
        label="Vì sao chưa có", required=False, choices=choices_with_all(PayoutRoute.CashReason.choices, "Mọi lý do")
    )
    thon = forms.ChoiceField(label="Thôn", required=False)

    def __init__(self, data: Any, *, month: datetime.date, hamlets: Iterable[str]) -> None:
        # A month or group that the address leaves out is the one shown.
        given = data.dict() | {"thang": months.iso(month)}
        given["nhom"] = given.get("nhom") or Group.WITHOUT
        super().__init__(given)
        _choose(self.fields["thon"], [("", "Mọi thôn"), *((name, name) for name in hamlets)])
        self.is_valid()

    def _value(self, name: str) -> str:
        """ "" for what is no choice: an old link still shows the list."""
        return clean(str(self.cleaned_data.get(name, "")))

    @property
    def group(self) -> Group:
        return Group(self._value("nhom") or Group.WITHOUT)

    @property
    def policy(self) -> str:
        return self._value("chinh_sach")

    @property
    def reason(self) -> str:
        return self._value("ly_do") if self.group == Group.WITHOUT else ""

    @property
    def hamlet(self) -> str:
        return self._value("thon")

    @property
    def search(self) -> str:
        return self._value("tim")

    @property
    def is_narrowed(self) -> bool:
        return bool(self.policy or self.reason or self.hamlet or self.search)


def _choose(field: forms.Field, choices: list[tuple[str, str]]) -> None:
    assert isinstance(field, forms.ChoiceField)  # noqa: S101 (for the type checker)
    field.choices = choices

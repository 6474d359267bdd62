"""Planning a campaign."""

import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from batosocial.coordination.campaigns.planning import Place
from batosocial.coordination.models import Campaign
from batosocial.lib import months
from batosocial.lib.text import clean
from batosocial.staff.models import Payer, User
from batosocial.territory.models import Unit
from batosocial.web import once
from batosocial.web.forms import DayInput, MonthField
from beneficiaries.imports.accounts.importer import first_month
from beneficiaries.payout.fields import DAY_ERROR


class CampaignForm(forms.Form):
    """A plan with a line for each commune; a line without a number is none."""

    token = once.TokenField()
    name = forms.CharField(
        label="Tên đợt", max_length=200, error_messages={"required": "Hãy ghi tên đợt, ví dụ: Bưu điện mở, 9/2024."}
    )
    payer = forms.ModelChoiceField(
        Payer.objects.order_by("name"),
        label="Tổ chức mở tài khoản",
        empty_label="Chọn tổ chức",
        error_messages={"required": "Hãy chọn tổ chức mở tài khoản."},
    )
    month = MonthField(label="Dùng tài khoản từ tháng")
    deadline = forms.DateField(
        label="Hạn mở xong",
        widget=DayInput(),
        error_messages=DAY_ERROR | {"required": "Hãy ghi hạn mở xong, ví dụ 20/08/2024."},
    )
    source = forms.CharField(
        label="Nguồn ghi ở tài khoản",
        max_length=100,
        help_text="Hiện bên cạnh tài khoản khi xác nhận. Ví dụ: Bưu điện mở, 9/2024.",
        error_messages={"required": "Hãy ghi nguồn, ví dụ: Bưu điện mở, 9/2024."},
    )
    note = forms.CharField(label="Nội dung", max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 3}))

    def __init__(self, *args: Any, user: User, campaign: Campaign | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user, self.campaign = user, campaign
        self.first = first_month()
        self.fields["month"].help_text = f"Sớm nhất là {months.label(self.first)}: tháng đầu tiên chưa mở kỳ chi trả."
        if user.payer_id or campaign is not None:
            del self.fields["payer"]
        self.upper = campaign.upper if campaign else (user.unit or _only_district())
        self.communes = list(Unit.objects.current().communes().filter(parent=self.upper))
        plans = {plan.commune_id: plan for plan in campaign.communes.all()} if campaign else {}
        # A plan keeps the units of its time.
        gone = [plan.commune for plan in plans.values() if plan.commune_id not in {u.pk for u in self.communes}]
        self.communes += gone
        for unit in self.communes:
            plan = plans.get(unit.pk)
            for key, field in self._line(unit).items():
                field.initial = getattr(plan, key, None) if plan else None
                self.fields[f"{key}_{unit.pk}"] = field
        if campaign:
            for name in ("name", "month", "deadline", "source", "note"):
                self.initial.setdefault(name, getattr(campaign, name))
        else:
            self.initial.setdefault("month", self.first)

    @staticmethod
    def _line(unit: Unit) -> dict[str, forms.Field]:
        return {
            "planned": forms.IntegerField(
                label=f"Số tài khoản dự kiến, {unit}",
                required=False,
                min_value=1,
                max_value=100_000,
                widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off", "size": 5}),
                error_messages={
                    "invalid": "Hãy ghi một số nguyên.",
                    "min_value": "Hãy ghi từ 1 trở lên, hoặc để trống.",
                    "max_value": "Số này quá lớn; hãy kiểm tra lại.",
                },
            ),
            "opens_on": _day(f"Mở từ ngày, {unit}"),
            "opens_until": _day(f"Mở đến ngày, {unit}"),
            "place": forms.CharField(
                label=f"Nơi mở, {unit}",
                required=False,
                max_length=200,
                widget=forms.TextInput(attrs={"autocomplete": "off"}),
            ),
        }

    @property
    def plain(self) -> list[Any]:
        names = ("name", "payer", "month", "deadline", "source", "note")
        return [self[name] for name in names if name in self.fields]

    @property
    def lines(self) -> list[tuple[Unit, list[Any]]]:
        keys = ("planned", "opens_on", "opens_until", "place")
        return [(unit, [self[f"{key}_{unit.pk}"] for key in keys]) for unit in self.communes]

    def clean_month(self) -> datetime.date:
        month: datetime.date = self.cleaned_data["month"]
        kept = self.campaign is not None and self.campaign.month == month
        if month < self.first and not kept:
            raise ValidationError(f"Sớm nhất là {months.label(self.first)}; các tháng trước đã mở kỳ chi trả.")
        return month

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        planned = False
        for unit in self.communes:
            number, start, until = (cleaned.get(f"{key}_{unit.pk}") for key in ("planned", "opens_on", "opens_until"))
            planned = planned or bool(number)
            if not number and (start or until or cleaned.get(f"place_{unit.pk}")):
                self.add_error(
                    f"planned_{unit.pk}", "Hãy ghi số tài khoản dự kiến của xã này, hoặc xóa ngày và nơi mở."
                )
            if until and (not start or until < start):
                self.add_error(f"opens_until_{unit.pk}", "Ngày kết thúc phải từ ngày bắt đầu trở đi.")
        if not planned and not self.errors:
            raise ValidationError("Hãy ghi số tài khoản dự kiến mở của ít nhất một xã.")
        return cleaned

    @property
    def places(self) -> list[Place]:
        data = self.cleaned_data
        return [
            Place(
                unit,
                data[f"planned_{unit.pk}"],
                data[f"opens_on_{unit.pk}"],
                data[f"opens_until_{unit.pk}"],
                clean(data[f"place_{unit.pk}"]),
            )
            for unit in self.communes
            if data[f"planned_{unit.pk}"]
        ]

    @property
    def values(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in ("name", "month", "deadline", "source", "note")}


def _day(label: str) -> forms.DateField:
    return forms.DateField(label=label, required=False, widget=DayInput(), error_messages=DAY_ERROR)


def _only_district() -> Unit:
    """The district that a payer's users serve: there is one."""
    return Unit.objects.current().filter(children__level=Unit.Level.COMMUNE).distinct().earliest("pk")


class CancelForm(forms.Form):
    ly_do_bo = forms.CharField(
        label="Vì sao bỏ", max_length=300, error_messages={"required": "Hãy ghi vì sao bỏ đợt này."}
    )

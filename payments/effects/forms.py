"""Filters and forms of grants, receivables and stop orders. What fits together, the services judge."""

from typing import Any

from django import forms
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from batosocial.lib import clock, money
from batosocial.territory.models import Unit
from batosocial.web import once
from batosocial.web.forms import DayInput, MonthField
from beneficiaries.forms import CommuneFilter, choices_with_all, commune_field
from beneficiaries.models import Person, Policy
from payments.effects import law
from payments.effects.claims import excess_of
from payments.effects.grants import NOT_DEAD
from payments.effects.refusal import Refused
from payments.models import Grant, Receivable

_DAY = {"invalid": "Hãy ghi ngày dạng 22/07/2024.", "required": "Hãy ghi ngày dạng 22/07/2024."}
WAITING, OPEN = "waiting", "open"
#: Decided grants of somebody who is alive after all, which a list or a payer has.
GROUNDLESS = "groundless"
#: Of receivables: decided ones that ask for more than was paid too much.
EXCESS = "excess"


def _search() -> forms.CharField:
    return forms.CharField(
        label="Tìm người",
        required=False,
        max_length=100,
        widget=forms.TextInput(attrs={"type": "search", "placeholder": "Tên, CCCD, thôn…"}),
    )


def _policy() -> forms.ChoiceField:
    return forms.ChoiceField(
        label="Chính sách", required=False, choices=choices_with_all(Policy.choices, "Cả hai chính sách")
    )


class EffectFilter(CommuneFilter):
    """A filter by person, state, policy and commune; its fields are those of the URL."""

    @property
    def is_used(self) -> bool:
        return any(self.data.get(name) for name in self.fields)

    def narrowed(self, rows: QuerySet[Any], *, policy: str, commune: str) -> QuerySet[Any]:
        """The rows that fit; none where the filter itself is wrong. ``policy`` and ``commune`` are lookups."""
        if not self.is_valid():
            return rows.none()
        chosen = self.cleaned_data
        if chosen["chinh_sach"]:
            rows = rows.filter(**{policy: chosen["chinh_sach"]})
        if chosen.get("xa"):
            rows = rows.filter(**{f"{commune}__in": Unit.objects.of_commune(chosen["xa"].pk).values("pk")})
        if chosen["tim"].strip():
            rows = rows.filter(self._people(chosen["tim"]))
        return rows

    def _people(self, text: str) -> Q:
        return Q(person__in=Person.objects.visible_to(self.user).matching(text).order_by().values("pk"))


class GrantFilter(EffectFilter):
    tim = _search()
    trang_thai = forms.ChoiceField(
        label="Trạng thái",
        required=False,
        choices=choices_with_all(
            [(WAITING, "Đang chờ giải quyết"), *Grant.State.choices, (GROUNDLESS, "Không còn căn cứ, phải thu hồi")],
            "Mọi trạng thái",
        ),
    )
    chinh_sach = _policy()
    xa = commune_field()

    def apply(self, rows: QuerySet[Grant]) -> QuerySet[Grant]:
        rows = self.narrowed(rows, policy="category__policy", commune="person__commune")
        state = self.cleaned_data.get("trang_thai")
        if state == WAITING:
            return rows.filter(state__in=(Grant.State.OPEN, Grant.State.PROPOSED, Grant.State.APPRAISED))
        if state == GROUNDLESS:
            return rows.filter(state=Grant.State.DECIDED, reason=NOT_DEAD)
        return rows.filter(state=state) if state else rows


class ReceivableFilter(EffectFilter):
    tim = _search()
    trang_thai = forms.ChoiceField(
        label="Trạng thái",
        required=False,
        choices=choices_with_all(
            [(OPEN, "Còn phải thu"), *Receivable.State.choices, (EXCESS, "Đòi nhiều hơn số chi thừa")],
            "Mọi trạng thái",
        ),
    )
    chinh_sach = _policy()
    xa = commune_field()
    tu = MonthField(label="Từ tháng", required=False)
    den = MonthField(label="Đến tháng", required=False)

    def apply(self, rows: QuerySet[Receivable]) -> QuerySet[Receivable]:
        rows = self.narrowed(rows, policy="policy", commune="person__commune")
        chosen = self.cleaned_data
        if chosen.get("tu"):
            rows = rows.filter(month__gte=chosen["tu"])
        if chosen.get("den"):
            rows = rows.filter(month__lte=chosen["den"])
        state = chosen.get("trang_thai")
        if state == OPEN:
            return rows.filter(state__in=(Receivable.State.FOUND, Receivable.State.DECIDED))
        if state == EXCESS:
            return rows.filter(pk__in=excess_of(rows))
        return rows.filter(state=state) if state else rows


class StopFilter(EffectFilter):
    tim = _search()
    trang_thai = forms.ChoiceField(
        label="Trạng thái",
        required=False,
        choices=[
            ("", "Mọi lệnh"),
            ("cho", "Chờ trả lời"),
            ("da-dung", "Đã dừng chi"),
            ("da-chi", "Đã chi trước khi nhận lệnh"),
            ("da-rut", "Đã rút"),
        ],
    )
    chinh_sach = _policy()
    xa = commune_field()

    def apply(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        rows = self.narrowed(
            rows, policy="payment__payment_list__period__policy", commune="payment__payment_list__commune"
        )
        conditions = {
            "cho": Q(answer="", lifted_at__isnull=True),
            "da-dung": Q(answer="stopped", lifted_at__isnull=True),
            "da-chi": Q(answer="paid_before", lifted_at__isnull=True),
            "da-rut": Q(lifted_at__isnull=False),
        }
        state = self.cleaned_data.get("trang_thai")
        return rows.filter(conditions[state]) if state else rows

    def _people(self, text: str) -> Q:
        if self.user.in_district or self.user.in_commune:
            people = Person.objects.visible_to(self.user).matching(text).order_by()
            return Q(payment__person__in=people.values("pk")) | Q(payment__number__icontains=text.strip())
        # A payer knows people by what stands on its lists.
        return Q(payment__name__icontains=text.strip()) | Q(payment__number__icontains=text.strip())


# --- forms -------------------------------------------------------------------------------------------------------


class RefusableForm(forms.Form):
    """Takes a service's objections beside its fields."""

    def refuse(self, refusal: Refused) -> None:
        for name, message in refusal.errors.items():
            self.add_error(name if name in self.fields else None, message)


class GrantForm(RefusableForm):
    receiver_name = forms.CharField(
        label="Người nhận",
        max_length=150,
        help_text="Người hoặc tổ chức đứng ra lo mai táng; với trợ cấp 3 tháng là đại diện thân nhân.",
        error_messages={"required": "Hãy ghi họ tên người nhận."},
    )
    receiver_relation = forms.CharField(
        label="Quan hệ với người chết",
        max_length=100,
        help_text="Ví dụ: con, vợ, chồng, cháu; tổ chức lo mai táng.",
        error_messages={"required": "Hãy ghi quan hệ với người chết."},
    )
    receiver_cccd = forms.CharField(
        label="Số CCCD người nhận",
        max_length=20,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off", "size": 14}),
        error_messages={"required": "Hãy ghi số CCCD của người nhận."},
    )
    evidence = forms.CharField(
        label="Giấy tờ đã nhận", max_length=300, error_messages={"required": "Hãy ghi giấy tờ đã nhận, số và ngày."}
    )

    def __init__(self, *args: Any, grant: Grant, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        papers = law.PAPERS[Policy(grant.category.policy)]
        self.fields["evidence"].help_text = f"Cần có: {papers}. Ghi số và ngày của từng giấy tờ."


class DecisionForm(RefusableForm):
    number = forms.CharField(
        label="Số quyết định", max_length=50, error_messages={"required": "Hãy ghi số quyết định, ví dụ 125/QĐ-UBND."}
    )
    date = forms.DateField(label="Ngày quyết định", widget=DayInput, error_messages=_DAY)


class ReasonForm(RefusableForm):
    reason = forms.CharField(
        label="Lý do",
        max_length=500,
        error_messages={"required": "Hãy ghi lý do."},
    )

    def __init__(self, *args: Any, longest: int = 500, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["reason"]
        assert isinstance(field, forms.CharField)  # noqa: S101 (for the type checker)
        field.max_length = longest
        field.widget.attrs["maxlength"] = longest


class WaiverForm(DecisionForm):
    reason = forms.CharField(label="Lý do", max_length=300, error_messages={"required": "Hãy ghi lý do."})


class AmountField(forms.Field):
    """Whole đồng, as people write them: 500.000."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("widget", forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off", "size": 14}))
        super().__init__(**options)

    def to_python(self, value: Any) -> int | None:
        if value in self.empty_values:
            return None
        try:
            return money.parse_amount(value)
        except ValueError as error:
            raise forms.ValidationError(str(error), code="invalid") from None


class ReceiptForm(RefusableForm):
    amount = AmountField(label="Số tiền (đồng)", error_messages={"required": "Hãy ghi số tiền đã nộp lại."})
    received_on = forms.DateField(label="Ngày nộp", widget=DayInput, error_messages=_DAY)
    reference = forms.CharField(
        label="Số phiếu, chứng từ", max_length=60, error_messages={"required": "Hãy ghi số phiếu thu hoặc chứng từ."}
    )
    token = once.TokenField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("initial", {"received_on": clock.today()})
        super().__init__(*args, **kwargs)


class ReceiptCorrectionForm(RefusableForm):
    amount = AmountField(label="Số tiền (đồng)", error_messages={"required": "Hãy ghi số tiền đã nộp lại."})
    received_on = forms.DateField(label="Ngày nộp", widget=DayInput, error_messages=_DAY)
    reference = forms.CharField(
        label="Số phiếu, chứng từ", max_length=60, error_messages={"required": "Hãy ghi số phiếu thu hoặc chứng từ."}
    )
    why = forms.CharField(
        label="Vì sao sửa",
        max_length=300,
        help_text="Được lưu trong nhật ký cùng số cũ và số mới.",
        error_messages={"required": "Hãy ghi vì sao sửa."},
    )


def filter_query(request: HttpRequest) -> str:
    """The filter of a list as it stands in the URL, without the page."""
    query = request.GET.copy()
    query.pop("trang", None)
    return query.urlencode()

"""The list of people, a row for each person: benefits and ways of payment of the month joined in their cells."""

import datetime
from collections.abc import Iterable
from typing import Any, cast

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Case, F, OuterRef, QuerySet, Value, When
from django.db.models.functions import JSONObject
from django.http import QueryDict

from batosocial.staff.models import BENEFIT_ROLES
from beneficiaries.confidential import HIDDEN_CODE, may_see
from beneficiaries.exports.lists import ListExport, register
from beneficiaries.forms import PeopleFilter
from beneficiaries.models import Category, Entitlement, Payee, PayoutRoute, Person
from beneficiaries.querysets import Status
from beneficiaries.resources import Column, PersonResource
from beneficiaries.resources.widgets import ChoiceWidget, masked


class PeopleListResource(PersonResource):
    """The columns of a people list, and how each person stands in a month."""

    commune = Column("commune__full_name", "Xã, thị trấn", width=18)
    status = Column("status", "Trạng thái", width=15, widget=ChoiceWidget(Status.choices))
    channel = Column("ways", "Hình thức nhận", width=15)
    cash_reason = Column("ways", "Vì sao tiền mặt", width=24)
    identity = Column(
        "identity_status", "Đối chiếu dân cư", width=18, widget=ChoiceWidget(Person.IdentityStatus.choices)
    )

    class Meta:
        model = Person
        fields = (
            "name", "birth", "sex", "cccd", "hamlet", "commune", "category", "status", "channel", "provider", "account",
            "holder_name", "cash_reason", "phone", "identity", "owner", "cmnd", "file_number", "other_name",
        )  # fmt: skip
        export_order = fields

    def __init__(self, *, mask: bool, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.mask = mask

    def dehydrate_category(self, person: Any) -> str:
        return _joined(person.codes)

    def dehydrate_channel(self, person: Any) -> str:
        return _joined("Tài khoản" if way["number"] else "Tiền mặt" for way in person.ways) or "Chưa xác nhận"

    def dehydrate_provider(self, person: Any) -> str:
        return _joined(way["provider"] for way in _accounts(person))

    def dehydrate_account(self, person: Any) -> str:
        numbers = [way["number"] for way in _accounts(person)]
        return _joined(masked(number) if self.mask else number for number in numbers)

    def dehydrate_holder_name(self, person: Any) -> str:
        return _joined(way["holder"] for way in _accounts(person))

    def dehydrate_owner(self, person: Any) -> str:
        return _joined(Payee.Kind(way["owner"]).label for way in _accounts(person))

    def dehydrate_cash_reason(self, person: Any) -> str:
        return _joined(PayoutRoute.CashReason(way["reason"]).label for way in person.ways if way["reason"])


@register
class PeopleExport(ListExport):
    name = "doi-tuong"
    title = "Danh sách đối tượng"
    sheet = "Đối tượng"
    action = "Xuất danh sách đối tượng"
    roles = BENEFIT_ROLES

    form: PeopleFilter

    def filter_form(self, params: QueryDict) -> PeopleFilter:
        return PeopleFilter(params, user=self.user)

    def make_resource(self) -> PeopleListResource:
        return PeopleListResource(mask=not self.full_numbers)

    @property
    def month(self) -> datetime.date:
        return self.form.month

    def count(self) -> int:
        return self.form.apply(Person.objects.visible_to(self.user)).count()

    def rows(self) -> "QuerySet[Any]":
        policy: str = self.form.cleaned_data["chinh_sach"]
        people = self.form.apply(Person.objects.visible_to(self.user)).with_status(
            self.month, policy, self.form.categories
        )
        # Collapsed here, not in the sheet: whoever may not see the group does not receive it.
        code: Any = F("category__code")
        if not may_see(self.user):
            code = Case(When(category__confidential=True, then=Value(HIDDEN_CODE)), default=code)
        entitlements = (
            Entitlement.objects.granted()
            .current_in(self.month)
            .filter(person=OuterRef("pk"))
            .exclude(category__regime=Category.Regime.ONE_OFF)
            .order_by("category__code")
        )
        routes = PayoutRoute.objects.confirmed().current_in(self.month).filter(person=OuterRef("pk"))
        if policy:
            entitlements, routes = entitlements.filter(category__policy=policy), routes.filter(policy=policy)
        way = JSONObject(
            provider="account__provider__short_name",
            number="account__number",
            holder="account__holder_name",
            owner="payee__kind",
            reason="cash_reason",
        )
        rows = people.select_related("commune").annotate(
            codes=ArraySubquery(entitlements.values_list(code)),
            ways=ArraySubquery(routes.order_by("policy").values_list(way)),
        )
        return cast("QuerySet[Any]", rows)


def _accounts(person: Any) -> list[dict[str, Any]]:
    return [way for way in person.ways if way["number"]]


def _joined(values: Iterable[Any]) -> str:
    """Each once, in order."""
    return "; ".join(dict.fromkeys(str(value) for value in values))

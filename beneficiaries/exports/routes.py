"""Routes that wait for a confirmation, as the second person compares them with papers."""

from typing import Any, cast

from django.db.models import QuerySet
from django.http import QueryDict

from batosocial.lib import months
from beneficiaries.exports.lists import ListExport, register
from beneficiaries.models import PayoutRoute
from beneficiaries.payout.confirming import CONFIRMING_ROLES
from beneficiaries.payout.forms import RouteFilter
from beneficiaries.payout.holders import holder_differs, payee_name
from beneficiaries.resources import AccountResource, Column
from beneficiaries.resources.widgets import ChoiceWidget, DateWidget


class WaitingRouteResource(AccountResource):
    """The columns of an accounts list, and where each route comes from. A route to cash says why."""

    commune = Column("person__commune__full_name", "Xã, thị trấn", width=18)
    cash_reason = Column(
        "cash_reason", "Vì sao tiền mặt", width=24, widget=ChoiceWidget(PayoutRoute.CashReason.choices)
    )
    first_month = Column("first_month", "Dùng từ tháng", width=12)
    source = Column("source", "Nguồn", width=24)
    entered_by = Column("entered_by", "Người nhập", width=22)
    entered_at = Column("entered_at", "Ngày nhập", width=12, widget=DateWidget())

    class Meta:
        export_order = (
            "name", "cccd", "cmnd", "file_number", "hamlet", "commune", "policy", "provider", "account", "holder_name",
            "owner", "payee_name", "payee_cccd", "relation", "cash_reason", "first_month", "source", "entered_by",
            "entered_at", "opened_on", "note",
        )  # fmt: skip

    def dehydrate_payee_name(self, route: PayoutRoute) -> str:
        return payee_name(route)

    def dehydrate_first_month(self, route: PayoutRoute) -> str:
        return months.label(route.first_month)

    def dehydrate_note(self, route: PayoutRoute) -> str:
        return holder_differs(route)


@register
class WaitingRoutesExport(ListExport):
    name = "noi-nhan-cho-xac-nhan"
    title = "Nơi nhận tiền chờ xác nhận"
    sheet = "Chờ xác nhận"
    action = "Xuất nơi nhận tiền chờ xác nhận"
    roles = CONFIRMING_ROLES

    form: RouteFilter

    def filter_form(self, params: QueryDict) -> RouteFilter:
        return RouteFilter(params, user=self.user)

    def make_resource(self) -> WaitingRouteResource:
        return WaitingRouteResource()

    def rows(self) -> "QuerySet[Any]":
        waiting = self.form.apply(PayoutRoute.objects.visible_to(self.user).waiting())
        return cast("QuerySet[Any]", waiting.for_confirmation())

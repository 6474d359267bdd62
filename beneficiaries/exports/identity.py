"""The worklist of identities: for the police without anything about money, of people elsewhere only the place."""

from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet
from django.http import QueryDict
from import_export.resources import Resource

from batosocial.staff.models import BENEFIT_ROLES
from beneficiaries.exports.lists import ListExport, register
from beneficiaries.identity import services, showing
from beneficiaries.identity.forms import IssueFilter
from beneficiaries.identity.showing import IssueRow, Money, Party
from beneficiaries.models import IdentityIssue, Person
from beneficiaries.resources import Column
from beneficiaries.resources.widgets import AmountWidget, CccdWidget, ChoiceWidget, DateWidget


class IssueResource(Resource):
    """What verification needs; its rows are ``IssueRow``."""

    name = Column("party__person__name", "Họ và tên", width=28)
    birth = Column("party__person__birth_text", "Ngày sinh", width=12)
    sex = Column("party__person__sex", "Giới tính", width=10, widget=ChoiceWidget(Person.Sex.choices))
    cccd = Column("party__person__cccd", "Số CCCD", widget=CccdWidget())
    place = Column("party__place", "Nơi ở", width=28)
    kind = Column("issue__kind", "Cần xác minh", width=24, widget=ChoiceWidget(IdentityIssue.Kind.choices))
    said = Column("said", "Nội dung", width=50)
    other = Column("other", "Trùng với", width=44)
    other_cccd = Column("other__person__cccd", "Số CCCD người trùng", widget=CccdWidget())
    grade = Column("grade", "Nhận định", width=26)
    side = Column("issue__side", "Bên xử lý", width=18, widget=ChoiceWidget(IdentityIssue.Side.choices))
    state = Column("issue__state", "Trạng thái", width=16, widget=ChoiceWidget(IdentityIssue.State.choices))
    owner = Column("issue__owner", "Người đang giữ", width=22)
    found_at = Column("issue__found_at", "Phát hiện ngày", width=13, widget=DateWidget())

    def dehydrate_said(self, row: IssueRow) -> str:
        return "; ".join(row.said)

    def dehydrate_other(self, row: IssueRow) -> str:
        if row.other is None:
            return ""
        who = f"{row.other.person.name}, sinh {row.other.person.birth_text}" if row.other.known else "Một người"
        more = f", và {row.more} người khác" if row.more else ""
        return f"{who}, {row.other.place}{more}"

    def dehydrate_owner(self, row: IssueRow) -> str:
        return str(row.issue.owner) if row.issue.state == IdentityIssue.State.IN_HAND else ""


class PaidIssueResource(IssueResource):
    """The same beside what each of them is paid, for those who work with benefits."""

    paid = Column("party", "Đang được chi (đồng/tháng)", widget=AmountWidget())
    codes = Column("party", "Đối tượng", width=18)
    other_paid = Column("other", "Người trùng đang được chi (đồng/tháng)", widget=AmountWidget())
    paid_twice = Column("paid_twice", "Cùng đang được chi", width=12)

    def dehydrate_paid(self, row: IssueRow) -> Any:
        return _amount(row.party.money)

    def dehydrate_codes(self, row: IssueRow) -> str:
        return ", ".join(row.party.money.codes) if row.party.money else ""

    def dehydrate_other_paid(self, row: IssueRow) -> Any:
        return _amount(row.other.money if row.other else None)

    def dehydrate_paid_twice(self, row: IssueRow) -> str:
        return "Có" if row.paid_twice else ""


def _amount(money: Money | None) -> Any:
    return "" if money is None or not money.due else "chưa rõ" if money.amount is None else money.amount


@register
class IssuesExport(ListExport):
    name = "xac-minh-nhan-than"
    title = "Việc xác minh nhân thân"
    sheet = "Xác minh"
    action = "Xuất việc xác minh nhân thân"
    roles = services.READERS

    form: IssueFilter

    def filter_form(self, params: QueryDict) -> IssueFilter:
        return IssueFilter(params, user=self.user)

    def make_resource(self) -> IssueResource:
        return PaidIssueResource() if self.user.role in BENEFIT_ROLES else IssueResource()

    def rows(self) -> "QuerySet[Any]":
        issues = self.form.apply(IdentityIssue.objects.visible_to(self.user))
        rows: QuerySet[Any] = issues.select_related("owner")
        return rows

    def prepared(self, rows: list[Any]) -> Iterable[IssueRow]:
        made = showing.rows_of(rows, self.user)
        for row in made:
            for party in (row.party, row.other):
                _hide_number(party)
        return made


def _hide_number(party: Party | None) -> None:
    if party is not None and not party.known:
        party.person.cccd = ""

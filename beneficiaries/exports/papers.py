"""Papers of guardians and authorised persons that run out."""

from typing import Any

from django.db.models import QuerySet
from django.http import QueryDict
from import_export.resources import Resource

from beneficiaries.exports.lists import ListExport, register
from beneficiaries.models import Payee
from beneficiaries.payout import papers
from beneficiaries.payout.forms import PaperFilter
from beneficiaries.resources import Column
from beneficiaries.resources.widgets import CccdWidget, ChoiceWidget, DateWidget, PhoneWidget


class PaperResource(Resource):
    """Columns of a list of papers; its rows are payees."""

    name = Column("person__name", "Họ và tên", width=28)
    birth = Column("person__birth_text", "Ngày sinh", width=12)
    cccd = Column("person__cccd", "Số CCCD", widget=CccdWidget())
    hamlet = Column("person__hamlet", "Thôn, tổ dân phố", width=20)
    commune = Column("person__commune__full_name", "Xã, thị trấn", width=18)
    payee_name = Column("name", "Người nhận thay", width=26)
    kind = Column("kind", "Tư cách", width=22, widget=ChoiceWidget(Payee.Kind.choices))
    relation = Column("relation", "Quan hệ", width=14)
    phone = Column("phone", "Điện thoại", width=13, widget=PhoneWidget())
    paper_number = Column("paper_number", "Số giấy tờ", width=18)
    paper_date = Column("paper_date", "Ngày giấy tờ", width=13, widget=DateWidget())
    valid_until = Column("paper_valid_until", "Có giá trị đến", width=13, widget=DateWidget())
    state = Column("paper_valid_until", "Thời hạn", width=16)

    def dehydrate_state(self, payee: Payee) -> str:
        state = papers.state_of(payee.paper_valid_until)
        return state.label if state else ""


@register
class PapersExport(ListExport):
    name = "giay-to-het-han"
    title = "Giấy tờ hết hạn, sắp hết hạn"
    sheet = "Giấy tờ"
    action = "Xuất giấy tờ hết hạn"
    roles = papers.PAPER_ROLES

    form: PaperFilter

    def filter_form(self, params: QueryDict) -> PaperFilter:
        return PaperFilter(params, user=self.user)

    def make_resource(self) -> PaperResource:
        return PaperResource()

    def rows(self) -> "QuerySet[Any]":
        rows: QuerySet[Any] = self.form.apply().select_related("person__commune")
        return rows.order_by("paper_valid_until", "person__sort_key", "pk")

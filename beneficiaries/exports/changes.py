"""The list of changes as its page shows it: what would tell a group that the reader may not see stays out."""

from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet
from django.http import QueryDict
from import_export.resources import Resource

from batosocial.staff.models import BENEFIT_ROLES
from beneficiaries.changes.filters import ChangeFilter
from beneficiaries.changes.showing import ChangeLine, for_showing, lines_of
from beneficiaries.exports.lists import ListExport, register
from beneficiaries.models import Change
from beneficiaries.resources import Column
from beneficiaries.resources.widgets import AmountWidget, CccdWidget, DateWidget


class ChangeResource(Resource):
    """Columns of a list of changes; its rows are ``ChangeLine``."""

    name = Column("name", "Họ và tên", width=28)
    birth = Column("change__person__birth_text", "Ngày sinh", width=12)
    cccd = Column("change__person__cccd", "Số CCCD", widget=CccdWidget())
    commune = Column("place", "Xã, thị trấn", width=18)
    title = Column("title", "Biến động", width=30)
    detail = Column("detail", "Đối tượng", width=36)
    reason = Column("change__reason", "Lý do", width=36)
    starts = Column("starts", "Từ", width=18)
    difference = Column("outlook__difference", "Tăng, giảm mỗi tháng (đồng)", widget=AmountWidget())
    state = Column("label", "Trạng thái", width=20)
    proposed_by = Column("change__proposed_by", "Người đề nghị", width=22)
    proposed_at = Column("change__proposed_at", "Ngày đề nghị", width=13, widget=DateWidget())
    appraised_by = Column("change__appraised_by", "Người thẩm định", width=22)
    decision_number = Column("change__decision_number", "Số quyết định", width=16)
    decision_date = Column("change__decision_date", "Ngày quyết định", width=13, widget=DateWidget())
    rejection = Column("change__rejection", "Lý do không chấp nhận", width=36)

    def dehydrate_birth(self, line: ChangeLine) -> str:
        return line.change.person.birth_text if line.opens else ""

    def dehydrate_reason(self, line: ChangeLine) -> str:
        shows = line.change.reason and not line.hidden and line.change.kind != Change.Kind.MOVE
        return str(line.change.reason) if shows else ""

    def dehydrate_rejection(self, line: ChangeLine) -> str:
        return "" if line.hidden else line.change.rejection


@register
class ChangesExport(ListExport):
    name = "bien-dong"
    title = "Danh sách biến động"
    sheet = "Biến động"
    action = "Xuất danh sách biến động"
    roles = BENEFIT_ROLES

    form: ChangeFilter

    def filter_form(self, params: QueryDict) -> ChangeFilter:
        return ChangeFilter(params, user=self.user)

    def make_resource(self) -> ChangeResource:
        return ChangeResource()

    def count(self) -> int:
        return int(self.form.apply(Change.objects.visible_to(self.user)).count())

    def rows(self) -> "QuerySet[Any]":
        rows: QuerySet[Any] = for_showing(self.form.apply(Change.objects.visible_to(self.user)))
        return rows

    def prepared(self, rows: list[Any]) -> Iterable[ChangeLine]:
        lines = lines_of(rows, self.user)
        for line in lines:
            if not line.opens:
                # Somebody who is to come or has left: a name and a place are all that the page tells.
                line.change.person.cccd = ""
        return lines

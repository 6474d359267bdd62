"""People whom somebody has to go and see, on the home pages."""

from django.db.models import Count, Q
from django.urls import reverse

from batosocial.coordination.follow_ups.forms import OVERDUE
from batosocial.coordination.models import FollowUp
from batosocial.lib import clock
from batosocial.staff.models import Role, User
from batosocial.web.todo import Todo

Kind = FollowUp.Kind


def follow_ups(user: User) -> list[Todo]:
    """Who has no card, for the police; whom they do not find, for the commune. One query."""
    if user.role not in (Role.POLICE, Role.COMMUNE_OFFICER, Role.DISTRICT_OFFICER):
        return []
    url = reverse("coordination:follow_ups")
    rows = FollowUp.objects.visible_to(user).open().order_by()
    late = Q(planned_on__lt=clock.today())
    counts = rows.aggregate(
        card=Count("pk", filter=Q(kind=Kind.NO_CCCD)),
        late=Count("pk", filter=Q(kind=Kind.NO_CCCD) & late),
        unknown=Count("pk", filter=Q(kind=Kind.NOT_FOUND)),
    )
    overdue = Todo("người quá hẹn làm CCCD", counts["late"], f"{url}?trang_thai={OVERDUE}", "danger")
    if user.role == Role.POLICE:
        hint = "Gặp, vận động, ghi lần gặp và ngày hẹn."
        return [Todo("người cần vận động làm CCCD", counts["card"], url, "warning", hint), overdue]
    if user.role == Role.COMMUNE_OFFICER:
        hint = "Gặp người hưởng, xem giấy tờ gốc, sửa hồ sơ nếu ghi nhầm."
        found = Todo("người Công an không tìm thấy", counts["unknown"], f"{url}?viec={Kind.NOT_FOUND}", "warning", hint)
        return [found]
    return [overdue]

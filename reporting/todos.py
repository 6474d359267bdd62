"""What the figures ask of somebody: communes that pay nobody by account yet."""

from django.db.models import Count, Q
from django.urls import reverse

from batosocial.lib import months
from batosocial.staff.models import Role, User
from batosocial.web.todo import Todo
from beneficiaries.models import Policy
from reporting import figures
from reporting.models import CashlessFigure


def reporting_todos(user: User) -> list[Todo]:
    """For who leads the district, by policy: communes "chưa thực hiện" in the newest month with payments."""
    if user.role not in (Role.CHAIRMAN, Role.DISTRICT_LEADER):
        return []
    month = figures.default_month(figures.months_with_figures(user))
    if month is None:
        return []
    counts = (
        CashlessFigure.objects.visible_to(user)
        .filter(month=month)
        .order_by()
        .values("policy")
        .annotate(idle=Count("pk", filter=Q(due__gt=0, paid_by_account=0)))
    )
    idle = {row["policy"]: row["idle"] for row in counts}
    address = f"{reverse('reporting:dashboard')}?thang={months.iso(month)}"
    return [
        Todo(
            label=f"xã, thị trấn chưa chi qua tài khoản ({policy})",
            count=idle.get(policy, 0),
            url=f"{address}#{policy}",
            tone="warning",
            hint=f"{Policy(policy).label}, {months.title(month)}",
        )
        for policy in Policy.values
    ]

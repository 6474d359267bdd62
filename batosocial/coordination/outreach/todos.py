"""A session that a commune below the target has not held this month."""

from django.urls import reverse

from batosocial.coordination.outreach.services import RECORDERS, sessions_held
from batosocial.lib import clock, months
from batosocial.lib.money import format_rate
from batosocial.staff.models import User
from batosocial.web.todo import Todo
from reporting import figures, rates
from reporting.models import BOTH


def todos(user: User) -> list[Todo]:
    """For a commune: one thing to do where R1 of both policies is below the target and nothing was held this month."""
    if user.role not in RECORDERS or user.unit_id is None:
        return []
    month = figures.default_month(figures.months_with_figures(user))
    if month is None:
        return []
    target = rates.targets_of(month).get("R1")
    counts = figures.read_month(user, month).total(BOTH)
    this_month = months.first(clock.today())
    if target is None or not rates.missing_people(counts, target):
        return []
    if sessions_held([user.unit_id], this_month)[user.unit_id]:
        return []
    hint = (
        f"R1 cả hai chính sách {format_rate(counts.r1)} ({months.title(month)}), chỉ tiêu {format_rate(target.value)}"
    )
    label = f"buổi truyền thông cần tổ chức trong {months.title(this_month)}"
    return [Todo(label, 1, reverse("coordination:outreach_add"), "info", hint)]

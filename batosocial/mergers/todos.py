"""What mergers ask of the admin."""

from django.urls import reverse

from batosocial.lib import clock
from batosocial.staff.models import Role, User
from batosocial.territory.models import UnitMerger
from batosocial.web.todo import Todo


def todos(user: User) -> list[Todo]:
    """Stored mergers: those to come, and those whose day has passed without their being carried out."""
    if user.role != Role.ADMIN:
        return []
    days = list(UnitMerger.objects.filter(state=UnitMerger.State.PLANNED).values_list("day", flat=True))
    due = sum(day <= clock.today() for day in days)
    url = reverse("territory:units")
    return [
        Todo("đợt sáp nhập đã đến ngày mà chưa thực hiện", due, url, "danger", "Cổng tự thực hiện trong đêm"),
        Todo("đợt sáp nhập sắp đến", len(days) - due, url, "neutral"),
    ]

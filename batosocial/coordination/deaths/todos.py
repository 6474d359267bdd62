"""What deaths ask of somebody, on the home pages."""

from django.db.models import Count, Q
from django.urls import reverse

from batosocial.coordination.deaths import forms, showing
from batosocial.staff.models import Role, User
from batosocial.web.todo import Todo


def told_deaths(user: User) -> list[Todo]:
    """Papers for the commune to add; for the Phòng dates that contradict each other, and deaths that the police tell
    no more. One query."""
    url, rows = reverse("coordination:deaths"), showing.told_deaths(user)
    if user.role == Role.COMMUNE_OFFICER:
        count = showing.lacking_certificate(rows).count()
        hint = "Công an báo đã chết; bổ sung trích lục vào đề nghị thôi hưởng."
        return [Todo("người chờ trích lục khai tử", count, f"{url}?viec={forms.CERTIFICATE}", "warning", hint)]
    if user.role != Role.DISTRICT_OFFICER:
        return []
    counts = rows.aggregate(
        conflict=Count("pk", filter=Q(pk__in=showing.conflicting(rows).values("pk"))),
        unproposed=Count("pk", filter=Q(pk__in=showing.unproposed(rows).values("pk"))),
    )
    return [
        Todo(
            "việc chết Công an nói khác sổ, khác đề nghị",
            counts["conflict"],
            f"{url}?viec={forms.CONFLICT}",
            "danger",
            "Khác ngày, hoặc Công an trả lời lại là còn sống.",
        ),
        Todo(
            "người Công an báo chết chưa có đề nghị thôi hưởng",
            counts["unproposed"],
            f"{url}?viec={forms.UNPROPOSED}",
            "danger",
        ),
    ]

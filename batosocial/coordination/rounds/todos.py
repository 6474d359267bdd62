"""What of the rounds waits for somebody on the home page."""

from django.db.models import Count
from django.urls import reverse

from batosocial.coordination.models import IdentityRound, RoundPerson
from batosocial.coordination.rounds.forms import WAITING
from batosocial.coordination.rounds.services import OPENERS
from batosocial.lib import clock
from batosocial.staff.models import Role, User
from batosocial.web.todo import Todo


def rounds(user: User) -> list[Todo]:
    """The police: a task for each open round with people who wait. Who opens rounds: those to be closed, those that
    are late. Two queries at most."""
    if user.role == Role.POLICE:
        return _to_answer(user)
    return _to_close(user) if user.role in OPENERS else []


def _to_answer(user: User) -> list[Todo]:
    waiting = RoundPerson.objects.visible_to(user).waiting().order_by()
    counted = waiting.values_list("round", "round__name", "round__until").annotate(people=Count("pk"))
    return [
        Todo(
            "người chờ xác minh",
            people,
            f"{reverse('coordination:round', args=[pk])}?tra_loi={WAITING}",
            "danger" if until < clock.today() else "warning",
            f"{name}, hạn {until:%d/%m/%Y}",
        )
        for pk, name, until, people in counted.order_by("round__until", "round")
    ]


def _to_close(user: User) -> list[Todo]:
    visible = IdentityRound.objects.visible_to(user)
    url = reverse("coordination:rounds")
    return [
        Todo(
            "đợt xác minh đã trả lời đủ, cần kết thúc",
            visible.to_close().count(),
            f"{url}?viec=du",
            "info",
            "Xem kết quả rồi bấm Kết thúc đợt.",
        ),
        Todo(
            "đợt xác minh quá hạn",
            visible.overdue().count(),
            f"{url}?viec=qua-han",
            "danger",
            "Đôn đốc Công an, hoặc gia hạn.",
        ),
    ]

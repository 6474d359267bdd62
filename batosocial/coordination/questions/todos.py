"""What waits: answers that the Phòng owes, answers that whoever asked has not read."""

from urllib.parse import urlencode

from django.db.models import Count, Q
from django.urls import reverse

from batosocial.coordination.models import Question
from batosocial.coordination.questions.forms import IN_TIME, OVERDUE, UNREAD
from batosocial.coordination.questions.services import ANSWERERS, ASKERS
from batosocial.lib import clock
from batosocial.staff.models import User
from batosocial.web.todo import Todo


def _url(state: str) -> str:
    return f"{reverse('coordination:questions')}?{urlencode({'trang_thai': state})}"


def todos(user: User) -> list[Todo]:
    """One query."""
    rows = Question.objects.visible_to(user)
    if user.role in ANSWERERS:
        waiting = Q(state=Question.State.WAITING)
        late = waiting & Q(due__lt=clock.today())
        counts = rows.aggregate(waiting=Count("pk", filter=waiting & ~late), late=Count("pk", filter=late))
        return [
            Todo("vướng mắc quá hạn trả lời", counts["late"], _url(OVERDUE), "danger", "Trả lời hoặc hỏi lại bên hỏi"),
            Todo("vướng mắc chờ Phòng trả lời", counts["waiting"], _url(IN_TIME), "warning"),
        ]
    if user.role in ASKERS:
        unread = Q(read_at__isnull=True)
        counts = rows.aggregate(
            answered=Count("pk", filter=unread & Q(state=Question.State.ANSWERED)),
            back=Count("pk", filter=Q(state=Question.State.ASKED_BACK)),
        )
        return [
            Todo("vướng mắc Phòng hỏi lại", counts["back"], _url(Question.State.ASKED_BACK), "warning"),
            Todo("vướng mắc đã có trả lời, chưa đọc", counts["answered"], _url(UNREAD), "info"),
        ]
    return []

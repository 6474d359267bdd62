"""What is told of questions: to the Phòng's officers what waits, to whoever asked what the Phòng said."""

from collections import defaultdict
from collections.abc import Iterator

from django.db.models import Max
from django.urls import reverse

from batosocial.coordination.models import Question
from batosocial.coordination.notifications.sources import AHEAD, Notice, register
from batosocial.coordination.questions.showing import asker_of
from batosocial.lib import clock
from batosocial.lib.text import shortened
from batosocial.staff.models import Role, User

#: A title holds the beginning of a question.
_LONGEST = 80


@register("questions")
def questions() -> Iterator[Notice]:
    """Two queries. A new turn of the talk is a new notice: the key ends with the newest message."""
    rows = list(
        Question.objects.exclude(state=Question.State.DONE)
        .exclude(state__in=Question.SPOKEN_STATES, read_at__isnull=False)
        .select_related("unit", "payer", "asked_by")
        .annotate(newest=Max("messages"))
    )
    officers: dict[int, list[int]] = defaultdict(list)
    for pk, unit in User.objects.filter(role=Role.DISTRICT_OFFICER, is_active=True).values_list("pk", "unit"):
        officers[unit].append(pk)
    soon = clock.today() + AHEAD
    for row in rows:
        key, url = f"{row.pk}:{row.newest}", reverse("coordination:question", args=[row.pk])
        subject = shortened(row.subject, _LONGEST)
        if row.state == Question.State.WAITING:
            due = row.due if row.due and row.due <= soon else None
            for owner in officers[row.upper_id]:
                yield Notice(owner, key, f"{asker_of(row)} hỏi: {subject}", url, due=due)
        elif row.asked_by.is_active:
            said = "Phòng hỏi lại" if row.state == Question.State.ASKED_BACK else "Phòng đã trả lời"
            yield Notice(row.asked_by_id, key, f"{said}: {subject}", url)

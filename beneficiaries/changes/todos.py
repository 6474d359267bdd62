"""Changes that wait for somebody, and those that came back."""

import datetime

from django.db.models import Exists, F, OuterRef, Q
from django.urls import reverse
from django.utils import timezone

from batosocial.staff.models import Role, User
from batosocial.web.todo import Todo
from beneficiaries.changes.filters import ready_for
from beneficiaries.models import Change

State = Change.State
#: What came back and was not asked again is forgotten by the home page after this time; the list keeps it.
_REMEMBERED = datetime.timedelta(days=60)


def changes(user: User) -> list[Todo]:
    """By role: to appraise, to sign, to decide, sent back, people whom another commune asks for. One or two queries."""
    url = reverse("beneficiaries:changes")
    visible = Change.objects.visible_to(user)
    decisions = reverse("beneficiaries:decisions")
    if user.role == Role.CHAIRMAN:
        return [
            Todo(
                "đề nghị chờ quyết định",
                _count(visible, user, "decide"),
                decisions,
                "warning",
                "Thôi hưởng, tạm dừng, tiếp tục hưởng, hưởng mới, điều chỉnh.",
            )
        ]
    if user.role == Role.DISTRICT_LEADER:
        return [
            Todo("đề nghị chờ ký thẩm định", _count(visible, user, "sign_off"), decisions, "warning"),
            Todo("đề nghị NCC chờ ghi quyết định của Sở", _count(visible, user, "decide"), decisions, "info"),
        ]
    if user.role == Role.DISTRICT_OFFICER:
        return [
            Todo(
                "đề nghị chờ thẩm định",
                _count(visible, user, "appraise"),
                f"{url}?trang_thai=proposed",
                "warning",
                "Hưởng mới, điều chỉnh, tạm dừng, thôi hưởng, chuyển xã do các xã đề nghị.",
            ),
            Todo(
                "đề nghị NCC chờ ghi quyết định của Sở",
                _count(visible, user, "decide"),
                decisions,
                "info",
            ),
        ]
    if user.role != Role.COMMUNE_OFFICER:
        return []
    newer = Change.objects.filter(person=OuterRef("person"), kind=OuterRef("kind"), pk__gt=OuterRef("pk"))
    returned = visible.filter(
        ~Exists(newer),
        ~Q(rejected_by=F("proposed_by")),
        state=State.REJECTED,
        rejected_at__gte=timezone.now() - _REMEMBERED,
        proposed_by__unit=user.unit_id,
    )
    leaving = visible.filter(kind=Change.Kind.MOVE, state=State.PROPOSED, from_commune=user.unit_id, objection="")
    return [
        Todo(
            "đề nghị biến động bị trả lại",
            returned.count(),
            f"{url}?trang_thai=rejected",
            "danger",
            "Xem lý do, sửa rồi đề nghị lại.",
        ),
        Todo(
            "người được đề nghị chuyển sang xã khác",
            leaving.exclude(proposed_by__unit=user.unit_id).count(),
            f"{url}?trang_thai=proposed&loai=move",
            "info",
            "Nếu không đúng, hãy ghi ý kiến trước khi Phòng xem xét.",
        ),
    ]


def _count(visible: object, user: User, step: str) -> int:
    count: int = visible.filter(ready_for(user, step)).count()  # type: ignore[attr-defined]
    return count

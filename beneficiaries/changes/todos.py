"""Changes that wait for somebody, and those that came back."""

from django.urls import reverse

from batosocial.staff.models import Role, User
from batosocial.web.todo import Todo
from beneficiaries.changes import filters
from beneficiaries.models import Change


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
                f"{url}?trang_thai={filters.TO_APPRAISE}",
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
    return [
        Todo(
            "đề nghị biến động bị trả lại",
            visible.filter(filters.sent_back_to(user)).count(),
            f"{url}?trang_thai={filters.SENT_BACK}",
            "danger",
            "Xem lý do, sửa rồi đề nghị lại.",
        ),
        Todo(
            "người được đề nghị chuyển sang xã khác",
            visible.filter(filters.leaving(user)).count(),
            f"{url}?trang_thai={filters.LEAVING}",
            "info",
            "Nếu không đúng, hãy ghi ý kiến trước khi Phòng xem xét.",
        ),
    ]


def _count(visible: object, user: User, step: str) -> int:
    count: int = visible.filter(filters.ready_for(user, step)).count()  # type: ignore[attr-defined]
    return count

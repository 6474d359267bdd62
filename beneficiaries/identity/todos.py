"""What of the identities waits for somebody on the home page."""

from django.db.models import Count, Q
from django.urls import reverse

from batosocial.staff.models import Role, User
from batosocial.web.todo import Todo
from beneficiaries.identity.elsewhere import only_here
from beneficiaries.identity.forms import ONLY_HERE
from beneficiaries.models import IdentityIssue

Side = IdentityIssue.Side

_LABELS = {
    Role.COMMUNE_OFFICER: (Side.COMMUNE, "việc xác minh nhân thân của xã", "Đối chiếu giấy tờ rồi sửa hồ sơ."),
    Role.POLICE: (Side.POLICE, "người cần Công an xác minh nhân thân", "Chưa có CCCD, hoặc số CCCD trái với hồ sơ."),
    Role.DISTRICT_OFFICER: (
        Side.OFFICE,
        "việc xác minh nhân thân của Phòng",
        "Người có công: Mẫu 26, quyết định Mẫu 75.",
    ),
}


def issues(user: User) -> list[Todo]:
    """What the user's side has to do and what they have in hand; for those who pay, possible double payments first.

    Each count is that of the list it leads to. One query.
    """
    if user.role not in _LABELS:
        return []
    side, label, hint = _LABELS[Role(user.role)]
    url = reverse("beneficiaries:identity")
    free = IdentityIssue.State.OPEN
    counts = (
        IdentityIssue.objects.visible_to(user)
        .waiting()
        .once_each(user)
        .aggregate(
            twice=Count("pk", filter=Q(paid_twice=True)),
            side=Count("pk", filter=Q(only_here(), state=free, side=side)),
            mine=Count("pk", filter=Q(state=IdentityIssue.State.IN_HAND, owner=user)),
        )
    )
    todos = [
        Todo(label, counts["side"], f"{url}?ben={side}&trang_thai={ONLY_HERE}", "info", hint),
        Todo("việc xác minh nhân thân đang giữ", counts["mine"], f"{url}?cua_toi=on", "info", "Xong thì kiểm tra lại."),
    ]
    if user.role != Role.POLICE:
        title = "trường hợp có thể một người được chi hai lần"
        todos.insert(0, Todo(title, counts["twice"], f"{url}?hai_lan=on", "danger", "So hai hồ sơ trước khi mở tháng."))
    return todos

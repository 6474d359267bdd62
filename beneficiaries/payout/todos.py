"""What of payees and routes waits for somebody on the home page."""

from django.urls import reverse

from batosocial.staff.models import User
from batosocial.web.todo import Todo
from beneficiaries.models import PayoutRoute
from beneficiaries.payout.confirming import CONFIRMING_ROLES


def waiting_routes(user: User) -> list[Todo]:
    """Routes that the user may confirm: waiting, in scope, entered by somebody else. One query."""
    if user.role not in CONFIRMING_ROLES:
        return []
    count = PayoutRoute.objects.visible_to(user).waiting().exclude(entered_by=user).count()
    return [
        Todo(
            "nơi nhận tiền chờ xác nhận",
            count,
            reverse("beneficiaries:routes"),
            "warning",
            "Đối chiếu tài khoản mới hoặc thay đổi trước khi danh sách tháng sau được lập.",
        )
    ]

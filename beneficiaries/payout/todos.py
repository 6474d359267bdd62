"""What of payees and routes waits for somebody on the home page."""

from django.db.models import Count, Q
from django.urls import reverse

from batosocial.lib import clock
from batosocial.staff.models import Role, User
from batosocial.web.todo import Todo
from beneficiaries.models import PayoutRoute
from beneficiaries.payout.confirming import CONFIRMING_ROLES
from beneficiaries.payout.entering import ENTERING_ROLES
from beneficiaries.payout.papers import When, running_out


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


def papers(user: User) -> list[Todo]:
    """Papers that ran out or are about to: for the commune, which renews them, and as a count for Phòng. One query."""
    if user.role not in ENTERING_ROLES:
        return []
    today = clock.today()
    counts = running_out(user).aggregate(
        expired=Count("pk", filter=Q(paper_valid_until__lt=today)),
        soon=Count("pk", filter=Q(paper_valid_until__gte=today)),
    )
    url = reverse("beneficiaries:papers")
    if user.role == Role.DISTRICT_OFFICER:
        total = counts["expired"] + counts["soon"]
        return [Todo("giấy tờ người nhận đã hết, sắp hết hạn", total, url, "info", "Xã đề nghị người nhận gia hạn.")]
    hint = "Đề nghị người nhận làm lại giấy, rồi ghi giấy mới."
    return [
        Todo("giấy tờ người nhận đã hết hạn", counts["expired"], f"{url}?khi_nao={When.EXPIRED}", "danger", hint),
        Todo("giấy tờ người nhận sắp hết hạn", counts["soon"], f"{url}?khi_nao={When.SOON}", "warning", hint),
    ]

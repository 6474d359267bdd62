"""What of the lists waits for somebody on the home page."""

from django.db.models import Exists, OuterRef
from django.urls import reverse

from batosocial.staff.models import Role, User
from batosocial.web.todo import Todo
from beneficiaries.models import ImportBatch

State = ImportBatch.State


def lists(user: User) -> list[Todo]:
    """For the district what was sent; for a commune what came back and what is checked but not sent. Two queries."""
    batches = ImportBatch.objects.visible_to(user)
    url = reverse("beneficiaries:imports")
    if user.role == Role.DISTRICT_OFFICER:
        sent = batches.filter(state=State.SENT).count()
        return [Todo("danh sách chờ Phòng nhận", sent, f"{url}?trang_thai={State.SENT}", "warning")]
    if user.role != Role.COMMUNE_OFFICER:
        return []
    # A list that came back is answered by a newer one.
    newer = ImportBatch.objects.filter(
        commune=OuterRef("commune"), policy=OuterRef("policy"), pk__gt=OuterRef("pk")
    ).exclude(state__in=[State.WITHDRAWN, State.UNREADABLE])
    returned = batches.filter(~Exists(newer), state=State.REFUSED).count()
    unsent = batches.filter(state=State.PREVIEWED, uploaded_by__role=Role.COMMUNE_OFFICER).count()
    return [
        Todo("danh sách bị trả lại", returned, f"{url}?trang_thai={State.REFUSED}", "danger", "Sửa tệp rồi nạp lại."),
        Todo("danh sách đã kiểm tra, chưa gửi Phòng", unsent, f"{url}?trang_thai={State.PREVIEWED}", "info"),
    ]

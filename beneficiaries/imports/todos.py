"""What of the lists waits for somebody on the home page."""

from django.urls import reverse

from batosocial.staff.models import Role, User
from batosocial.web.todo import Todo
from beneficiaries.imports.forms import BatchFilter
from beneficiaries.models import ImportBatch

State = ImportBatch.State


def lists(user: User) -> list[Todo]:
    """For the district what was sent; for a commune what came back and what is checked but not sent.

    For both their own lists of accounts that are checked but not entered. Three queries at most.
    """
    batches = ImportBatch.objects.visible_to(user).of_offices()
    url = reverse("beneficiaries:imports")
    if user.role == Role.DISTRICT_OFFICER:
        sent = batches.filter(state=State.SENT).count()
        return [Todo("danh sách chờ Phòng nhận", sent, f"{url}?trang_thai={State.SENT}", "warning"), _accounts(user)]
    if user.role != Role.COMMUNE_OFFICER:
        return []
    returned = batches.to_mend().count()
    mine = batches.filter(state=State.PREVIEWED, uploaded_by__role=Role.COMMUNE_OFFICER)
    unsent = mine.filter(kind=ImportBatch.Kind.PEOPLE).count()
    return [
        Todo(
            "danh sách bị trả lại",
            returned,
            f"{url}?trang_thai={BatchFilter.TO_MEND}",
            "danger",
            "Sửa tệp rồi nạp lại.",
        ),
        Todo(
            "danh sách đã kiểm tra, chưa gửi Phòng",
            unsent,
            f"{url}?trang_thai={State.PREVIEWED}&loai={ImportBatch.Kind.PEOPLE}",
            "info",
        ),
        _accounts(user),
    ]


def _accounts(user: User) -> Todo:
    """Lists of accounts that one's own office brought and has not entered yet."""
    kind = ImportBatch.Kind.ACCOUNTS
    batches = ImportBatch.objects.visible_to(user).of_offices()
    batches = batches.filter(kind=kind, state=State.PREVIEWED, uploaded_by__role=user.role)
    url = f"{reverse('beneficiaries:imports')}?trang_thai={State.PREVIEWED}&loai={kind}"
    return Todo("danh sách tài khoản đã kiểm tra, chưa nhập vào sổ", batches.count(), url, "info")

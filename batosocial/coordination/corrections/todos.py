"""Paths that wait for somebody, on the home pages."""

from django.db.models import Count, Q
from django.urls import reverse

from batosocial.coordination.corrections.forms import OPEN, OVERDUE
from batosocial.coordination.models import Correction
from batosocial.lib import clock
from batosocial.staff.models import Role, User
from batosocial.web.todo import Todo

State, Path = Correction.State, Correction.Path


def corrections(user: User) -> list[Todo]:
    """Mẫu 26 and the register for the commune, the way to the Sở for the Phòng. One query."""
    if user.role not in (Role.COMMUNE_OFFICER, Role.DISTRICT_OFFICER):
        return []
    url = reverse("coordination:corrections")
    rows = Correction.objects.visible_to(user).open().order_by()
    counts = rows.aggregate(
        file=Count("pk", filter=Q(path=Path.FILE, state=State.OPEN)),
        register=Count("pk", filter=Q(path=Path.REGISTER)),
        requested=Count("pk", filter=Q(state=State.REQUESTED)),
        refused=Count("pk", filter=Q(state=State.REFUSED)),
        decided=Count("pk", filter=Q(state=State.DECIDED)),
        late=Count("pk", filter=Q(due__lt=clock.today())),
    )
    if user.role == Role.COMMUNE_OFFICER:
        return [
            Todo(
                "đơn Mẫu 26 cần lập",
                counts["file"],
                f"{url}?trang_thai={State.OPEN}&duong={Path.FILE}",
                "warning",
                "Người có công có thông tin khác dữ liệu dân cư.",
            ),
            Todo(
                "hồ sơ xã sửa theo Công an",
                counts["register"],
                f"{url}?trang_thai={OPEN}&duong={Path.REGISTER}",
                "warning",
                "Đối chiếu giấy tờ rồi lấy giá trị đúng vào sổ.",
            ),
            Todo("đơn Mẫu 26 Sở không đồng ý", counts["refused"], f"{url}?trang_thai={State.REFUSED}", "danger"),
        ]
    return [
        Todo("đơn Mẫu 26 chờ chuyển Sở", counts["requested"], f"{url}?trang_thai={State.REQUESTED}", "warning"),
        Todo("hồ sơ đính chính quá hạn ở Sở", counts["late"], f"{url}?trang_thai={OVERDUE}", "danger", "Đôn đốc Sở."),
        Todo(
            "hồ sơ đã có quyết định Mẫu 75 mà vẫn khác",
            counts["decided"],
            f"{url}?trang_thai={State.DECIDED}",
            "warning",
            "Ghi lại quyết định gõ nhầm, lập lại đơn, hoặc hỏi lại Công an.",
        ),
    ]

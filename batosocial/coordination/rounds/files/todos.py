"""What of the files of answers waits for somebody on the home page."""

from django.urls import reverse

from batosocial.coordination.models import AnswerFile
from batosocial.staff.models import Role, User
from batosocial.web.todo import Todo

State = AnswerFile.State


def files(user: User) -> list[Todo]:
    """For the police what was checked and not written yet, and what could not be read. Two queries."""
    if user.role != Role.POLICE:
        return []
    mine = AnswerFile.objects.visible_to(user).filter(uploaded_by=user)
    url = reverse("coordination:answer_files")
    return [
        Todo(
            "tệp trả lời đã kiểm tra, chưa ghi",
            mine.filter(state=State.PREVIEWED, new_count__gt=0).count(),
            f"{url}?trang_thai={State.PREVIEWED}",
            "warning",
            "Xem trước rồi bấm Ghi trả lời.",
        ),
        Todo(
            "tệp trả lời không đọc được",
            mine.filter(state=State.UNREADABLE).count(),
            f"{url}?trang_thai={State.UNREADABLE}",
            "danger",
            "Sửa tệp rồi nạp lại, hoặc bỏ tệp.",
        ),
    ]

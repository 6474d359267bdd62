"""What waits around paying: files to take, results to tell apart, months that can be closed."""

from django.urls import reverse

from batosocial.lib import months
from batosocial.staff.models import Role, User
from batosocial.web.todo import Todo
from payments.closing.balance import closable_months
from payments.models import HandOver
from payments.results.choosing import open_rows


def todos(user: User) -> list[Todo]:
    """For a payer files nobody of it has taken; for it and the Phòng rows that several payments fit; for the Phòng
    months that nothing keeps open. One query each."""
    found: list[Todo] = []
    if user.role == Role.PAYER:
        waiting = HandOver.objects.visible_to(user).filter(taken_at__isnull=True).count()
        hint = "Tải về để chi trả; tải lại vẫn đúng tệp đã giao"
        found.append(Todo("tệp giao chi trả chưa tải", waiting, reverse("payments:hand_overs"), "warning", hint))
    if user.role in (Role.PAYER, Role.DISTRICT_OFFICER):
        rows = open_rows(user).count()
        hint = "Chọn đúng khoản, hoặc bỏ qua và ghi vì sao"
        label = "dòng kết quả khớp với nhiều khoản"
        found.append(Todo(label, rows, reverse("payments:matches"), "warning", hint))
    if user.role == Role.DISTRICT_OFFICER:
        closable = closable_months()
        if closable:
            month = closable[0][1]
            names = ", ".join(f"{policy} {months.title(of)}" for policy, of in closable[:4])
            url = reverse("payments:closing", args=[months.iso(month)])
            found.append(Todo("sổ tháng khóa được", len(closable), url, "info", names))
    return found

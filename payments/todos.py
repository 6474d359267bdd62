"""What waits for each role in the payment lists: one query for the lists, one for the payments."""

import datetime
from collections import Counter
from urllib.parse import urlencode

from django.db.models import Count
from django.urls import reverse

from batosocial.lib import clock, months
from batosocial.staff.models import Role, User
from batosocial.web.todo import Todo, Tone
from payments import board
from payments.models import Payment, PaymentList, Period

State = PaymentList.State
#: state, signed off or not (where that matters), role, words, tone. Of drafts those that came back are a task apart.
_STEPS: tuple[tuple[str, bool | None, str, str, Tone], ...] = (
    (State.DRAFT, None, Role.COMMUNE_LEADER, "danh sách chờ gửi Phòng LĐ-TB&XH", "warning"),
    (State.SUBMITTED, None, Role.DISTRICT_OFFICER, "danh sách chờ thẩm định", "warning"),
    (State.APPROVED, None, Role.DISTRICT_OFFICER, "danh sách cần giao", "warning"),
    (State.APPRAISED, False, Role.DISTRICT_LEADER, "danh sách chờ ký thẩm định", "warning"),
    (State.APPRAISED, True, Role.CHAIRMAN, "danh sách chờ duyệt", "warning"),
)


def todos(user: User) -> list[Todo]:
    """Lists that wait for the user's step, payments without a result, and a month to be opened."""
    found = _lists(user)
    if user.role in (Role.DISTRICT_OFFICER, Role.PAYER):
        found += _results(user)
    if user.role == Role.DISTRICT_OFFICER:
        found += _opening()
    return found


def _lists(user: User) -> list[Todo]:
    mine = [step for step in _STEPS if step[2] == user.role]
    if not mine and user.role != Role.COMMUNE_OFFICER:
        return []
    counts: Counter[tuple[str, bool, datetime.date]] = Counter()
    returned: Counter[datetime.date] = Counter()
    rows = PaymentList.objects.visible_to(user).filter(period__state=Period.State.OPEN)
    for state, signed, sent_back, month in rows.values_list("state", "signed_off_by", "returned_by", "period__month"):
        if state == State.DRAFT and sent_back is not None:
            returned[month] += 1
        else:
            counts[state, signed is not None, month] += 1
    found = []
    for wanted, needs_signature, _, label, tone in mine:
        by_month: Counter[datetime.date] = Counter()
        for (state, signed, month), count in counts.items():
            if state == wanted and needs_signature in (None, signed):
                by_month[month] += count
        # A task for each month: its number is that of the list it opens, and the earliest deadline stands first.
        for month in sorted(by_month):
            work = board.NEVER_SENT if wanted == State.DRAFT else board.WAITS_FOR_ME
            query = {"thang": months.iso(month), "buoc": wanted, "viec": work}
            url = f"{reverse('payments:board')}?{urlencode(query)}"
            hint = f"Tháng {months.label(month)}, giao trước ngày {board.hand_over_deadline(month):%d/%m/%Y}"
            found.append(Todo(label, by_month[month], url, tone, hint))
    if user.role in (Role.COMMUNE_LEADER, Role.COMMUNE_OFFICER):
        for month in sorted(returned):
            url = f"{reverse('payments:board')}?{urlencode({'thang': months.iso(month), 'viec': board.RETURNED})}"
            hint = f"Tháng {months.label(month)}: xem lý do trong danh sách, sửa rồi gửi lại"
            found.append(Todo("danh sách bị Phòng trả lại", returned[month], url, "danger", hint))
    return found


def _results(user: User) -> list[Todo]:
    waiting = Payment.objects.visible_to(user).filter(
        result="", payment_list__state=State.HANDED_OVER, payment_list__period__state=Period.State.OPEN
    )
    label = "khoản chờ kết quả" if user.role == Role.PAYER else "khoản chưa có kết quả"
    counts = waiting.order_by().values_list("payment_list__period__month").annotate(count=Count("pk"))
    found = []
    for month, count in sorted(counts):
        deadline = board.results_deadline(month)
        tone: Tone = "danger" if clock.today() >= deadline else "info"
        query = {"thang": months.iso(month), "buoc": State.HANDED_OVER, "viec": board.WITHOUT_RESULT}
        url = f"{reverse('payments:board')}?{urlencode(query)}"
        found.append(Todo(label, count, url, tone, f"Tháng {months.label(month)}, hạn trước ngày {deadline:%d/%m/%Y}"))
    return found


def _opening() -> list[Todo]:
    month = board.next_month()
    if month > months.add(months.first(clock.today()), 1):
        return []
    deadline = board.hand_over_deadline(month)
    url = reverse("payments:open_month", args=[months.iso(month)])
    hint = f"{months.title(month).capitalize()}, giao danh sách trước ngày {deadline:%d/%m/%Y}"
    return [Todo("tháng cần mở danh sách chi trả", 1, url, "warning", hint)]

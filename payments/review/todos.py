"""What of the monthly review waits for whom."""

from collections import Counter

from django.db.models import Count, Exists, OuterRef, Q
from django.urls import reverse

from batosocial.lib import clock, months
from batosocial.staff.models import Role, User
from batosocial.web.todo import Todo, Tone
from payments.models import Review, ReviewLine
from payments.review import showing
from payments.review.forms import LineFilter
from payments.review.lines import UNHANDLED, returned
from payments.review.prefill import month_to_review

State, ReviewState = ReviewLine.State, Review.State


def todos(user: User) -> list[Todo]:
    """By role; one or two queries."""
    if user.role == Role.COMMUNE_OFFICER:
        return _officer(user)
    if user.role == Role.COMMUNE_LEADER:
        return _leader(user)
    if user.role == Role.DISTRICT_OFFICER:
        lines = ReviewLine.objects.filter(
            ~returned(), review__in=Review.objects.visible_to(user), review__state=ReviewState.SENT, state=State.SENT
        )
        hint = "Rà soát tháng do các xã gửi; trả lại từng dòng được."
        return [Todo("dòng rà soát chờ thẩm định", lines.count(), reverse("payments:reviews"), "warning", hint)]
    if user.role == Role.DISTRICT_LEADER:
        open_lines = ReviewLine.objects.filter(
            review=OuterRef("pk"), state__in=[State.OPEN, State.SENT, State.RETURNED]
        )
        ready = Review.objects.visible_to(user).filter(~Exists(open_lines), state=ReviewState.SENT)
        return [Todo("rà soát chờ ký thẩm định", ready.count(), reverse("payments:reviews"), "warning")]
    return []


def _officer(user: User) -> list[Todo]:
    month = month_to_review()
    found = []
    own = Review.objects.visible_to(user)
    drafts = own.filter(state=ReviewState.DRAFT, month__gte=months.add(month, -1)).order_by("month")
    rows = list(
        drafts.annotate(unhandled=Count("lines", filter=Q(lines__state=State.OPEN, lines__prepared_by__isnull=True)))
    )
    hint = f"Gửi Phòng trước hết ngày {showing.deadline(month):%d/%m/%Y}"
    late: Tone = "danger" if clock.today() > showing.deadline(month) else "warning"
    for row in rows:
        url = f"{reverse('payments:review', args=[row.pk])}?xem={LineFilter.UNHANDLED}"
        found.append(Todo(f"gợi ý rà soát {months.title(row.month)} chưa xem xét", row.unhandled, url, late, hint))
    if not any(row.month == month for row in rows) and not own.filter(month=month).exists():
        url = reverse("payments:reviews")
        found.append(Todo(f"rà soát {months.title(month)} chưa bắt đầu", 1, url, late, hint))
    back = ReviewLine.objects.filter(returned(), review__in=own).values_list("review", flat=True)
    for review, count in sorted(Counter(back).items()):
        url = f"{reverse('payments:review', args=[review])}?xem={LineFilter.RETURNED}"
        found.append(Todo("dòng rà soát bị Phòng trả lại", count, url, "danger", "Xem lý do, sửa rồi gửi lại."))
    return found


def _leader(user: User) -> list[Todo]:
    """Drafts of which every line is handled, and mended lines of what was sent."""
    unhandled = ReviewLine.objects.filter(UNHANDLED, review=OuterRef("pk"))
    mended = ReviewLine.objects.filter(review=OuterRef("pk"), state=State.OPEN)
    ready = Review.objects.visible_to(user).filter(
        Q(~Exists(unhandled), state=ReviewState.DRAFT, prefilled_at__isnull=False)
        | Q(Exists(mended), state=ReviewState.SENT)
    )
    found = []
    for row in ready.order_by("month"):
        url = reverse("payments:review", args=[row.pk])
        label = f"rà soát {months.title(row.month)} sẵn sàng gửi"
        if row.state == ReviewState.SENT:
            label = f"rà soát {months.title(row.month)} có dòng đã sửa, chờ gửi lại"
        hint = f"Gửi Phòng trước hết ngày {showing.deadline(row.month):%d/%m/%Y}"
        found.append(Todo(label, 1, url, "warning", hint))
    return found

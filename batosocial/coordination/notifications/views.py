"""The bell, and the page of what somebody was told."""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe

from batosocial.coordination.models import Notification
from batosocial.coordination.notifications import fresh, storing
from batosocial.coordination.notifications.sources import AHEAD
from batosocial.lib import clock
from batosocial.web.access import StaffRequest
from batosocial.web.pagination import paginate

#: What the page shows instead of what is open.
CLEARED = "da-xong"


@dataclass(frozen=True)
class Row:
    """A notice with its group ("" unless it is the first of one) and its deadline in words."""

    notice: Notification
    heading: str
    due: str
    tone: str


@require_safe
def bell(request: StaffRequest) -> HttpResponse:
    """How many notices are new, for the topbar of a page that is there already."""
    fresh.recheck()
    count = Notification.objects.visible_to(request.user).open().unseen().count()
    return render(request, "coordination/notifications/_bell.html", {"count": count})


@require_safe
def notifications(request: StaffRequest) -> HttpResponse:
    """What is open by its deadline, or what is done, the latest first."""
    fresh.recheck()
    own = Notification.objects.visible_to(request.user)
    cleared = request.GET.get("xem") == CLEARED
    chosen = own.filter(cleared_at__isnull=False).order_by("-cleared_at", "-pk") if cleared else own.open().by_urgency()
    page = paginate(request, chosen)
    rows = [Row(row, "", "", "") for row in page] if cleared else list(_grouped(page, clock.today()))
    known = 0 if cleared else sum(row.notice.informs for row in rows)
    context = {"page": page, "rows": rows, "cleared": cleared, "CLEARED": CLEARED, "known": known}
    return render(request, "coordination/notifications/notifications.html", context)


def _grouped(notices: Iterable[Notification], today: datetime.date) -> Iterable[Row]:
    before = ""
    for notice in notices:
        heading, due, tone = _urgency(notice.due, today)
        yield Row(notice, heading if heading != before else "", due, tone)
        before = heading


def _urgency(due: datetime.date | None, today: datetime.date) -> tuple[str, str, str]:
    """The group of a deadline, its words and its tone."""
    if due is None:
        return "Việc khác", "", ""
    days = (due - today).days
    if days < 0:
        return "Quá hạn", f"Quá hạn {-days} ngày", "danger"
    left = f"Còn {days} ngày" if days else "Hạn chót hôm nay"
    return ("Sắp đến hạn", left, "warning") if due - today <= AHEAD else ("Việc khác", left, "neutral")


@require_safe
def notification(request: StaffRequest, pk: int) -> HttpResponse:
    """Open the page where the work of a notice is done; from then on it is not new."""
    try:
        row = storing.mark_seen(actor=request.user, notification_id=pk)
    except Notification.DoesNotExist as missing:
        raise Http404 from missing
    if not url_has_allowed_host_and_scheme(row.url, allowed_hosts=None):
        raise Http404
    return redirect(row.url)


@require_POST
def acknowledge(request: StaffRequest) -> HttpResponse:
    """ "Đã biết": the notices of these ids, as far as they only inform."""
    ids = [int(value) for value in request.POST.getlist("thong_bao") if value.isascii() and value.isdigit()]
    count = storing.acknowledge(actor=request.user, notification_ids=ids)
    if count:
        messages.success(request, f"Đã cất {count} thông báo; xem lại ở mục Đã xong.")
    else:
        messages.info(request, "Các thông báo này đã được cất trước đó.")
    return redirect("coordination:notifications")

"""Closing a month: its account, the names behind each number, and what goes back to the budget."""

import datetime
import io
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.db import connection
from django.http import FileResponse, Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.views.decorators.http import require_safe

from batosocial.audit import services as audit
from batosocial.lib import clock, months
from batosocial.staff.models import DISTRICT_ROLES
from batosocial.web.access import StaffRequest, roles_required
from batosocial.web.pagination import paginate
from beneficiaries.models import Policy
from payments import board, exports
from payments.closing import balance, returns, services
from payments.forms import month_of
from payments.models import Payment, PaymentLine, Period

VIEWERS = tuple(DISTRICT_ROLES)
WAITING, RETURNED = "cho-xu-ly", "da-nop"


@roles_required(*VIEWERS)
@require_safe
def index(request: StaffRequest) -> HttpResponse:
    """The month to close next: the earliest open one; before any, an empty page."""
    periods = Period.objects.order_by("month").values_list("month", flat=True)
    month = periods.filter(state=Period.State.OPEN).first() or periods.last()
    if month is None:
        return render(request, "payments/closing/closing.html", {"month": None})
    return redirect("payments:closing", month=months.iso(month))


@roles_required(*VIEWERS)
def show(request: StaffRequest, month: str) -> HttpResponse:
    """The month's account by policy and commune, and what keeps it open; the officer closes it."""
    wanted = month_of(month)
    if wanted is None:
        raise Http404
    periods = list(Period.objects.filter(month=wanted).order_by("policy").select_related("closed_by"))
    if not periods:
        raise Http404
    if request.method == "POST":
        return _close(request, wanted)
    balances = balance.read_balance(periods)
    found = balance.obstacles(balances)
    held = {obstacle.policy for obstacle in found}
    may_close = request.user.role in services.CLOSERS
    sections = [
        {
            "period": one.period,
            "lists": one.lists,
            "total": one.total,
            "label": Policy(one.period.policy).label,
            "is_open": one.period.state == Period.State.OPEN,
            "obstacles": [obstacle for obstacle in found if obstacle.policy == one.period.policy],
            "can_close": may_close and one.period.state == Period.State.OPEN and one.period.policy not in held,
            "is_even": one.total.is_even,
        }
        for one in balances
    ]
    context = {
        "month": wanted,
        "sections": sections,
        "parts": list(balance.PARTS.items()),
        "closable": [section["period"] for section in sections if section["can_close"]],
        "months": list(Period.objects.order_by("-month").values_list("month", flat=True).distinct()),
        "deadline": board.results_deadline(wanted),
        "is_late": clock.today() >= board.results_deadline(wanted),
    }
    return render(request, "payments/closing/closing.html", context)


def _close(request: StaffRequest, month: datetime.date) -> HttpResponseRedirect:
    chosen = [policy for policy in request.POST.getlist("policy") if policy in Policy.values]
    try:
        done = services.close_month(actor=request.user, month=month, policies=chosen or None)
    except services.ClosingRefused as refusal:
        items = format_html_join("", "<li>{}</li>", ((reason,) for reason in refusal.reasons))
        messages.error(request, format_html("<p>Chưa khóa được {}:</p><ul>{}</ul>", months.title(month), items))
    else:
        if done.closed:
            messages.success(request, f"Đã khóa sổ {months.title(month)}: {', '.join(done.closed)}.")
        else:
            messages.info(request, f"{months.title(month).capitalize()} đã khóa từ trước, không thay đổi gì.")
    return redirect("payments:closing", month=months.iso(month))


@roles_required(*VIEWERS)
@require_safe
def names(request: StaffRequest, month: str, policy: str, part: str) -> HttpResponse:
    """The payments behind a number of the account, of one commune (``xa``) or all."""
    wanted = month_of(month)
    period = Period.objects.filter(month=wanted, policy=policy).first() if wanted else None
    if period is None or part not in balance.PARTS:
        raise Http404
    code = request.GET.get("xa", "")
    with connection.cursor() as cursor:
        cursor.execute(*balance.names_of([period.pk], part, code))
        amounts = dict(cursor.fetchall())
    page = paginate(request, list(amounts))
    payments = Payment.objects.visible_to(request.user).filter(pk__in=list(page.object_list))
    by_id = {row.pk: row for row in payments.select_related("payment_list", "payer")}
    shown: list[Any] = [by_id[pk] for pk in page.object_list if pk in by_id]
    went_to = _went_to([row.pk for row in shown]) if part == "carried_over" else {}
    for row in shown:
        row.part_amount = amounts[row.pk]
        row.went_to = went_to.get(row.pk)
        row.tone = board.RESULT_TONES[row.result]
    context = {
        "month": wanted,
        "period": period,
        "title": balance.PARTS[part],
        "page": page,
        "payments": shown,
        "commune": shown[0].payment_list.commune_name if code and shown else "",
        "total": sum(amounts.values()),
        "part": part,
    }
    return render(request, "payments/closing/names.html", context)


def _went_to(payment_ids: list[int]) -> dict[int, Any]:
    """The list into which each payment was carried."""
    lines = PaymentLine.objects.filter(carried_line__payment__in=payment_ids).select_related(
        "carried_line", "payment__payment_list__period"
    )
    return {line.carried_line.payment_id: line.payment.payment_list for line in lines if line.carried_line}


# --- to the budget -------------------------------------------------------------------------------------------------


@roles_required(*VIEWERS)
def budget_returns(request: StaffRequest) -> HttpResponse:
    """Unpaid lines that wait, to be returned with a reason; and those that were."""
    month = month_of(request.GET.get("thang"))
    if request.method == "POST":
        return _return(request, month)
    done = request.GET.get("muc") == RETURNED
    context: dict[str, Any] = {
        "done": done,
        "month": month,
        "may_return": request.user.role in services.RETURNERS,
        "waiting_count": returns.unpaid_lines(request.user, month=month).count(),
        "returned_count": returns.returned_lines(request.user, month=month).count(),
        "waiting_url": _url(month, WAITING),
        "returned_url": _url(month, RETURNED),
        "export_url": f"{reverse('payments:budget_returns_export')}"
        + (f"?{urlencode({'thang': months.iso(month)})}" if month else ""),
    }
    if done:
        context["page"] = paginate(request, returns.returned_lines(request.user, month=month))
    else:
        page = paginate(request, returns.unpaid_lines(request.user, month=month))
        returns.describe(page.object_list)
        context["page"] = page
    return render(request, "payments/closing/budget_returns.html", context)


def _url(month: datetime.date | None, tab: str) -> str:
    query = {"muc": tab} | ({"thang": months.iso(month)} if month else {})
    return f"{reverse('payments:budget_returns')}?{urlencode(query)}"


def _return(request: StaffRequest, month: datetime.date | None) -> HttpResponseRedirect:
    ids = request.POST.getlist("lines")
    if not all(text.isdecimal() and len(text) < 19 for text in ids):
        raise Http404
    if not ids and request.user.role in services.RETURNERS:
        messages.warning(request, "Chưa đánh dấu dòng nào. Hãy đánh dấu các dòng cần nộp trả.")
        return redirect(_url(month, WAITING))
    reasons = {int(text): request.POST.get(f"ly-do-{text}", "") for text in ids}
    outcome = services.return_to_budget(actor=request.user, reasons=reasons)
    if outcome.count:
        messages.success(request, services.tell(outcome))
    if outcome.unchanged:
        messages.info(request, f"{outcome.unchanged} dòng đã nộp trả từ trước, không thay đổi gì.")
    if outcome.refused:
        items = format_html_join("", "<li>{}: {}</li>", ((one.label, one.reason) for one in outcome.refused))
        messages.error(
            request, format_html("<p>{} dòng không nộp trả được:</p><ul>{}</ul>", len(outcome.refused), items)
        )
    return redirect(_url(month, WAITING))


@roles_required(*VIEWERS)
@require_safe
def budget_returns_export(request: StaffRequest) -> FileResponse:
    month = month_of(request.GET.get("thang"))
    title = "DANH SÁCH NỘP TRẢ NGÂN SÁCH" + (f" {months.title(month).upper()}" if month else "")
    content = returns.workbook(returns.returned_lines(request.user, month=month).order_by("at", "pk"), title=title)
    audit.record(
        actor=request.user,
        action="tải danh sách nộp trả ngân sách",
        details={"tháng": months.iso(month) if month else ""},
    )
    name = "nop-tra-ngan-sach" + (f"_{months.iso(month)}" if month else "") + ".xlsx"
    return FileResponse(io.BytesIO(content), as_attachment=True, filename=name, content_type=exports.XLSX)

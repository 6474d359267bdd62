"""The board of a month's lists, opening the next month, a list's page, its workbook and its paper."""

import datetime
import io
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.views.decorators.http import require_POST, require_safe

from batosocial.audit import services as audit
from batosocial.lib import clock, months
from batosocial.staff.models import BENEFIT_ROLES, Role, User
from batosocial.web import panels
from batosocial.web.access import StaffRequest, roles_required
from batosocial.web.pagination import paginate
from beneficiaries.models import Policy
from payments import board, exports, ledger, papers, remarks, states, timeline
from payments.effects.showing import order_state
from payments.forms import BoardFilter, PaymentFilter, month_of
from payments.models import ListRemark, Payment, PaymentList, Period
from payments.opening import OpeningRefused, open_month
from payments.planning import plan_month
from payments.services import RECORDERS
from payments.views.ledger import may_remake, sides_of

VIEWERS = (*BENEFIT_ROLES, Role.PAYER)


def board_url(month: datetime.date, **more: str) -> str:
    query = QueryDict(mutable=True)
    query["thang"] = months.iso(month)
    query.update(more)
    return f"{reverse('payments:board')}?{query.urlencode()}"


@roles_required(*VIEWERS)
@require_safe
def show_board(request: StaffRequest) -> HttpResponse:
    opened = board.open_months(request.user)
    month = month_of(request.GET.get("thang"))
    if month not in opened:
        month = opened[0] if opened else None
    form = BoardFilter({**request.GET.dict(), "thang": months.iso(month) if month else ""}, opened=opened)
    context: dict[str, Any] = {"form": form, "month": month, "steps": states.steps_of(request.user)}
    if month:
        waiting_codes: set[str] = set()
        work = request.GET.get("viec", "")

        def shown(row: Any) -> bool:
            row.waiting_steps = states.waiting_steps(row, request.user)
            drafted = row.state == PaymentList.State.DRAFT
            return {
                # That one may send a list back is no work that waits.
                board.WAITS_FOR_ME: any(step is not states.RETURN for step in row.waiting_steps),
                board.RETURNED: drafted and row.returned_by_id is not None,
                board.NEVER_SENT: drafted and row.returned_by_id is None,
                board.LATE: bool(row.late),
                board.WITHOUT_RESULT: row.waiting > 0,
            }.get(work, True)

        groups = board.lists_of(request.user, month, state=request.GET.get("buoc", ""), only=shown)
        for row in (row for group in groups for row in group.lists):
            row.waits_for_user = bool(row.waiting_steps)
            waiting_codes |= {step.code for step in row.waiting_steps}
        context |= {
            "all_url": board_url(month),
            "groups": groups,
            "waiting_codes": waiting_codes,
            "any_waits": bool(waiting_codes),
            "hand_over_deadline": board.hand_over_deadline(month),
            "results_deadline": board.results_deadline(month),
        }
    if request.user.role == Role.DISTRICT_OFFICER:
        planned = board.next_month()
        context |= {
            "next_month": planned,
            "next_deadline": board.hand_over_deadline(planned),
            # The list of a month is made in the month before it (as in payments.opening).
            "next_is_due": planned <= months.add(months.first(clock.today()), 1),
            "next_from": months.add(planned, -1),
        }
    return render(request, "payments/board.html", context)


@roles_required(*(role for step in states.STEPS.values() for role in step.roles))
@require_POST
def move_lists(request: StaffRequest) -> HttpResponse:
    """Take a step with the ticked lists, and name what moved and every refusal."""
    kept = {name: value for name in ("buoc", "viec") if (value := request.POST.get(name, ""))}
    month = month_of(request.POST.get("thang", ""))
    url = board_url(month, **kept) if month else reverse("payments:board")
    step = _step(request)
    if step is None:
        return redirect(url)
    try:
        ids = [int(text) for text in request.POST.getlist("lists")]
    except ValueError:
        raise Http404 from None
    if not ids:
        messages.warning(request, "Chưa đánh dấu danh sách nào. Hãy đánh dấu rồi chọn việc cần làm.")
        return redirect(url)
    if PaymentList.objects.visible_to(request.user).filter(pk__in=ids).count() != len(set(ids)):
        raise Http404
    _take(request, step, ids)
    return redirect(url)


@roles_required(*(role for step in states.STEPS.values() for role in step.roles))
@require_POST
def move_list(request: StaffRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(PaymentList.objects.visible_to(request.user), pk=pk)
    if step := _step(request):
        _take(request, step, [row.pk])
    return redirect("payments:list", pk=row.pk)


def _step(request: StaffRequest) -> states.Step | None:
    """The step that was asked for; None, and a message, where none was named. 404 for one that does not exist."""
    code = request.POST.get("step", "")
    if not code:
        # Enter in a field of the form, or a browser that does not send the button.
        messages.warning(request, "Chưa chọn việc cần làm. Hãy bấm nút của việc đó.")
        return None
    step = states.STEPS.get(code)
    if step is None:
        raise Http404
    if request.user.role not in step.roles:
        raise PermissionDenied
    return step


def _take(request: StaffRequest, step: states.Step, ids: list[int]) -> None:
    try:
        outcome = states.take_step(actor=request.user, step=step, list_ids=ids, reason=request.POST.get("reason", ""))
    except states.StepRefused as refusal:
        messages.error(request, str(refusal))
        return
    if len(outcome.moved) == 1:
        messages.success(request, f"{step.done}: {outcome.moved[0]}.")
    elif outcome.moved:
        messages.success(request, f"{step.done} {len(outcome.moved)} danh sách.")
    if len(outcome.unchanged) == 1:
        messages.info(request, f"{outcome.unchanged[0]} đã qua bước này từ trước, không thay đổi gì.")
    elif outcome.unchanged:
        messages.info(request, f"{len(outcome.unchanged)} danh sách đã qua bước này từ trước, không thay đổi gì.")
    if outcome.refused:
        items = format_html_join("", "<li>{}: {}</li>", ((one.label, one.reason) for one in outcome.refused))
        messages.error(
            request, format_html("<p>{} danh sách không chuyển được:</p><ul>{}</ul>", len(outcome.refused), items)
        )


@roles_required(Role.DISTRICT_OFFICER)
def open_next_month(request: StaffRequest, month: str) -> HttpResponse:
    """Say what opening would make; then, on POST, make it."""
    wanted = month_of(month)
    if wanted is None:
        raise Http404
    asked = request.POST if request.method == "POST" else request.GET
    with_next = asked.get("gop") == "1"
    if request.method == "POST":
        try:
            opened = open_month(actor=request.user, month=wanted, with_next=with_next)
        except OpeningRefused as refusal:
            messages.error(request, str(refusal))
            url = reverse("payments:open_month", args=[months.iso(wanted)])
            return redirect(f"{url}?gop=1" if with_next else url)
        if opened.already_open:
            messages.info(request, f"{months.title(wanted).capitalize()} đã mở từ trước, không thay đổi gì.")
        else:
            messages.success(request, f"Đã mở {months.title(wanted)}: {opened.lists} danh sách.")
        return redirect(board_url(wanted))
    context: dict[str, Any] = {
        "month": wanted,
        "next": months.add(wanted, 1),
        "today": clock.today(),
        "with_next": with_next,
    }
    try:
        planned = plan_month(actor=request.user, month=wanted, with_next=with_next)
    except OpeningRefused as refusal:
        context["refusal"] = str(refusal)
    else:
        context |= {
            "planned": planned,
            "all_open": all(one.already_open for one in planned),
            "merit_waits": any(one.policy == Policy.MERIT and not one.already_open for one in planned),
            "nobody": not any(one.people for one in planned),
            "deadline": board.hand_over_deadline(wanted),
        }
    return render(request, "payments/open_month.html", context)


def _visible_list(request: StaffRequest, pk: int) -> PaymentList:
    rows = PaymentList.objects.visible_to(request.user).select_related(
        "period",
        "commune",
        "submitted_by",
        "appraised_by",
        "signed_off_by",
        "approved_by",
        "handed_over_by",
        "returned_by",
    )
    return get_object_or_404(rows, pk=pk)


@roles_required(*VIEWERS)
@require_safe
def show_list(request: StaffRequest, pk: int) -> HttpResponse:
    user = request.user
    row = _visible_list(request, pk)
    board.decorate(row)
    mine = Payment.objects.visible_to(user).filter(payment_list=row)
    form = PaymentFilter(request.GET)
    page = paginate(request, board.with_lines(board.filtered(mine, **form.values())))
    for payment in page.object_list:
        describe(payment, request)
    totals = board.totals_of(mine)
    moments = timeline.read(row, user)
    current = _current_remarks(row, moments, user)
    drafted = row.state == PaymentList.State.DRAFT and row.period.state == Period.State.OPEN
    for payment in page.object_list:
        payment.carried = _carried(payment) if drafted else []
        payment.remarks = [remark for remark in current if remark.person_id == payment.person_id]
    context = {
        "row": row,
        "timeline": moments,
        "ahead": timeline.ahead(row),
        "remarks": current if row.state == PaymentList.State.DRAFT else [],
        "pending": sum(not remark.answer for remark in current),
        "can_remark": remarks.may_remark(row, user),
        "can_answer": remarks.may_answer(row, user),
        "kinds": board.kinds_of(mine),
        # A payer is shown its own payments; the ledger is that of everybody.
        "sides": sides_of(row) if user.role != Role.PAYER else [],
        "breaks": ledger.breaks_of([row.pk]).get(row.pk, []) if drafted else [],
        "can_remake": may_remake(row, user),
        "can_cancel_carried": drafted and user.role == Role.DISTRICT_OFFICER,
        "totals": totals,
        "people": sum(total.people for total in totals),
        "amount": sum(total.amount for total in totals),
        "recorded": sum(total.recorded for total in totals),
        "steps": states.open_steps(row, user),
        "form": form,
        "page": page,
        "handed_over": row.state in PaymentList.HANDED_OVER_STATES,
        "can_record": user.role in RECORDERS
        and row.state == PaymentList.State.HANDED_OVER
        and row.period.state == Period.State.OPEN,
        "template_payers": sorted({(total.payer_code, total.payer) for total in totals})
        if user.role in (Role.DISTRICT_OFFICER, Role.PAYER) and row.state in PaymentList.HANDED_OVER_STATES
        else [],
        "board_url": board_url(row.period.month),
        "panels": panels.for_user("payment_list", user, row.pk),
    }
    return render(request, "payments/list.html", context)


def _current_remarks(row: PaymentList, moments: list[timeline.Moment], user: User) -> list[ListRemark]:
    """In a draft the remarks of the last return; in a list before the Phòng those that are not sent yet, for the
    Phòng alone."""
    if row.state == PaymentList.State.DRAFT:
        returns = [moment for moment in moments if moment.event.step == timeline.RETURNED]
        return returns[-1].remarks if returns else []
    if user.role in remarks.REMARKERS and row.state in remarks.BEFORE_THE_PHONG:
        return list(remarks.open_remarks([row.pk]).select_related("by"))
    return []


def _carried(payment: Any) -> list[Payment]:
    """The earlier payments that the payment carries on."""
    found = {
        line.carried_line.payment_id: line.carried_line.payment for line in payment.lines.all() if line.carried_line
    }
    return list(found.values())


def describe(payment: Any, request: StaffRequest) -> None:
    """Give a payment what its row shows to this user."""
    payment.line_labels = [(board.category_label(line, user=request.user), line) for line in payment.lines.all()]
    payment.receiver = papers.receiver(payment)
    payment.tone = board.RESULT_TONES[payment.result]
    payment.stop = getattr(payment, "stop_order", None)
    if payment.stop is not None:
        payment.stop.label, payment.stop.tone = order_state(payment.stop)


@roles_required(*VIEWERS)
@require_safe
def download_list(request: StaffRequest, pk: int) -> FileResponse:
    row = _visible_list(request, pk)
    content = papers.list_workbook(row, _paper_rows(request, row), payer_name=_payer_name(request))
    audit.record(actor=request.user, action="tải danh sách chi trả", row=row)
    return FileResponse(
        io.BytesIO(content), as_attachment=True, filename=papers.list_filename(row), content_type=exports.XLSX
    )


@roles_required(*VIEWERS)
@require_safe
def print_list(request: StaffRequest, pk: int) -> HttpResponse:
    row = _visible_list(request, pk)
    rows = _paper_rows(request, row)
    context = {
        "row": row,
        "title": papers.list_title(row),
        "payer_name": _payer_name(request),
        "pages": papers.pages_of(rows),
        "count": len(rows),
        "in_words": papers.words_of(sum(one.total for one in rows)),
        "signatures": papers.SIGNATURES,
        "is_demo": settings.DEMO,
    }
    return render(request, "payments/print.html", context)


def _paper_rows(request: StaffRequest, row: PaymentList) -> list[papers.ListRow]:
    payments = board.with_lines(Payment.objects.visible_to(request.user).filter(payment_list=row))
    return papers.list_rows(
        row,
        payments.select_related("payment_list__period", "provider", "payer"),
        for_payer=request.user.role == Role.PAYER,
    )


def _payer_name(request: StaffRequest) -> str:
    return str(request.user.payer) if request.user.role == Role.PAYER else ""

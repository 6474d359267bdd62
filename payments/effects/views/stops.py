"""Stop orders: the district's list of all of them, a payer's list of what it must not pay."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from batosocial.staff.models import BENEFIT_ROLES, Role
from batosocial.web.access import StaffRequest, roles_required
from batosocial.web.pagination import paginate
from payments.effects import stops
from payments.effects.forms import ReasonForm, StopFilter, filter_query
from payments.effects.refusal import Refused
from payments.effects.showing import dress_order, orders_for_showing
from payments.models import StopOrder


@roles_required(*BENEFIT_ROLES, Role.PAYER)
@require_safe
def index(request: StaffRequest) -> HttpResponse:
    return _list(request)


@roles_required(*stops.LIFTERS)
@require_POST
def lift(request: StaffRequest, pk: int) -> HttpResponse:
    _in_scope(request, pk)
    form = ReasonForm(request.POST, longest=300)
    if form.is_valid():
        try:
            if stops.lift_stop(actor=request.user, order_id=pk, reason=form.cleaned_data["reason"]):
                messages.success(request, "Đã rút lệnh dừng chi; tổ chức chi trả thấy khoản này được chi lại.")
            else:
                messages.info(request, "Lệnh này đã rút từ trước, không thay đổi gì.")
            return redirect(_back(request))
        except Refused as refusal:
            form.refuse(refusal)
    return _list(request, status=422, lifting=pk, reason_form=form)


@roles_required(*stops.ANSWERERS)
@require_POST
def answer(request: StaffRequest, pk: int) -> HttpResponse:
    order = _in_scope(request, pk)
    said = request.POST.get("tra_loi", "")
    try:
        if not stops.answer_stop(actor=request.user, order_id=pk, answer=said):
            messages.info(request, "Lệnh này đã được trả lời như vậy, không thay đổi gì.")
        elif said == StopOrder.Answer.STOPPED:
            messages.success(request, "Đã báo dừng chi. Hãy ghi kết quả “Chưa đến nhận” cho khoản này.")
        else:
            messages.success(request, "Đã báo là chi trước khi nhận lệnh. Hãy ghi kết quả và ngày chi.")
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect(_back(request))
    if order.payment.result:
        return redirect(_back(request))
    suggested = "not_collected" if said == StopOrder.Answer.STOPPED else "paid_cash"
    return redirect(f"{reverse('payments:record_result', args=[order.payment_id])}?ket-qua={suggested}")


def _in_scope(request: StaffRequest, pk: int) -> StopOrder:
    order = stops.visible_orders(request.user).select_related("payment").filter(pk=pk).first()
    if order is None:
        raise Http404
    return order


def _list(
    request: StaffRequest, *, status: int = 200, lifting: int | None = None, reason_form: ReasonForm | None = None
) -> HttpResponse:
    form = StopFilter(request.GET, user=request.user)
    rows = form.apply(stops.visible_orders(request.user))
    page = paginate(request, orders_for_showing(rows).order_by("lifted_at", "answer", "-pk"))
    for order in page.object_list:
        dress_order(order, request.user)
    context = {
        "form": form,
        "page": page,
        "lifting": lifting,
        "reason_form": reason_form,
        "query": filter_query(request),
        "is_payer": request.user.role == Role.PAYER,
    }
    return render(request, "payments/effects/stop_orders.html", context, status=status)


def _back(request: StaffRequest) -> str:
    query = filter_query(request)
    return reverse("payments:stop_orders") + (f"?{query}" if query else "")

"""Routes that wait for somebody else's confirmation."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.html import format_html
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from batosocial.lib.money import format_number
from batosocial.web.access import StaffRequest, roles_required
from batosocial.web.pagination import paginate
from beneficiaries.models import PayoutRoute
from beneficiaries.payout.comparing import rows_for
from beneficiaries.payout.confirming import (
    CONFIRMING_ROLES,
    Held,
    Refusals,
    confirm_routes,
    record_full_view_of_routes,
    reject_routes,
)
from beneficiaries.payout.forms import RejectionForm, RouteFilter
from beneficiaries.payout.holds import Hold

#: Refusals shown one by one; the rest as a count.
_SHOWN_REFUSALS = 5
#: People named whose routes are held up.
_NAMED = 10


@roles_required(*CONFIRMING_ROLES)
@require_safe
def routes(request: StaffRequest) -> HttpResponse:
    form = RouteFilter(request.GET, user=request.user)
    return _list(request, form, RejectionForm())


@roles_required(*CONFIRMING_ROLES)
@never_cache
def routes_in_full(request: StaffRequest) -> HttpResponse:
    """The same page with full account numbers, to compare with papers; each look stands in the audit."""
    if request.method != "POST":
        return _back(request)
    return _list(request, RouteFilter(request.GET, user=request.user), RejectionForm(), full=True)


@roles_required(*CONFIRMING_ROLES)
@require_POST
def confirm(request: StaffRequest) -> HttpResponse:
    ids = _chosen(request)
    if not ids:
        return _nothing_chosen(request)
    outcome = _in_scope(lambda: confirm_routes(actor=request.user, route_ids=ids))
    if outcome.count:
        done = f"Đã xác nhận {format_number(outcome.count)} nơi nhận tiền."
        if outcome.closed:
            done += f" {format_number(outcome.closed)} nơi nhận cũ hết hiệu lực từ tháng nơi nhận mới bắt đầu."
        if outcome.later:
            done += f" {format_number(outcome.later)} nơi nhận dùng từ tháng chưa lập danh sách, muộn hơn tháng đã ghi."
        messages.success(request, done)
    _tell_held(request, outcome.held)
    _tell_refusals(request, outcome.refused)
    return _back(request)


@roles_required(*CONFIRMING_ROLES)
@require_POST
def reject(request: StaffRequest) -> HttpResponse:
    ids = _chosen(request)
    if not ids:
        return _nothing_chosen(request)
    form = RejectionForm(request.POST)
    if not form.is_valid():
        return _list(request, RouteFilter(request.GET, user=request.user), form, ticked=set(ids))
    reason = form.cleaned_data["ly_do_tu_choi"]
    outcome = _in_scope(lambda: reject_routes(actor=request.user, route_ids=ids, reason=reason))
    if outcome.count:
        messages.success(request, f"Đã từ chối {format_number(outcome.count)} nơi nhận tiền.")
    _tell_refusals(request, outcome.refused)
    return _back(request)


def _list(
    request: StaffRequest,
    form: RouteFilter,
    rejection: RejectionForm,
    *,
    ticked: set[int] | None = None,
    full: bool = False,
) -> HttpResponse:
    waiting = _waiting(request, form)
    page = paginate(request, waiting.for_confirmation())
    rows = rows_for(list(page.object_list), request.user, ticked or set())
    if full and rows:
        record_full_view_of_routes(actor=request.user, route_ids=[row.route.pk for row in rows])
    newest = waiting.order_by("-pk").values_list("pk", flat=True).first() if page.paginator.num_pages > 1 else None
    context = {"form": form, "rejection": rejection, "page": page, "rows": rows, "newest": newest, "full": full}
    return render(request, "beneficiaries/payout/confirmation.html", context)


def _waiting(request: StaffRequest, form: RouteFilter) -> Any:
    return form.apply(PayoutRoute.objects.visible_to(request.user).waiting())


def _chosen(request: StaffRequest) -> list[int]:
    """The ticked rows, or all of the filter up to the newest that the page knew of: nothing unseen goes along."""
    if request.POST.get("tat_ca"):
        waiting = _waiting(request, RouteFilter(request.GET, user=request.user))
        try:
            newest = int(request.POST["tat_ca"])
        except ValueError:
            raise Http404 from None
        return list(waiting.filter(pk__lte=newest).values_list("pk", flat=True))
    try:
        return [int(pk) for pk in request.POST.getlist("chon")]
    except ValueError:
        raise Http404 from None


def _in_scope(work: Callable[[], Any]) -> Any:
    try:
        return work()
    except PayoutRoute.DoesNotExist:
        raise Http404 from None


def _nothing_chosen(request: StaffRequest) -> HttpResponse:
    messages.warning(request, "Chưa chọn dòng nào. Hãy đánh dấu các dòng cần xử lý.")
    return _back(request)


def _tell_refusals(request: StaffRequest, refused: Refusals) -> None:
    for route, why in refused[:_SHOWN_REFUSALS]:
        messages.warning(request, f"{route.person.name}: {why}")
    rest = len(refused) - _SHOWN_REFUSALS
    if rest > 0:
        messages.warning(request, f"Còn {format_number(rest)} dòng khác chưa xử lý được vì lý do tương tự.")


def _tell_held(request: StaffRequest, held: Held) -> None:
    """One message for each reason, with the names and the page where it is settled."""
    names: dict[Hold, list[str]] = {}
    for route, hold in held:
        names.setdefault(hold, []).append(route.person.name)
    for hold, people in names.items():
        people = list(dict.fromkeys(people))
        more = f" và {format_number(len(people) - _NAMED)} người khác" if len(people) > _NAMED else ""
        messages.warning(
            request,
            format_html(
                'Chưa xác nhận {}{}. {}; hãy <a href="{}">{}</a>.',
                ", ".join(people[:_NAMED]),
                more,
                hold.why,
                hold.url,
                hold.todo,
            ),
        )


def _back(request: StaffRequest) -> HttpResponseRedirect:
    query = request.GET.urlencode()
    return HttpResponseRedirect(reverse("beneficiaries:routes") + (f"?{query}" if query else ""))

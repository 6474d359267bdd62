"""The people behind each figure, the appendix to download, and the wish for fresh figures."""

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.db.models import Count, QuerySet, Sum
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from batosocial.lib import clock, months, text
from batosocial.staff.models import BENEFIT_ROLES, DISTRICT_ROLES, Payer, User
from batosocial.territory.models import Unit, unit_by_code
from batosocial.web.access import StaffRequest, roles_required
from batosocial.web.pagination import paginate
from beneficiaries.models import Payee, PayoutRoute, Policy
from reporting import appendix as appendix_file
from reporting import boundaries, figures, recomputing, rollup
from reporting.dashboard import BOTH_POLICIES, OWN_UNITS, WHOLE_DISTRICT, dashboard_url, people_url
from reporting.models import CountedQuerySet
from reporting.people import OTHER_PAYERS, Measure, list_people

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@require_POST
@roles_required(*(rollup.ROLLERS & DISTRICT_ROLES))
def recompute(request: StaffRequest, month: datetime.date) -> HttpResponse:
    """Queue the roll-up and show its progress; the page of the job leads back here."""
    back = dashboard_url(month)
    try:
        job = rollup.ask_roll_up(actor=request.user, month=month, result_url=back)
    except rollup.RollUpRefused as refusal:
        messages.error(request, str(refusal))
        return redirect("reporting:dashboard")
    if job.owner_id != request.user.pk:
        messages.info(request, "Số liệu đang chờ tổng hợp lại. Tải lại trang sau ít phút.")
        return redirect(back)
    return redirect("jobs:detail", job.pk)


@roles_required(*recomputing.MOVERS)
def recompute_closed(request: StaffRequest, month: datetime.date) -> HttpResponse:
    """Say what computing a closed month anew would change; then, on POST with a reason, do it."""
    back, reason, error, status = dashboard_url(month), "", "", 200
    try:
        if request.method == "POST":
            reason = text.clean(request.POST.get("reason", ""))
            try:
                recomputing.recompute_closed_month(
                    actor=request.user, month=month, reason=reason, digest=request.POST.get("digest", "")
                )
            except recomputing.NotDone as refusal:
                error, status = str(refusal), 422
            else:
                messages.success(request, f"Đã tính lại số liệu {months.title(month)}; lý do được lưu vào nhật ký.")
                return redirect(back)
        plan = recomputing.preview_recomputation(actor=request.user, month=month)
    except (recomputing.Refused, rollup.RollUpRefused) as refusal:
        messages.error(request, str(refusal))
        return redirect("reporting:dashboard")
    context = {"plan": plan, "month": month, "back": back, "reason": reason, "error": error}
    return render(request, "reporting/recompute.html", context, status=status)


@require_safe
@roles_required(*DISTRICT_ROLES)
def appendix(request: StaffRequest, month: datetime.date) -> HttpResponse:
    """The stored figures, as the dashboard shows them."""
    try:
        content = appendix_file.make_appendix(actor=request.user, month=month)
    except appendix_file.NoFigures as error:
        raise Http404(str(error)) from error
    return HttpResponse(
        content,
        content_type=XLSX,
        headers={"Content-Disposition": f'attachment; filename="{appendix_file.file_name(month)}"'},
    )


@require_safe
@roles_required(*BENEFIT_ROLES)
def people(request: StaffRequest, month: datetime.date, policy: str, place: str, measure: str) -> HttpResponse:
    """The people whom a figure counts."""
    chosen = {name: request.GET.get(name, "") for name in ("ly-do", "chi-qua", "chu-tk")}
    listed = people_at(request.user, month=month, policy=policy, place=place, measure=measure, chosen=chosen)
    search = text.clean(request.GET.get("q", ""))
    found = _found(listed.rows, search)
    sums = found.aggregate(people=Count("pk"), due=Sum("amount"), paid=Sum("amount_by_account"))
    page = paginate(request, found, count=sums["people"])
    whole = request.user.unit if place == OWN_UNITS else figures.district_of(request.user)
    return render(
        request,
        "reporting/people.html",
        {
            "page": page,
            "search": search,
            "month": month,
            "policy_name": "Cả hai chính sách" if policy == BOTH_POLICIES else Policy(policy).label,
            "both": policy == BOTH_POLICIES,
            "where": listed.place or str(whole),
            "whole_district": listed.several_units,
            "measure": Measure(measure),
            "pending": measure == Measure.PENDING,
            "with_reason": measure in (Measure.WITHOUT_ACCOUNT, Measure.NOT_PAID_BY_ACCOUNT, Measure.NO_CCCD),
            "narrowed": _narrowed(chosen),
            "chosen": {name: value for name, value in chosen.items() if value},
            "money": sums,
            "freshness": figures.freshness(request.user, month),
            "others": [(m.label, people_url(month, policy, place, m), m == measure) for m in Measure],
            "back": dashboard_url(month),
            "today": clock.today(),
        },
    )


@dataclass(frozen=True, slots=True)
class Listed:
    """The people of an address, in no order; the place it names, "" for all that the user sees; and whether people of
    several units may be among them."""

    rows: CountedQuerySet
    place: str
    several_units: bool


def people_at(
    user: User, *, month: datetime.date, policy: str, place: str, measure: str, chosen: Mapping[str, str]
) -> Listed:
    """Whom an address lists; Http404 where it means nothing. ``chosen`` is what stands after its "?"."""
    if measure not in Measure.values or policy not in {*Policy.values, BOTH_POLICIES}:
        raise Http404
    area = boundaries.area_of(user, place) if "@" in place else None
    commune = area.unit if area else _place(user, place, month)
    rows = list_people(
        user,
        month=month,
        measure=measure,
        policy=None if policy == BOTH_POLICIES else policy,
        commune_id=commune.pk if commune and not area else None,
        reason=_known(chosen.get("ly-do", ""), PayoutRoute.CashReason.values),
        payer=chosen.get("chi-qua", ""),
        payee=_known(chosen.get("chu-tk", ""), Payee.Kind.values),
    )
    if area:
        rows = boundaries.in_area(rows, user, area, months.add(month, -1) if measure == Measure.LOST else month)
    return Listed(rows, area.name if area else str(commune or ""), several_units=commune is None or area is not None)


def _place(user: User, place: str, month: datetime.date) -> Unit | None:
    """The commune that an address names, None for all that the user sees; 404 where the user has no say."""
    if place in (WHOLE_DISTRICT, OWN_UNITS):
        if user.in_commune != (place == OWN_UNITS):
            raise Http404
        return None
    own, unit_id = user.in_commune, user.unit_id or 0
    units = Unit.objects.of_commune(unit_id) if own else Unit.objects.of_upper(unit_id)
    if commune := unit_by_code(place, month, within=units):
        return commune
    raise Http404


def _known(value: str, values: Sequence[str]) -> str:
    if value and value not in values:
        raise Http404
    return value


def _narrowed(chosen: dict[str, str]) -> str:
    """What of a measure the list is narrowed to, in words."""
    parts = []
    if chosen["ly-do"]:
        parts.append(f"lý do: {PayoutRoute.CashReason(chosen['ly-do']).label}")
    if chosen["chi-qua"] == OTHER_PAYERS:
        parts.append("chi qua: đơn vị khác")
    elif chosen["chi-qua"]:
        parts.append(f"chi qua: {get_object_or_404(Payer, code=chosen['chi-qua'])}")
    if chosen["chu-tk"]:
        parts.append(f"chủ tài khoản: {Payee.Kind(chosen['chu-tk']).label}")
    return "; ".join(parts)


def _found(rows: "QuerySet[Any]", search: str) -> "QuerySet[Any]":
    """By commune and given name; a search finds names as they are spelled, accents or not."""
    rows = rows.order_by("unit__position", "policy", "person__sort_key", "person").select_related(
        "unit", "person", "payment__payment_list"
    )
    return rows.filter(person__search_key__contains=text.fold(search)) if search else rows

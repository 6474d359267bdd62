"""The names behind a list's ledger, its differences from the month before, and making it anew from the register."""

import datetime
import io
from collections.abc import Iterable
from typing import Any

from django.contrib import messages
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.views.decorators.http import require_POST, require_safe

from batosocial.audit import services as audit
from batosocial.lib import months
from batosocial.lib.text import fold
from batosocial.staff.models import BENEFIT_ROLES, Role, User
from batosocial.web.access import StaffRequest, roles_required
from batosocial.web.pagination import paginate
from beneficiaries import confidential
from beneficiaries.models import Category, Change, Person, Rate
from payments import differences_export, ledger
from payments.exports import XLSX
from payments.forms import DifferenceFilter, month_of
from payments.ledger import names
from payments.lines import covered_months
from payments.models import Payment, PaymentList, Period
from payments.opening import REMAKERS, OpeningRefused, cancel_carry_over
from payments.remaking import plan_remake, remake


def _visible(request: StaffRequest, pk: int) -> PaymentList:
    rows = PaymentList.objects.visible_to(request.user).select_related("period", "commune")
    return get_object_or_404(rows, pk=pk)


def _month(request: StaffRequest, row: PaymentList) -> datetime.date:
    """The month asked for among those that the list covers; else its own."""
    month = month_of(request.GET.get("thang"))
    return month if month in covered_months(row.period) else row.period.month


def may_remake(row: PaymentList, user: User) -> bool:
    """Whether this role makes the list anew now. Reads ``row.period``."""
    return user.role in REMAKERS and row.state == PaymentList.State.DRAFT and row.period.state == Period.State.OPEN


def sides_of(row: PaymentList) -> list[dict[str, Any]]:
    """The list's ledgers as its page shows them: a row for each side, each number with the page behind it."""
    shown = []
    for sides in ledger.read_ledger(row):
        query = f"thang={months.iso(sides.month)}&" if sides.month != row.period.month else ""
        lines = [
            {
                "side": side,
                "label": names.SIDE_LABELS[side],
                "numbers": [
                    {
                        "measure": measure,
                        "value": getattr(getattr(sides, side), measure),
                        "url": f"{reverse('payments:ledger', args=[row.pk])}?{query}o={side}&tinh={measure}",
                    }
                    for measure in names.MEASURE_LABELS
                ],
            }
            for side in names.SIDE_LABELS
        ]
        shown.append({"month": sides.month, "lines": lines, "balances": sides.balances})
    return shown


@roles_required(*BENEFIT_ROLES)
@require_safe
def show_ledger(request: StaffRequest, pk: int) -> HttpResponse:
    """The people or benefits that a number of the ledger counts."""
    row = _visible(request, pk)
    month = _month(request, row)
    side = request.GET.get("o", "closing")
    measure = request.GET.get("tinh", "people")
    if side not in names.SIDE_LABELS or measure not in names.MEASURE_LABELS:
        raise Http404
    found = names.names_behind(row.period.policy, month, row.commune_id, side, measure)
    page = paginate(request, found)
    seen = _people_seen(request.user, (one.person_id for one in page.object_list))
    labels = _category_labels(request.user)
    context = {
        "row": row,
        "month": month,
        "before": months.add(month, -1),
        "side": side,
        "measure": measure,
        "side_label": names.SIDE_LABELS[side],
        "measure_label": names.MEASURE_LABELS[measure],
        "sides": list(names.SIDE_LABELS.items()),
        "count": len(found),
        "total": sum(one.amount for one in found),
        "page": page,
        "lines": [
            {
                "name": one.name,
                "birth": one.birth,
                "hamlet": one.hamlet,
                "url": reverse("beneficiaries:person", args=[one.person_id]) if one.person_id in seen else "",
                "benefits": [(labels[benefit.category_id], benefit) for benefit in one.benefits],
                "amount": one.amount,
            }
            for one in page.object_list
        ],
    }
    return render(request, "payments/ledger.html", context)


def _people_seen(user: User, person_ids: Iterable[int]) -> set[int]:
    """Of these people, those whose page the user may open: who moved away is another commune's."""
    return set(Person.objects.visible_to(user).filter(pk__in=list(person_ids)).values_list("pk", flat=True))


def _category_labels(user: User) -> dict[int, str]:
    return {category.pk: confidential.shown_code(category, user) for category in Category.objects.all()}


class Row:
    """A difference as page and workbook show it."""

    def __init__(self, one: ledger.Difference, group: str, change: Change | None, url: str, decree: str) -> None:
        self.name, self.group, self.url = one.name, group, url
        self.birth, self.hamlet = one.birth, one.hamlet
        self.before, self.after, self.amount = one.before, one.after, one.amount
        self.cause, self.cause_label = one.cause, one.cause_label
        self.change_id = one.change_id
        self.decision = ""
        if change is not None and change.decision_number and change.decision_date:
            self.decision = f"{change.decision_number} ngày {change.decision_date:%d/%m/%Y}"
        elif change is not None and change.first_load:
            self.decision = "Nạp lần đầu"
        elif one.cause == "rate":
            self.decision = decree


def _rows(user: User, row: PaymentList, found: Iterable[ledger.Difference]) -> list[Row]:
    """In four queries."""
    found = list(found)
    known = Rate.objects.filter(
        category__in={one.category_id for one in found}, valid_from__lte=row.period.month, known_on__lte=row.locked_on
    )
    decrees = dict(known.order_by("valid_from", "known_on").values_list("category", "legal_basis"))
    labels = _category_labels(user)
    changes = Change.objects.in_bulk({one.change_id for one in found if one.change_id})
    seen = _people_seen(user, {one.person_id for one in found})
    return [
        Row(
            one,
            labels[one.category_id],
            changes.get(one.change_id or 0),
            reverse("beneficiaries:person", args=[one.person_id]) if one.person_id in seen else "",
            decrees.get(one.category_id, ""),
        )
        for one in found
    ]


def _filtered(found: list[ledger.Difference], form: DifferenceFilter) -> list[ledger.Difference]:
    wanted = form.values()
    if key := fold(wanted["q"]):
        found = [one for one in found if key in fold(one.name)]
    if cause := wanted["cause"]:
        found = [one for one in found if one.cause == cause]
    if wanted["side"] == "increase":
        found = [one for one in found if one.amount > 0]
    elif wanted["side"] == "decrease":
        found = [one for one in found if one.amount < 0]
    return found


@roles_required(*BENEFIT_ROLES)
@require_safe
def show_differences(request: StaffRequest, pk: int) -> HttpResponse:
    """What differs from the month before, person by person, with its cause and decision."""
    row = _visible(request, pk)
    month = _month(request, row)
    everything = ledger.differences(row, month)
    form = DifferenceFilter(request.GET, causes={one.cause for one in everything})
    found = _filtered(everything, form)
    # On paper there is one page: the printer cuts it.
    printing = "in" in request.GET
    page = paginate(request, found, per_page=max(len(found), 1) if printing else 50)
    context = {
        "row": row,
        "month": month,
        "before": months.add(month, -1),
        "covered": covered_months(row.period),
        "form": form,
        "page": page,
        "printing": printing,
        "lines": _rows(request.user, row, page.object_list),
        "all": len(everything),
        "count": len(found),
        "people": len({one.person_id for one in found}),
        "increase": sum(max(one.amount, 0) for one in found),
        "decrease": sum(max(-one.amount, 0) for one in found),
    }
    return render(request, "payments/differences.html", context)


@roles_required(*BENEFIT_ROLES)
@require_safe
def export_differences(request: StaffRequest, pk: int) -> FileResponse:
    """The differences, as filtered, as a workbook."""
    row = _visible(request, pk)
    month = _month(request, row)
    everything = ledger.differences(row, month)
    found = _filtered(everything, DifferenceFilter(request.GET, causes={one.cause for one in everything}))
    # Paper never names a confidential group.
    rows = _rows(request.user, row, found)
    hidden = _paper_labels()
    for one, difference in zip(rows, found, strict=True):
        one.group = hidden[difference.category_id]
    content = differences_export.differences_workbook(row, month, rows)
    audit.record(actor=request.user, action="tải tăng giảm của danh sách", row=row, details={"số dòng": len(rows)})
    filename = differences_export.differences_filename(row, month)
    return FileResponse(io.BytesIO(content), as_attachment=True, filename=filename, content_type=XLSX)


def _paper_labels() -> dict[int, str]:
    return {category.pk: confidential.shown_code(category, None) for category in Category.objects.all()}


@roles_required(*REMAKERS)
def remake_list(request: StaffRequest, pk: int) -> HttpResponse:
    """Say what making the list anew would change; then, on POST, do it."""
    row = _visible(request, pk)
    if request.method == "POST":
        try:
            done = remake(actor=request.user, list_id=pk, seen=parse_datetime(request.POST.get("seen", "")))
        except (OpeningRefused, ValueError) as refusal:
            messages.error(request, str(refusal))
        else:
            if done:
                messages.success(request, "Đã lập lại danh sách từ sổ đối tượng.")
            else:
                messages.info(request, "Danh sách vừa được lập lại từ trước, không làm lại lần nữa.")
        return redirect("payments:list", pk=pk)
    context: dict[str, Any] = {"row": row, "seen": row.made_at.isoformat()}
    try:
        context["plan"] = plan_remake(actor=request.user, list_id=pk)
    except OpeningRefused as refusal:
        context["refusal"] = str(refusal)
    return render(request, "payments/remake.html", context)


@roles_required(Role.DISTRICT_OFFICER)
@require_POST
def cancel_carried(request: StaffRequest, pk: int) -> HttpResponse:
    """Take an earlier month's unpaid payment (``pk``) out of the draft that carries it."""
    payment = get_object_or_404(Payment.objects.visible_to(request.user).select_related("payment_list__period"), pk=pk)
    holding = Payment.objects.visible_to(request.user).filter(lines__carried_line__payment=payment)
    back = holding.values_list("payment_list", flat=True).first()
    try:
        cancel_carry_over(actor=request.user, payment_id=pk)
    except OpeningRefused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(
            request, f"Đã rút khoản chậm lĩnh {payment.number} của {payment.name}; khoản này nhận lại được kết quả."
        )
    return redirect("payments:list", pk=back or payment.payment_list_id)

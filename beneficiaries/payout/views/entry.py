"""Entering a route, and taking one back: by whoever entered it, or by whoever confirms."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from batosocial.lib import clock, months
from batosocial.web import once
from batosocial.web.access import StaffRequest, roles_required
from beneficiaries.models import PayoutRoute, Person
from beneficiaries.payout.confirming import CONFIRMING_ROLES, cancel_route
from beneficiaries.payout.entering import (
    ENTERING_ROLES,
    RouteRefused,
    WaitingChanged,
    enter_routes,
    withdraw_route,
)
from beneficiaries.payout.fields import RELATIONS
from beneficiaries.payout.forms import ReasonForm
from beneficiaries.payout.route_form import RouteForm


@roles_required(*ENTERING_ROLES)
def route_add(request: StaffRequest, pk: int) -> HttpResponse:
    person = get_object_or_404(Person.objects.visible_to(request.user).select_related("commune"), pk=pk)
    form = RouteForm(request.POST or None, person=person, user=request.user)
    meanwhile = False
    if request.method == "POST":
        try:
            with transaction.atomic():
                if landed := _entered(request, form, person):
                    return landed
                # The token stays free for the form's next try.
                transaction.set_rollback(True)
        except RouteRefused as refusal:
            form.add_error(refusal.field or None, str(refusal))
        except WaitingChanged:
            meanwhile = True
            form = RouteForm(request.POST, person=person, user=request.user)
            form.is_valid()
    context = {
        "form": form,
        "person": person,
        "routes": _routes_now(person),
        "relations": RELATIONS,
        "meanwhile": meanwhile,
    }
    return render(request, "beneficiaries/payout/route_form.html", context, status=422 if form.errors else 200)


def _entered(request: StaffRequest, form: RouteForm, person: Person) -> HttpResponseRedirect | None:
    """Where the form leads: once entered, or entered before by the same form; None for a form with errors."""
    token = form.sent_token
    if token is None:
        form.is_valid()
        return None
    if done := once.claim(request.user, token):
        return HttpResponseRedirect(done)
    if not form.is_valid() or form.plan is None:
        return None
    enter_routes(
        actor=request.user, person_id=person.pk, plan=form.plan, replacing=[route.pk for route in form.waiting]
    )
    url = reverse("beneficiaries:person", args=[person.pk])
    once.finish(token, url)
    messages.success(request, "Đã ghi nơi nhận tiền. Tiền chỉ đi theo nơi này sau khi một người khác xác nhận.")
    return HttpResponseRedirect(url)


def _routes_now(person: Person) -> list[PayoutRoute]:
    """Where the money goes this month or later, and what waits."""
    routes = person.routes.live_from(months.first(clock.today()))
    return list(routes.select_related("payee", "account__provider").order_by("policy", "months", "pk"))


@roles_required(*ENTERING_ROLES)
def route_withdraw(request: StaffRequest, pk: int) -> HttpResponse:
    return _take_back(
        request,
        pk,
        withdraw_route,
        {
            "heading": "Rút đề nghị nơi nhận tiền",
            "button": "Rút đề nghị",
            "effect": "Đề nghị không còn chờ xác nhận; tiền vẫn đi theo nơi nhận hiện nay. Lý do được giữ trong sổ.",
            "done": "Đã rút đề nghị nơi nhận tiền.",
        },
    )


@roles_required(*CONFIRMING_ROLES)
def route_cancel(request: StaffRequest, pk: int) -> HttpResponse:
    return _take_back(
        request,
        pk,
        cancel_route,
        {
            "heading": "Hủy nơi nhận chưa dùng",
            "button": "Hủy nơi nhận",
            "effect": "Nơi nhận này chưa vào danh sách tháng nào. Hủy thì nơi nhận trước đó được dùng tiếp.",
            "done": "Đã hủy nơi nhận; nơi nhận trước đó được dùng tiếp.",
        },
    )


def _take_back(
    request: StaffRequest, pk: int, service: Callable[..., PayoutRoute], words: dict[str, str]
) -> HttpResponse:
    routes = PayoutRoute.objects.visible_to(request.user)
    route: Any = get_object_or_404(
        routes.select_related("person__commune", "payee", "account__provider", "entered_by"), pk=pk
    )
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            service(actor=request.user, route_id=pk, reason=form.cleaned_data["ly_do"])
            messages.success(request, words["done"])
        except RouteRefused as refusal:
            messages.warning(request, str(refusal))
        return redirect("beneficiaries:person", pk=route.person_id)
    context = {"form": form, "route": route, "person": route.person, **words}
    return render(request, "beneficiaries/payout/take_back.html", context, status=422 if form.errors else 200)

"""The page "Diễn biến theo xã": R1 of each commune over twelve months, in today's boundaries or those of before."""

import datetime
from dataclasses import dataclass
from typing import Any

from django import forms
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from batosocial.lib import months
from batosocial.staff.models import BENEFIT_ROLES
from batosocial.web.access import StaffRequest, roles_required
from beneficiaries.models import Policy
from reporting import figures
from reporting.boundaries import Boundaries, Trend, read_trend
from reporting.dashboard import people_url, place_of
from reporting.people import Measure
from reporting.rates import Counts


class TrendFilter(forms.Form):
    """The names of its fields are those of the URL."""

    def __init__(self, data: Any, *, known: list[datetime.date], newest: datetime.date, with_boundaries: bool) -> None:
        super().__init__(data)
        self.newest = newest
        choices = [(months.iso(month), months.title(month).capitalize()) for month in known]
        self.fields["thang"] = forms.ChoiceField(
            label="Đến tháng", required=False, choices=choices, initial=months.iso(newest)
        )
        self.fields["chinh_sach"] = forms.ChoiceField(
            label="Chính sách", required=False, choices=[("", "Cả hai chính sách"), *Policy.choices]
        )
        if with_boundaries:
            self.fields["dia-gioi"] = forms.ChoiceField(
                label="Địa giới", required=False, choices=Boundaries.choices, initial=Boundaries.NEW
            )

    @property
    def month(self) -> datetime.date:
        asked = self.cleaned_data.get("thang")
        return months.parse(asked) if asked else self.newest


@dataclass(frozen=True, slots=True)
class Cell:
    """A month of a row; ``counts`` is absent where there are no figures."""

    month: datetime.date
    counts: Counts | None
    paid_url: str
    due_url: str


@dataclass(frozen=True, slots=True)
class Line:
    name: str
    cells: list[Cell]


@require_safe
@roles_required(*BENEFIT_ROLES)
def show(request: StaffRequest) -> HttpResponse:
    user = request.user
    known = figures.months_with_figures(user)
    newest = figures.default_month(known)
    if newest is None:
        return render(request, "reporting/trend.html", {"trend": None})
    given = request.GET.copy()
    for name, value in (("thang", months.iso(newest)), ("dia-gioi", Boundaries.NEW.value)):
        given.setdefault(name, value)
    form = TrendFilter(given, known=[month for month, _ in known], newest=newest, with_boundaries=True)
    if not form.is_valid():
        raise Http404
    policy = form.cleaned_data["chinh_sach"]
    trend = read_trend(user, until=form.month, policy=policy, boundaries=form.cleaned_data["dia-gioi"] or "moi")
    if trend.merger is None:
        # Without a merger there is nothing to choose.
        del form.fields["dia-gioi"]
    # Months before the first figures would be columns of nothing.
    shown = [month for month in trend.months if month in trend.totals]
    context = {
        "form": form,
        "trend": trend,
        "policy_name": Policy(policy).label if policy else "Cả hai chính sách",
        "lines": [
            Line(row.area.name, [_cell(month, row.counts.get(month), policy, row.area.place) for month in shown])
            for row in trend.rows
        ],
        "total": Line(
            "Cộng",
            [_cell(month, trend.totals[month], policy, place_of(user, month)) for month in shown],
        ),
        "chart": _chart(trend),
        "ends": _ends(trend),
        "months": shown,
        "tall": len(trend.rows) > 10,
        "short": len(trend.rows) < 5,
        "last": trend.months[-1],
    }
    return render(request, "reporting/trend.html", context)


def _cell(month: datetime.date, counts: Counts | None, policy: str, place: str) -> Cell:
    return Cell(
        month,
        counts,
        people_url(month, policy, place, Measure.PAID_BY_ACCOUNT),
        people_url(month, policy, place, Measure.DUE),
    )


def _chart(trend: Trend) -> dict[str, Any]:
    """R1 of each area in the first and the last month that have figures, as an option of ECharts' simple build."""
    ends = _ends(trend)
    rows = [row for row in trend.rows if row.area.unit is not None][::-1]
    colors = ["#9fb6cf", "#0f5ca8"][-len(ends) :]
    return {
        "grid": {"left": 8, "right": 32, "top": 8, "bottom": 8, "containLabel": True},
        "xAxis": {
            "type": "value",
            "min": 0,
            "max": 100,
            "axisLabel": {"formatter": "{value}%", "color": "#4a5868", "fontSize": 12},
            "splitLine": {"lineStyle": {"color": "#d5dde6"}},
        },
        "yAxis": {
            "type": "category",
            "data": [row.area.name for row in rows],
            "axisLabel": {"color": "#16202c", "fontSize": 12},
            "axisTick": {"show": False},
        },
        "series": [
            {
                "type": "bar",
                "name": months.label(month),
                "color": color,
                "barGap": "10%",
                "data": [_r1(row.counts.get(month)) for row in rows],
            }
            for month, color in zip(ends, colors, strict=True)
        ],
    }


def _ends(trend: Trend) -> list[datetime.date]:
    """The first and the last month that have figures; one where there is but one."""
    shown = [month for month in trend.months if month in trend.totals]
    return [shown[0], shown[-1]] if len(shown) > 1 else shown


def _r1(counts: Counts | None) -> float | None:
    return float(counts.r1) if counts and counts.r1 is not None else None

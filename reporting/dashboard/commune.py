"""A commune's dashboard: its rates beside the district's, and its people without an account with what to do next."""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from batosocial.lib import months
from batosocial.web.access import StaffRequest
from beneficiaries.models import Policy
from reporting import figures, rates
from reporting.dashboard import charts, worklist
from reporting.dashboard.chairman import Pending, pending
from reporting.dashboard.frame import TREND_MONTHS, Frame, Totals, of_policy, trend, trend_chart
from reporting.dashboard.parts import TONES, Card, Reason, Standing, TrendMonth, reasons_of
from reporting.models import BOTH


@dataclass(slots=True)
class Commune:
    frame: Frame
    cards: list[Card]
    pending: Pending | None
    reasons: list[Reason]
    reasons_chart: dict[str, Any]
    work: worklist.Worklist
    trend: list[TrendMonth]
    chart: dict[str, Any]
    chart_key: list[tuple[str, str]]
    names: dict[str, str] = field(default_factory=lambda: rates.NAMES)

    @property
    def overall(self) -> Card:
        return self.cards[-1]


def build(request: StaffRequest, frame: Frame) -> Commune:
    """Its own figures; of the others' only the district's total, and how many stand above it."""
    totals, standings = _district(frame)
    beside = totals.get(frame.month)
    shown = trend(frame, totals)
    chart, key = trend_chart(frame, shown)
    why = reasons_of(frame.shown, frame.policies, frame.place)
    return Commune(
        frame=frame,
        cards=[
            frame.card(policy, district=of_policy(beside, policy), standing=standings.get(policy or BOTH))
            for policy in [*Policy.values, ""]
        ],
        pending=pending(frame),
        reasons=why,
        reasons_chart=charts.counts_by_name([(one.label, one.count) for one in why]),
        work=worklist.build(request, frame),
        trend=shown,
        chart=chart,
        chart_key=key,
    )


def _district(frame: Frame) -> tuple[Totals, dict[str, Standing]]:
    """The district's totals by month, and the commune's place by policy among those with somebody to pay."""
    others = figures.district_figures(frame.district)
    totals = figures.read_totals(others, since=months.add(frame.month, 1 - TREND_MONTHS), until=frame.month)
    counts: dict[str, dict[int, rates.Counts]] = defaultdict(dict)
    rows = others.filter(month=frame.month, due__gt=0).values_list("policy", "unit", "paid_by_account", "due")
    for policy, unit, paid, due in rows.order_by():
        counts[policy][unit] = rates.Counts(due=due, paid_by_account=paid)
    standings = {}
    for policy, of_communes in counts.items():
        places = rates.places(of_communes)
        place = places.get(frame.own.pk) if frame.own else None
        if place is None:
            continue
        klass = rates.classify(frame.shown.total(None if policy == BOTH else policy), frame.threshold)
        standings[policy] = Standing(klass, TONES[klass], place, len(places))
    return totals, standings

"""Where the money goes."""

import datetime
from dataclasses import dataclass

from batosocial.lib import months
from beneficiaries.models import PayoutRoute, Person
from beneficiaries.payout.holders import holder_differs


@dataclass(frozen=True)
class RouteLine:
    route: PayoutRoute
    label: str
    tone: str
    last_month: datetime.date | None
    warning: str

    @classmethod
    def of(cls, route: PayoutRoute, month: datetime.date) -> "RouteLine":
        label, tone = str(route.get_state_display()), "warning"
        if route.state == PayoutRoute.State.REJECTED:
            tone = "danger"
        elif route.state == PayoutRoute.State.CONFIRMED:
            if month in route.months:
                label, tone = "Đang dùng", "success"
            elif route.first_month > month:
                label, tone = f"Dùng từ {months.title(route.first_month)}", "info"
            else:
                label, tone = "Đã hết", "neutral"
        upper = route.months.upper
        return cls(route, label, tone, months.add(upper, -1) if upper else None, holder_differs(route))


def routes_of(person: Person) -> list[PayoutRoute]:
    """All routes, the newest of each policy first."""
    routes = list(
        PayoutRoute.objects.filter(person=person)
        .select_related("account__provider", "payee", "entered_by", "confirmed_by")
        .order_by("policy", "-months", "-pk")
    )
    for route in routes:
        route.person = person
    return routes

"""The rates of cashless payment as measures (rules.md 3.1), from the stored figures."""

import datetime
from collections.abc import Callable
from decimal import Decimal

from batosocial.coordination.directives.measures.registry import Measure, Value, Values, Wanted, register
from batosocial.lib import months
from batosocial.lib.money import format_number, format_rate, rate
from beneficiaries.models import Policy
from reporting import figures
from reporting.dashboard import WHOLE_DISTRICT, people_url
from reporting.models import BOTH
from reporting.people import Measure as People
from reporting.rates import Counts


def rate_of(policy: str, code: str) -> Callable[[Wanted], Values]:
    """A rate (R1, R2 or R3) of a policy or of both (``BOTH``, each person once); two queries."""

    def compute(wanted: Wanted) -> Values:
        mine = figures.district_figures(wanted.district)
        asked = {one: one or _newest(wanted) for one in wanted.months}
        stored = {month for month in asked.values() if month}
        found: dict[tuple[int | None, datetime.date], Counts] = {}
        for row in mine.filter(policy=policy, month__in=stored).select_related("unit"):
            counts = Counts(due=row.due, with_account=row.with_account, paid_by_account=row.paid_by_account)
            found[row.unit_id, row.month] = counts
            found[None, row.month] = found.get((None, row.month), Counts()) + counts
        values: Values = {}
        for one, month in asked.items():
            for unit in [*wanted.communes, *([None] if wanted.whole else [])]:
                if month and (unit, month) in found:
                    place = wanted.communes[unit].code if unit else WHOLE_DISTRICT
                    values[unit, one] = _value(found[unit, month], code, policy, month, place)
        return values

    return compute


def _newest(wanted: Wanted) -> datetime.date | None:
    return figures.default_month(figures.judged_months(figures.district_figures(wanted.district)))


def _value(counts: Counts, code: str, policy: str, month: datetime.date, place: str) -> Value:
    part, whole = (counts.with_account, counts.due) if code == "R2" else counts.parts_of(code)
    people = People.WITH_ACCOUNT if code == "R2" else People.PAID_BY_ACCOUNT
    text = (
        f"{format_rate(rate(part, whole))} ({format_number(part)}/{format_number(whole)} người), {months.title(month)}"
    )
    return Value(part, whole, text, people_url(month, policy, place, people))


def register_all() -> None:
    names = {BOTH: "cả hai chính sách", Policy.MERIT: "NCC", Policy.SOCIAL: "BTXH"}
    fifty = Decimal(50)
    for policy, code in ((BOTH, "r1"), (Policy.MERIT, "r1_ncc"), (Policy.SOCIAL, "r1_btxh")):
        label = f"R1 {names[policy]}: đã chi qua tài khoản / tổng số đối tượng"
        register(Measure(code, label, "%", rate_of(policy, "R1"), default_target=fifty))
    label = "R2 cả hai chính sách: đã có tài khoản / tổng số đối tượng"
    # Accounts were there before the task: it has begun when there are more.
    register(Measure("r2", label, "%", rate_of(BOTH, "R2"), from_start=True))
    label = "R3 cả hai chính sách: đã chi qua tài khoản / số đã có tài khoản"
    register(Measure("r3", label, "%", rate_of(BOTH, "R3"), default_target=fifty))

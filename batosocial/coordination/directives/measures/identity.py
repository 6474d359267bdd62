"""Clean data as measures: the share of people who are clean, and what waits for a side."""

from collections import Counter
from collections.abc import Callable
from decimal import Decimal

from django.db.models import Count, Q
from django.urls import reverse
from django.utils.http import urlencode

from batosocial.coordination.directives.measures.registry import Kind, Measure, Value, Values, Wanted, register
from batosocial.lib import clock, months
from batosocial.lib.money import format_number, format_rate, rate
from batosocial.territory.models import Unit
from beneficiaries.models import IdentityIssue, Person, Policy
from beneficiaries.models.identity import POLICE_RULES
from beneficiaries.querysets import Status

_CLEAN = Person.IdentityStatus.CLEAN
Rule, Side = IdentityIssue.Rule, IdentityIssue.Side


def clean_share(policy: str) -> Callable[[Wanted], Values]:
    """People "sạch" among those who receive now, of a policy or of both (""). One query."""

    def compute(wanted: Wanted) -> Values:
        below = Unit.objects.of_upper(wanted.district.pk).values("pk")
        month = months.first(clock.today())
        rows = (
            Person.objects.filter(commune__in=below)
            .in_status(Status.RECEIVING, month, policy)
            .order_by()
            .values("commune")
            .annotate(people=Count("pk"), sound=Count("pk", filter=Q(identity_status=_CLEAN)))
        )
        every: Counter[int | None] = Counter()
        clean: Counter[int | None] = Counter()
        for row in rows:
            for unit in (row["commune"], None):
                every[unit] += row["people"]
                clean[unit] += row["sound"]
        values: Values = {}
        for unit in [*wanted.communes, *([None] if wanted.whole else [])]:
            part, whole = clean[unit], every[unit]
            text = f"{format_rate(rate(part, whole))} ({format_number(part)}/{format_number(whole)} người sạch)"
            chosen = {"xa": wanted.communes[unit].code if unit else "", "chinh_sach": policy}
            chosen |= {"trang_thai": str(Status.RECEIVING), "doi_chieu": str(_CLEAN)}
            value = Value(part, whole, text, _address("beneficiaries:people", **chosen))
            values |= {(unit, one): value for one in wanted.months}
        return values

    return compute


def waiting(side: str, *rules: str) -> Callable[[Wanted], Values]:
    """Issues that wait for a side, of some rules or of all; the police count what they see. One query."""

    def compute(wanted: Wanted) -> Values:
        below = Unit.objects.of_upper(wanted.district.pk).values("pk")
        issues = IdentityIssue.objects.waiting().filter(person__commune__in=below, side=side)
        if rules:
            issues = issues.filter(rule__in=rules)
        if wanted.kind == Kind.POLICE:
            issues = issues.filter(rule__in=POLICE_RULES)
        # What several share is one piece of work: of a commune its first, of the district the first of all.
        counted = issues.order_by().values("person__commune").annotate(
            own=Count("pk", filter=Q(place__lte=1)), first=Count("pk", filter=Q(place=0))
        )  # fmt: skip
        own: Counter[int | None] = Counter()
        for row in counted:
            own[row["person__commune"]] += row["own"]
            own[None] += row["first"]
        kind = IdentityIssue.Kind.MISSING if rules == (Rule.NO_CCCD,) else ""
        values: Values = {}
        for unit in [*wanted.communes, *([None] if wanted.whole else [])]:
            number = own[unit]
            what = "người chưa có CCCD" if kind else "việc xác minh đang chờ"
            place = wanted.communes[unit].code if unit else ""
            url = _address("beneficiaries:identity", ben=str(side), loai=str(kind), xa=place)
            value = Value(number, None, f"Còn {format_number(number)} {what}", url)
            values |= {(unit, one): value for one in wanted.months}
        return values

    return compute


def _address(name: str, **chosen: str) -> str:
    return f"{reverse(name)}?{urlencode({field: value for field, value in chosen.items() if value})}"


def register_all() -> None:
    for code, label, policy in (
        ("clean", "Dữ liệu sạch: người sạch / người đang hưởng", ""),
        ("clean_ncc", "Dữ liệu sạch NCC: người sạch / người đang hưởng", Policy.MERIT),
    ):
        target = Decimal(100)
        register(Measure(code, label, "%", clean_share(policy), default_target=target, from_start=True))
    none = Decimal(0)
    for code, label, side, kinds, rules in (
        ("police_issues", "Việc xác minh nhân thân chờ Công an", Side.POLICE, {Kind.POLICE}, ()),
        ("no_cccd", "Người chưa có CCCD", Side.POLICE, {Kind.POLICE, Kind.COMMUNE, Kind.OFFICE}, (Rule.NO_CCCD,)),
        ("commune_issues", "Việc xác minh nhân thân chờ xã", Side.COMMUNE, {Kind.COMMUNE, Kind.OFFICE}, ()),
        ("office_issues", "Việc xác minh nhân thân chờ Phòng", Side.OFFICE, {Kind.OFFICE}, ()),
    ):
        unit = "người" if rules else "việc"
        register(
            Measure(
                code,
                label,
                unit,
                waiting(side, *rules),
                kinds=frozenset(kinds),
                default_target=none,
                from_start=True,
                lower_is_better=True,
            )
        )

"""The Phòng's dashboard: where the lists stand, which communes need a push and why, what waits, what the payers did."""

import datetime
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db.models import CharField, Count, F, QuerySet, Value
from django.db.models.functions import Cast
from django.urls import NoReverseMatch, reverse

from batosocial.staff.models import User
from batosocial.territory.models import Unit
from beneficiaries.models import IdentityIssue, PayoutRoute
from beneficiaries.payout.papers import running_out
from payments import progress
from payments.progress import PARTS, ListsOfPolicy, PayerResults
from reporting import rates
from reporting.dashboard import charts
from reporting.dashboard.chairman import Pending, pending, sections
from reporting.dashboard.frame import Frame, trend, trend_chart
from reporting.dashboard.parts import Card, Figures, PolicySection, Reason, TrendMonth, reasons_of
from reporting.models import BOTH
from reporting.people import Measure
from reporting.rates import Counts

#: How many communes stand among the worst, and how many reasons beside each.
WORST, MAIN_REASONS = 6, 3


@dataclass(frozen=True, slots=True)
class Worst:
    """A commune that needs a push: its figures of what is shown, and why most have no account."""

    name: str
    figures: Figures
    reasons: list[Reason]
    idle: list[str]

    @property
    def counts(self) -> Counts:
        return self.figures.counts


@dataclass(frozen=True, slots=True)
class Work:
    """People somebody has to do something about, as a list."""

    label: str
    count: int
    url: str


@dataclass(frozen=True, slots=True)
class Paper:
    label: str
    url: str
    icon: str


@dataclass(slots=True)
class Office:
    frame: Frame
    cards: list[Card]
    sections: list[PolicySection]
    pending: Pending | None
    running: datetime.date | None
    lists: list[ListsOfPolicy]
    results: list["PayerRow"]
    parts: list[str]
    worst: list[Worst]
    reasons: list[Reason]
    reasons_chart: dict[str, Any]
    work: list[Work]
    worklists: list[Work]
    papers: list[Paper]
    trend: list[TrendMonth]
    chart: dict[str, Any]
    chart_key: list[tuple[str, str]]
    names: dict[str, str] = field(default_factory=lambda: rates.NAMES)

    @property
    def overall(self) -> Card:
        return self.cards[-1]


def build(frame: Frame) -> Office:
    shown = trend(frame)
    chart, key = trend_chart(frame, shown)
    why = _reasons(frame)
    running = frame.running
    return Office(
        frame=frame,
        cards=frame.cards,
        sections=sections(frame),
        pending=pending(frame),
        running=running,
        lists=_of_policy(frame, progress.lists_by_step(frame.user, running)) if running else [],
        results=_results(frame),
        parts=[label for label, _ in PARTS.values()],
        worst=_worst(frame),
        reasons=why,
        reasons_chart=charts.counts_by_name([(one.label, one.count) for one in why]),
        work=_work(frame),
        worklists=_worklists(frame.user),
        papers=_papers(frame.month),
        trend=shown,
        chart=chart,
        chart_key=key,
    )


def _of_policy(frame: Frame, rows: list[Any]) -> list[Any]:
    return [row for row in rows if row.policy in frame.policies]


@dataclass(frozen=True, slots=True)
class PayerRow:
    """A payer's results with the address of each number's list."""

    results: PayerResults
    cells: list[tuple[str, int, str]]


def _results(frame: Frame) -> list[PayerRow]:
    rows = []
    for found in _of_policy(frame, progress.results_by_payer(frame.user, frame.month)):
        place = [frame.month, found.policy, found.payer_code]
        cells = [
            (label, found.counts[code], reverse("reporting:payments", args=[*place, code]))
            for code, (label, _) in PARTS.items()
        ]
        rows.append(PayerRow(found, cells))
    return rows


def _reasons(frame: Frame, unit: Unit | None = None) -> list[Reason]:
    """Of the whole district or of one commune, by each policy shown."""
    if unit is None:
        return reasons_of(frame.shown, frame.policies, frame.place)
    return reasons_of(frame.shown, frame.policies, unit.code, unit.pk)


def _worst(frame: Frame) -> list[Worst]:
    """The communes with the lowest R1 of what is shown, those with the most people left among equals first."""
    rows = frame.shown.of(frame.policy or BOTH)
    idle: dict[int, list[str]] = {}
    for policy in frame.policies:
        for row in frame.shown.of(policy):
            if row.counts.due and not row.counts.paid_by_account:
                idle.setdefault(row.unit.pk, []).append(policy)
    behind = sorted(
        (row for row in rows if row.counts.due),
        key=lambda row: (row.counts.r1 or Decimal(0), -row.counts.not_paid_by_account, row.unit.position),
    )
    return [
        Worst(
            row.unit.full_name,
            Figures(row.counts, frame.month, frame.policy, row.unit.code),
            _reasons(frame, row.unit)[:MAIN_REASONS],
            idle.get(row.unit.pk, []),
        )
        for row in behind[:WORST]
        if not _reached(frame, row.counts)
    ]


def _reached(frame: Frame, counts: Counts) -> bool:
    return frame.target is not None and not rates.missing_people(counts, frame.target)


def _work(frame: Frame) -> list[Work]:
    """Lists of people by what stands between them and an account in use."""
    all_shown = frame.figures(frame.policy)
    counts = all_shown.counts
    numbers = {
        Measure.WITHOUT_ACCOUNT: counts.without_account,
        Measure.NO_CCCD: counts.no_cccd,
        Measure.ACCOUNT_NOT_PAID: counts.account_not_paid,
        Measure.PENDING: counts.pending,
    }
    return [Work(str(measure.label), number, all_shown.url(measure)) for measure, number in numbers.items()]


def _worklists(user: User) -> list[Work]:
    """What waits in the register's own worklists, each number that of the list it leads to: one query."""
    free = IdentityIssue.State.OPEN
    issues = IdentityIssue.objects.visible_to(user).waiting().once_each(user).filter(state=free)
    routes = PayoutRoute.objects.visible_to(user).waiting().exclude(entered_by=user)
    counts = dict(
        _counted(issues, F("side"))
        .union(_counted(routes, Value("routes")), _counted(running_out(user), Value("papers")), all=True)
        .values_list("what", "number")
    )
    identity = reverse("beneficiaries:identity")
    found = [
        Work(f"xác minh nhân thân, {_WHOSE[side]}", counts.get(side, 0), f"{identity}?ben={side}&trang_thai={free}")
        for side in IdentityIssue.Side
    ]
    found.append(Work("nơi nhận tiền chờ xác nhận", counts.get("routes", 0), reverse("beneficiaries:routes")))
    found.append(Work("giấy tờ người nhận hết, sắp hết hạn", counts.get("papers", 0), reverse("beneficiaries:papers")))
    return [one for one in found if one.count]


def _counted(rows: "QuerySet[Any]", what: Any) -> "QuerySet[Any]":
    named = rows.order_by().annotate(what=Cast(what, CharField()))
    return named.values("what").annotate(number=Count("pk")).values_list("what", "number")


#: Who has to act on an issue of the identity worklist.
_WHOSE = {
    IdentityIssue.Side.COMMUNE: "việc của xã",
    IdentityIssue.Side.POLICE: "việc của Công an",
    IdentityIssue.Side.OFFICE: "việc của Phòng",
}


def _papers(month: datetime.date) -> list[Paper]:
    """What is written of the month; pages that are not there yet have no link."""
    wanted = (
        ("Phụ lục (Excel)", "reporting:appendix", "download"),
        ("Công văn", "reporting:letter", "file"),
        ("Thông báo cho từng xã", "reporting:notices", "send"),
    )
    papers = []
    for label, name, icon in wanted:
        try:
            papers.append(Paper(label, reverse(name, args=[month]), icon))
        except NoReverseMatch:
            continue
    return papers

"""What the board and a list's page show: reads, each in a fixed number of queries."""

import datetime
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.db.models import Count, Exists, OuterRef, Prefetch, Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from batosocial.lib import clock, months
from batosocial.staff.models import Role, User
from beneficiaries import confidential, search
from beneficiaries.models import Person, Policy
from payments.models import Payment, PaymentLine, PaymentList, Period
from payments.opening import first_month_to_open

STATE_TONES = {
    PaymentList.State.DRAFT: "neutral",
    PaymentList.State.SUBMITTED: "warning",
    PaymentList.State.APPRAISED: "info",
    PaymentList.State.APPROVED: "info",
    PaymentList.State.HANDED_OVER: "success",
    PaymentList.State.CLOSED: "neutral",
}
RESULT_TONES = {
    "": "neutral",
    Payment.Result.PAID_ACCOUNT: "success",
    Payment.Result.PAID_CASH: "success",
    Payment.Result.RETURNED: "danger",
    Payment.Result.NOT_COLLECTED: "warning",
}
#: How the absence of a result stands in a filter.
NO_RESULT = "chua-co"
#: What the board can be narrowed to: lists that wait for the user, that are late, that lack results, that came back,
#: that were never sent.
WAITS_FOR_ME, LATE, WITHOUT_RESULT = "cho-toi", "qua-han", "chua-ket-qua"
RETURNED, NEVER_SENT = "bi-tra-lai", "chua-gui"


def hand_over_deadline(month: datetime.date) -> datetime.date:
    """The day before which the month's lists are with the payers (Điều 34 NĐ 20/2021: the 25th of the month before)."""
    return months.add(month, -1).replace(day=settings.PAYMENT_HAND_OVER_DAY)


def results_deadline(month: datetime.date) -> datetime.date:
    """The day before which the payers report the month's results (Điều 34 NĐ 20/2021: the 20th of the month)."""
    return month.replace(day=settings.PAYMENT_RESULTS_DAY)


def open_months(user: User, *, handed_over: bool = False) -> list[datetime.date]:
    """The months in which the user has lists (that were handed over), the latest first."""
    lists = PaymentList.objects.visible_to(user)
    if handed_over:
        lists = lists.filter(state__in=PaymentList.HANDED_OVER_STATES)
    return list(
        Period.objects.filter(pk__in=lists.values("period_id"))
        .order_by("-month")
        .values_list("month", flat=True)
        .distinct()
    )


def _mine(user: User) -> Q:
    """Of a list's payments, those the user may count: a payer its own."""
    return Q(payments__payer=user.payer_id) if user.role == Role.PAYER else Q()


@dataclass
class Group:
    """The lists of one policy, with their sums."""

    policy: str
    label: str
    lists: list[Any] = field(default_factory=list)

    @property
    def people(self) -> int:
        return sum(row.people for row in self.lists)

    @property
    def amount(self) -> int:
        return sum(row.amount for row in self.lists)

    @property
    def handed_over_people(self) -> int:
        """Payments of the lists that the payers have: those that can have a result."""
        return sum(row.people for row in self.lists if row.handed_over)

    @property
    def recorded(self) -> int:
        return sum(row.recorded for row in self.lists if row.handed_over)

    @property
    def waiting(self) -> int:
        """Payments that the payers have and have said nothing about."""
        return self.handed_over_people - self.recorded

    @property
    def is_late(self) -> bool:
        return any(row.late for row in self.lists)

    @property
    def late_label(self) -> str:
        return f"Quá hạn: {sum(bool(row.late) for row in self.lists)}"

    @property
    def has_results(self) -> bool:
        return any(row.handed_over for row in self.lists)

    @property
    def steps(self) -> list[tuple[str, str, str]]:
        """How many lists are at each step: (state, words, tone), without the steps at which there is none."""
        counts = Counter(row.state for row in self.lists)
        return [
            (state.value, f"{state.label}: {counts[state]}", STATE_TONES[state])
            for state in PaymentList.State
            if counts[state]
        ]


def lists_of(
    user: User, month: datetime.date, *, state: str = "", only: Callable[[Any], bool] | None = None
) -> list[Group]:
    """The lists of a month by policy, each with ``people``, ``amount`` (đồng) and ``recorded``, in one query; ``only``
    those that it is true of."""
    mine = _mine(user)
    rows = (
        PaymentList.objects.visible_to(user)
        .filter(period__month=month)
        .select_related(
            "period",
            "commune",
            "submitted_by",
            "appraised_by",
            "signed_off_by",
            "approved_by",
            "handed_over_by",
            "returned_by",
        )
        .annotate(
            people=Count("payments", filter=mine),
            amount=Coalesce(Sum("payments__total", filter=mine), 0),
            recorded=Count("payments", filter=mine & ~Q(payments__result="")),
        )
        .order_by("period__policy", "commune__position", "pk")
    )
    if state in PaymentList.State.values:
        rows = rows.filter(state=state)
    groups = {policy.value: Group(policy.value, policy.label) for policy in Policy}
    row: Any
    for row in rows:
        decorate(row)
        row.waiting = row.people - row.recorded if row.handed_over else 0
        row.late = lateness(row)
        if only is None or only(row):
            groups[row.period.policy].lists.append(row)
    return [group for group in groups.values() if group.lists]


def lateness(row: Any) -> str:
    """What a list is late with, "" for one in time. Reads ``row.period`` and ``row.waiting``."""
    if row.period.state != Period.State.OPEN:
        return ""
    today = clock.today()
    if not row.handed_over:
        deadline = hand_over_deadline(row.period.month)
        return f"Quá hạn giao {deadline:%d/%m/%Y}" if today >= deadline else ""
    deadline = results_deadline(row.period.month)
    return f"Quá hạn kết quả {deadline:%d/%m/%Y}" if row.waiting and today >= deadline else ""


def decorate(row: Any) -> None:
    """Give a list the words and colour of its step, how far it is, and who took the last step when."""
    row.tone = STATE_TONES[row.state]
    row.handed_over = row.state in PaymentList.HANDED_OVER_STATES
    row.step_label = row.get_state_display()
    if row.state == PaymentList.State.APPRAISED:
        row.step_label = "Chờ duyệt" if row.signed_off_by_id else "Chờ trưởng phòng ký"
    if row.state == PaymentList.State.DRAFT and row.returned_by_id:
        row.tone, row.step_label = "danger", "Bị trả lại"
    steps = _steps(row)
    row.steps_taken, row.steps_all = sum(bool(at) for _, _, at in steps), len(steps)
    taken = [(at, number) for number, (_, _, at) in enumerate(steps) if at]
    row.last = None
    if taken:
        label, by, at = steps[max(taken)[1]]
        row.last = {"label": label, "by": by, "at": at}
    if row.state == PaymentList.State.DRAFT and row.returned_by_id:
        row.last = {"label": "Trả lại", "by": row.returned_by, "at": row.returned_at}


def _steps(row: PaymentList) -> list[tuple[str, User | None, datetime.datetime | None]]:
    """The steps of a list in order: (words, who, when); one that was not taken has no time."""
    return [
        ("Xã gửi", row.submitted_by, row.submitted_at),
        ("Thẩm định", row.appraised_by, row.appraised_at),
        ("Trưởng phòng ký", row.signed_off_by, row.signed_off_at),
        ("Duyệt", row.approved_by, row.approved_at),
        ("Giao chi trả", row.handed_over_by, row.handed_over_at),
    ]


@dataclass(frozen=True)
class Total:
    channel: str
    payer: str
    payer_code: str
    people: int
    amount: int
    paid: int
    recorded: int


@dataclass(frozen=True)
class KindTotal:
    kind: str
    label: str
    people: int
    lines: int
    amount: int


def kinds_of(payments: QuerySet[Payment]) -> list[KindTotal]:
    """People, lines and đồng by kind of line, in one query; every kind, also those of which there is none."""
    found = {
        row["kind"]: row
        for row in PaymentLine.objects.filter(payment__in=payments.order_by().values("pk"))
        .order_by()
        .values("kind")
        .annotate(people=Count("payment", distinct=True), lines=Count("pk"), money=Sum("amount"))
    }
    none = {"people": 0, "lines": 0, "money": 0}
    return [
        KindTotal(kind.value, kind.label, row["people"], row["lines"], row["money"])
        for kind in PaymentLine.Kind
        for row in [found.get(kind.value, none)]
    ]


def totals_of(payments: QuerySet[Payment]) -> list[Total]:
    """People and đồng by channel and payer, in one query."""
    rows = (
        payments.order_by()
        .values("planned_channel", "payer__name", "payer__code")
        .annotate(
            people=Count("pk"),
            amount=Sum("total"),
            paid=Count("pk", filter=Q(result__in=Payment.PAID)),
            recorded=Count("pk", filter=~Q(result="")),
        )
        .order_by("planned_channel", "payer__name")
    )
    return [
        Total(
            Payment.Channel(row["planned_channel"]).label,
            row["payer__name"],
            row["payer__code"],
            row["people"],
            row["amount"],
            row["paid"],
            row["recorded"],
        )
        for row in rows
    ]


def filtered(
    payments: QuerySet[Payment], *, q: str = "", channel: str = "", result: str = "", kind: str = ""
) -> QuerySet[Payment]:
    """Payments by name (as the register's search finds it), CCCD, account or payment number; channel; result; those
    with a line of a kind."""
    if conditions := search.ranks(q, communes=()):
        digits = q.replace(" ", "")
        found = Person.objects.filter(conditions[-1]).order_by()
        payments = payments.filter(
            Q(person__in=found.values("pk"))
            | Q(name__icontains=q)
            | Q(number__icontains=digits)
            | Q(cccd__contains=digits)
            | Q(account_number__contains=digits)
        )
    if channel:
        payments = payments.filter(planned_channel=channel)
    if result == NO_RESULT:
        payments = payments.filter(result="")
    elif result:
        payments = payments.filter(result=result)
    if kind:
        payments = payments.filter(Exists(PaymentLine.objects.filter(payment=OuterRef("pk"), kind=kind)))
    return payments


def with_lines(payments: QuerySet[Payment]) -> QuerySet[Payment]:
    """With everything a row of the list shows, in two queries."""
    lines = PaymentLine.objects.select_related("category", "carried_line__payment").order_by("pk")
    return payments.select_related("provider", "payer", "stop_order").prefetch_related(
        Prefetch("lines", queryset=lines)
    )


def category_label(line: PaymentLine, *, user: User | None) -> str:
    """The category's code with its level; plain "BTXH" for a confidential group. A payer needs no group at all,
    and paper (``user`` None) never shows a confidential one."""
    if user is not None and user.role == Role.PAYER:
        return line.policy
    code = confidential.shown_code(line.category, user)
    if code == confidential.HIDDEN_CODE:
        return code
    level = f" {line.level}%" if line.level else ""
    quantity = f" × {line.quantity}" if line.quantity > 1 else ""
    return f"{code}{level}{quantity}"


def next_month() -> datetime.date:
    """The first month that some policy has not opened."""
    return min(first_month_to_open(policy) for policy in Policy.values)


def year_of(user: User, person_id: int, year: int) -> Iterable[Payment]:
    """A person's payments of a year that the user may see, in two queries."""
    return with_lines(
        Payment.objects.visible_to(user)
        .filter(person_id=person_id, payment_list__period__month__year=year)
        .select_related("payment_list__period")
        .order_by("-payment_list__period__month", "payment_list__period__policy")
    )

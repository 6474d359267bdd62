"""A commune's people without an account in use, with the reason and the next step for each: a page of the list in a
fixed number of queries. Whoever is in both policies stands in each, as an account is entered for each."""

from dataclasses import dataclass
from typing import Any

from django.core.paginator import Page
from django.db.models import QuerySet
from django.urls import reverse

from batosocial.lib import months
from batosocial.lib.text import fold
from batosocial.staff.models import User
from batosocial.web.access import StaffRequest
from batosocial.web.pagination import paginate
from beneficiaries.models import PayoutRoute, Policy
from beneficiaries.payout.entering import ENTERING_ROLES
from reporting.dashboard.forms import Group, PeopleFilter
from reporting.dashboard.frame import Frame
from reporting.dashboard.steps import step_with_account, step_without_account
from reporting.models import CountedInPolicy
from reporting.rates import Counts

PER_PAGE = 20


@dataclass(frozen=True, slots=True)
class Row:
    """Somebody of the list; ``url`` is their page, ``enter_url`` where an account is entered, "" where neither is the
    commune's any more."""

    name: str
    birth: str
    hamlet: str
    policy: str
    reason: str
    step: str
    done: bool
    url: str
    enter_url: str


@dataclass(slots=True)
class Worklist:
    form: PeopleFilter
    page: Page[Any]
    rows: list[Row]
    groups: list[tuple[str, int, str, bool]]

    @property
    def shows_reason(self) -> bool:
        return self.form.group == Group.WITHOUT


def build(request: StaffRequest, frame: Frame) -> Worklist:
    """The page that the address asks for."""
    user = request.user
    form = PeopleFilter(request.GET, month=frame.month, hamlets=_hamlets(user, frame))
    people = CountedInPolicy.objects.visible_to(user).filter(form.group.condition, month=frame.month)
    if form.policy:
        people = people.filter(policy=form.policy)
    if form.reason:
        people = people.filter(reason=form.reason)
    page = paginate(request, _found(people, form), per_page=PER_PAGE)
    listed = list(page.object_list)
    waiting = _entered(user, [row.person_id for row in listed]) if listed else set()
    return Worklist(form, page, [_row(row, user, form.group, waiting) for row in listed], _groups(frame, form))


def _found(people: "QuerySet[Any]", form: PeopleFilter) -> "QuerySet[Any]":
    """By hamlet, as somebody goes from house to house; whoever needs nothing more comes last."""
    if form.hamlet:
        people = people.filter(person__hamlet=form.hamlet)
    if form.search:
        people = people.filter(person__search_key__contains=fold(form.search))
    order = ("pending", "person__hamlet", "person__sort_key", "pk")
    return people.select_related("person", "payment").order_by(*order)


def _hamlets(user: User, frame: Frame) -> list[str]:
    """Where the commune's people without an account live."""
    people = CountedInPolicy.objects.visible_to(user).filter(Group.WITHOUT.condition, month=frame.month)
    named = people.exclude(person__hamlet="").order_by("person__hamlet")
    return list(named.values_list("person__hamlet", flat=True).distinct())


def _entered(user: User, people: list[int]) -> set[int]:
    """Those for whom an account was entered and waits to be confirmed."""
    routes = PayoutRoute.objects.visible_to(user).waiting().filter(person__in=people, account__isnull=False)
    return set(routes.values_list("person", flat=True))


def _row(row: Any, user: User, group: Group, entered: set[int]) -> Row:
    person = row.person
    own = person.commune_id == user.unit_id
    url = reverse("beneficiaries:person", args=[person.pk]) if own else ""
    done = bool(row.pending)
    may_enter = own and not done and user.role in ENTERING_ROLES
    return Row(
        name=person.name,
        birth=person.birth_text,
        hamlet=person.hamlet,
        policy=row.policy,
        reason=_reason(row.reason) if group == Group.WITHOUT else "",
        step=_step(row, group, entered),
        done=done,
        url=url,
        enter_url=reverse("beneficiaries:route_add", args=[person.pk]) if may_enter else "",
    )


def _reason(code: str) -> str:
    known = code in PayoutRoute.CashReason.values
    return str(PayoutRoute.CashReason(code if known else PayoutRoute.CashReason.OTHER).label)


def _step(row: Any, group: Group, entered: set[int]) -> str:
    if row.pending:
        return f"Đã có tài khoản, chi qua tài khoản từ {months.title(row.next_month)}."
    if row.person_id in entered:
        return "Đã nhập tài khoản, chờ người khác xác nhận."
    return step_with_account(row.payment) if group == Group.NOT_USED else step_without_account(row.reason)


def _groups(frame: Frame, form: PeopleFilter) -> list[tuple[str, int, str, bool]]:
    """Each group's words, how many it has, its address and whether it is shown."""
    chosen = [form.policy] if form.policy else Policy.values
    counts = Counts.total(frame.shown.total(policy) for policy in chosen)
    numbers = {
        Group.WITHOUT: counts.without_account,
        Group.NOT_USED: counts.account_not_paid,
        Group.PENDING: counts.pending,
    }
    here = reverse("reporting:dashboard")
    policy = f"&chinh_sach={form.policy}" if form.policy else ""
    return [
        (
            str(group.label),
            numbers[group],
            f"{here}?thang={months.iso(frame.month)}&nhom={group.value}{policy}#danh-sach",
            group == form.group,
        )
        for group in Group
    ]

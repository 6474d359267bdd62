"""A commune's people without an account in use, with the reason and the next step for each: a page of the list in a
fixed number of queries. Whoever is in both policies stands in each, as an account is entered for each."""

from dataclasses import dataclass
from typing import Any

from django.core.paginator import Page
from django.db.models import Case, IntegerField, Q, QuerySet, Value, When
from django.urls import reverse
from django.utils.http import urlencode

from batosocial.lib import months
from batosocial.lib.text import fold, place_sort_key
from batosocial.staff.models import User
from batosocial.web.access import StaffRequest
from batosocial.web.pagination import PAGE_PARAMETER, paginate
from beneficiaries.models import PayoutRoute, Policy
from beneficiaries.payout.entering import ENTERING_ROLES
from reporting.dashboard.forms import Group, PeopleFilter
from reporting.dashboard.frame import Frame
from reporting.dashboard.steps import step_with_account, step_without_account
from reporting.models import CountedInPolicy
from reporting.rates import Counts

#: On paper a list stands whole, up to more than a commune has; its parameter in the address.
PER_PAGE, MOST_PRINTED = 20, 2_000
WHOLE_LIST = "ca-danh-sach"


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
    whole_url: str

    @property
    def shows_reason(self) -> bool:
        return self.form.group == Group.WITHOUT


def build(request: StaffRequest, frame: Frame) -> Worklist:
    """The page that the address asks for."""
    user = request.user
    hamlets = _hamlets(user, frame)
    form = PeopleFilter(request.GET, month=frame.month, hamlets=hamlets)
    people = CountedInPolicy.objects.visible_to(user).filter(form.group.condition, month=frame.month)
    if form.policy:
        people = people.filter(policy=form.policy)
    if form.reason:
        people = people.filter(reason=form.reason)
    whole = request.GET.get(WHOLE_LIST) == "1"
    page = paginate(request, _found(people, form, hamlets), per_page=MOST_PRINTED if whole else PER_PAGE)
    listed = list(page.object_list)
    waiting = _entered(user, [row.person_id for row in listed]) if listed else set()
    return Worklist(
        form=form,
        page=page,
        rows=[_row(row, user, form.group, waiting) for row in listed],
        groups=_groups(frame, form),
        whole_url=_whole_url(request) if page.has_other_pages() else "",
    )


def _whole_url(request: StaffRequest) -> str:
    """The list that the address asks for, on one page."""
    given = request.GET.copy()
    given.pop(PAGE_PARAMETER, None)
    given[WHOLE_LIST] = "1"
    return f"{reverse('reporting:dashboard')}?{given.urlencode()}#danh-sach"


def _found(people: "QuerySet[Any]", form: PeopleFilter, hamlets: list[str]) -> "QuerySet[Any]":
    """By hamlet, as somebody goes from house to house; whoever needs nothing more comes last."""
    if form.hamlet:
        people = people.filter(person__hamlet=form.hamlet)
    if form.search:
        people = people.filter(person__search_key__contains=fold(form.search))
    # The database's collation need not know Vietnamese: Đ comes after D.
    places = [When(person__hamlet=name, then=Value(place)) for place, name in enumerate(hamlets)]
    ranked = people.annotate(place=Case(*places, default=Value(len(places)), output_field=IntegerField()))
    return ranked.select_related("person", "payment").order_by("pending", "place", "person__sort_key", "pk")


def _hamlets(user: User, frame: Frame) -> list[str]:
    """Where the commune's people of any group live, in Vietnamese order."""
    anybody = Q()
    for group in Group:
        anybody |= group.condition
    people = CountedInPolicy.objects.visible_to(user).filter(anybody, month=frame.month)
    named = people.exclude(person__hamlet="").order_by()
    return sorted(named.values_list("person__hamlet", flat=True).distinct(), key=place_sort_key)


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
    kept = {"chinh_sach": form.policy, "thon": form.hamlet, "tim": form.search}
    return [
        (
            str(group.label),
            numbers[group],
            f"{here}?{_query(thang=months.iso(frame.month), nhom=group.value, **kept)}#danh-sach",
            group == form.group,
        )
        for group in Group
    ]


def _query(**fields: str) -> str:
    return urlencode({name: value for name, value in fields.items() if value})

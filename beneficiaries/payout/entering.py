"""Entering where somebody's money goes. Nothing entered here carries money until another person confirms it."""

import datetime
from collections.abc import Collection
from dataclasses import dataclass

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateRange

from batosocial.audit import services as audit
from batosocial.lib import months
from batosocial.lib.text import holder_key
from batosocial.staff.models import Role, User
from beneficiaries.models import Account, Category, Change, Payee, PayoutRoute, Person, Policy, Provider
from beneficiaries.months import first_open_month

#: Who enters; communes only their own people, which scope sees to.
ENTERING_ROLES = frozenset({Role.COMMUNE_OFFICER, Role.DISTRICT_OFFICER})

REPLACED = "Thay bằng đề nghị mới"
NAMELESS = "Chưa rõ họ tên người nhận này. Hãy bổ sung họ tên, hoặc ghi người nhận mới."

#: Changes that make somebody receive a policy once they are decided.
_BRINGING = (Change.Kind.START, Change.Kind.ADJUST, Change.Kind.RESUME)
_PENDING = (Change.State.PROPOSED, Change.State.APPRAISED, Change.State.DECIDED)


class RouteRefused(Exception):
    """A route that cannot be entered; ``field`` names the form's field, the message says in Vietnamese what to do."""

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(message)
        self.field = field


class WaitingChanged(Exception):
    """Other routes wait than the ones the user was told would be replaced: somebody entered or decided meanwhile."""


@dataclass(frozen=True)
class NewPayee:
    """A guardian or authorised person as typed; the attributes are those of ``Payee``."""

    kind: str
    name: str
    relation: str
    cccd: str = ""
    phone: str = ""
    paper_number: str = ""
    paper_date: datetime.date | None = None
    paper_valid_until: datetime.date | None = None


@dataclass(frozen=True)
class NewAccount:
    """An account as typed; one that the register knows by provider and number is taken instead.

    Without a holder name it is the payee's, as banks store it.
    """

    provider: Provider
    number: str
    holder_name: str = ""
    opened_on: datetime.date | None = None


@dataclass(frozen=True)
class Plan:
    """What shall be entered. ``payee`` None is the person; an account, or cash with its reason."""

    policies: tuple[str, ...]
    first_month: datetime.date
    payee: Payee | NewPayee | None = None
    account: NewAccount | None = None
    cash_reason: str = ""

    @property
    def payee_kind(self) -> str:
        return self.payee.kind if self.payee is not None else Payee.Kind.OWN

    def payee_name(self, person: Person) -> str:
        """Who receives, by the name the bank would have: the person's is the card's where it is known."""
        if self.payee is None or self.payee.kind == Payee.Kind.OWN:
            return person.card_name or person.name
        return self.payee.name


def policies_of(person: Person) -> list[str]:
    """The policies the person receives in the first month not opened or later, or is proposed for. Two queries."""
    entitlements = person.entitlements.exclude(category__regime=Category.Regime.ONE_OFF)
    found = {
        policy
        for policy, running in entitlements.values_list("category__policy", "months")
        if running.upper is None or running.upper > first_open_month(policy)
    }
    found |= set(person.changes.filter(kind__in=_BRINGING, state__in=_PENDING).values_list("policy", flat=True))
    return [policy for policy in Policy.values if policy in found]


def waiting_routes_of(person: Person, policies: Collection[str]) -> list[PayoutRoute]:
    """Routes of these policies that wait for a confirmation, the newest first."""
    waiting = person.routes.waiting().filter(policy__in=policies)
    return list(waiting.select_related("payee", "account__provider", "entered_by").order_by("-pk"))


@transaction.atomic
def enter_routes(*, actor: User, person_id: int, plan: Plan, replacing: Collection[int] = ()) -> list[PayoutRoute]:
    """Enter a route for each policy of the plan; another person has to confirm them.

    ``replacing`` are the waiting routes the user was told about; they are rejected with the reason ``REPLACED``.
    WaitingChanged where others wait than these, RouteRefused for what the rules exclude, PermissionDenied without
    the role, Person.DoesNotExist out of scope.
    """
    person = locked_person(actor, person_id)
    _check(person, plan)
    waiting = waiting_routes_of(person, plan.policies)
    if {route.pk for route in waiting} != set(replacing):
        raise WaitingChanged
    payee = _payee(actor, person, plan)
    account = _account(actor, plan.account, plan.payee_name(person)) if plan.account is not None else None
    standing = _standing(person, plan)
    _check_standing(standing, plan, payee, account)
    _replace(actor, waiting)
    routes = []
    for policy in plan.policies:
        route = PayoutRoute.objects.create(
            person=person,
            policy=policy,
            payee=payee,
            account=account,
            cash_reason="" if account else plan.cash_reason,
            months=DateRange(plan.first_month, None, "[)"),
            entered_by=actor,
        )
        _record_entry(actor, route, standing.get(policy), waiting)
        routes.append(route)
    return routes


@transaction.atomic
def withdraw_route(*, actor: User, route_id: int, reason: str) -> PayoutRoute:
    """Take back a waiting route that one entered oneself; the reason stays with it.

    RouteRefused for somebody else's or one that is decided, ValueError without a reason, PayoutRoute.DoesNotExist
    out of scope.
    """
    reason = reason.strip()
    if not reason:
        raise ValueError("Hãy ghi lý do rút.")
    visible = PayoutRoute.objects.visible_to(actor)
    person = locked_person(actor, visible.values_list("person_id", flat=True).get(pk=route_id))
    route = visible.get(pk=route_id)
    if route.state != PayoutRoute.State.ENTERED:
        raise RouteRefused("Đề nghị này không còn chờ xác nhận nên không rút được nữa.")
    if route.entered_by_id != actor.pk:
        raise RouteRefused("Chỉ người nhập mới rút được; người xác nhận thì từ chối.")
    route.state, route.rejection = PayoutRoute.State.REJECTED, f"Người nhập rút: {reason}"[:300]
    route.save(update_fields=["state", "rejection"])
    route.person = person
    audit.record(actor=actor, action="Rút đề nghị nơi nhận tiền", row=route, details={"reason": reason})
    return route


def locked_person(actor: User, person_id: int, roles: Collection[str] = ENTERING_ROLES) -> Person:
    """The person, locked: entering, confirming and correcting for one person take turns."""
    if actor.role not in roles or not actor.is_active:
        raise PermissionDenied
    people = Person.objects.visible_to(actor).select_for_update(no_key=True, of=("self",))
    return people.get(pk=person_id)


def place(route: PayoutRoute) -> str:
    """Where a route leads, in the words of messages; account numbers by their last digits."""
    if route.account is None:
        return f"tiền mặt ({str(route.get_cash_reason_display()).lower()})"
    return f"{route.account.provider.short_name} •••• {route.account.number[-4:]}"


def _check(person: Person, plan: Plan) -> None:
    if not plan.policies or set(plan.policies) - set(policies_of(person)):
        raise RouteRefused("Người này không hưởng và không được đề nghị hưởng chính sách đã chọn.", "chinh_sach")
    for policy in plan.policies:
        earliest = first_open_month(policy)
        if plan.first_month < earliest or plan.first_month.day != 1:
            raise RouteRefused(
                f"Danh sách {policy} đã lập đến {months.title(months.add(earliest, -1))}: nơi nhận mới dùng được "
                f"sớm nhất từ {months.title(earliest)}.",
                "tu_thang",
            )
    if (plan.account is None) == (plan.cash_reason == ""):
        raise RouteRefused("Hãy ghi một tài khoản, hoặc tiền mặt và lý do chưa có tài khoản.", "hinh_thuc")
    payee = plan.payee
    if payee is not None and payee.kind != Payee.Kind.OWN and not payee.name:
        raise RouteRefused(NAMELESS, "nguoi_nhan")


def _payee(actor: User, person: Person, plan: Plan) -> Payee:
    if isinstance(plan.payee, Payee):
        return Payee.objects.get(pk=plan.payee.pk, person=person)
    if plan.payee is None:
        return Payee.objects.get_or_create(person=person, kind=Payee.Kind.OWN)[0]
    new = plan.payee
    values = {name: getattr(new, name) for name in NewPayee.__dataclass_fields__}
    payee = Payee.objects.create(person=person, **values)
    written = {name: ("", value) for name, value in values.items() if value}
    audit.record(actor=actor, action="Thêm người nhận tiền", row=payee, changes=written)
    return payee


def _account(actor: User, new: NewAccount, payee_name: str) -> Account:
    """The register's account of that number, or a new one; two who enter it at once get the same."""
    holder = new.holder_name or holder_key(payee_name)
    account, created = Account.objects.select_for_update().get_or_create(
        provider=new.provider, number=new.number, defaults={"holder_name": holder, "opened_on": new.opened_on}
    )
    if created:
        written = {"provider": ("", new.provider), "number": ("", new.number), "holder_name": ("", holder)}
        audit.record(actor=actor, action="Thêm tài khoản", row=account, changes=written)
        return account
    # What the register leaves blank is filled in; what it says is corrected elsewhere, with a reason.
    filled = {"holder_name": holder, "opened_on": new.opened_on}
    filled = {name: value for name, value in filled.items() if value and not getattr(account, name)}
    if filled:
        changes = audit.differences(account, filled)
        for name, value in filled.items():
            setattr(account, name, value)
        account.version += 1
        account.save(update_fields=[*filled, "version"])
        audit.record(actor=actor, action="Bổ sung tài khoản", row=account, changes=changes)
    return account


def _standing(person: Person, plan: Plan) -> dict[str, PayoutRoute]:
    """By policy the confirmed route that the new one would end, or that stands in its way; the latest of them."""
    routes = person.routes.confirmed().filter(policy__in=plan.policies).live_from(plan.first_month)
    return {route.policy: route for route in routes.select_related("payee", "account__provider").order_by("months")}


def _check_standing(standing: dict[str, PayoutRoute], plan: Plan, payee: Payee, account: Account | None) -> None:
    for policy, route in standing.items():
        if route.payee_id == payee.pk and route.account_id == (account and account.pk):
            same_reason = account is not None or route.cash_reason == plan.cash_reason
            if same_reason and route.months.upper is None:
                raise RouteRefused(
                    f"{policy}: đang nhận đúng nơi này từ {months.title(route.first_month)}, không có gì thay đổi.",
                    "hinh_thuc",
                )
        if route.first_month >= plan.first_month:
            raise RouteRefused(
                f"{policy}: đã xác nhận {place(route)} từ {months.title(route.first_month)}. Hãy ghi tháng sau đó, "
                "hoặc nhờ người xác nhận hủy nơi nhận ấy trước.",
                "tu_thang",
            )


def _replace(actor: User, waiting: list[PayoutRoute]) -> None:
    PayoutRoute.objects.filter(pk__in=[route.pk for route in waiting]).update(
        state=PayoutRoute.State.REJECTED, rejection=REPLACED
    )
    for route in waiting:
        audit.record(
            actor=actor, action="Thay đề nghị nơi nhận tiền", row=route, changes={"state": (route.state, "rejected")}
        )


def _record_entry(actor: User, route: PayoutRoute, old: PayoutRoute | None, waiting: list[PayoutRoute]) -> None:
    def told(route: PayoutRoute | None) -> dict[str, str]:
        if route is None:
            return {"payee": "", "account": "", "cash_reason": ""}
        return {
            "payee": str(route.payee),
            "account": str(route.account) if route.account else "",
            "cash_reason": str(route.get_cash_reason_display()) if route.cash_reason else "",
        }

    before, after = told(old), told(route)
    audit.record(
        actor=actor,
        action="Nhập nơi nhận tiền",
        row=route,
        changes={name: (before[name], after[name]) for name in after if before[name] != after[name]},
        details={
            "policy": route.policy,
            "from": route.first_month,
            "replaces": [other.pk for other in waiting if other.policy == route.policy],
        },
    )

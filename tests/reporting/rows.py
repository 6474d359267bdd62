"""Lists by hand, in a district and months of their own, so that the demo's figures are not in the way."""

import datetime
import itertools
from typing import Any

from django.utils import timezone

from batosocial.staff.models import Payer, Role, User
from batosocial.territory.models import Unit
from beneficiaries.models import Category, Entitlement, PayoutRoute, Person
from payments.models import Payment, PaymentLine, PaymentList, Period
from tests import factories

#: A month of which the demo knows nothing.
MONTH = datetime.date(2031, 3, 1)
BEFORE = datetime.date(2031, 2, 1)
AFTER = datetime.date(2031, 4, 1)

_numbers = itertools.count(1)


def district() -> Unit:
    number = next(_numbers)
    return Unit.objects.create(code=f"T{number}", name=f"Thử {number}", kind="Huyện", level=Unit.Level.DISTRICT)


def commune(upper: Unit) -> Unit:
    number = next(_numbers)
    return Unit.objects.create(
        code=f"TX{number}",
        name=f"Thử {number}",
        kind="Xã",
        level=Unit.Level.COMMUNE,
        parent=upper,
        position=1000 + number,
    )


def officer(upper: Unit, role: str = Role.DISTRICT_OFFICER) -> User:
    return factories.user(role, commune=upper)


def payment_list(place: Unit, *, policy: str = "BTXH", month: datetime.date = MONTH) -> PaymentList:
    period, _ = Period.objects.get_or_create(
        policy=policy,
        month=month,
        defaults={"opened_by": User.objects.system(), "opened_at": timezone.now()},
    )
    return PaymentList.objects.create(period=period, commune=place, commune_name=place.full_name, locked_on=month)


def person(place: Unit, name: str = "Phạm Thị Thử") -> Person:
    return factories.person(name, commune=place)


def account_route(
    someone: Person, *, policy: str = "BTXH", start: datetime.date = BEFORE, before: datetime.date | None = None
) -> PayoutRoute:
    return factories.route(
        someone,
        policy,
        account=factories.account(),
        start=start,
        before=before,
        confirmed_by=factories.user(Role.DISTRICT_OFFICER),
    )


def pay(
    in_list: PaymentList,
    someone: Person,
    *,
    lines: list[tuple[str, datetime.date, int]] | None = None,
    route: PayoutRoute | None = None,
    carried_from: Payment | None = None,
) -> Payment:
    """A payment in a draft list; by default one regular line of 360.000 đồng for the list's month."""
    policy = in_list.period.policy
    category = _category(policy)
    lines = lines or [(PaymentLine.Kind.REGULAR, in_list.period.month, 360_000)]
    number = next(_numbers)
    account: dict[str, Any] = {"planned_channel": Payment.Channel.CASH}
    if route and route.account:
        account = {
            "planned_channel": Payment.Channel.ACCOUNT,
            "route": route,
            "provider": route.account.provider,
            "account_number": route.account.number,
            "account_holder": route.account.holder_name,
        }
    payment = Payment.objects.create(
        payment_list=in_list,
        person=someone,
        number=f"THU-{number}",
        position=number,
        name=someone.name,
        birth=someone.birth_text,
        sex=someone.sex,
        cccd=someone.cccd,
        payer=Payer.objects.get(code="BUUDIEN"),
        total=sum(amount for _, _, amount in lines),
        **account,
    )
    for kind, month, amount in lines:
        carried = kind == PaymentLine.Kind.CARRY_OVER
        missed = carried_from.lines.get(month=month) if carried and carried_from else None
        PaymentLine.objects.create(
            payment=payment,
            entitlement=_entitlement(someone, category, month, amount),
            category=category,
            policy=policy,
            kind=kind,
            month=month,
            amount=amount,
            carried_line=missed,
            origin=missed,
        )
    return payment


def _category(policy: str) -> Category:
    return Category.objects.filter(policy=policy).exclude(regime=Category.Regime.ONE_OFF).order_by("code")[0]


def _entitlement(someone: Person, category: Category, month: datetime.date, amount: int) -> Entitlement:
    """Each line its own, so that a person may have two regular lines for a month."""
    used = set(PaymentLine.objects.filter(month=month, kind="regular").values_list("entitlement", flat=True))
    free = someone.entitlements.filter(category__policy=category.policy).exclude(pk__in=used).first()
    if free:
        return free
    taken = someone.entitlements.values("category")
    kinds = Category.objects.filter(policy=category.policy).exclude(pk__in=taken).order_by("code")
    return factories.entitlement(someone, kinds[0].code, start=datetime.date(2031, 1, 1))


def hand_over(in_list: PaymentList) -> None:
    names = [factories.user(Role.DISTRICT_OFFICER) for _ in range(5)]
    roles = ("submitted", "appraised", "signed_off", "approved", "handed_over")
    changes: dict[str, Any] = {"state": PaymentList.State.HANDED_OVER}
    for role, name in zip(roles, names, strict=True):
        changes |= {f"{role}_by": name, f"{role}_at": timezone.now()}
    PaymentList.objects.filter(pk=in_list.pk).update(**changes)


def record(payment: Payment, result: str) -> None:
    """What happened to a payment of a list that was handed over."""
    changes: dict[str, Any] = {
        "result": result,
        "recorded_by": User.objects.system(),
        "recorded_at": timezone.now(),
        "paid_on": payment.payment_list.period.month if result in Payment.PAID else None,
        "return_reason": Payment.ReturnReason.CLOSED if result == Payment.Result.RETURNED else "",
    }
    Payment.objects.filter(pk=payment.pk).update(**changes)


def close(month: datetime.date = MONTH, policy: str = "BTXH") -> None:
    Period.objects.filter(policy=policy, month=month).update(
        state=Period.State.CLOSED, closed_by=User.objects.system(), closed_at=timezone.now()
    )

"""Whose an account is, by its holder's name and by whom it serves."""

import datetime

from django.db.models import Count

from batosocial.lib.text import holder_key
from beneficiaries.models import Payee, PayoutRoute


def payee_name(route: PayoutRoute) -> str:
    """Who receives: the person, as on the ID card where that is known, or whoever receives for them."""
    if route.payee.kind == Payee.Kind.OWN:
        return route.person.card_name or route.person.name
    return route.payee.name


def holder_differs(route: PayoutRoute) -> str:
    """A warning where the account is in another name than the payee's; "" where it is not or cannot be told.

    Banks store names in capitals without accents, so that only the letters are compared.
    """
    if route.account is None or not route.account.holder_name:
        return ""
    if not payee_name(route):
        return "Chưa rõ họ tên người nhận, không so được với chủ tài khoản."
    names = {holder_key(payee_name(route))}
    if route.payee.kind == Payee.Kind.OWN:
        names.add(holder_key(route.person.name))
    if holder_key(route.account.holder_name) in names:
        return ""
    return f"Tên chủ tài khoản {route.account.holder_name} khác tên người nhận {payee_name(route)}."


def shared_with(account_ids: set[int], month: datetime.date) -> dict[int, int]:
    """How many people's money goes, or is to go, to each account in the month or later. One query."""
    if not account_ids:
        return {}
    routes = PayoutRoute.objects.live_from(month).filter(account__in=account_ids)
    counted = routes.values("account").annotate(people=Count("person", distinct=True))
    return {row["account"]: row["people"] for row in counted}

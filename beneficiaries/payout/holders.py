"""What somebody who confirms should look at twice."""

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

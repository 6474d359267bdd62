"""How the register is read: searching people, their state in a month, and the channel their money takes."""

import datetime
import re
import unicodedata
from typing import Any, Self, TypeVar

from django.db import models
from django.db.models import Case, Exists, IntegerField, OuterRef, Prefetch, Q, Value, When

from batosocial.lib.text import accent_key, clean, fold

P = TypeVar("P", bound=models.Model)

#: Shorter runs of digits are parts of names of hamlets, not of numbers.
_SHORTEST_NUMBER = 4
_NUMBER_SEPARATORS = re.compile(r"[\s.\-'’]")
_UNIT_KIND = re.compile(r"^(?:x[aã]|th[iị] tr[aấ]n|tt|ph[uư][oờ]ng) (?=\S)", re.IGNORECASE)
_SPELLED_FIELDS = ("name", "card_name", "other_name", "hamlet")
_TONES = "\u0300\u0309\u0303\u0301\u0323"


class Status(models.TextChoices):
    """Where somebody stands in a month. A death counts first: the month of death may still be owed."""

    RECEIVING = "receiving", "Đang hưởng"
    SUSPENDED = "suspended", "Tạm dừng"
    UPCOMING = "upcoming", "Chưa hưởng"
    STOPPED = "stopped", "Đã thôi hưởng"
    DEAD = "dead", "Đã chết"


class Channel(models.TextChoices):
    """How the money of a month reaches somebody, by confirmed routes."""

    ACCOUNT = "account", "Tài khoản"
    CASH = "cash", "Tiền mặt"
    UNCONFIRMED = "unconfirmed", "Chưa xác nhận"


class PersonReads(models.QuerySet[P]):
    """What ``Person.objects`` can be asked beyond scope."""

    def matching(self, text: str) -> Self:
        """People found by name, CCCD, CMND, account, phone, file number, year of birth, hamlet or commune.

        Names match by the beginnings of their words, in any order and with or without accents; when the text has
        accents, those spelled so come first. Order: given name.
        """
        text = clean(text)
        folded = fold(text)
        if not folded:
            return self
        words = folded.split()
        found = Q()
        for word in words:
            found &= _begins_word(word)
        digits = _NUMBER_SEPARATORS.sub("", text)
        if digits.isascii() and digits.isdigit() and len(digits) >= _SHORTEST_NUMBER:
            found |= self._with_number(digits)
        found |= Q(file_number__icontains=text) | Q(hamlet__unaccent__icontains=folded)
        found |= Q(commune__name__unaccent__iexact=_UNIT_KIND.sub("", folded))
        rows = self.filter(found)
        if text.isascii():
            return rows.order_by("sort_key", "pk")
        return rows.annotate(spelled=_spelled_so(text)).order_by("spelled", "sort_key", "pk")

    def _with_number(self, digits: str) -> Q:
        from beneficiaries.models import PayoutRoute

        found = Q(cccd__contains=digits) | Q(cmnd__contains=digits) | Q(phone__contains=digits)
        found |= Q(Exists(PayoutRoute.objects.filter(person=OuterRef("pk"), account__number__contains=digits)))
        return found | Q(birth_year=int(digits)) if len(digits) == 4 else found

    def of_policy(self, policy: str) -> Self:
        """People with an entitlement of the policy, now or ever."""
        from beneficiaries.models import Entitlement

        return self.filter(Exists(Entitlement.objects.filter(person=OuterRef("pk"), category__policy=policy)))

    def with_status(self, month: datetime.date, policy: str = "") -> Self:
        """Adds ``status`` (a ``Status``) in the month, by entitlements of the policy or of both."""
        conditions = _status_conditions(month, policy)
        return self.annotate(
            status=Case(
                *(When(conditions[status], then=Value(str(status))) for status in _DECIDING_ORDER),
                default=Value(str(Status.UPCOMING)),
                output_field=models.CharField(),
            )
        )

    def in_status(self, status: str, month: datetime.date, policy: str = "") -> Self:
        conditions = _status_conditions(month, policy)
        rows = self
        for earlier in _DECIDING_ORDER:
            if earlier == status:
                return rows.filter(conditions[earlier])
            rows = rows.exclude(conditions[earlier])
        return rows

    def by_channel(self, channel: str, month: datetime.date, policy: str = "") -> Self:
        """People whose money of the month goes by the channel; nobody else is counted as unconfirmed but those
        without any confirmed route for the month."""
        routes = _routes(month, policy)
        if channel == Channel.ACCOUNT:
            return self.filter(Exists(routes.filter(account__isnull=False)))
        if channel == Channel.CASH:
            return self.filter(Exists(routes.filter(account__isnull=True)))
        return self.exclude(Exists(routes))

    def without_account_because(self, reason: str, month: datetime.date, policy: str = "") -> Self:
        return self.filter(Exists(_routes(month, policy).filter(cash_reason=reason)))

    def for_list(self, month: datetime.date) -> Self:
        """Rows as a page shows them: commune, granted entitlements and routes from the month on, in three queries."""
        from beneficiaries.models import Category, Entitlement, PayoutRoute

        entitlements = Entitlement.objects.granted().exclude(category__regime=Category.Regime.ONE_OFF)
        routes = PayoutRoute.objects.exclude(state=PayoutRoute.State.REJECTED)
        routes = routes.filter(Q(months__upper_inf=True) | Q(months__endswith__gt=month))
        return self.select_related("commune").prefetch_related(
            Prefetch("entitlements", entitlements.select_related("category"), to_attr="granted_entitlements"),
            Prefetch("routes", routes.select_related("account__provider").order_by("months"), to_attr="open_routes"),
        )


def _begins_word(word: str) -> Q:
    """Search keys part words by single blanks, so that a word begins at the start or after one."""
    return Q(search_key__startswith=word) | Q(search_key__contains=f" {word}")


def _spelled_so(text: str) -> Case:
    """0 for rows in which the text stands with these accents as whole words, 1 as their beginning, else 2.

    Where a tone of oa, oe or uy is put makes no difference.
    """
    pattern, place = _accent_pattern(text), _accent_pattern(_UNIT_KIND.sub("", text))
    whole, begun = (
        Q(*(Q(**{f"{field}__iregex": rf"(?:^|\s){pattern}{end}"}) for field in _SPELLED_FIELDS), _connector=Q.OR)
        for end in (r"(?:\s|$)", "")
    )
    whole |= Q(commune__name__iregex=f"^{place}$")
    return Case(When(whole, then=Value(0)), When(begun, then=Value(1)), default=Value(2), output_field=IntegerField())


def _accent_pattern(text: str) -> str:
    """A regular expression for the text with these accents, with the tone of oa, oe, uy on either vowel."""
    pattern = re.escape(accent_key(text))
    for first, second in ("oa", "oe", "uy"):
        for tone in _TONES:
            new, old = (unicodedata.normalize("NFC", pair) for pair in (first + second + tone, first + tone + second))
            pattern = pattern.replace(new, f"(?:{new}|{old})")
    return pattern


_DECIDING_ORDER = (Status.DEAD, Status.RECEIVING, Status.SUSPENDED, Status.UPCOMING, Status.STOPPED)


def _status_conditions(month: datetime.date, policy: str) -> dict[Status, Q]:
    """What makes somebody's status, where none of the earlier ones of ``_DECIDING_ORDER`` does."""
    from beneficiaries.models import Category, Entitlement

    granted = Entitlement.objects.granted().filter(person=OuterRef("pk"))
    granted = granted.exclude(category__regime=Category.Regime.ONE_OFF)
    if policy:
        granted = granted.filter(category__policy=policy)
    due = Entitlement.objects.due_in(month, policy or None).filter(person=OuterRef("pk"))
    return {
        Status.DEAD: Q(died_on__isnull=False),
        Status.RECEIVING: Q(Exists(due)),
        Status.SUSPENDED: Q(Exists(granted.current_in(month))),
        Status.UPCOMING: Q(Exists(granted.filter(months__startswith__gt=month))) | ~Q(Exists(granted)),
        Status.STOPPED: Q(Exists(granted)),
    }


def _routes(month: datetime.date, policy: str) -> Any:
    from beneficiaries.models import PayoutRoute

    routes = PayoutRoute.objects.confirmed().current_in(month).filter(person=OuterRef("pk"))
    return routes.filter(policy=policy) if policy else routes

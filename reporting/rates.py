"""The rates of cashless payment, their class and their distance to a target: computed here and nowhere else.

R1 to R4 are those of rules.md 3.1; they are percents with one decimal, rounded half-up, and None where nobody is due.
Whatever is compared (class, target) is compared exactly, never rounded: 29,96% prints as 30,0% and is still "thấp".
"""

import datetime
import math
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, fields
from decimal import Decimal
from fractions import Fraction
from typing import TypeVar

from django.db import models

from batosocial.lib import months
from batosocial.lib.money import rate
from reporting.models import ClassThreshold, Target

Key = TypeVar("Key", bound=Hashable)

#: How each rate is named wherever it is shown.
NAMES = {
    "R1": "đã chi qua tài khoản / tổng số đối tượng",
    "R2": "đã có tài khoản / tổng số đối tượng",
    "R3": "đã chi qua tài khoản / số đã có tài khoản",
    "R4": "số tiền chi qua tài khoản / tổng số tiền",
}


class CashlessClass(models.TextChoices):
    """Class of a commune for one policy, as the letter names them; the codes are those of the JSON output."""

    HIGH = "high", "Cao"
    AVERAGE = "average", "Trung bình"
    LOW = "low", "Thấp"
    NONE = "none", "Chưa thực hiện"


@dataclass(frozen=True, slots=True)
class Counts:
    """People (each once per policy) and whole đồng of a unit, or of several added up.

    ``account_not_paid``: with an account in the month, and not paid by it; ``pending``: without one in the month, with
    a confirmed one from a later month on, in ``pending_accounts`` accounts; ``no_cccd``: without a CCCD in the month.
    """

    due: int = 0
    with_account: int = 0
    paid_by_account: int = 0
    money_due: int = 0
    money_by_account: int = 0
    account_not_paid: int = 0
    pending: int = 0
    pending_accounts: int = 0
    no_cccd: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))

    @classmethod
    def total(cls, parts: Iterable["Counts"]) -> "Counts":
        """A total's rates follow from its counts: percents are never added or averaged."""
        return sum(parts, cls())

    @property
    def r1(self) -> Decimal | None:
        return rate(self.paid_by_account, self.due)

    @property
    def r2(self) -> Decimal | None:
        return rate(self.with_account, self.due)

    @property
    def r3(self) -> Decimal | None:
        return rate(self.paid_by_account, self.with_account)

    @property
    def r4(self) -> Decimal | None:
        return rate(self.money_by_account, self.money_due)

    @property
    def share(self) -> Fraction | None:
        """R1 exactly, by which communes are ranked."""
        return Fraction(self.paid_by_account, self.due) if self.due else None

    @property
    def without_account(self) -> int:
        return self.due - self.with_account

    @property
    def not_paid_by_account(self) -> int:
        return self.due - self.paid_by_account

    def parts_of(self, rate_code: str) -> tuple[int, int]:
        """Numerator and denominator of a rate a target can name (R1 or R3)."""
        return self.paid_by_account, {"R1": self.due, "R3": self.with_account}[rate_code]

    def with_more_paid(self, people: int) -> "Counts":
        """The same people due when ``people`` more, who had no account, have one and are paid by it. The money is not
        said: what they are owed then is not known."""
        return Counts(self.due, self.with_account + people, self.paid_by_account + people)


def classify(counts: Counts, threshold: ClassThreshold) -> CashlessClass:
    """The class by the exact R1; "chưa thực hiện" where nobody was paid by account."""
    if not counts.paid_by_account or not counts.due:
        return CashlessClass.NONE
    hundredfold = Decimal(100 * counts.paid_by_account)
    if hundredfold >= threshold.high * counts.due:
        return CashlessClass.HIGH
    if hundredfold >= threshold.average * counts.due:
        return CashlessClass.AVERAGE
    return CashlessClass.LOW


def places(counts: Mapping[Key, Counts]) -> dict[Key, int]:
    """Place of each by its exact R1, highest first; who shares a rate shares the place (1, 2, 2, 4). Without anybody
    due there is no place."""
    shares = {key: one.share for key, one in counts.items() if one.share is not None}
    ordered = sorted(shares.values(), reverse=True)
    first = {share: place for place, share in reversed(list(enumerate(ordered, 1)))}
    return {key: first[share] for key, share in shares.items()}


def missing_people(counts: Counts, target: Target) -> int:
    """How many more people paid by account reach the target's rate; 0 when it is reached or nobody is due."""
    part, whole = counts.parts_of(target.rate)
    return max(0, math.ceil(target.value * whole / 100) - part)


#: Over how many months the pace is taken.
PACE_MONTHS = 3
#: Further away than this, a month is no forecast any more.
FURTHEST = 120


@dataclass(frozen=True, slots=True)
class Outlook:
    """How far a target is: now, once the accounts already open are in use, and at the pace of the last months.

    ``pace``: more people paid by account a month, mean of the last three months; None where the month three before has
    no figures. ``reached_in``: the month that reaches it when first the accounts already open come into use, in the
    next month, and then the pace goes on; None where it never does or is reached.
    """

    target: Target
    counts: Counts
    missing: int
    counts_then: Counts
    missing_then: int
    pace: Decimal | None
    reached_in: datetime.date | None

    @property
    def pending(self) -> int:
        return self.counts.pending

    @property
    def reached(self) -> bool:
        return not self.missing and self.counts.due > 0


def outlook(counts: Counts, target: Target, *, earlier: Counts | None, month: datetime.date) -> Outlook:
    """The outlook of ``month``'s counts to a target; ``earlier`` are the counts ``PACE_MONTHS`` before."""
    then = counts.with_more_paid(counts.pending)
    missing = missing_people(counts, target)
    pace = None
    if earlier is not None and earlier.due:
        pace = Decimal(counts.paid_by_account - earlier.paid_by_account) / PACE_MONTHS
    missing_then = missing_people(then, target)
    away = 1 if counts.pending else 0
    if missing_then:
        away = away + math.ceil(missing_then / pace) if pace is not None and pace > 0 else FURTHEST + 1
    reached_in = months.add(month, away) if missing and away <= FURTHEST else None
    return Outlook(target, counts, missing, then, missing_then, pace, reached_in)


def day_of(month: datetime.date) -> datetime.date:
    """The day whose thresholds and targets judge a month: its last."""
    return months.add(month, 1) - datetime.timedelta(days=1)


def threshold_of(month: datetime.date) -> ClassThreshold:
    """The thresholds in force at the end of the month; the first ever set where the month lies before it."""
    found = (
        ClassThreshold.objects.in_force(day_of(month)).first() or ClassThreshold.objects.order_by("valid_from").first()
    )
    if found is None:
        raise LookupError("Chưa khai báo ngưỡng phân loại (Quản trị, Ngưỡng phân loại).")
    return found


def targets_of(month: datetime.date) -> dict[str, Target]:
    """The target of each rate in force at the end of the month, by rate code; a rate may have none."""
    return {target.rate: target for target in reversed(list(Target.objects.in_force(day_of(month))))}

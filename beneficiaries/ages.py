"""Ages at which a benefit begins, ends or changes its coefficient (Điều 5, 6 NĐ 20/2021), by dated rules.

Which ages these are, and from which day somebody counts of whom only the year or month of birth is known, is data
(``AgeRule``): the decree names no such list and is silent on partial dates.
"""

import datetime
from dataclasses import dataclass

from django.db.models import Q

from batosocial.lib.dates import PartialDate, reaches_age_on
from beneficiaries.models import AgeRule


@dataclass(frozen=True)
class AgeEvent:
    """Somebody is fully ``age`` years old from a day on; ``only``: what of the birth date is known, if not all."""

    age: int
    day: datetime.date
    only: str

    def __str__(self) -> str:
        """ "đủ 80 tuổi từ 12/08/2024", for a human to look at with "(chỉ biết năm)" (rules.md 9.6)."""
        known = f" (chỉ biết {self.only})" if self.only else ""
        return f"đủ {self.age} tuổi từ {self.day:%d/%m/%Y}{known}"


def rule_of(month: datetime.date) -> AgeRule | None:
    """The rule in force in the month."""
    return AgeRule.objects.filter(valid_from__lte=month).order_by("-valid_from").first()


def reaching(rule: AgeRule, month: datetime.date, ages: list[int]) -> Q:
    """People who become fully one of these ages within the month."""
    born = Q(birth_month=month.month)
    if rule.unknown_month == month.month:
        born |= Q(birth_month__isnull=True)
    return born & Q(birth_year__in=[month.year - age for age in ages])


def event(rule: AgeRule | None, birth: PartialDate, month: datetime.date) -> AgeEvent | None:
    """Which of the rule's ages somebody reaches in the month, or None."""
    age = month.year - birth.year
    if rule is None or age not in rule.ages:
        return None
    counted = PartialDate(birth.year, birth.month or rule.unknown_month, birth.day or rule.unknown_day)
    day = reaches_age_on(counted, age)
    if (day.year, day.month) != (month.year, month.month):
        return None
    only = "năm" if birth.month is None else "tháng, năm" if birth.day is None else ""
    return AgeEvent(age, day, only)

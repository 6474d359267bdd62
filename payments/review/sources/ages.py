"""Age events: of whoever receives, and of those for whom a benefit is paid (Điều 5, 6, 20 NĐ 20/2021)."""

import datetime
from collections.abc import Iterator
from typing import Any

from django.db.models import Exists, OuterRef, Q

from batosocial.lib import months
from batosocial.lib.dates import PartialDate
from beneficiaries import ages
from beneficiaries.changes import law
from beneficiaries.models import AgeRule, Change, Dependant, Entitlement, Person
from payments.models import ReviewLine
from payments.review import matters
from payments.review.findings import Finding, Wanted, register_source
from payments.review.matters import Action, Matter

Source = ReviewLine.Source
_SEE = "xem lại chế độ đang hưởng"


@register_source("ages")
def of_people(wanted: Wanted) -> Iterator[Finding]:
    """Whoever reaches an age that matters to a benefit of theirs, in one query beside the rule's."""
    rule = ages.rule_of(wanted.month)
    if rule is None:
        return
    people = Person.objects.filter(_reaching(rule, wanted, matters.OWN), commune__in=wanted.communes)
    rows = _running(wanted, matters.OWN).filter(person__in=people)
    for row in rows.select_related("person", "category"):
        for month in wanted.event_months:
            found = ages.event(rule, row.person.birth, month)
            matter = found and matters.matter_of(matters.OWN, found.age, row.category.code)
            if found and matter:
                key = f"age:{row.pk}:{found.age}"
                yield from _finding(wanted, Source.AGE, key, row, matter, found, str(found))


@register_source("dependants")
def of_dependants(wanted: Wanted) -> Iterator[Finding]:
    """Children and people cared for, likewise. Those of whom no birth date is known are not found."""
    rule = ages.rule_of(wanted.month)
    if rule is None:
        return
    running = _running(wanted, matters.DEPENDANT).filter(person__commune__in=wanted.communes)
    rows = Dependant.objects.filter(
        _reaching(rule, wanted, matters.DEPENDANT), _lasts("months", wanted.month), entitlement__in=running
    )
    for row in rows.select_related("entitlement__person", "entitlement__category"):
        assert row.birth_year is not None  # noqa: S101
        birth = PartialDate(row.birth_year, row.birth_month, row.birth_day)
        for month in wanted.event_months:
            found = ages.event(rule, birth, month)
            matter = found and matters.matter_of(matters.DEPENDANT, found.age, row.entitlement.category.code)
            if found and matter:
                key = f"dependant:{row.pk}:{found.age}"
                words = f"{row.name or 'Người phụ thuộc'} {found}"
                yield from _finding(wanted, Source.DEPENDANT_AGE, key, row.entitlement, matter, found, words)


def _finding(
    wanted: Wanted, source: Source, key: str, row: Entitlement, matter: Matter, event: ages.AgeEvent, words: str
) -> Iterator[Finding]:
    # A change of amount counts from the month of the condition (đ.đ k1 Điều 8), an end from the one after (k2 Điều 8).
    month: datetime.date | None = months.first(event.day)
    if matter.action == Action.STOP:
        month = law.stop_month(event.day, matter.reason)
    if matter.action == Action.KEEP:
        month = None
    if month and row.months.upper is not None and row.months.upper <= month:
        return
    hidden = row.category.confidential
    yield Finding(
        commune_id=row.person.commune_id,
        person_id=row.person_id,
        entitlement_id=row.pk,
        source=source,
        key=key,
        finding=f"{words}: {_SEE}" if hidden else f"{words}: {matter.meaning} ({matter.source})"[:300],
        action=matter.action,
        reason=matter.reason,
        happened_on=event.day,
        effective_month=month,
        once=True,
    )


def _reaching(rule: AgeRule, wanted: Wanted, table: tuple[Matter, ...]) -> Q:
    asked = sorted({matter.age for matter in table} & set(rule.ages))
    before, this = (ages.reaching(rule, month, asked) for month in wanted.event_months)
    return before | this


def _lasts(field: str, month: datetime.date) -> Q:
    """Ranges that reach into the month or beyond."""
    return Q(**{f"{field}__upper_inf": True}) | Q(**{f"{field}__endswith__gt": month})


def _running(wanted: Wanted, table: tuple[Matter, ...]) -> Any:
    """Benefits to which some age matters, that run on, of the living, and that nobody is about to change."""
    pending = Change.objects.waiting().filter(
        Q(entitlement=OuterRef("pk")) | Q(person=OuterRef("person"), kind=Change.Kind.STOP, entitlement=None)
    )
    return Entitlement.objects.granted().filter(
        _lasts("months", wanted.month),
        ~Exists(pending),
        months__startswith__lte=wanted.month,
        category__code__in=matters.categories(table),
        person__died_on__isnull=True,
    )

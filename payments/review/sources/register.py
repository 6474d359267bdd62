"""What the register tells: unanswered suspensions, papers that run out, deaths of which only one policy knows."""

from collections.abc import Iterator

from django.db.models import Exists, OuterRef, Q

from batosocial.lib import clock, months
from beneficiaries.changes import law, pauses
from beneficiaries.models import Category, Change, Entitlement, Payee, Suspension
from payments.models import ReviewLine
from payments.review.findings import Finding, Wanted, register_source

Source, Action = ReviewLine.Source, ReviewLine.Action


@register_source("reassessment")
def unanswered(wanted: Wanted) -> Iterator[Finding]:
    """A suspension for an unanswered re-assessment still runs when three months from its decision are full."""
    pending = Change.objects.waiting().filter(entitlement=OuterRef("entitlement"))
    rows = Suspension.objects.filter(
        Q(months__upper_inf=True) | Q(months__endswith__gt=wanted.month),
        ~Exists(pending),
        entitlement__in=Entitlement.objects.granted().filter(
            Q(months__upper_inf=True) | Q(months__endswith__gt=wanted.month)
        ),
        entitlement__person__commune__in=wanted.communes,
        entitlement__person__died_on__isnull=True,
        change__reason__code=pauses.UNANSWERED,
    )
    for row in rows.select_related("entitlement__person", "change"):
        due = pauses.answer_due(row)
        # It ends right after the month in which the three months were full: from this month on, or earlier.
        if due >= wanted.month:
            continue
        person = row.entitlement.person
        yield Finding(
            commune_id=person.commune_id,
            person_id=person.pk,
            entitlement_id=row.entitlement_id,
            source=Source.REASSESSMENT,
            key=f"reassessment:{row.pk}:{months.iso(wanted.month)}",
            finding=f"Tạm dừng từ {months.title(row.months.lower)} vì không xác định lại; đủ 3 tháng ngày "
            f"{due:%d/%m/%Y}, vẫn không chấp hành thì thôi hưởng (đ.đ k1 Đ2 TT 02/2021)",
            action=Action.STOP,
            reason=pauses.STOPS_UNANSWERED,
            happened_on=due,
            effective_month=law.stop_month(due, pauses.STOPS_UNANSWERED),
        )


@register_source("papers")
def papers(wanted: Wanted) -> Iterator[Finding]:
    """Papers of guardians and authorised persons that run out by the end of the month."""
    rows = Payee.objects.in_use(wanted.month).with_paper_until(wanted.last_day)
    for row in rows.filter(person__commune__in=wanted.communes).select_related("person"):
        assert row.paper_valid_until is not None  # noqa: S101
        number = f" số {row.paper_number}" if row.paper_number else ""
        yield Finding(
            commune_id=row.person.commune_id,
            person_id=row.person_id,
            source=Source.PAPER,
            key=f"paper:{row.pk}:{row.paper_valid_until:%Y%m%d}:{months.iso(wanted.month)}",
            finding=f"Giấy{number} của {row.get_kind_display().lower()} {row.name} "
            f"{'đã hết hạn' if row.paper_valid_until < clock.today() else 'hết hạn'} ngày "
            f"{row.paper_valid_until:%d/%m/%Y}: cần ghi giấy mới (thời hạn đại diện: Đ140 Bộ luật Dân sự)"[:300],
            action=Action.KEEP,
        )


@register_source("deaths")
def deaths(wanted: Wanted) -> Iterator[Finding]:
    """A death that the register holds while a benefit runs on: of the other policy, which has its own decision."""
    pending = Change.objects.waiting().filter(
        person=OuterRef("person"), kind=Change.Kind.STOP, policy=OuterRef("category__policy")
    )
    rows = Entitlement.objects.granted().filter(
        Q(months__upper_inf=True) | Q(months__endswith__gt=wanted.month),
        ~Exists(pending),
        person__commune__in=wanted.communes,
        person__died_on__isnull=False,
    )
    rows = rows.exclude(category__regime=Category.Regime.ONE_OFF).select_related("person", "category")
    by_person: dict[int, list[Entitlement]] = {}
    for row in rows.order_by("person", "category__policy", "pk"):
        by_person.setdefault(row.person_id, []).append(row)
    for running in by_person.values():
        person, policy = running[0].person, running[0].category.policy
        death = person.death
        assert death is not None  # noqa: S101
        month = law.stop_month(death.day)
        if not any(row.months.upper is None or row.months.upper > month for row in running):
            continue
        reason = law.death_reason(row.category.regime for row in running if row.category.policy == policy)
        policies = ", ".join(sorted({row.category.policy for row in running}))
        yield Finding(
            commune_id=person.commune_id,
            person_id=person.pk,
            source=Source.DEATH,
            key=f"death:{person.pk}:{months.iso(wanted.month)}",
            finding=f"Sổ ghi chết {death}, {policies} chưa thôi hưởng (k2 Đ8 NĐ 20/2021; Đ121-124 NĐ 131/2021)",
            action=Action.STOP,
            reason=reason,
            # Of a month nobody makes a day; the commune has the trích lục, which tells it.
            happened_on=None if death.month_only else death.day,
            effective_month=month,
        )

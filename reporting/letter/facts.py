"""What the letter of a month says, taken from the stored figures: never from payments or people as they are now.

The groups of communes are the classes of BTXH (rules.md 0.2). Wherever a number counts people it carries the address of
the list of these people.
"""

import datetime
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from django.conf import settings
from django.db.models import Min

from batosocial.lib import months
from batosocial.lib.money import format_rate
from batosocial.staff.models import Role, User
from batosocial.territory.models import Unit
from beneficiaries.models import Policy
from reporting import rates
from reporting.figures import read_month
from reporting.models import BOTH, Target
from reporting.people import Measure, list_people
from reporting.rates import CashlessClass, Counts


class NoFigures(Exception):
    """The month has no figures; the message says in Vietnamese what to do."""


@dataclass(frozen=True, slots=True)
class Commune:
    """A commune as it was called in the month, with its figures of one policy."""

    code: str
    name: str
    kind: str
    policy: str
    counts: Counts
    klass: str

    @property
    def full_name(self) -> str:
        """ "xã Ba Xa": as it stands inside a sentence."""
        return f"{self.kind.lower()} {self.name}"


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that the letter of a month is written from. ``targets`` are percents by rate (R1, R3)."""

    month: datetime.date
    district_id: int
    district: str
    place: str
    province: str
    rows: tuple[Commune, ...]
    both: Counts
    #: Communes in which accounts are open and not yet used, and the month from which they are.
    pending_communes: int
    pending_from: datetime.date
    targets: dict[str, str]
    reached: bool
    signer_titles: tuple[str, ...]
    signer_name: str
    computed_at: datetime.datetime | None

    def of(self, policy: str) -> list[Commune]:
        """Communes that have somebody in the policy, in the district's order."""
        return [row for row in self.rows if row.policy == policy and row.counts.due]

    def total(self, policy: str) -> Counts:
        return Counts.total(row.counts for row in self.rows if row.policy == policy)

    def group(self, klass: CashlessClass, policy: str = Policy.SOCIAL) -> list[Commune]:
        """Communes of a class. Those that are praised stand in the order of their rate, as in the district's own
        letter; it has the others in no order of any figure, so they stand in the district's. Towns come last."""
        found = [row for row in self.of(policy) if row.klass == klass]
        if klass == CashlessClass.HIGH:
            found.sort(key=lambda row: -row.counts.paid_by_account / row.counts.due)
        return sorted(found, key=lambda row: row.kind.lower() != "xã")

    def without_cccd(self, policy: str) -> list[Commune]:
        return [row for row in self.of(policy) if row.counts.no_cccd]

    def as_json(self) -> dict[str, Any]:
        """To be kept beside what was signed: every count of every commune, and what else the letter was made from."""
        return {
            "month": months.iso(self.month),
            "district": self.district,
            "place": self.place,
            "province": self.province,
            "communes": [
                {"code": row.code, "name": row.name, "kind": row.kind, "policy": row.policy, "class": row.klass}
                | asdict(row.counts)
                for row in self.rows
            ],
            "both": asdict(self.both),
            "pending_communes": self.pending_communes,
            "pending_from": months.iso(self.pending_from),
            "targets": self.targets,
            "reached": self.reached,
            "signer": [*self.signer_titles, self.signer_name],
            "computed_at": self.computed_at.isoformat() if self.computed_at else None,
        }


def read_facts(user: User, month: datetime.date) -> Facts:
    """The facts of the communes that ``user`` may see. NoFigures where nothing is rolled up."""
    shown = read_month(user, month)
    if not shown.rows:
        raise NoFigures(f"Tháng {months.label(month)} chưa có số liệu. Hãy mở tháng và tổng hợp số liệu trước.")
    upper = Unit.objects.select_related("parent").get(children=shown.rows[0].unit)
    targets = rates.targets_of(month)
    rows = tuple(
        Commune(row.unit.code, row.unit.name, row.unit.kind, row.policy, row.counts, row.klass.value)
        for row in shown.rows
    )
    both = shown.total()
    return Facts(
        month=month,
        district_id=upper.pk,
        district=_in_text(upper),
        place=upper.name,
        province=_in_text(upper.parent),
        rows=rows,
        both=both,
        pending_communes=sum(1 for row in shown.of(BOTH) if row.counts.pending),
        pending_from=_pending_from(user, month) if both.pending else months.add(month, 1),
        targets={code: _percent(target) for code, target in targets.items()},
        reached=_reached([shown.total(policy) for policy in Policy.values], targets.values()),
        signer_titles=tuple(settings.SIGNER_LETTER),
        signer_name=settings.SIGNER_LETTER_NAME,
        computed_at=shown.computed_at,
    )


def without_figures(district: Unit | None, month: datetime.date) -> Facts:
    """Facts of a month in which nobody is due: to try a template before there are any."""
    return Facts(
        month=month,
        district_id=district.pk if district else 0,
        district=_in_text(district),
        place=district.name if district else "",
        province=_in_text(district.parent if district else None),
        rows=(),
        both=Counts(),
        pending_communes=0,
        pending_from=months.add(month, 1),
        targets={},
        reached=False,
        signer_titles=tuple(settings.SIGNER_LETTER),
        signer_name=settings.SIGNER_LETTER_NAME,
        computed_at=None,
    )


def _in_text(unit: Unit | None) -> str:
    return f"{unit.kind.lower()} {unit.name}" if unit else ""


def _percent(target: Target) -> str:
    return format_rate(target.value).replace(",0%", "%")


def _reached(totals: list[Counts], targets: Iterable[Target]) -> bool:
    """Whether every target is reached by every policy that pays somebody; without a target none is."""
    given = list(targets)
    judged = [counts for counts in totals if counts.due]
    return bool(given and judged) and not any(
        rates.missing_people(counts, target) for counts in judged for target in given
    )


def _pending_from(user: User, month: datetime.date) -> datetime.date:
    """The first month that uses one of the accounts that are open: kept with the figures, as they are."""
    rows = list_people(user, month=month, measure=Measure.PENDING).order_by()
    return rows.aggregate(first=Min("next_month"))["first"] or months.add(month, 1)


def may_read(user: User) -> bool:
    return user.is_active and (user.in_district or user.role == Role.SYSTEM)

"""The entitlements that changes are about: read once, changed in memory by one change after the other, written at once.

An entitlement that an adjustment ends and the one it starts are tied by the change: ``old.ended_by == new.granted_by``.
Whoever reckons arrears of months that are on a list already finds there what was paid in its place.
"""

import datetime
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db.backends.postgresql.psycopg_any import DateRange
from django.db.models import Q

from batosocial.audit import services as audit
from batosocial.audit.models import Entry
from batosocial.lib import months
from batosocial.lib.dates import Death, PartialDate
from batosocial.staff.models import User
from beneficiaries import confidential
from beneficiaries.changes.proposal import ALIVE, Proposal, ProposedDependant, Undo, says_alive
from beneficiaries.imports.bulk import update_rows
from beneficiaries.models import Category, Change, Dependant, Entitlement, Person, Suspension
from beneficiaries.paid_months import months_with_lines

_FAR = datetime.date.max


class Refused(Exception):
    """The change cannot be made; the message says in Vietnamese why and what to do."""


@dataclass
class Effect:
    """What one change does. Ranges and signatures are set on the rows when it is taken up."""

    ranges: list[tuple[Entitlement, DateRange, int | None]] = field(default_factory=list)
    voids: list[Entitlement] = field(default_factory=list)
    start: Entitlement | None = None
    dependants: list[Dependant] = field(default_factory=list)
    #: Suspensions that end: their months, the arrears of them, the change that ends them.
    pauses: list[tuple[Suspension, DateRange, DateRange | None]] = field(default_factory=list)
    pause: Suspension | None = None
    death: Death | None = None
    #: What a death ended and void; the register remembers it with the death, so that it can be taken back.
    undo: Undo | None = None
    #: The death was recorded by mistake: entitlements that it had voided, suspensions as they were before it.
    alive: bool = False
    unvoided: list[Entitlement] = field(default_factory=list)
    again: list[tuple[Suspension, DateRange, DateRange | None, int | None]] = field(default_factory=list)
    place: tuple[int, str] | None = None


class Register:
    """The entitlements of the people whom changes are about, as they stand and as the changes leave them."""

    def __init__(self, changes: Iterable[Change], *, actor: User) -> None:
        given = list(changes)
        self.actor = actor
        self.people: dict[int, Person] = {change.person_id: change.person for change in given}
        self.categories = {row.code: row for row in Category.objects.exclude(regime=Category.Regime.ONE_OFF)}
        self.rows: dict[int, list[Entitlement]] = defaultdict(list)
        #: What deaths voided that are to be taken back.
        self.voided: dict[int, list[Entitlement]] = defaultdict(list)
        deaths = [pk for change in given if says_alive(change.proposal) for pk in change.proposal.get("death") or ()]
        counting = Q(voided_by__isnull=True)
        if deaths:
            counting |= Q(voided_by__in=deaths)
        standing = Entitlement.objects.filter(counting, person__in=self.people)
        for row in standing.select_related("category", "granted_by").prefetch_related("dependants").order_by("pk"):
            (self.rows if row.voided_by_id is None else self.voided)[row.person_id].append(row)
        self._pauses: dict[int, list[Suspension]] = defaultdict(list)
        suspensions = Suspension.objects.filter(entitlement__person__in=self.people).order_by("months")
        for pause in suspensions.select_related("change__reason"):
            self._pauses[pause.entitlement_id].append(pause)
        corrected = [change.entitlement_id for change in given if change.kind == Change.Kind.CORRECT]
        people = {change.person_id for change in given if change.kind == Change.Kind.CORRECT}
        concerned = [row.pk for person in people for row in self.rows[person]] if corrected else []
        self.lines = months_with_lines(concerned)
        self._shrunk: dict[int, Entitlement] = {}
        self._grown: dict[int, Entitlement] = {}
        self._started: list[Entitlement] = []
        self._dependants: list[Dependant] = []
        self._paused: list[Suspension] = []
        self._resumed: dict[int, Suspension] = {}
        self._changed_people: dict[int, Person] = {}
        self._touched: set[int] = set()
        self.entries: list[Entry] = []

    # --- asked by plans --------------------------------------------------------------------------------------------

    def benefit(self, change: Change, proposal: Proposal) -> Category:
        """The category of a proposed benefit, with everything that its amount needs."""
        category = self.categories.get(proposal.category)
        if category is None:
            raise Refused("Đối tượng ghi trong đề nghị không có trong danh mục; hãy lập lại đề nghị.")
        if category.policy != change.policy:
            raise Refused("Đối tượng ghi trong đề nghị thuộc chính sách khác; hãy lập lại đề nghị.")
        if category.has_levels and not proposal.level:
            raise Refused("Đề nghị chưa ghi tỷ lệ tổn thương cơ thể; hãy trả lại để bổ sung.")
        if category.amount_by_decision and proposal.own_amount is None:
            raise Refused("Đề nghị chưa ghi mức tiền theo quyết định; hãy trả lại để bổ sung.")
        if category.per_dependant and not proposal.dependants:
            raise Refused("Đề nghị chưa ghi con hoặc người được chăm sóc; hãy trả lại để bổ sung.")
        return category

    def free(self, change: Change, category: Category, wanted: DateRange, without: Iterable[Entitlement] = ()) -> None:
        """Raises Refused where the person has the same category in one of these months already."""
        spared = {id(row) for row in without}
        for row in self.rows[change.person_id]:
            if id(row) in spared or row.category_id != category.pk or not overlap(row.months, wanted):
                continue
            code = confidential.shown_code(category, self.actor)
            raise Refused(f"Người này đã hưởng {code} {span(row.months)}.")

    def alive(self, change: Change) -> None:
        death = self.people[change.person_id].death
        if death and change.effective_month > months.first(death.day):
            raise Refused(f"Người này chết {death}, không hưởng từ {title(change.effective_month)}.")

    def standing(self, change: Change, entitlement_id: int | None) -> Entitlement:
        for row in self.rows[change.person_id]:
            if row.pk == entitlement_id and row.granted_by.state == Change.State.APPLIED:
                return row
        raise Refused("Chế độ này không còn trong sổ: đã được đính chính hoặc thuộc người khác.")

    def pauses(self, row: Entitlement) -> list[Suspension]:
        """Suspensions of an entitlement, the earliest first."""
        return self._pauses[row.pk] if row.pk is not None else []

    def before(self, row: Entitlement) -> list[Entitlement]:
        """What an adjustment ended where this row begins."""
        if row.granted_by.kind != Change.Kind.ADJUST:
            return []
        return [other for other in self.rows[row.person_id] if other.ended_by_id == row.granted_by_id]

    def new(self, change: Change, proposal: Proposal, category: Category, wanted: DateRange) -> Effect:
        row = Entitlement(
            person=self.people[change.person_id],
            category=category,
            level=proposal.level if category.has_levels else 0,
            months=wanted,
            own_amount=proposal.own_amount if category.amount_by_decision else None,
            granted_by=change,
        )
        chosen = proposal.dependants if category.per_dependant else ()
        return Effect(start=row, dependants=[dependant(row, one, wanted) for one in chosen])

    # --- taking up -------------------------------------------------------------------------------------------------

    def take(self, change: Change, effect: Effect) -> None:
        """Let the following plans see what the change does, and remember it for ``write``."""
        self._touched.add(change.person_id)
        for row in effect.voids:
            self._note(row, change, "Hủy chế độ ghi nhầm", {"months": (span(row.months), "")})
            row.voided_by = change
            self.rows[row.person_id].remove(row)
            self._grown.pop(row.pk, None)
            if row.pk is not None:
                self._shrunk[row.pk] = row
        for row in effect.unvoided:
            self._note(row, change, "Khôi phục chế độ", {"months": ("", span(row.months))})
            row.voided_by = None
            self.voided[row.person_id].remove(row)
            self.rows[row.person_id].append(row)
            self._grown[row.pk] = row
        for row, wanted, ended_by in effect.ranges:
            self._note(row, change, "Sửa các tháng hưởng", {"months": (span(row.months), span(wanted))})
            kept = self._shrunk if _within(wanted, row.months) and row.pk not in self._grown else self._grown
            row.months, row.ended_by_id = wanted, ended_by
            if row.pk is not None:
                self._shrunk.pop(row.pk, None)
                kept[row.pk] = row
        if effect.start is not None:
            self.rows[effect.start.person_id].append(effect.start)
            self._started.append(effect.start)
            self._dependants += effect.dependants
        if effect.pause is not None:
            self._pauses[effect.pause.entitlement_id].append(effect.pause)
            self._paused.append(effect.pause)
        for pause, wanted, arrears in effect.pauses:
            pairs = {"months": (span(pause.months), span(wanted))}
            if arrears is not None:
                pairs["arrears_months"] = ("", span(arrears))
            self._note(pause, change, "Kết thúc tạm dừng", pairs)
            pause.months, pause.arrears_months, pause.ended_by = wanted, arrears, change
            if pause.pk is not None:
                self._resumed[pause.pk] = pause
        for pause, wanted, arrears, by in effect.again:
            self._note(pause, change, "Khôi phục tạm dừng", {"months": (span(pause.months), span(wanted))})
            pause.months, pause.arrears_months, pause.ended_by_id = wanted, arrears, by
            self._resumed[pause.pk] = pause
        person = self.people[change.person_id]
        if effect.undo is not None:
            change.proposal = change.proposal | {"undo": effect.undo.dump()}
        if effect.alive:
            self._note(person, change, ALIVE, {"died_on": (_told(person.death), None)})
            person.died_on, person.died_month_only = None, False
            self._touch(person)
        if effect.death is not None and person.death != effect.death:
            self._note(person, change, "Ghi ngày chết", {"died_on": (_told(person.death), effect.death.plain)})
            person.died_on, person.died_month_only = effect.death.day, effect.death.month_only
            self._touch(person)
        if effect.place is not None:
            assert change.to_commune is not None  # noqa: S101
            old = (str(person.commune), person.hamlet)
            person.commune_id, person.hamlet = effect.place
            new = (str(change.to_commune), person.hamlet)
            self._note(
                person, change, "Chuyển xã", dict(zip(("commune", "hamlet"), zip(old, new, strict=True), strict=True))
            )
            self._touch(person)

    def _touch(self, person: Person) -> None:
        if person.pk not in self._changed_people:
            person.version += 1
            self._changed_people[person.pk] = person

    def _note(self, row: Any, change: Change, action: str, pairs: dict[str, tuple[Any, Any]]) -> None:
        if row.pk is not None:
            self.entries.append(entry(self.actor, action, row, pairs, {"change": change.pk}))

    # --- writing ---------------------------------------------------------------------------------------------------

    def write(self) -> None:
        """Store everything that was taken up, in a fixed number of statements; ``entries`` tells it to the audit.

        Ranges that give way are written before those that grow and before new rows, so that no two of a category
        ever overlap.
        """
        fields = ("months", "ended_by", "voided_by")
        update_rows(Entitlement, list(self._shrunk.values()), fields)
        update_rows(Entitlement, list(self._grown.values()), fields)
        Entitlement.objects.bulk_create(self._started)
        Dependant.objects.bulk_create(self._dependants)
        update_rows(Suspension, list(self._resumed.values()), ("months", "arrears_months", "ended_by"))
        Suspension.objects.bulk_create(self._paused)
        columns = ("died_on", "died_month_only", "commune", "hamlet", "version", "updated_at")
        update_rows(Person, list(self._changed_people.values()), columns)
        counts: dict[int, int] = defaultdict(int)
        for one in self._dependants:
            counts[one.entitlement_id] += 1
        for row in self._started:
            pairs = {
                "category": (None, audited_code(row.category)),
                "level": (None, row.level or None),
                "months": (None, span(row.months)),
                "own_amount": (None, row.own_amount),
                "dependants": (None, counts.get(row.pk)),
            }
            known = {name: pair for name, pair in pairs.items() if pair[1] is not None}
            self._note(row, row.granted_by, "Ghi chế độ vào sổ", known)

        for pause in self._paused:
            self._note(pause, pause.change, "Tạm dừng chế độ", {"months": (None, span(pause.months))})

    @property
    def touched(self) -> list[int]:
        """People of whom something is another now."""
        return sorted(self._touched)


# --- shared ------------------------------------------------------------------------------------------------------


def _told(death: Death | None) -> str | None:
    return death.plain if death else None


def overlap(one: DateRange, other: DateRange) -> bool:
    return one.lower < (other.upper or _FAR) and other.lower < (one.upper or _FAR)


def _within(inner: DateRange, outer: DateRange) -> bool:
    return outer.lower <= inner.lower and (inner.upper or _FAR) <= (outer.upper or _FAR)


def title(month: datetime.date) -> str:
    return months.title(month)


def span(wanted: DateRange) -> str:
    """A range of months as people read it: "từ tháng 8/2024", "từ tháng 1/2024 đến tháng 7/2024"."""
    until = f" đến {title(months.add(wanted.upper, -1))}" if wanted.upper else ""
    return f"từ {title(wanted.lower)}{until}"


def proposed(one: Dependant) -> ProposedDependant:
    """A dependant as a proposal writes it."""
    birth = PartialDate(one.birth_year, one.birth_month, one.birth_day) if one.birth_year else None
    return ProposedDependant(one.name, birth, one.cccd)


def dependant(row: Entitlement, one: ProposedDependant, wanted: DateRange) -> Dependant:
    birth = one.birth
    return Dependant(
        entitlement=row,
        name=one.name,
        birth_year=birth.year if birth else None,
        birth_month=birth.month if birth else None,
        birth_day=birth.day if birth else None,
        cccd=one.cccd,
        months=wanted,
    )


def audited_code(category: Category) -> str:
    """The audit is read by people who may not know of a confidential group."""
    return confidential.HIDDEN_CODE if category.confidential else category.code


def entry(
    actor: User, action: str, row: Any, pairs: dict[str, tuple[Any, Any]], details: dict[str, Any] | None = None
) -> Entry:
    """An entry that is not stored yet: many of them go in with one statement."""
    return audit.prepare(actor=actor, action=action, row=row, changes=pairs, details=details)

"""Proposing stops for many deaths at once, and completing them with the trích lục khai tử."""

import datetime
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from django.core.exceptions import PermissionDenied
from django.db import transaction

from batosocial.audit import services as audit
from batosocial.audit.models import Entry
from batosocial.lib import clock
from batosocial.lib.dates import Death
from batosocial.staff.models import Role, User
from beneficiaries.changes import law
from beneficiaries.changes.kinds import plan
from beneficiaries.changes.proposal import Paper, dump_death, dump_paper, load_death
from beneficiaries.changes.proposing.endings import by_death
from beneficiaries.changes.proposing.shared import ProposalRefused, check_paper, fill_in, lock_person, pending_of
from beneficiaries.changes.register import Refused, Register
from beneficiaries.changes.steps import PROPOSING_ROLES, audit_steps, give_back, store
from beneficiaries.imports.bulk import update_rows
from beneficiaries.models import Category, Change, ChangeReason, Entitlement, Person

#: Of papers that prove a death.
CERTIFICATE = "Trích lục khai tử"


@dataclass(frozen=True, slots=True)
class ToldDeath:
    """Somebody died; ``paper`` says on whose word, ``told_by`` the same for the program: who told may take it back."""

    person_id: int
    death: Death
    paper: Paper
    note: str = ""
    told_by: str = ""


@dataclass
class Proposed:
    """``made`` were proposed now; ``refused`` says of the others, by person, what stands against it."""

    made: list[Change] = field(default_factory=list)
    refused: dict[int, str] = field(default_factory=dict)


@transaction.atomic
def propose_deaths(*, actor: User, deaths: Sequence[ToldDeath]) -> Proposed:
    """Propose for many people at once what ``propose_stop`` proposes for one who died, in a fixed number of statements.

    Who has a waiting or decided stop by death keeps it. PermissionDenied without the role; Person.DoesNotExist out of
    scope. The system user proposes what the police or a file has told.
    """
    if actor.role not in PROPOSING_ROLES | {Role.SYSTEM} or not actor.is_active:
        raise PermissionDenied
    told = {one.person_id: one for one in deaths}
    visible = Person.objects.visible_to(actor).filter(pk__in=told).select_related("commune")
    people = list(visible.select_for_update(of=("self",), no_key=True).order_by("pk"))
    if len(people) != len(told):
        raise Person.DoesNotExist("Có người không thuộc phạm vi của anh/chị.")
    rows: dict[int, list[Entitlement]] = defaultdict(list)
    granted = Entitlement.objects.granted().filter(person__in=told).exclude(category__regime=Category.Regime.ONE_OFF)
    for row in granted.select_related("category").order_by("pk"):
        rows[row.person_id].append(row)
    pending: dict[int, list[Change]] = defaultdict(list)
    for change in Change.objects.waiting().filter(person__in=told):
        pending[change.person_id].append(change)
    reasons = {row.code: row for row in ChangeReason.objects.filter(code__in=law.DEATHS.values())}
    done, drafts = Proposed(), []
    for person in people:
        one, errors = told[person.pk], dict[str, str]()
        stops = by_death(person, rows[person.pk], one.death, pending[person.pk], reasons, errors)
        if errors:
            done.refused[person.pk] = " ".join(errors.values())
            continue
        for stop in stops:
            data = dump_death(one.death) | dump_paper(one.paper)
            fill_in(stop, data | {"told_by": one.told_by} if one.told_by else data, actor, one.note)
        drafts += stops
    register = Register(drafts, actor=actor)
    for change in drafts:
        try:
            plan(register, change)
        except Refused as why:
            done.refused[change.person_id] = str(why)
        else:
            done.made.append(change)
    Change.objects.bulk_create(done.made)
    Entry.objects.bulk_create(
        audit.prepare(actor=actor, action="Đề nghị thôi hưởng", row=change, changes={"state": (None, change.state)})
        for change in done.made
    )
    return done


@transaction.atomic
def take_back_told(*, actor: User, deaths: Mapping[int, Death | None], told_by: str, reason: str) -> list[Change]:
    """Give back the waiting stops that rest on the word of ``told_by`` alone, who now says something else of these
    people (ids): another death, or none. A stop with its trích lục, or one that fits what is said now, stays.

    For the system user; a fixed number of statements. Returns what was given back.
    """
    if actor.role != Role.SYSTEM:
        raise PermissionDenied
    waiting = Change.objects.waiting().filter(person__in=deaths, kind=Change.Kind.STOP, proposal__told_by=told_by)
    rows = waiting.exclude(evidence__icontains=CERTIFICATE).select_related("person").order_by("pk")
    gone = []
    for change in rows.select_for_update(of=("self",)):
        was, now = load_death(change.proposal), deaths[change.person_id]
        if was is not None and (now is None or not now.fits(was)):
            gone.append(change)
    before = {change.pk: change.state for change in gone}
    for change in gone:
        give_back(change, actor, reason)
    store(None, gone, ("state", "rejection", "rejected_by", "rejected_at"))
    audit_steps(None, actor, "Không chấp nhận biến động", gone, before, {"reason": reason})
    return gone


@transaction.atomic
def add_certificate(
    *, actor: User, person_id: int, died_on: datetime.date, number: str, date: datetime.date
) -> list[Change]:
    """Write down the trích lục khai tử of a death that was told without it: the day comes into the register where that
    knows only the month, day and paper into the stops that wait for it. Returns these stops.

    ``ProposalRefused`` for a day outside the month that was told, or where nothing says that the person is dead.
    Other errors as in ``propose_stop``.
    """
    person = lock_person(actor, person_id)
    paper, death = Paper(CERTIFICATE, number, date), Death(died_on)
    errors: dict[str, str] = {}
    check_paper(paper, errors)
    if not number:
        errors["number"] = "Hãy ghi số của trích lục khai tử."
    if died_on > clock.today():
        errors["died_on"] = "Ngày chết ở sau hôm nay; hãy kiểm tra lại."
    elif date < died_on:
        errors["paper_date"] = f"Trích lục ngày {date:%d/%m/%Y} trước ngày chết; hãy kiểm tra lại."
    stops = [change for change in pending_of(person).select_related("person") if load_death(change.proposal)]
    known = person.death or next((load_death(change.proposal) for change in stops), None)
    if known is None:
        errors[""] = "Chưa có đề nghị thôi hưởng do chết nào của người này; hãy lập đề nghị thôi hưởng."
    elif not known.fits(death):
        errors["died_on"] = (
            f"Đề nghị hoặc sổ đang ghi chết {known}, khác {death}. Nếu trích lục đúng, hãy báo Phòng LĐ-TB&XH trả lại "
            "đề nghị để lập lại theo trích lục."
        )
    if errors:
        raise ProposalRefused(errors)
    for change in stops:
        change.proposal = change.proposal | {"month_only": False} | dump_death(death) | dump_paper(paper)
        change.evidence = f"{change.evidence}; {paper}"[:300] if change.evidence else str(paper)
    update_rows(Change, stops, ("proposal", "evidence"))
    entries = [
        audit.prepare(actor=actor, action="Bổ sung trích lục khai tử", row=change, details={"paper": str(paper)})
        for change in stops
    ]
    if person.died_month_only:
        told = known.plain if known else None
        person.died_on, person.died_month_only, person.version = died_on, False, person.version + 1
        person.save(update_fields=["died_on", "died_month_only", "version", "updated_at"])
        changes = {"died_on": (told, died_on)}
        details = {"paper": str(paper)}
        entries.append(audit.prepare(actor=actor, action="Ghi ngày chết", row=person, changes=changes, details=details))
    Entry.objects.bulk_create(entries)
    return stops

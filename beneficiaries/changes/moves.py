"""Somebody moves to another commune of the district: paid there, with no new decision (khoản 3 Điều 8 NĐ 20/2021)."""

from dataclasses import dataclass

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet

from batosocial.audit import services as audit
from batosocial.lib import clock, months
from batosocial.lib.national_id import check_cccd
from batosocial.lib.text import clean
from batosocial.staff.models import Role, User
from batosocial.territory.models import Unit
from beneficiaries.changes import hooks
from beneficiaries.changes.proposal import Paper, dump_paper
from beneficiaries.changes.proposing import ProposalRefused
from beneficiaries.changes.steps import PROPOSING_ROLES
from beneficiaries.models import Change, ChangeReason, Person

#: Khoản 3 Điều 8 NĐ 20/2021.
_REASON = "ND20-8.3"


@dataclass(frozen=True)
class Known:
    """What a commune learns of somebody whom another one keeps: where, and enough of the name to recognise it."""

    person_id: int
    masked_name: str
    commune: Unit
    #: The person is in the asking user's own scope, who may open their page.
    in_scope: bool
    waiting: bool


def masked_name(name: str) -> str:
    """Initials and the given name: "P. T. Hoa"."""
    words = name.split()
    return " ".join([*(f"{word[0]}." for word in words[:-1]), *words[-1:]])


def find_for_move(*, actor: User, cccd: str) -> Known | None:
    """Who of the district has this CCCD. Looking somebody up in another commune stands in the audit.

    PermissionDenied without the role; ProposalRefused where the number is malformed or stands on several people.
    """
    person = _by_cccd(actor, cccd)
    if person is None:
        return None
    in_scope = Person.objects.visible_to(actor).filter(pk=person.pk).exists()
    if not in_scope:
        audit.record(actor=actor, action="Tra cứu người ở xã khác", row=person)
    return Known(person.pk, masked_name(person.name), person.commune, in_scope, _waiting(person).exists())


@transaction.atomic
def propose_move(
    *,
    actor: User,
    to_commune: Unit,
    cccd: str = "",
    person_id: int | None = None,
    hamlet: str = "",
    paper: Paper | None = None,
    note: str = "",
    needs_sign_off: bool = False,
) -> Change:
    """Ask that somebody be kept by ``to_commune``: the receiving commune by their CCCD, the giving one and the Phòng by
    their page. PermissionDenied without the role, Person.DoesNotExist out of scope, ProposalRefused by field.
    """
    _may_ask(actor)
    paper, errors = paper or Paper(), {}
    if person_id is not None:
        person = Person.objects.visible_to(actor).select_related("commune").get(pk=person_id)
    else:
        found = _by_cccd(actor, cccd)
        if found is None:
            raise ProposalRefused({"cccd": "Không có ai trong huyện với số CCCD này."})
        person = found
    locked = Person.objects.select_for_update(of=("self",), no_key=True).select_related("commune")
    person = locked.get(pk=person.pk)
    giving = Person.objects.visible_to(actor).filter(pk=person.pk).exists()
    if actor.role == Role.COMMUNE_OFFICER and not giving and to_commune.pk != actor.unit_id:
        raise PermissionDenied
    if not _is_current_neighbour(to_commune, person.commune):
        errors["to_commune"] = "Hãy chọn một xã khác trong huyện."
    elif to_commune.pk == person.commune_id:
        errors["to_commune"] = f"Người này đang ở {person.commune}."
    if _waiting(person).exists():
        errors[""] = "Đã có đề nghị chuyển xã cho người này, đang chờ Phòng thẩm định."
    if person.died_on:
        errors[""] = f"Người này chết {person.death}."
    if not paper.kind:
        errors["paper_kind"] = "Hãy ghi giấy tờ kèm theo, ví dụ: Đơn đề nghị, xác nhận cư trú."
    if paper.date and paper.date > clock.today():
        errors["paper_date"] = f"Ngày của giấy tờ ở sau hôm nay ({clock.today():%d/%m/%Y}); hãy kiểm tra lại."
    if errors:
        raise ProposalRefused(errors)
    change = Change.objects.create(
        kind=Change.Kind.MOVE,
        person=person,
        from_commune=person.commune,
        to_commune=to_commune,
        reason=ChangeReason.objects.filter(code=_REASON).first(),
        effective_month=months.add(months.first(clock.today()), 1),
        proposal={"hamlet": clean(hamlet)[:100]} | dump_paper(paper),
        evidence=str(paper)[:300],
        note=clean(note)[:500],
        proposed_by=actor,
        needs_sign_off=needs_sign_off,
    )
    audit.record(
        actor=actor,
        action="Đề nghị chuyển",
        row=change,
        changes={"to_commune": (person.commune, to_commune), "state": (None, change.state)},
        details={"person": person.pk},
    )
    hooks.changes_moved(changes=[change], actor=actor)
    return change


def _may_ask(actor: User) -> None:
    if actor.role not in PROPOSING_ROLES or not actor.is_active:
        raise PermissionDenied


def _by_cccd(actor: User, cccd: str) -> Person | None:
    """Somebody of the actor's district; the scope of a commune is left on purpose, and only here."""
    _may_ask(actor)
    check = check_cccd(cccd)
    if not check.number:
        problem = check.problems[0].message_vi if check.problems else "Hãy ghi số CCCD, 12 chữ số."
        raise ProposalRefused({"cccd": problem})
    district = actor.unit.parent_id if actor.unit and actor.role == Role.COMMUNE_OFFICER else actor.unit_id
    found = list(
        Person.objects.filter(commune__parent=district, cccd=check.number).select_related("commune").order_by("pk")[:2]
    )
    if len(found) > 1:
        raise ProposalRefused({"cccd": "Số CCCD này ghi cho nhiều người; hãy báo Phòng LĐ-TB&XH đối chiếu trước."})
    return found[0] if found else None


def _waiting(person: Person) -> QuerySet[Change]:
    return Change.objects.waiting().filter(person=person, kind=Change.Kind.MOVE)


def _is_current_neighbour(unit: Unit, other: Unit) -> bool:
    return Unit.objects.current().communes().filter(pk=unit.pk, parent=other.parent_id).exists()

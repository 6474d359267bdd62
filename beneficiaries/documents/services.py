"""Documents of changes as files; each one that is made stands in the audit, for it holds names and card numbers."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q

from batosocial.audit import services as audit
from batosocial.lib import clock, months
from batosocial.staff.models import BENEFIT_ROLES, User
from batosocial.territory.models import Unit
from beneficiaries.changes.docket import KINDS, READERS
from beneficiaries.changes.showing import prints_decision
from beneficiaries.changes.steps import WITHOUT_DECISION, awaits_signature
from beneficiaries.documents.content import rows_of
from beneficiaries.documents.decisions import VERBS, decision
from beneficiaries.documents.layout import Signer
from beneficiaries.documents.proposals import commune_list, district_proposal
from beneficiaries.models import Change, Policy
from beneficiaries.months import first_open_month

CONTENT_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_NAMES = {Change.Kind.STOP: "thoi-huong", Change.Kind.SUSPEND: "tam-dung", Change.Kind.RESUME: "tiep-tuc-huong"}
State = Change.State


class NothingToPrint(Exception):
    """There is nothing that the document would name; the message says so in Vietnamese."""


@dataclass(frozen=True)
class Made:
    name: str
    content: bytes


@transaction.atomic
def make_proposal(*, actor: User, policy: str, commune: Unit | None = None) -> Made:
    """What waits of a policy, for the first month that has no lists yet: a commune's list of what it proposes, or the
    tờ trình of the Phòng with what is appraised and signed.

    PermissionDenied without the role or for another commune; NothingToPrint.
    """
    if actor.role not in BENEFIT_ROLES or not actor.is_active or actor.unit is None:
        raise PermissionDenied
    if actor.in_commune:
        commune = actor.unit
    elif commune is not None and commune.parent_id != actor.unit_id:
        raise PermissionDenied
    no_decision = Q(kind__in=WITHOUT_DECISION) & ~Q(proposal__has_key="alive")
    found = _read(Change.objects.visible_to(actor).filter(policy=policy).exclude(no_decision))
    month, today = first_open_month(policy), clock.today()
    if commune is not None:
        found = [
            change
            for change in found
            if change.state in (State.PROPOSED, State.APPRAISED) and change.person.commune_id == commune.pk
        ]
    else:
        found = [change for change in found if change.state == State.APPRAISED and not awaits_signature(change)]
    if not found:
        raise NothingToPrint("Không có đề nghị nào đang chờ để lập danh sách.")
    rows = rows_of(found)
    if commune is not None:
        signer = Signer(tuple(settings.SIGNER_COMMUNE))
        content = commune_list(rows, commune=commune, month=month, policy=policy, signer=signer)
        name = f"danh-sach-de-nghi-{policy.lower()}-{commune.code}-{months.iso(month)}.docx"
    else:
        signer = Signer(tuple(settings.SIGNER_HEAD), settings.SIGNER_HEAD_NAME)
        content = district_proposal(rows, district=actor.unit, month=month, today=today, policy=policy, signer=signer)
        name = f"to-trinh-{policy.lower()}-{months.iso(month)}.docx"
    _record(actor, "In danh sách đề nghị biến động", name, found)
    return Made(name, content)


@transaction.atomic
def make_decision(
    *,
    actor: User,
    kind: str,
    change_ids: Sequence[int] = (),
    number: str = "",
    date: datetime.date | None = None,
) -> Made:
    """The chairman's decision on changes of one kind, BTXH: those of ``number`` and ``date`` that were decided, or the
    draft of those that wait (of ``change_ids`` where given). PermissionDenied without the role; NothingToPrint.
    """
    if actor.role not in READERS or not actor.is_active:
        raise PermissionDenied
    found = Change.objects.visible_to(actor).filter(kind=kind, policy=Policy.SOCIAL, first_load=False)
    if number:
        found = found.filter(state=State.APPLIED, decision_number=number, decision_date=date)
    else:
        found = found.filter(state=State.APPRAISED)
        if change_ids:
            found = found.filter(pk__in=change_ids)
    return _decision(actor, kind, [change for change in _read(found) if number or not awaits_signature(change)])


@transaction.atomic
def make_decision_of(*, actor: User, change_id: int) -> Made:
    """The decision on one change, a draft while it is not decided. Change.DoesNotExist out of scope; NothingToPrint
    where no decision of the chairman is printed for it."""
    if actor.role not in BENEFIT_ROLES or not actor.is_active:
        raise PermissionDenied
    found = _read(Change.objects.visible_to(actor).filter(pk=change_id))
    if not found:
        raise Change.DoesNotExist
    change = found[0]
    if not prints_decision(change):
        raise NothingToPrint("Cổng chỉ in quyết định BTXH thôi hưởng, tạm dừng, tiếp tục hưởng đã thẩm định.")
    return _decision(actor, change.kind, found)


def _decision(actor: User, kind: str, found: list[Change]) -> Made:
    if not found or kind not in VERBS:
        raise NothingToPrint(f"Không có đề nghị {KINDS.get(Change.Kind(kind), '').lower()} nào để in quyết định.")
    first = found[0]
    district = first.person.commune.parent
    assert district is not None  # noqa: S101
    content = decision(
        rows_of(found),
        kind=Change.Kind(kind),
        district=district,
        number=first.decision_number,
        day=first.decision_date,
        today=clock.today(),
        signer=Signer(tuple(settings.SIGNER_CHAIRMAN), settings.SIGNER_CHAIRMAN_NAME),
    )
    draft = "" if first.decision_number else "du-thao-"
    name = f"{draft}quyet-dinh-{_NAMES[Change.Kind(kind)]}-{(first.decision_date or clock.today()):%Y%m%d}.docx"
    _record(actor, "In quyết định biến động", name, found)
    return Made(name, content)


def _read(changes: Any) -> list[Change]:
    rows = changes.select_related("person__commune__parent__parent", "reason", "entitlement__category")
    return list(rows.order_by("pk"))


def _record(actor: User, action: str, name: str, found: Sequence[Change]) -> None:
    details = {"file": name, "count": len(found), "changes": [change.pk for change in found][:500]}
    audit.record(actor=actor, action=action, details=details)

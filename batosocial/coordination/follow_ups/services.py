"""What people do about a follow-up. It is opened and closed by the checks of the register (``opening``)."""

import datetime

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from batosocial.audit import services as audit
from batosocial.coordination.models import FollowUp, Visit
from batosocial.lib import clock
from batosocial.lib.text import clean
from batosocial.staff.models import Role, User
from beneficiaries.identity.checking import take_turn
from beneficiaries.identity.services import check_people

Kind = FollowUp.Kind
#: Who goes and sees: the police for a card, the commune for whom the police do not find; each may help the other.
WORKERS: dict[str, frozenset[Role]] = {
    Kind.NO_CCCD: frozenset({Role.POLICE, Role.COMMUNE_OFFICER, Role.DISTRICT_OFFICER}),
    Kind.NOT_FOUND: frozenset({Role.COMMUNE_OFFICER, Role.DISTRICT_OFFICER}),
}
READERS = frozenset().union(*WORKERS.values()) | {Role.COMMUNE_LEADER, Role.DISTRICT_LEADER, Role.CHAIRMAN}


class CannotDo(Exception):
    """What is wrong, in Vietnamese, by the field to mend ("" for the whole)."""

    def __init__(self, errors: dict[str, str]) -> None:
        super().__init__(" ".join(errors.values()))
        self.errors = errors


def may_work(follow_up: FollowUp, user: User) -> bool:
    return follow_up.is_open and user.role in WORKERS[follow_up.kind]


@transaction.atomic
def record_visit(
    *, actor: User, follow_up_id: int, day: datetime.date, words: str, appointment: datetime.date | None = None
) -> Visit:
    """Write down what was done on a day and when the next step is planned; without a plan the old one is over.

    PermissionDenied without the role, FollowUp.DoesNotExist out of scope, CannotDo for what does not fit.
    """
    follow_up = _locked(actor, follow_up_id)
    words, errors = clean(words), {}
    if day > clock.today():
        errors["day"] = f"Ngày ở sau hôm nay ({clock.today():%d/%m/%Y}); ngày hẹn ghi ở ô “Hẹn ngày”."
    if not words:
        errors["words"] = "Hãy ghi đã làm gì, ví dụ: gặp tại nhà, đã đồng ý làm CCCD."
    if appointment and appointment < day:
        errors["appointment"] = "Ngày hẹn trước ngày gặp; hãy kiểm tra lại."
    if errors:
        raise CannotDo(errors)
    made = Visit.objects.create(
        follow_up=follow_up, day=day, words=words[:500], appointment=appointment, by=actor, at=timezone.now()
    )
    old, follow_up.planned_on = follow_up.planned_on, appointment
    follow_up.save(update_fields=["planned_on"])
    audit.record(
        actor=actor,
        action="Ghi lần gặp, vận động",
        row=follow_up,
        changes={"planned_on": (old, appointment)},
        details={"person": follow_up.person_id, "day": day, "words": words},
    )
    return made


@transaction.atomic
def recheck(*, actor: User, follow_up_id: int) -> FollowUp:
    """Ask the rules about the person again; the follow-up is closed where they pass. Errors as in ``record_visit``."""
    take_turn()
    follow_up = _locked(actor, follow_up_id)
    audit.record(actor=actor, action="Kiểm tra lại nhân thân", row=follow_up, details={"person": follow_up.person_id})
    check_people([follow_up.person_id])
    follow_up.refresh_from_db()
    return follow_up


def _locked(actor: User, follow_up_id: int) -> FollowUp:
    if not actor.is_active or actor.role not in READERS:
        raise PermissionDenied
    rows = FollowUp.objects.visible_to(actor).select_for_update(of=("self",))
    follow_up = rows.get(pk=follow_up_id)
    if actor.role not in WORKERS[follow_up.kind]:
        raise PermissionDenied
    if not follow_up.is_open:
        raise CannotDo({"": "Việc này đã xong."})
    return follow_up

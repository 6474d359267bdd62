"""Recording sessions, mending and cancelling them, each with its reason; and how many were held."""

import datetime
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Count
from django.utils import timezone

from batosocial.audit import services as audit
from batosocial.coordination.models import OutreachSession, SessionForm
from batosocial.lib import clock, months
from batosocial.lib.text import clean
from batosocial.staff.models import COMMUNE_ROLES, User
from batosocial.territory.models import Unit
from batosocial.territory.places import kin_by_unit
from payments.handover.points import hamlets_of

RECORDERS = COMMUNE_ROLES
MAX_TOPIC, MAX_HELD_BY, MAX_NOTE, MAX_REASON = 200, 150, 2000, 300
#: More people than a district has; a slip of the finger.
MOST_PEOPLE = 100_000
#: Nobody records what lies further back.
FURTHEST = datetime.timedelta(days=730)


class Refused(Exception):
    """Not stored; ``errors`` says why by field, in Vietnamese, and what to do."""

    def __init__(self, **errors: str) -> None:
        self.errors = errors
        super().__init__(" ".join(errors.values()))


def hamlets_for(commune: Unit, session: OutreachSession | None = None) -> list[str]:
    """The hamlets a session may name: those of the register, and those that it names already."""
    known = hamlets_of(commune)
    return known + [hamlet for hamlet in (session.hamlets if session else []) if hamlet not in known]


@transaction.atomic
def record_session(*, actor: User, values: Mapping[str, Any]) -> OutreachSession:
    """Record a session of the actor's commune. ``values``: held_on, hamlets (none: the whole commune), form, topic,
    reached, held_by, accounts_stated (None: not said), note. PermissionDenied, Refused with the errors by field."""
    if actor.role not in RECORDERS or not actor.is_active or actor.unit is None:
        raise PermissionDenied
    row = OutreachSession.objects.create(
        **_checked(values, hamlets_for(actor.unit)), commune=actor.unit, entered_by=actor
    )
    audit.record(actor=actor, action="ghi buổi truyền thông", row=row, details={"xã": actor.unit.full_name})
    return row


@transaction.atomic
def edit_session(
    *, actor: User, session_id: int, version: int, values: Mapping[str, Any], reason: str
) -> OutreachSession:
    """Mend a session, saying why; the audit keeps old and new. PermissionDenied, OutreachSession.DoesNotExist out of
    scope, Refused for a cancelled one or where somebody else changed it since."""
    row = _locked(actor, session_id)
    if row.cancelled_at is not None:
        raise Refused(reason="Buổi này đã hủy nên không sửa được nữa.")
    if row.version != version:
        raise Refused(reason="Người khác vừa sửa buổi này. Hãy tải lại trang rồi sửa tiếp.")
    new = _checked(values, hamlets_for(actor.unit or row.commune, row))
    changes = audit.differences(row, new)
    if not changes:
        return row
    why = _reason(reason, "Hãy ghi vì sao sửa.")
    for name, value in new.items():
        setattr(row, name, value)
    row.version += 1
    row.save()
    audit.record(actor=actor, action="sửa buổi truyền thông", row=row, changes=changes, details={"lý do": why})
    return row


@transaction.atomic
def cancel_session(*, actor: User, session_id: int, reason: str) -> bool:
    """Say that a session does not count, and why; whether it counted. It stays to be read. PermissionDenied,
    OutreachSession.DoesNotExist out of scope, Refused without a reason."""
    row = _locked(actor, session_id)
    if row.cancelled_at is not None:
        return False
    row.cancel_reason = _reason(reason, "Hãy ghi vì sao hủy.")
    row.cancelled_at, row.cancelled_by = timezone.now(), actor
    row.save(update_fields=["cancel_reason", "cancelled_at", "cancelled_by"])
    audit.record(actor=actor, action="hủy buổi truyền thông", row=row, details={"lý do": row.cancel_reason})
    return True


def sessions_held(communes: Iterable[int], month: datetime.date) -> dict[int, int]:
    """How many sessions each of these communes (ids of units) held in a month, cancelled ones left out; those of the
    units that a commune was made of are its own. Zero for one without any. Two queries."""
    kin = kin_by_unit(list(communes))
    held = OutreachSession.objects.held().filter(
        commune__in={unit for units in kin.values() for unit in units},
        held_on__gte=month,
        held_on__lt=months.add(month, 1),
    )
    counts = dict(held.order_by().values_list("commune").annotate(number=Count("pk")))
    return {commune: sum(counts.get(unit, 0) for unit in units) for commune, units in kin.items()}


def _locked(actor: User, session_id: int) -> OutreachSession:
    if actor.role not in RECORDERS or not actor.is_active:
        raise PermissionDenied
    rows = OutreachSession.objects.visible_to(actor).select_for_update(of=("self",)).select_related("commune", "form")
    return rows.get(pk=session_id)


def _reason(text: str, missing: str) -> str:
    text = clean(text)
    if not text:
        raise Refused(reason=missing)
    if len(text) > MAX_REASON:
        raise Refused(reason=f"Dài quá {MAX_REASON} ký tự; hãy ghi ngắn lại.")
    return text


def _checked(values: Mapping[str, Any], known: Sequence[str]) -> dict[str, Any]:
    new = dict(values)
    errors: dict[str, str] = {}
    for name in ("topic", "held_by", "note"):
        new[name] = clean(new[name])
    for name, longest in (("topic", MAX_TOPIC), ("held_by", MAX_HELD_BY), ("note", MAX_NOTE)):
        if len(new[name]) > longest:
            errors[name] = f"Dài quá {longest} ký tự; hãy ghi ngắn lại."
    if not new["topic"]:
        errors["topic"] = "Hãy ghi nói về việc gì."
    if not new["held_by"]:
        errors["held_by"] = "Hãy ghi ai thực hiện."
    if not isinstance(new["form"], SessionForm):
        errors["form"] = "Hãy chọn hình thức."
    today = clock.today()
    if new["held_on"] > today:
        errors["held_on"] = f"Ngày ở sau hôm nay ({today:%d/%m/%Y}); hãy ghi khi buổi đã diễn ra."
    elif new["held_on"] < today - FURTHEST:
        errors["held_on"] = "Ngày quá xa; hãy kiểm tra lại năm."
    for name in ("reached", "accounts_stated"):
        if new[name] is not None and not 0 <= new[name] <= MOST_PEOPLE:
            errors[name] = f"Phải từ 0 đến {MOST_PEOPLE}; hãy kiểm tra lại."
    strange = [hamlet for hamlet in new["hamlets"] if hamlet not in known]
    if strange:
        errors["hamlets"] = f"Sổ không có {', '.join(strange)}; hãy chọn thôn trong danh sách."
    new["hamlets"] = [hamlet for hamlet in known if hamlet in set(new["hamlets"])]
    if errors:
        raise Refused(**errors)
    return new

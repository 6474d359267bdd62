"""Opening, extending and closing rounds of the police."""

import datetime
from collections.abc import Collection

from django.core.exceptions import PermissionDenied
from django.db import connection, transaction
from django.utils import timezone

from batosocial.audit import services as audit
from batosocial.coordination.models import IdentityRound, RoundPerson
from batosocial.coordination.models.rounds import READERS
from batosocial.coordination.notifications import fresh
from batosocial.coordination.rounds.choosing import Choice, chosen, in_open_round
from batosocial.lib import clock
from batosocial.lib.text import clean
from batosocial.staff.models import Role, User
from beneficiaries.models import Person

__all__ = ["OPENERS", "READERS", "CannotDo", "add_people", "close_round", "extend_round", "open_round"]

#: Who opens, extends and closes rounds.
OPENERS = frozenset({Role.DISTRICT_OFFICER, Role.DISTRICT_LEADER})

OPENED, ADDED, EXTENDED, CLOSED = (
    "Mở đợt xác minh",
    "Thêm người vào đợt xác minh",
    "Gia hạn đợt xác minh",
    "Kết thúc đợt xác minh",
)
VIEWED = "Xem số đầy đủ"

#: Two who open rounds take turns, so that nobody is asked about twice.
_TURN = "SELECT pg_advisory_xact_lock(7303, 1)"


class CannotDo(ValueError):
    """The message says in Vietnamese why not, and what to do."""


@transaction.atomic
def open_round(
    *, actor: User, name: str, fields: Collection[str], until: datetime.date, choice: Choice, note: str = ""
) -> IdentityRound:
    """Ask the police about whoever fits ``choice`` and is in no open round; one statement inserts the rows.

    PermissionDenied without the role; CannotDo for a deadline that has passed, no fields, or nobody to ask about.
    """
    _require_role(actor)
    unit = actor.unit
    if unit is None:
        raise PermissionDenied
    asked = [field for field in IdentityRound.Field.values if field in fields]
    if not clean(name) or not asked:
        raise CannotDo("Hãy ghi tên đợt và chọn ít nhất một thông tin cần đối chiếu.")
    _require_future(until)
    made = IdentityRound.objects.create(
        name=clean(name),
        upper=unit,
        fields=asked,
        until=until,
        note=note.strip(),
        opened_by=actor,
        opened_at=timezone.now(),
    )
    people = _insert(actor, made, choice)
    if not people:
        raise CannotDo("Không có ai để hỏi: không ai hợp điều kiện, hoặc đều đang ở đợt khác chưa kết thúc.")
    details = {"people": people, "fields": asked, "until": until, **choice.stored()}
    fresh.touch()
    audit.record(actor=actor, action=OPENED, row=made, details=details)
    return made


@transaction.atomic
def add_people(*, actor: User, round_id: int, choice: Choice) -> int:
    """Ask about more people in an open round; returns how many. Those whom an open round asks about already are
    passed over. Errors as in ``close_round``; CannotDo where there is nobody."""
    asked = _locked_open(actor, round_id)
    people = _insert(actor, asked, choice)
    if not people:
        raise CannotDo("Không thêm được ai: không ai hợp điều kiện, hoặc đều đang ở đợt chưa kết thúc.")
    fresh.touch()
    audit.record(actor=actor, action=ADDED, row=asked, details={"people": people, **choice.stored()})
    return people


@transaction.atomic
def extend_round(*, actor: User, round_id: int, until: datetime.date) -> bool:
    """Set another deadline; False where it is that already. Errors as in ``close_round``, CannotDo for one passed."""
    asked = _locked_open(actor, round_id)
    if asked.until == until:
        return False
    _require_future(until)
    changes = audit.differences(asked, {"until": until})
    asked.until = until
    asked.save(update_fields=["until"])
    fresh.touch()
    audit.record(actor=actor, action=EXTENDED, row=asked, changes=changes)
    return True


@transaction.atomic
def close_round(*, actor: User, round_id: int) -> IdentityRound:
    """End a round: no more answers. Whom nobody answered about stays so, and may be asked about in another round;
    what was answered keeps its effect. Closing again changes nothing.

    PermissionDenied without the role, IdentityRound.DoesNotExist out of scope, CannotDo (but here) for a closed one.
    """
    asked = _locked(actor, round_id)
    if asked.state == IdentityRound.State.CLOSED:
        return asked
    rows = RoundPerson.objects.filter(round=asked)
    counts = {"people": rows.count(), "unanswered": rows.filter(answer__isnull=True).count()}
    asked.state, asked.closed_by, asked.closed_at = IdentityRound.State.CLOSED, actor, timezone.now()
    asked.save(update_fields=["state", "closed_by", "closed_at"])
    fresh.touch()
    audit.record(actor=actor, action=CLOSED, row=asked, details=counts)
    return asked


def record_full_view(*, actor: User, asked: IdentityRound, people: Collection[int]) -> None:
    """Say in the audit whose full numbers somebody looked at (rules.md 8.3): one entry for each page of a list."""
    if people:
        audit.record(actor=actor, action=VIEWED, row=asked, details={"people": list(people)})


def _insert(actor: User, asked: IdentityRound, choice: Choice) -> int:
    people = chosen(actor, choice).exclude(in_open_round()).order_by().values_list("pk", "commune_id")
    with connection.cursor() as cursor:
        cursor.execute(_TURN)
        sql, params = people.query.sql_with_params()
        cursor.execute(
            f"INSERT INTO {RoundPerson._meta.db_table} (round_id, person_id, commune_id)"
            f" SELECT %s, chosen.person, chosen.commune FROM ({sql}) AS chosen (person, commune)"
            f" JOIN {Person._meta.db_table} p ON p.id = chosen.person ORDER BY p.sort_key, p.id",
            [asked.pk, *params],
        )
        return cursor.rowcount


def _require_role(actor: User) -> None:
    if actor.role not in OPENERS or not actor.is_active:
        raise PermissionDenied


def _require_future(until: datetime.date) -> None:
    if until < clock.today():
        raise CannotDo(f"Hạn trả lời phải từ hôm nay ({clock.today():%d/%m/%Y}) trở đi.")


def _locked(actor: User, round_id: int) -> IdentityRound:
    _require_role(actor)
    visible = IdentityRound.objects.visible_to(actor).filter(pk=round_id).values("pk")
    return IdentityRound.objects.select_for_update(no_key=True).get(pk__in=visible)


def _locked_open(actor: User, round_id: int) -> IdentityRound:
    asked = _locked(actor, round_id)
    if asked.state != IdentityRound.State.OPEN:
        raise CannotDo("Đợt này đã kết thúc. Hãy mở đợt mới nếu cần hỏi tiếp.")
    return asked

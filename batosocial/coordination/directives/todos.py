"""What of the directives waits for whom, and what people are told of."""

from collections.abc import Iterable
from typing import Any

from django.db.models import Count, Q
from django.urls import reverse

from batosocial.coordination.directives.reading import IN_TIME, OVERDUE, Status
from batosocial.coordination.directives.showing import list_url
from batosocial.coordination.models import Addressee, Assignment
from batosocial.coordination.notifications import sources
from batosocial.lib import clock
from batosocial.staff.models import COMMUNE_ROLES, DISTRICT_ROLES, Role, User
from batosocial.web.todo import Todo

Kind, State = Addressee.Kind, Assignment.State


def todos(user: User) -> list[Todo]:
    """Of addressees what is overdue and open; of the Phòng reports to confirm, and with the chairman what others are
    late with. One query; what has begun by its figures alone is open all the same."""
    if user.role in DISTRICT_ROLES:
        return _givers(user)
    if user.role in COMMUNE_ROLES | {Role.POLICE, Role.PAYER}:
        return _addressees(user)
    return []


def _addressees(user: User) -> list[Todo]:
    today = clock.today()
    counts = Assignment.objects.visible_to(user).open().aggregate(
        late=Count("pk", filter=Q(due__lt=today)),
        returned=Count("pk", filter=Q(state=State.RETURNED)),
        all=Count("pk"),
    )  # fmt: skip
    back = list_url(tinh_trang=Status.RETURNED.value)
    return [
        Todo("việc được giao đã quá hạn", counts["late"], list_url(tinh_trang=OVERDUE), "danger", "Báo cáo ngay."),
        Todo("báo cáo việc được giao bị trả lại", counts["returned"], back, "danger", "Xem lý do rồi báo cáo lại."),
        Todo("việc được giao theo văn bản", counts["all"] - counts["late"], list_url(tinh_trang=IN_TIME), "info",
             "Còn hạn; báo cáo tiến độ và kết quả."),
    ]  # fmt: skip


def _givers(user: User) -> list[Todo]:
    rows = Assignment.objects.visible_to(user).of_issued()
    office = Q(addressee__kind=Kind.OFFICE)
    late = Q(state__in=Assignment.OPEN_STATES, due__lt=clock.today())
    reported = Q(state=State.REPORTED)
    judged = office if user.role == Role.CHAIRMAN else ~office
    counts = rows.aggregate(
        late=Count("pk", filter=late), judged=Count("pk", filter=reported & judged & ~Q(reported_by=user))
    )
    return [
        Todo("việc được giao quá hạn", counts["late"], list_url(tinh_trang=OVERDUE), "danger", "Đôn đốc nơi nhận."),
        Todo("báo cáo hoàn thành chờ xác nhận", counts["judged"], list_url(tinh_trang=Status.REPORTED.value), "warning",
             "Đối chiếu số liệu, xác nhận hoặc trả lại."),
    ]  # fmt: skip


# --- notices -----------------------------------------------------------------------------------------------------


def notices() -> Iterable[sources.Notice]:
    """For everybody who may report: tasks within three days of their deadline or past it, returned reports, reminders;
    for who confirms: nothing, they have a list. Two queries."""
    rows = list(
        Assignment.objects.open()
        .filter(Q(due__lte=clock.today() + sources.AHEAD) | Q(state=State.RETURNED) | Q(reminded_at__isnull=False))
        .select_related("task__directive", "addressee__unit", "addressee__payer")
    )
    owners = _owners(rows)
    for row in rows:
        told = _told(row)
        if told is None:
            continue
        key, title, detail = told
        url = reverse("coordination:assignment", args=[row.pk])
        for owner in owners.get(_whose(row), ()):
            yield sources.Notice(owner, key, title, url, detail[:200], row.due)


def _told(row: Assignment) -> tuple[str, str, str] | None:
    task = row.task
    name = f"việc {task.position}, {task.directive.label}"
    if row.state == State.RETURNED:
        at = int(row.answered_at.timestamp()) if row.answered_at else 0
        return f"{row.pk}:tra-lai:{at}", f"Báo cáo bị trả lại: {name}", row.answer
    if row.is_reminded and row.reminded_at:
        return f"{row.pk}:don-doc:{int(row.reminded_at.timestamp())}", f"Được đôn đốc: {name}", task.text
    if row.due < clock.today():
        return f"{row.pk}:qua-han:{row.due}", f"Quá hạn: {name}", task.text
    if row.due <= clock.today() + sources.AHEAD:
        return f"{row.pk}:den-han:{row.due}", f"Đến hạn {row.due:%d/%m/%Y}: {name}", task.text
    return None


def _whose(row: Assignment) -> tuple[str, int]:
    return row.addressee.kind, row.addressee.payer_id or row.addressee.unit_id or 0


def _owners(rows: Iterable[Assignment]) -> dict[tuple[str, int], list[int]]:
    """Who reports for each addressee, one query. A unit that merged is answered for by the one it became part of."""
    kinds: dict[str, tuple[str, ...]] = {
        Kind.COMMUNE: tuple(COMMUNE_ROLES),
        Kind.OFFICE: (Role.DISTRICT_OFFICER, Role.DISTRICT_LEADER),
        Kind.POLICE: (Role.POLICE,),
    }
    wanted: dict[tuple[str, int], int] = {}
    for row in rows:
        unit = row.addressee.unit
        wanted[_whose(row)] = (unit.heir_id or unit.pk) if unit else (row.addressee.payer_id or 0)
    by_role: dict[tuple[str, int], list[int]] = {}
    every = {role for roles in kinds.values() for role in roles} | {Role.PAYER}
    users: Any = User.objects.filter(is_active=True, role__in=every)
    for pk, role, unit, payer in users.order_by("pk").values_list("pk", "role", "unit", "payer"):
        by_role.setdefault((role, unit or payer or 0), []).append(pk)
    return {
        key: [pk for role in (kinds.get(key[0]) or (Role.PAYER,)) for pk in by_role.get((role, place), [])]
        for key, place in wanted.items()
    }

"""Directives for tests, made through the services beside the demo's letter."""

import datetime
from collections.abc import Sequence
from typing import Any

from batosocial.coordination.directives import services
from batosocial.coordination.directives.services import Head, Task
from batosocial.coordination.models import Addressee, Assignment, Directive
from batosocial.staff.models import Role, User
from batosocial.territory.models import Unit
from tests import factories as make

DUE = datetime.date(2024, 8, 31)
JULY = datetime.date(2024, 7, 1)
HEAD = Head(
    kind=Directive.Kind.PLAN,
    number="99/KH-UBND",
    month=JULY,
    day=10,
    issuer="UBND huyện Ba Tơ",
    signer="",
    abstract="V/v thử nghiệm",
)


def to(*units: Unit) -> list[str]:
    return [f"commune:{unit.pk}" for unit in units]


def draft(*tasks: Task, by: User | None = None) -> Directive:
    actor = by or make.user(Role.DISTRICT_OFFICER)
    given = tasks or (Task(text="Báo cáo kết quả", addressees=to(make.commune()), deadline=DUE),)
    return services.create_directive(actor=actor, head=HEAD, tasks=given)


def issued(*tasks: Task, by: User | None = None) -> Directive:
    actor = by or make.user(Role.DISTRICT_OFFICER)
    row = draft(*tasks, by=actor)
    services.issue_directive(actor=actor, directive_id=row.pk)
    row.refresh_from_db()
    return row


def assignments(row: Directive) -> list[Assignment]:
    found = Assignment.objects.filter(task__directive=row).select_related("task__directive", "addressee__unit")
    return list(found.order_by("task__position", "pk"))


def only(row: Directive) -> Assignment:
    (found,) = assignments(row)
    return found


def form_data(tasks: Sequence[dict[str, Any]], **fields: Any) -> dict[str, Any]:
    """What the form of a directive sends."""
    data: dict[str, Any] = {
        "token": "5f1d7a52-9f0b-4c1e-8a43-6f2f1c7a9d77",
        "kind": "cong-van",
        "number": "/UBND",
        "month": "7/2024",
        "day": "",
        "issuer": "UBND huyện Ba Tơ",
        "signer": "",
        "abstract": "V/v thử",
        "basis": "",
        "task-count": str(len(tasks)),
    } | fields
    for number, task in enumerate(tasks):
        data |= {f"task-{number}-{name}": value for name, value in task.items()}
    return data


OFFICE, POLICE = Addressee.Kind.OFFICE, Addressee.Kind.POLICE

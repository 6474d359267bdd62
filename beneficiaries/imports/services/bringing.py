"""Bringing a list and having it checked, as often as needed."""

import datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction

from batosocial.audit import services as audit
from batosocial.jobs.models import StoredFile
from batosocial.staff.models import Role, User
from batosocial.territory.models import Unit
from beneficiaries.imports import openings
from beneficiaries.imports.base import Progress
from beneficiaries.imports.check import check_workbook
from beneficiaries.imports.choices import Reading
from beneficiaries.imports.kinds import importer_of
from beneficiaries.imports.mappings import remember_columns
from beneficiaries.imports.messages import ListRefused
from beneficiaries.imports.services.common import (
    BRINGERS,
    WAITING,
    CannotDo,
    State,
    is_running,
    locked,
    may_upload,
    queue_check,
)
from beneficiaries.imports.storing import store_preview
from beneficiaries.imports.survey import Survey
from beneficiaries.models import ImportBatch

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def same_file(
    *, commune: Unit | None, policy: str, sha256: str, kind: str = ImportBatch.Kind.PEOPLE
) -> ImportBatch | None:
    """The newest list of the same bytes that waits or was accepted for this commune, policy and kind. Those of
    campaigns are compared among themselves."""
    return (
        ImportBatch.objects.of_offices()
        .filter(kind=kind, commune=commune, policy=policy, file__sha256=sha256, state__in=[*WAITING, State.ACCEPTED])
        .order_by("-pk")
        .first()
    )


@transaction.atomic
def upload_list(
    *,
    actor: User,
    commune: Unit | None,
    policy: str,
    filename: str,
    content: bytes,
    kind: str = ImportBatch.Kind.PEOPLE,
    source: str = "",
    month: datetime.date | None = None,
    reading: dict[str, Any] | None = None,
    ask: bool = False,
) -> ImportBatch:
    """Keep a workbook and queue its check; with ``ask`` the user is to say first how it is read.

    The form has made sure that it can be opened. ``month`` is chosen only for accounts, which are used from then on.
    """
    may_upload(actor, commune)
    batch = ImportBatch.objects.create(
        kind=kind,
        commune=commune,
        policy=policy,
        source=source,
        month=month,
        reading=reading or {},
        state=State.READING if ask else State.CHECKING,
        file=StoredFile.keep(name=filename, content_type=XLSX, content=content, created_by=actor),
        uploaded_by=actor,
    )
    audit.record(
        actor=actor, action="Nạp danh sách", row=batch, details={"kind": kind, "commune": commune, "policy": policy}
    )
    if not ask:
        queue_check(batch, actor)
    return batch


@transaction.atomic
def choose_reading(*, actor: User, batch: ImportBatch, reading: Reading, found: Survey) -> ImportBatch:
    """Read a list as the user says, and remember the columns for the commune's next file with such a header."""
    batch = locked(actor, batch, BRINGERS)
    if not may_choose_reading(batch, actor):
        raise CannotDo(f"Danh sách {batch.state_label.lower()}, không đổi cách đọc được.")
    remembered = remember_columns(batch, reading, found)
    batch.reading = reading.stored()
    batch.state, batch.failure = State.CHECKING, ""
    batch.save(update_fields=["reading", "state", "failure"])
    audit.record(
        actor=actor, action="Chọn cách đọc tệp", row=batch, details={**batch.reading, "remembered_headers": remembered}
    )
    queue_check(batch, actor)
    return batch


def may_choose_reading(batch: ImportBatch, actor: User) -> bool:
    """Before it is sent, by the commune or, of a list of its own, by the district or a payer."""
    mine = actor.role == Role.COMMUNE_OFFICER or (actor.role in BRINGERS and batch.uploaded_by.role == actor.role)
    failed = batch.state == State.CHECKING and not is_running(batch)
    return mine and (failed or batch.state in (State.READING, State.PREVIEWED, State.UNREADABLE))


@transaction.atomic
def check_again(*, actor: User, batch: ImportBatch) -> ImportBatch:
    """Check a list anew: after a job that failed, or against the register as it is by now."""
    batch = locked(actor, batch, BRINGERS)
    failed = batch.state == State.CHECKING and not is_running(batch)
    if not failed and batch.state not in (State.PREVIEWED, State.UNREADABLE):
        raise CannotDo(f"Danh sách {batch.state_label.lower()}, không kiểm tra lại được.")
    batch.state = State.CHECKING
    batch.save(update_fields=["state"])
    queue_check(batch, actor)
    return batch


@transaction.atomic
def check_batch(*, batch_id: int, progress: Progress | None = None) -> ImportBatch:
    """The job's work: check the workbook and store the preview. Does nothing when that was done already."""
    batch = (
        ImportBatch.objects.select_for_update(of=("self",)).select_related("commune", "payer", "file").get(pk=batch_id)
    )
    if batch.state != State.CHECKING:
        return batch
    try:
        preview = check_workbook(
            bytes(batch.file.content),
            batch.file.name,
            batch,
            start=importer_of(batch).first_month(batch),
            progress=progress,
        )
    except ListRefused as refused:
        batch.state, batch.failure = State.UNREADABLE, _place(refused)
    else:
        store_preview(batch, preview)
        if batch.payer_id is not None:
            openings.campaigns().checked(batch, preview)
        batch.state, batch.failure = State.PREVIEWED, ""
    batch.save()
    return batch


@transaction.atomic
def withdraw_batch(*, actor: User, batch: ImportBatch) -> ImportBatch:
    """Drop a list that is not accepted: the commune its own, the district and a payer what they uploaded themselves."""
    batch = locked(actor, batch, BRINGERS)
    if actor.role != Role.COMMUNE_OFFICER and batch.uploaded_by.role != actor.role:
        raise PermissionDenied
    if batch.state == State.WITHDRAWN:
        raise CannotDo("Danh sách này đã bỏ rồi.")
    if batch.state in (State.ACCEPTED, State.ACCEPTING):
        raise CannotDo(f"Danh sách {batch.state_label.lower()}, không bỏ được.")
    batch.state = State.WITHDRAWN
    batch.save(update_fields=["state"])
    audit.record(actor=actor, action="Bỏ danh sách", row=batch)
    return batch


def _place(refused: ListRefused) -> str:
    if refused.row is None:
        return str(refused)
    return f"Trang “{refused.sheet}”, dòng {refused.row}: {refused}"

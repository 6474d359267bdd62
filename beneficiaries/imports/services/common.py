"""What all steps of a list share: its states, who may take a step, and its row locked."""

from collections.abc import Collection
from typing import Any

from django.core.exceptions import PermissionDenied
from django.urls import reverse

from batosocial.jobs.models import Job
from batosocial.jobs.services import queue_job
from batosocial.lib.money import format_number
from batosocial.staff.models import Role, User
from batosocial.territory.models import Unit
from beneficiaries.imports import openings
from beneficiaries.imports.kinds import importer_of
from beneficiaries.models import ImportBatch

State, Mode = ImportBatch.State, ImportBatch.Mode

#: Who sees the lists, and who brings them.
READERS = (Role.COMMUNE_OFFICER, Role.COMMUNE_LEADER, Role.DISTRICT_OFFICER, Role.DISTRICT_LEADER)
UPLOADERS = (Role.COMMUNE_OFFICER, Role.DISTRICT_OFFICER)
#: States in which a list is on its way: the same file is not needed a second time.
WAITING = (State.READING, State.CHECKING, State.PREVIEWED, State.SENT, State.ACCEPTING)

CHECK_JOB = "beneficiaries.check_import"


class CannotDo(Exception):
    """What was asked for does not fit the list's state; the message tells the user why and what to do."""


#: Who brings a list has it checked, read and written: a payer those of its own campaigns, which is all it sees.
BRINGERS = frozenset({Role.COMMUNE_OFFICER, Role.DISTRICT_OFFICER, Role.PAYER})


def may_upload(actor: User, commune: Unit | None) -> None:
    """PermissionDenied unless it is the officer's own commune, or one of the district, or the whole of it (None)."""
    own = actor.role == Role.COMMUNE_OFFICER and commune is not None and actor.unit_id == commune.pk
    below = actor.role == Role.DISTRICT_OFFICER and (commune is None or actor.unit_id == commune.parent_id)
    if not (own or below):
        raise PermissionDenied


def locked(actor: User, batch: ImportBatch, roles: Collection[Role]) -> ImportBatch:
    """The batch's row, locked and as it is now, for one of these roles within its scope."""
    if actor.role not in roles:
        raise PermissionDenied
    found = (
        ImportBatch.objects.visible_to(actor)
        .select_for_update(of=("self",))
        .select_related("commune", "payer", "file", "uploaded_by", "job")
        .filter(pk=batch.pk)
        .first()
    )
    if found is None:
        raise PermissionDenied
    return found


def queue_check(batch: ImportBatch, actor: User) -> None:
    batch.job = queue_job(
        kind=CHECK_JOB,
        title=f"Kiểm tra: {importer_of(batch).subject(batch)}, {batch.place}",
        owner=actor,
        args={"batch_id": batch.pk},
        key=f"{CHECK_JOB}:{batch.pk}",
        result_url=page_of(batch),
    )
    batch.save(update_fields=["job"])


def page_of(batch: ImportBatch) -> str:
    """Where the list is shown."""
    if batch.payer_id is not None:
        return openings.campaigns().page_of(batch)
    return reverse("beneficiaries:import_detail", args=[batch.pk])


def worth_writing(batch: ImportBatch, good_rows_only: bool) -> None:
    """CannotDo where nothing would be written, or where rows would stay out without the user's word."""
    if batch.new_count + batch.changed_count == 0:
        raise CannotDo("Danh sách không có dòng nào mới hoặc thay đổi, nên không có gì để ghi.")
    if batch.error_count and not good_rows_only:
        raise CannotDo(
            f"Danh sách còn {format_number(batch.error_count)} dòng lỗi. Hãy sửa tệp rồi nạp lại, "
            "hoặc đánh dấu “Chỉ nhận dòng đúng”."
        )


def is_running(batch: ImportBatch) -> bool:
    return batch.job is not None and batch.job.state in (Job.State.QUEUED, Job.State.RUNNING)


def counts(batch: ImportBatch) -> dict[str, Any]:
    return {
        "new": batch.new_count,
        "changed": batch.changed_count,
        "unchanged": batch.unchanged_count,
        "errors": batch.error_count,
        "warnings": batch.warning_count,
        "good_rows_only": batch.good_rows_only,
    }

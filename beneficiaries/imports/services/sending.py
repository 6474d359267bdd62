"""Sending a list to the district, and the district's sending it back."""

from django.db import transaction
from django.utils import timezone

from batosocial.audit import services as audit
from batosocial.staff.models import Role, User
from beneficiaries.imports.kinds import importer_of
from beneficiaries.imports.services.common import CannotDo, Mode, State, counts, locked, worth_writing
from beneficiaries.models import ImportBatch


@transaction.atomic
def send_batch(*, actor: User, batch: ImportBatch, good_rows_only: bool = False) -> ImportBatch:
    """Hand a previewed list to the district as a first load.

    One with errors goes only by the sender's word that its good rows suffice.
    """
    batch = locked(actor, batch, {Role.COMMUNE_OFFICER})
    if not importer_of(batch).sent_first:
        raise CannotDo("Danh sách tài khoản không gửi Phòng: hãy nhập vào sổ, người khác sẽ xác nhận.")
    if batch.state == State.SENT:
        raise CannotDo("Danh sách này đã gửi Phòng rồi.")
    if batch.state != State.PREVIEWED:
        raise CannotDo(f"Danh sách {batch.state_label.lower()}, không gửi được.")
    worth_writing(batch, good_rows_only)
    batch.state, batch.mode = State.SENT, Mode.FIRST_LOAD
    batch.good_rows_only = good_rows_only and batch.error_count > 0
    batch.sent_by, batch.sent_at = actor, timezone.now()
    batch.failure = ""
    batch.save()
    audit.record(actor=actor, action="Gửi danh sách", row=batch, details=counts(batch))
    return batch


@transaction.atomic
def refuse_batch(*, actor: User, batch: ImportBatch, reason: str) -> ImportBatch:
    """Send a list back to the commune, saying why."""
    batch = locked(actor, batch, {Role.DISTRICT_OFFICER})
    if batch.state == State.REFUSED:
        raise CannotDo("Danh sách này đã trả lại rồi.")
    if batch.state != State.SENT:
        raise CannotDo(f"Danh sách {batch.state_label.lower()}, không trả lại được.")
    if not reason.strip():
        raise CannotDo("Hãy ghi lý do trả lại để xã biết cần sửa gì.")
    batch.state, batch.refusal = State.REFUSED, reason.strip()
    batch.save(update_fields=["state", "refusal"])
    audit.record(actor=actor, action="Trả lại danh sách", row=batch, details={"reason": batch.refusal})
    return batch

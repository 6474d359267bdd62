"""Keeping evidence and taking it back."""

import hashlib
from collections.abc import Collection

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from batosocial.audit import services as audit
from batosocial.jobs.models import StoredFile
from batosocial.staff.models import Role, User
from beneficiaries import confidential
from beneficiaries.attachments.checking import check_file
from beneficiaries.models import Attachment, Change, Entitlement, Person

ATTACHING_ROLES = frozenset({Role.COMMUNE_OFFICER, Role.DISTRICT_OFFICER})


@transaction.atomic
def attach_file(
    *, actor: User, person_id: int, name: str, content: bytes, among: Collection[int] = ()
) -> tuple[Attachment, bool]:
    """Keep a file as evidence about somebody; and whether it is new.

    The same content among the attachments ``among`` (ids) is not kept again: a double click attaches once.
    PermissionDenied without the role, Person.DoesNotExist out of scope, checking.FileRefused for what is no evidence.
    """
    if actor.role not in ATTACHING_ROLES or not actor.is_active:
        raise PermissionDenied
    kept_name, kind = check_file(name, content)
    person = Person.objects.visible_to(actor).select_for_update(no_key=True).get(pk=person_id)
    digest = hashlib.sha256(content).hexdigest()
    standing = Attachment.objects.filter(pk__in=among, file__sha256=digest, removed_at__isnull=True)
    if twin := standing.select_related("file").defer("file__content").first():
        return twin, False
    file = StoredFile.keep(name=kept_name, content_type=kind.content_type, content=content, created_by=actor)
    made = Attachment.objects.create(person=person, file=file, uploaded_by=actor)
    audit.record(
        actor=actor,
        action="Đính kèm minh chứng",
        row=made,
        details={"person": person.pk, "sha256": file.sha256, "size": file.size},
    )
    return made, True


@transaction.atomic
def remove_attachment(*, actor: User, attachment_id: int) -> bool:
    """Take an attachment back; it stays to be read. Whether it was still there. Only whoever works in the scope may,
    and not once a change rests on it: PermissionDenied, Attachment.DoesNotExist out of scope."""
    if actor.role not in ATTACHING_ROLES or not actor.is_active:
        raise PermissionDenied
    found = Attachment.objects.visible_to(actor).select_for_update(of=("self",))
    row = found.select_related("file", "change").defer("file__content").get(pk=attachment_id)
    if row.change is not None and row.change.state != Change.State.REJECTED:
        raise PermissionDenied
    if row.removed_at is not None:
        return False
    row.removed_at = timezone.now()
    row.save(update_fields=["removed_at"])
    audit.record(actor=actor, action="Bỏ minh chứng", row=row, changes={"removed_at": (None, row.removed_at)})
    return True


def shown_files(change: Change, user: User) -> list[Attachment]:
    """The papers of a change that the user may open, without what the files hold. Two queries at most."""
    rows = Attachment.objects.visible_to(user).filter(change=change, removed_at__isnull=True)
    found = list(rows.select_related("file").defer("file__content").order_by("pk"))
    if not found or may_open(found[0], user):
        return found
    return [row for row in found if row.uploaded_by_id == user.pk]


def may_open(attachment: Attachment, user: User) -> bool:
    """Whether what the paper may tell is for this user: of somebody in a confidential group, only for those who may
    know of it and for whoever brought the paper (đ.b k1 Điều 8 NĐ 20/2021). Scope is ``visible_to``'s."""
    if attachment.uploaded_by_id == user.pk or confidential.may_see(user):
        return True
    return not Entitlement.objects.filter(person=attachment.person_id, category__confidential=True).exists()

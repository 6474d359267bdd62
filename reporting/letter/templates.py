"""The template in force, the district's own versions of it, and going back."""

import datetime

from django.core.exceptions import PermissionDenied
from django.db import transaction

from batosocial.audit import services as audit
from batosocial.jobs.models import StoredFile
from batosocial.lib import months
from batosocial.staff.models import Role, User
from batosocial.territory.models import Unit
from reporting.letter.default import default_template
from reporting.letter.facts import Facts, NoFigures, read_facts, without_figures
from reporting.letter.models import LetterTemplate
from reporting.letter.package import TemplateRefused
from reporting.letter.rendering import check_template

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
EDITORS = frozenset({Role.DISTRICT_OFFICER})


class AlreadySo(Exception):
    """The version is the one in force already: nothing changes."""


def version_for(district: Unit, month: datetime.date) -> LetterTemplate | None:
    """The district's version in force for the letter of a month; None before the first."""
    return LetterTemplate.objects.filter(district=district).for_month(month).select_related("file").first()


def content_of(version: LetterTemplate | None) -> bytes:
    return bytes(version.file.content) if version is not None and version.file is not None else default_template()


def facts_to_try(user: User, month: datetime.date) -> Facts:
    """A month's facts to try a template with, or none of any commune where the month has no figures."""
    try:
        return read_facts(user, month)
    except NoFigures:
        return without_figures(user.unit, month)


@transaction.atomic
def add_template(
    *, actor: User, name: str, content: bytes, from_month: datetime.date, note: str = ""
) -> tuple[LetterTemplate, list[str]]:
    """Keep a file as the template from a month on, after trying it; and what to warn of.

    Raises PermissionDenied without the role, package.TemplateRefused with everything that is wrong with the file,
    AlreadySo where the very same file is in force.
    """
    district = _editor_of(actor)
    if len(name) > 200 or not name.lower().endswith(".docx"):
        raise TemplateRefused("Tên tệp phải kết thúc bằng .docx. Hãy lưu mẫu thành tệp Word .docx.")
    warnings = check_template(content, facts_to_try(actor, from_month))
    Unit.objects.select_for_update(no_key=True).get(pk=district.pk)
    current = version_for(district, from_month)
    file = StoredFile.keep(name=name, content_type=DOCX, content=content, created_by=actor)
    if current is not None and current.file is not None and current.file.sha256 == file.sha256:
        raise AlreadySo
    row = LetterTemplate.objects.create(
        district=district, from_month=months.first(from_month), file=file, note=note, made_by=actor
    )
    audit.record(
        actor=actor,
        action="Thay mẫu công văn",
        row=row,
        details={"từ tháng": months.iso(from_month), "tệp": file.name, "sha256": file.sha256, "ghi chú": note},
    )
    return row, warnings


@transaction.atomic
def restore_template(*, actor: User, version_id: int | None, from_month: datetime.date) -> LetterTemplate:
    """Go back to an older version, or to the default (None), for letters of a month and later.

    Raises PermissionDenied, LetterTemplate.DoesNotExist out of scope, AlreadySo where it is in force.
    """
    district = _editor_of(actor)
    older = None
    if version_id is not None:
        older = LetterTemplate.objects.visible_to(actor).select_related("file").get(pk=version_id)
    Unit.objects.select_for_update(no_key=True).get(pk=district.pk)
    current = version_for(district, from_month)
    file = older.file if older else None
    if (current.file_id if current else None) == (file.pk if file else None):
        raise AlreadySo
    row = LetterTemplate.objects.create(
        district=district, from_month=months.first(from_month), file=file, restored_from=older, made_by=actor
    )
    audit.record(
        actor=actor,
        action="Dùng lại mẫu công văn",
        row=row,
        details={"từ tháng": months.iso(from_month), "phiên bản": version_id, "mặc định": file is None},
    )
    return row


def _editor_of(actor: User) -> Unit:
    if actor.role not in EDITORS or not actor.is_active or actor.unit is None:
        raise PermissionDenied
    return actor.unit

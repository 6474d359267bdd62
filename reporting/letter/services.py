"""Making the letter, and keeping its signed copy beside what it was made from."""

import datetime
import hashlib
import json
import re
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from batosocial.audit import services as audit
from batosocial.jobs.models import StoredFile
from batosocial.lib import clock, months
from batosocial.lib.text import clean
from batosocial.staff.models import Role, User
from batosocial.territory.models import Unit
from beneficiaries.attachments.checking import check_file
from reporting.letter.facts import Facts, may_read, read_facts
from reporting.letter.models import Letter, LetterTemplate, SignedLetter
from reporting.letter.rendering import render
from reporting.letter.templates import DOCX, content_of, version_for

KEEPERS = frozenset({Role.DISTRICT_OFFICER})
#: "05/UBND-LĐTBXH", "123/UBND": a number, a symbol (Phụ lục I NĐ 30/2020).
_NUMBER = re.compile(r"[0-9]{2,6}/[^\W\d_][\w&]*(-[\w&]+)*")


class SigningRefused(Exception):
    """The signed copy cannot be kept; ``errors`` say in Vietnamese why, by field."""

    def __init__(self, errors: dict[str, str]) -> None:
        super().__init__(" ".join(errors.values()))
        self.errors = errors


def file_name(month: datetime.date) -> str:
    return f"cong-van-{months.iso(month)}.docx"


def template_of(facts: Facts) -> LetterTemplate | None:
    district = Unit.objects.get(pk=facts.district_id)
    return version_for(district, facts.month)


@transaction.atomic
def make_letter(*, actor: User, month: datetime.date) -> Letter:
    """The letter of a month from its stored figures and the template in force, kept with both; the same facts give the
    same file. Raises PermissionDenied, facts.NoFigures, package.TemplateRefused.
    """
    if not may_read(actor):
        raise PermissionDenied
    facts = read_facts(actor, month)
    template = template_of(facts)
    content = content_of(template)
    kept = facts.as_json()
    digest = _digest(kept, content)
    letter = (
        Letter.objects.filter(district=facts.district_id, month=month, digest=digest).select_related("file").first()
    )
    if letter is None:
        docx = render(content, facts)
        file = StoredFile.keep(name=file_name(month), content_type=DOCX, content=docx, created_by=actor)
        letter, created = Letter.objects.get_or_create(
            district_id=facts.district_id,
            month=month,
            digest=digest,
            defaults={"facts": kept, "template": template, "file": file, "made_by": actor},
        )
        if not created:  # somebody made the same one meanwhile
            file.delete()
    audit.record(
        actor=actor,
        action="Lập công văn",
        row=letter,
        details={"month": months.iso(month), "sha256": letter.file.sha256, "template": template and template.pk},
    )
    return letter


def _digest(facts: dict[str, Any], template: bytes) -> str:
    """When the figures were computed does not change what the letter says."""
    said = json.dumps(facts | {"computed_at": ""}, sort_keys=True, ensure_ascii=False)
    template_digest = hashlib.sha256(template).hexdigest()
    return hashlib.sha256(f"{said}\n{template_digest}\n{settings.PORTAL_URL}".encode()).hexdigest()


@transaction.atomic
def keep_signed(
    *,
    actor: User,
    month: datetime.date,
    letter_id: int | None,
    number: str,
    signed_on: datetime.date,
    signer: str,
    name: str,
    content: bytes,
) -> SignedLetter:
    """Keep the scan of a signed letter beside the letter of ``letter_id``, or beside one made of the figures as they
    are now. Raises PermissionDenied, Letter.DoesNotExist, checking.FileRefused, facts.NoFigures, SigningRefused.
    """
    if actor.role not in KEEPERS or not actor.is_active:
        raise PermissionDenied
    kept_name, kind = check_file(name, content)
    if letter_id is None:
        letter = make_letter(actor=actor, month=month)
    else:
        letter = Letter.objects.visible_to(actor).get(pk=letter_id, month=month)
    # Two at once wait for each other: the second finds what the first kept.
    letter = Letter.objects.select_for_update(of=("self",)).get(pk=letter.pk)
    number, signer = clean(number), clean(signer)
    errors = _objections(letter, number, signed_on, hashlib.sha256(content).hexdigest())
    if errors:
        raise SigningRefused(errors)
    file = StoredFile.keep(name=kept_name, content_type=kind.content_type, content=content, created_by=actor)
    row = SignedLetter.objects.create(
        letter=letter, number=number, signed_on=signed_on, signer=signer, file=file, kept_by=actor
    )
    audit.record(
        actor=actor,
        action="Lưu công văn đã ký",
        row=row,
        details={"month": months.iso(month), "number": number, "signed_on": signed_on, "sha256": file.sha256},
    )
    return row


def _objections(letter: Letter, number: str, signed_on: datetime.date, digest: str) -> dict[str, str]:
    errors: dict[str, str] = {}
    standing = SignedLetter.objects.standing().filter(letter__district=letter.district_id)
    if not _NUMBER.fullmatch(number):
        errors["number"] = "Hãy ghi số và ký hiệu như trên công văn, ví dụ 05/UBND-LĐTBXH (số dưới 10 thêm số 0)."
    elif standing.filter(number__iexact=number, signed_on__year=signed_on.year).exists():
        errors["number"] = f"Số {number} của năm {signed_on.year} đã có bản ký. Hãy xem lại, hoặc rút bản kia trước."
    if signed_on > clock.today():
        errors["signed_on"] = f"Ngày ký sau hôm nay ({clock.today():%d/%m/%Y}). Hãy ghi ngày trên công văn."
    elif signed_on < letter.month:
        errors["signed_on"] = f"Ngày ký trước {months.title(letter.month)}. Hãy ghi ngày trên công văn."
    if standing.filter(file__sha256=digest).exists():
        errors["file"] = "Tệp này đã được lưu rồi. Hãy chọn bản quét khác."
    return errors


@transaction.atomic
def withdraw_signed(*, actor: User, signed_id: int, reason: str) -> bool:
    """Take a wrong copy back; it stays to be read, with the reason. Whether it was still standing.

    Raises PermissionDenied, SignedLetter.DoesNotExist out of scope, SigningRefused without a reason.
    """
    if actor.role not in KEEPERS or not actor.is_active:
        raise PermissionDenied
    row = SignedLetter.objects.visible_to(actor).select_for_update(of=("self",)).get(pk=signed_id)
    reason = clean(reason)
    if row.withdrawn_at is not None:
        return False
    if not reason:
        raise SigningRefused({"reason": "Hãy ghi lý do rút, ví dụ: quét nhầm trang."})
    row.withdrawn_by, row.withdrawn_at, row.withdrawn_why = actor, timezone.now(), reason[:300]
    row.save(update_fields=["withdrawn_by", "withdrawn_at", "withdrawn_why"])
    audit.record(
        actor=actor,
        action="Rút công văn đã ký",
        row=row,
        changes={"withdrawn_at": (None, row.withdrawn_at)},
        details={"reason": row.withdrawn_why},
    )
    return True


def open_signed(*, actor: User, signed_id: int) -> StoredFile:
    """The scan, for whoever may read it; opening it stands in the audit. SignedLetter.DoesNotExist out of scope."""
    row = SignedLetter.objects.visible_to(actor).select_related("file").get(pk=signed_id)
    audit.record(actor=actor, action="Mở công văn đã ký", row=row)
    return row.file

"""Answers meant for all: published by the Phòng in general words, mended, and withdrawn; found by everybody."""

import re
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Case, IntegerField, Q, QuerySet, Value, When
from django.utils import timezone

from batosocial.audit import services as audit
from batosocial.coordination.models import GeneralAnswer, Question, Topic
from batosocial.coordination.questions.privacy import look_for_people
from batosocial.coordination.questions.refusal import Refused
from batosocial.coordination.questions.services import ANSWERERS, MAX_TEXT, paragraphs
from batosocial.lib import clock
from batosocial.lib.text import clean, fold
from batosocial.staff.models import User

PUBLISHERS = ANSWERERS
MAX_QUESTION, MAX_BASIS = 300, 300


class Doubted(Exception):
    """Names of people of the register stand in the text, and nobody said that they may; ``names``, as written."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self.names = names
        super().__init__(", ".join(names))


@transaction.atomic
def publish_answer(
    *,
    actor: User,
    topic: str,
    question: str,
    answer: str,
    basis: str = "",
    source_id: int | None = None,
    names_checked: bool = False,
) -> GeneralAnswer:
    """Publish a question and its answer for everybody. Refused where a number of somebody stands in it; Doubted for a
    name of the register until ``names_checked``. PermissionDenied, Question.DoesNotExist out of scope."""
    upper = _publisher(actor)
    source = Question.objects.visible_to(actor).get(pk=source_id) if source_id else None
    values = _checked(topic, question, answer, basis, names_checked=names_checked)
    row = GeneralAnswer.objects.create(
        **values, upper=upper, source=source, published_by=actor, published_on=clock.today()
    )
    audit.record(
        actor=actor,
        action="phổ biến giải đáp",
        row=row,
        details={"từ vướng mắc": source.pk if source else None, "có tên người": names_checked},
    )
    return row


@transaction.atomic
def edit_answer(
    *,
    actor: User,
    answer_id: int,
    version: int,
    topic: str,
    question: str,
    answer: str,
    basis: str = "",
    names_checked: bool = False,
) -> GeneralAnswer:
    """Mend a published answer; the day of mending is shown. The same checks as for publishing; Refused where somebody
    else changed it since, or it was withdrawn."""
    row = _locked(actor, answer_id)
    if row.withdrawn_at is not None:
        raise Refused(answer="Giải đáp này đã rút; hãy phổ biến một giải đáp mới.")
    if row.version != version:
        raise Refused(answer="Người khác vừa sửa giải đáp này. Hãy tải lại trang rồi sửa tiếp.")
    values = _checked(topic, question, answer, basis, names_checked=names_checked)
    changes = audit.differences(row, {name: value for name, value in values.items() if name != "search_key"})
    if not changes:
        return row
    for name, value in values.items():
        setattr(row, name, value)
    row.edited_on, row.version = clock.today(), row.version + 1
    row.save()
    audit.record(actor=actor, action="sửa giải đáp", row=row, changes=changes)
    return row


@transaction.atomic
def withdraw_answer(*, actor: User, answer_id: int, reason: str) -> bool:
    """Take a published answer back, saying why; whether it stood. The district keeps it to read."""
    row = _locked(actor, answer_id)
    reason = clean(reason)
    if row.withdrawn_at is not None:
        return False
    if not reason:
        raise Refused(reason="Hãy ghi vì sao rút.")
    if len(reason) > MAX_BASIS:
        raise Refused(reason=f"Dài quá {MAX_BASIS} ký tự; hãy ghi ngắn lại.")
    row.withdrawn_at, row.withdrawn_by, row.withdrawal = timezone.now(), actor, reason
    row.save(update_fields=["withdrawn_at", "withdrawn_by", "withdrawal"])
    audit.record(actor=actor, action="rút giải đáp", row=row, details={"lý do": reason})
    return True


def search_answers(rows: QuerySet[GeneralAnswer], text: str) -> QuerySet[GeneralAnswer]:
    """Those that hold every word, by its beginning, with or without accents; those whose question holds the text as it
    is typed come first, then the newest."""
    words = _key(text).split()
    if not words:
        return rows.order_by("-published_on", "-pk")
    found = Q()
    for word in words:
        found &= Q(search_key__contains=f" {word}")
    first = Case(When(question__icontains=clean(text), then=Value(0)), default=Value(1), output_field=IntegerField())
    return rows.filter(found).annotate(place=first).order_by("place", "-published_on", "-pk")


def _key(*texts: str) -> str:
    """Words without accents and signs, each behind a blank."""
    return f" {' '.join(re.sub(r'[^a-z0-9]+', ' ', fold(' '.join(texts))).split())}"


def _publisher(actor: User) -> Any:
    if actor.role not in PUBLISHERS or not actor.is_active:
        raise PermissionDenied
    return actor.unit


def _locked(actor: User, answer_id: int) -> GeneralAnswer:
    upper = _publisher(actor)
    return GeneralAnswer.objects.select_for_update().filter(upper=upper).get(pk=answer_id)


def _checked(topic: str, question: str, answer: str, basis: str, *, names_checked: bool) -> Mapping[str, Any]:
    question, answer, basis = clean(question), paragraphs(answer), clean(basis)
    errors = {}
    if topic not in Topic.values:
        errors["topic"] = "Hãy chọn chủ đề."
    for name, text, longest in (("question", question, MAX_QUESTION), ("answer", answer, MAX_TEXT)):
        if not text:
            errors[name] = "Hãy ghi nội dung."
        elif len(text) > longest:
            errors[name] = f"Dài quá {longest} ký tự; hãy ghi ngắn lại."
    if len(basis) > MAX_BASIS:
        errors["basis"] = f"Dài quá {MAX_BASIS} ký tự; hãy ghi ngắn lại."
    if errors:
        raise Refused(**errors)
    for name, text in (("question", question), ("answer", answer), ("basis", basis)):
        if numbers := look_for_people(text).numbers:
            errors[name] = f"Có số CCCD, điện thoại hoặc tài khoản của một người: {', '.join(numbers)}. Hãy bỏ đi."
    if errors:
        raise Refused(**errors)
    names = look_for_people(question, answer, basis).names
    if names and not names_checked:
        raise Doubted(names)
    kept = {"topic": topic, "question": question, "answer": answer, "basis": basis}
    return kept | {"search_key": key_of(**kept)}


def key_of(topic: str, question: str, answer: str, basis: str) -> str:
    """By what an answer is found."""
    return _key(question, answer, basis, Topic(topic).label)

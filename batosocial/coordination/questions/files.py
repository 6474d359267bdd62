"""Scans and photographs that come with a question or an answer."""

from collections.abc import Iterable

from batosocial.coordination.models import Question, QuestionFile, QuestionMessage
from batosocial.jobs.models import StoredFile
from batosocial.staff.models import User
from beneficiaries import confidential
from beneficiaries.attachments.checking import check_file
from beneficiaries.models import Entitlement

#: A question needs a few papers, not an archive.
MOST = 5


def keep(message: QuestionMessage, given: Iterable[tuple[str, bytes]], *, actor: User) -> list[QuestionFile]:
    """Store the files (name, content) with a message. ``checking.FileRefused`` for what is no scan or photograph."""
    rows = []
    for name, content in given:
        kept_name, kind = check_file(name, content)
        file = StoredFile.keep(name=kept_name, content_type=kind.content_type, content=content, created_by=actor)
        rows.append(QuestionFile.objects.create(message=message, file=file))
    return rows


def visible_files(user: User, question: Question) -> list[QuestionFile]:
    """The files of a question that the user may open, without what they hold."""
    rows = QuestionFile.objects.filter(message__question=question).select_related("file", "message")
    found = list(rows.defer("file__content"))
    if not found or _may_open_all(user, question):
        return found
    return [row for row in found if row.message.by_id == user.pk]


def may_open(user: User, row: QuestionFile) -> bool:
    """As with evidence: papers about somebody of a confidential group are for those who may know of it and for whoever
    brought them (đ.b k1 Điều 8 NĐ 20/2021)."""
    return row.message.by_id == user.pk or _may_open_all(user, row.message.question)


def _may_open_all(user: User, question: Question) -> bool:
    if question.person_id is None or confidential.may_see(user):
        return True
    return not Entitlement.objects.filter(person=question.person_id, category__confidential=True).exists()

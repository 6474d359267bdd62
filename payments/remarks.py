"""Why a list goes back, payment by payment: the Phòng says what must be mended, the commune what it did about it.

The Phòng writes remarks while a list is before it; they go to the commune when the list is returned. A list is sent
again when every remark is answered, so in a list that was sent, a remark without an answer is one of this round.
"""

from collections.abc import Iterable

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from batosocial.audit import services as audit
from batosocial.lib.text import clean
from batosocial.staff.models import COMMUNE_ROLES, Role, User
from payments.models import ListRemark, Payment, PaymentList, Period

State = PaymentList.State
#: Who returns lists says what is wrong in them.
REMARKERS = frozenset({Role.DISTRICT_OFFICER, Role.DISTRICT_LEADER})
ANSWERERS = frozenset(COMMUNE_ROLES)
#: The states in which a list lies before the Phòng.
BEFORE_THE_PHONG = (State.SUBMITTED, State.APPRAISED)
MAX_TEXT = 500


class RemarkRefused(Exception):
    """The remark cannot be written or answered; the message says why and what to do."""


def open_remarks(list_ids: Iterable[int]) -> QuerySet[ListRemark]:
    """Remarks without an answer: in a draft those that the commune has to answer, in a list before the Phòng those
    that will go back with it."""
    return ListRemark.objects.filter(payment_list__in=list(list_ids), answer="").select_related("person")


def may_remark(row: PaymentList, user: User) -> bool:
    """Whether this role writes remarks on the list now. Reads ``row.period``."""
    return user.role in REMARKERS and row.state in BEFORE_THE_PHONG and row.period.state == Period.State.OPEN


def may_answer(row: PaymentList, user: User) -> bool:
    """Whether this role answers remarks on the list now. Reads ``row.period``."""
    return user.role in ANSWERERS and row.state == State.DRAFT and row.period.state == Period.State.OPEN


def _text(text: str, missing: str) -> str:
    text = clean(text)
    if not text:
        raise RemarkRefused(missing)
    if len(text) > MAX_TEXT:
        raise RemarkRefused(f"Dài quá {MAX_TEXT} ký tự; hãy ghi ngắn lại.")
    return text


def _locked_list(actor: User, list_id: int) -> PaymentList:
    return (
        PaymentList.objects.select_for_update(of=("self",))
        .filter(pk__in=PaymentList.objects.visible_to(actor).values("pk"))
        .select_related("period")
        .get(pk=list_id)
    )


def _locked_remark(actor: User, remark_id: int) -> ListRemark:
    """The remark, locked after its list; DoesNotExist outside the actor's scope."""
    visible = ListRemark.objects.filter(payment_list__in=PaymentList.objects.visible_to(actor))
    _locked_list(actor, visible.values_list("payment_list_id", flat=True).get(pk=remark_id))
    return (
        ListRemark.objects.select_for_update(of=("self",))
        .select_related("payment_list__period", "person")
        .get(pk=remark_id)
    )


@transaction.atomic
def add_remark(*, actor: User, payment_id: int, text: str) -> tuple[ListRemark, bool]:
    """Say what must be mended about a payment of a list that lies before the Phòng; (remark, whether it is new).

    The same words about the same person again are the remark that stands already. PermissionDenied without the role,
    Payment.DoesNotExist outside the scope, RemarkRefused otherwise.
    """
    if actor.role not in REMARKERS or not actor.is_active:
        raise PermissionDenied
    payment = Payment.objects.visible_to(actor).get(pk=payment_id)
    row = _locked_list(actor, payment.payment_list_id)
    if not may_remark(row, actor):
        raise RemarkRefused(
            f"Danh sách đang ở bước “{row.get_state_display()}”; chỉ ghi ý kiến được khi danh sách đang ở Phòng."
        )
    text = _text(text, "Hãy ghi xã cần sửa gì ở khoản này.")
    standing = ListRemark.objects.filter(payment_list=row, person=payment.person_id, answer="", text=text).first()
    if standing is not None:
        return standing, False
    remark = ListRemark.objects.create(payment_list=row, person_id=payment.person_id, text=text, by=actor)
    audit.record(
        actor=actor,
        action="ghi ý kiến trên danh sách chi trả",
        row=row,
        details={"người hưởng": payment.name, "số chi trả": payment.number, "cần sửa": text},
    )
    return remark, True


@transaction.atomic
def withdraw_remark(*, actor: User, remark_id: int) -> ListRemark:
    """Take back a remark that has not gone to the commune yet; the audit keeps it."""
    if actor.role not in REMARKERS or not actor.is_active:
        raise PermissionDenied
    remark = _locked_remark(actor, remark_id)
    if remark.answer or not may_remark(remark.payment_list, actor):
        raise RemarkRefused("Ý kiến này đã gửi về xã nên không bỏ được nữa.")
    audit.record(
        actor=actor,
        action="bỏ ý kiến trên danh sách chi trả",
        row=remark.payment_list,
        details={"người hưởng": str(remark.person), "cần sửa": remark.text},
    )
    # Nobody but the Phòng has seen it.
    ListRemark.objects.filter(pk=remark.pk).delete()
    return remark


@transaction.atomic
def answer_remark(*, actor: User, remark_id: int, answer: str, seen: str = "") -> bool:
    """Say what the commune did about a remark; False where it says so already.

    ``seen`` is the answer as the user saw it: who comes second is told instead of silently overwriting.
    """
    if actor.role not in ANSWERERS or not actor.is_active:
        raise PermissionDenied
    remark = _locked_remark(actor, remark_id)
    answer = _text(answer, "Hãy ghi xã đã sửa gì; nếu không sửa, hãy ghi vì sao.")
    if answer == remark.answer:
        return False
    if not may_answer(remark.payment_list, actor):
        raise RemarkRefused("Danh sách đã gửi Phòng nên không trả lời được nữa.")
    if remark.answer != clean(seen):
        raise RemarkRefused(f"Người khác vừa trả lời: “{remark.answer}”. Hãy xem lại rồi ghi nếu vẫn cần.")
    changes = {"answer": (remark.answer, answer)}
    ListRemark.objects.filter(pk=remark.pk).update(answer=answer, answered_by=actor, answered_at=timezone.now())
    audit.record(
        actor=actor,
        action="trả lời ý kiến trên danh sách chi trả",
        row=remark.payment_list,
        changes=changes,
        details={"người hưởng": str(remark.person), "cần sửa": remark.text},
    )
    return True

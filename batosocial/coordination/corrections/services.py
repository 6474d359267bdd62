"""A path from Mẫu 26 to the decision Mẫu 75 (Điều 130 NĐ 131/2021), and the register that follows the decision."""

import datetime
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from batosocial.audit import services as audit
from batosocial.coordination.corrections import law
from batosocial.coordination.models import Correction, CorrectionStep
from batosocial.lib import clock
from batosocial.lib.dates import PartialDate
from batosocial.lib.text import clean
from batosocial.staff.models import Role, User
from beneficiaries.entry.services import EditConflict, NumberTaken, edit_person
from beneficiaries.entry.values import columns
from beneficiaries.identity.checking import take_turn
from beneficiaries.identity.services import check_people
from beneficiaries.models import IdentityAnswer, Person

State, Path, What = Correction.State, Correction.Path, CorrectionStep.What

COMMUNE = frozenset({Role.COMMUNE_OFFICER, Role.DISTRICT_OFFICER})
OFFICE = frozenset({Role.DISTRICT_OFFICER})
#: Step → (states in which it may be taken, who takes it, the state that it leads to).
STEPS: dict[str, tuple[tuple[str, ...], frozenset[Role], str]] = {
    What.REQUESTED: ((State.OPEN,), COMMUNE, State.REQUESTED),
    What.SENT: ((State.REQUESTED,), OFFICE, State.SENT),
    What.FORWARDED: ((State.SENT,), OFFICE, State.FORWARDED),
    What.RETURNED: ((State.FORWARDED,), OFFICE, State.RETURNED),
    # What happens between the Sở and the issuer is not always told to the district.
    What.DECIDED: ((State.SENT, State.FORWARDED, State.RETURNED), OFFICE, State.DECIDED),
    What.REFUSED: ((State.SENT, State.FORWARDED, State.RETURNED), OFFICE, State.REFUSED),
    # What was typed wrong; the paths that a right decision leaves open begin again.
    What.AMENDED: ((State.DECIDED,), OFFICE, State.DECIDED),
    What.RESTARTED: ((State.REFUSED, State.DECIDED), COMMUNE, State.OPEN),
}
WITH_NUMBER = frozenset({What.SENT, What.DECIDED, What.AMENDED, What.REFUSED})
#: What takes values over into the register.
WITH_VALUES = frozenset({What.DECIDED, What.AMENDED})
WITH_WORDS = {
    What.REQUESTED: "Hãy ghi giấy tờ kèm đơn, ví dụ: bản sao chứng thực CCCD.",
    What.FORWARDED: "Hãy ghi cơ quan cấp hồ sơ mà Sở đã chuyển đến.",
    What.REFUSED: "Hãy ghi lý do Sở không đồng ý.",
    What.RESTARTED: "Hãy ghi vì sao lập lại, ví dụ: đã bổ sung trích lục khai sinh.",
}


class CannotDo(Exception):
    """What is wrong, in Vietnamese, by the field to mend ("" for the whole)."""

    def __init__(self, errors: dict[str, str]) -> None:
        super().__init__(" ".join(errors.values()))
        self.errors = errors


def next_steps(correction: Correction, user: User) -> list[str]:
    """The steps that this user may record now."""
    if correction.path != Path.FILE or not correction.is_open:
        return []
    return [what for what, (states, roles, _) in STEPS.items() if correction.state in states and user.role in roles]


@transaction.atomic
def take_step(
    *,
    actor: User,
    correction_id: int,
    what: str,
    day: datetime.date,
    number: str = "",
    words: str = "",
    values: Mapping[str, Any] | None = None,
) -> Correction:
    """Record a step of a path by Mẫu 26; ``day`` and ``number`` are those of its paper.

    DECIDED, and AMENDED where that was typed wrong, takes ``values`` ({"name": str, "birth": PartialDate, "sex",
    "cccd"}, as the decision says) over into the register; the path is closed by the check that follows, if that
    passes. PermissionDenied without the role, Correction.DoesNotExist out of scope, CannotDo for what does not fit.
    The same step again changes nothing, but for AMENDED.
    """
    states, roles, leads_to = STEPS[what]
    if actor.role not in roles or not actor.is_active:
        raise PermissionDenied
    correction = _locked(actor, correction_id, checks=what in WITH_VALUES)
    if correction.path == Path.FILE and correction.state == leads_to and what not in (What.RESTARTED, What.AMENDED):
        return correction
    number, words = clean(number), clean(words)
    _check(correction, what, states, day, number, words, values)
    old = correction.state
    correction.state, correction.since = leads_to, day
    correction.due = law.due_of(leads_to, day)
    correction.save(update_fields=["state", "since", "due"])
    CorrectionStep.objects.create(
        correction=correction, what=what, day=day, number=number, words=words[:500], actor=actor, at=timezone.now()
    )
    audit.record(
        actor=actor,
        action=f"Đính chính hồ sơ: {What(what).label}",
        row=correction,
        changes={"state": (old, leads_to)},
        details={"person": correction.person_id, "day": day, "number": number, "words": words},
    )
    if what in WITH_VALUES:
        reason = f"Quyết định số {number} ngày {day:%d/%m/%Y} (Mẫu 75, {law.BASIS})"
        _take_over(actor, correction, values or {}, reason)
    return correction


@transaction.atomic
def take_right_values(*, actor: User, correction_id: int, words: str) -> Correction:
    """Take over into the register what the police say is right, of what the commune may mend itself; ``words`` names
    the papers that were looked at. What an open path by Mẫu 26 is about waits for its decision.

    The path is closed by the check that follows, if that passes. Errors as in ``take_step``.
    """
    if actor.role not in COMMUNE or not actor.is_active:
        raise PermissionDenied
    correction = _locked(actor, correction_id, checks=True)
    if not correction.is_open:
        return correction
    words = clean(words)
    if not words:
        raise CannotDo({"words": "Hãy ghi giấy tờ đã đối chiếu, ví dụ: CCCD, giấy khai sinh."})
    fields = takeable(correction)
    if not fields:
        raise CannotDo({"": "Họ tên, ngày sinh của người có công đổi theo quyết định Mẫu 75."})
    told = f"{timezone.localtime(correction.answer.answered_at):%d/%m/%Y}"
    reason = f"Theo trả lời của Công an ngày {told}; đã đối chiếu: {words}"[:300]
    _take_over(actor, correction, right_values(correction.answer, fields), reason)
    return correction


def takeable(correction: Correction) -> list[str]:
    """What of a path the commune may take over at once: nothing that an open path by Mẫu 26 is about. One query."""
    if correction.path == Path.FILE:
        return []
    by_decision = Correction.objects.open().filter(person=correction.person_id, path=Path.FILE)
    kept = {field for fields in by_decision.values_list("fields", flat=True) for field in fields}
    return [field for field in correction.fields if field not in kept]


def _locked(actor: User, correction_id: int, *, checks: bool) -> Correction:
    """The path in the actor's scope. Who is to check the person takes a turn before the path is locked: a check that
    runs writes it, too."""
    visible = Correction.objects.visible_to(actor)
    person_id = visible.values_list("person", flat=True).get(pk=correction_id)
    Person.objects.select_for_update(no_key=True).get(pk=person_id)
    if checks:
        take_turn()
    return visible.select_related("person", "answer").select_for_update(of=("self",)).get(pk=correction_id)


def _check(
    correction: Correction,
    what: str,
    states: tuple[str, ...],
    day: datetime.date,
    number: str,
    words: str,
    values: Mapping[str, Any] | None,
) -> None:
    if correction.path != Path.FILE:
        raise CannotDo({"": "Hồ sơ này xã sửa trực tiếp, không qua Mẫu 26."})
    if correction.state not in states:
        raise CannotDo({"": f"Hồ sơ này đang ở bước “{correction.get_state_display()}”; hãy tải lại trang."})
    errors = {}
    if day > clock.today():
        errors["day"] = f"Ngày ở sau hôm nay ({clock.today():%d/%m/%Y}); hãy kiểm tra lại."
    elif day < correction.since and what != What.AMENDED:
        errors["day"] = f"Ngày này trước bước trước ({correction.since:%d/%m/%Y}); hãy kiểm tra lại."
    if what in WITH_NUMBER and not number:
        errors["number"] = "Hãy ghi số văn bản, ví dụ 125/QĐ-SLĐTBXH."
    elif len(number) > 50:
        errors["number"] = "Số dài quá 50 ký tự; hãy kiểm tra lại."
    if what in WITH_WORDS and not words:
        errors["words"] = WITH_WORDS[What(what)]
    if what in WITH_VALUES and not values:
        errors[""] = "Hãy ghi giá trị theo quyết định."
    if errors:
        raise CannotDo(errors)


def _take_over(actor: User, correction: Correction, values: Mapping[str, Any], reason: str) -> None:
    """The register says what is right; the check that follows may close the path."""
    person = correction.person
    new = columns(values)
    if values.get("cccd"):
        new["cccd_missing_reason"] = ""
    try:
        if not edit_person(actor=actor, person_id=person.pk, version=person.version, values=new, reason=reason):
            check_people([person.pk])
    except NumberTaken as taken:
        raise CannotDo({"cccd": str(taken)}) from None
    except EditConflict:
        raise CannotDo({"": "Hồ sơ vừa được người khác sửa; hãy tải lại trang."}) from None
    correction.refresh_from_db()


def right_values(answer: IdentityAnswer, fields: list[str]) -> dict[str, Any]:
    """What the police say is right of these fields, as ``take_step`` takes it."""
    known: dict[str, Any] = {"name": answer.name, "sex": answer.sex, "cccd": answer.cccd}
    known["birth"] = PartialDate(answer.birth_year, answer.birth_month, answer.birth_day) if answer.birth_year else None
    return {field: known[field] for field in fields if known[field]}

"""Why a payment is stopped or money asked back, in words that a payer may read: never the circumstances of somebody."""

import datetime
from collections.abc import Collection, Sequence

from batosocial.lib import months
from batosocial.lib.dates import Death
from batosocial.lib.money import format_amount
from beneficiaries.models import Change, Person
from payments.effects.owing import Unowed
from payments.models import Payment

#: Changes by which less may be owed, or again more.
CONCERNED = frozenset(
    {
        Change.Kind.STOP,
        Change.Kind.DECREASE,
        Change.Kind.SUSPEND,
        Change.Kind.RESUME,
        Change.Kind.ADJUST,
        Change.Kind.CORRECT,
        Change.Kind.START,
    }
)
_WORDS = {
    Change.Kind.STOP: "Thôi hưởng",
    Change.Kind.DECREASE: "Giảm",
    Change.Kind.SUSPEND: "Tạm dừng hưởng",
    Change.Kind.RESUME: "Tiếp tục hưởng",
    Change.Kind.ADJUST: "Điều chỉnh mức hưởng",
    Change.Kind.CORRECT: "Đính chính",
    Change.Kind.START: "Thay đổi chế độ",
}


class Causes:
    """By person and policy, the change for which their months are not owed: of those just applied, else the last one
    that is in force. Two queries, whoever many people there are."""

    def __init__(self, person_ids: Collection[int], changes: Sequence[Change] = ()) -> None:
        dead = Person.objects.filter(pk__in=person_ids, died_on__isnull=False).only("died_on", "died_month_only")
        self.deaths: dict[int, Death] = {person.pk: person.death for person in dead if person.death}
        self._found: dict[tuple[int, str], Change] = {}
        self._of_person: dict[int, Change] = {}
        earlier = (
            Change.objects.filter(person__in=person_ids, state=Change.State.APPLIED, kind__in=CONCERNED)
            .exclude(kind=Change.Kind.START)
            .order_by("applied_at", "pk")
        )
        for change in [*earlier, *changes]:
            self._found[change.person_id, change.policy] = change
            self._of_person[change.person_id] = change

    def change(self, person_id: int, policy: str) -> Change | None:
        return self._found.get((person_id, policy)) or self._of_person.get(person_id)

    def words(self, person_id: int, policy: str, month: datetime.date) -> str:
        """ "Chết ngày 30/06/2024, thôi hưởng từ tháng 7/2024 (QĐ 125/QĐ-UBND ngày 22/07/2024)"."""
        change, death = self.change(person_id, policy), self.deaths.get(person_id)
        if death is not None and months.first(death.day) < month:
            text = f"Chết {death}"
            return f"{text}{_decision(change)}" if change and change.kind == Change.Kind.STOP else text
        if change is None:
            return "Không còn được hưởng theo sổ"
        what = _WORDS[Change.Kind(change.kind)] if change.kind in _WORDS else str(change.get_kind_display())
        return f"{what} từ {months.title(change.effective_month)}{_decision(change)}"


def _decision(change: Change) -> str:
    if not change.decision_number or change.decision_date is None:
        return ""
    return f" (QĐ {change.decision_number} ngày {change.decision_date:%d/%m/%Y})"


def order_words(why: str, payment: Payment, found: Sequence[Unowed]) -> str:
    """Why the payment is stopped and how much of it must not be paid."""
    amount = sum(one.unowed for one in found)
    shown = ", ".join(months.label(one.month) for one in found[:4]) + (", …" if len(found) > 4 else "")
    text = f"{why}. Không được chi {format_amount(amount)} của tháng {shown}"
    if amount < payment.total:
        rest = format_amount(payment.total - amount)
        text += f"; dừng cả khoản, {rest} còn được hưởng sẽ chi ở kỳ sau"
    return f"{text}."[:300]

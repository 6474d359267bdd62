"""What documents say of changes, in a fixed number of queries. Groups that are kept confidential are plain BTXH on
paper, whoever prints it (đ.b k1 Điều 8 NĐ 20/2021), and without evidence that would tell them."""

import csv
import datetime
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from batosocial.lib import clock, months
from batosocial.lib.money import format_number
from batosocial.territory.models import Unit
from beneficiaries import confidential
from beneficiaries.changes.docket import KINDS
from beneficiaries.changes.outlook import Outlook, Outlooks
from beneficiaries.changes.proposal import ALIVE, Proposal, says_alive
from beneficiaries.changes.showing import starts
from beneficiaries.models import Category, Change, Entitlement

_BASES = Path(__file__).resolve().parent.parent / "data" / "legal_bases.csv"
#: What is laid down in the register anyway, in the words of the documents.
REGIMES = {
    Category.Regime.ALLOWANCE: "trợ cấp xã hội hằng tháng",
    Category.Regime.CARE: "hỗ trợ kinh phí chăm sóc, nuôi dưỡng hằng tháng",
    Category.Regime.MERIT: "trợ cấp ưu đãi người có công hằng tháng",
}


@dataclass(frozen=True)
class Row:
    """One benefit of one person in a document; amounts in đồng a month, None where not known."""

    change: Change
    name: str
    sex: str
    birth: str
    cccd: str
    place: str
    commune: str
    commune_id: int
    kind: str
    group: str
    regime: str
    amount: int | None
    starts: str
    month: datetime.date
    reason: str
    basis: str
    arrears: str = ""
    arrears_months: int = 0
    arrears_amount: int | None = 0
    difference: int | None = 0


def rows_of(changes: Iterable[Change]) -> list[Row]:
    """Rows of changes by commune, kind and name; a death has one for each benefit that it ends."""
    given = list(changes)
    codes = {str(change.proposal.get("category") or "") for change in given} - {""}
    categories = {row.code: row for row in Category.objects.filter(code__in=codes)}
    # Nobody is asked whether they may see a group: paper is read by everybody.
    outlooks = Outlooks({change.person_id for change in given}, user=None, categories=categories)
    rows = [row for change in given for row in _rows(change, outlooks)]
    order = list(KINDS)
    return sorted(
        rows,
        key=lambda row: (
            row.change.person.commune.position, row.commune_id, order.index(Change.Kind(row.change.kind)),
            row.change.person.sort_key, row.change.pk,
        ),
    )  # fmt: skip


def _rows(change: Change, outlooks: Outlooks) -> list[Row]:
    kind = Change.Kind(change.kind)
    outlook = outlooks.of_change(change)
    if kind in (Change.Kind.START, Change.Kind.ADJUST):
        category = outlooks.categories.get(Proposal.load(change.proposal).category)
        line = next((one for one in outlook.lines if one.is_new), None) if outlook else None
        amount = line.amount if line else None
        if category is None and change.entitlement:
            category = change.entitlement.category
        return [_row(change, category, amount, outlook)]
    if says_alive(change.proposal):
        ended = outlooks.revived(change)
    elif change.entitlement_id:
        ended = [row for row in outlooks.rows[change.person_id] if row.pk == change.entitlement_id]
    else:
        ended = [row for row in outlooks.rows[change.person_id] if _ends_by(row, change)]
    # What is received when it is decided: a month that has passed may have had another rate.
    month = max(change.effective_month, months.first(change.decision_date or clock.today()))
    found = []
    for number, row in enumerate(ended):
        worth = outlooks.amount_of(row, month)
        found.append(_row(change, row.category, worth, outlook if number == 0 else None))
    return found or [_row(change, change.entitlement.category if change.entitlement else None, None, outlook)]


def _ends_by(row: Entitlement, change: Change) -> bool:
    if row.category.policy != change.policy:
        return False
    upper = row.months.upper
    return row.ended_by_id == change.pk or (
        change.state != Change.State.APPLIED and (upper is None or upper > change.effective_month)
    )


def _row(change: Change, category: Category | None, amount: int | None, outlook: Outlook | None) -> Row:
    person = change.person
    hidden = category is not None and category.confidential
    group = confidential.shown_name(category, None) if category else change.get_policy_display()
    if category and not hidden:
        group = f"{group} ({category.code})"
    first = change.proposal.get("arrears_from")
    arrears = ""
    if first:
        last = months.add(change.effective_month, -1)
        arrears = f"từ {months.label(datetime.date.fromisoformat(first))} đến {months.label(last)}"
    return Row(
        change=change,
        name=person.name,
        sex=person.sex,
        birth=person.birth_text,
        cccd=person.cccd,
        place=", ".join(part for part in (person.hamlet, str(person.commune)) if part),
        commune=str(person.commune),
        commune_id=person.commune_id,
        kind=ALIVE if says_alive(change.proposal) else KINDS[Change.Kind(change.kind)],
        group=group,
        regime=REGIMES.get(Category.Regime(category.regime), "") if category else "",
        amount=amount,
        starts=starts(change),
        month=change.effective_month,
        reason=str(change.reason) if change.reason else (ALIVE if says_alive(change.proposal) else ""),
        basis=change.reason.legal_basis if change.reason else "",
        arrears=arrears,
        arrears_months=outlook.arrears if outlook else 0,
        arrears_amount=outlook.arrears_amount if outlook else 0,
        difference=outlook.difference if outlook else 0,
    )


def legal_bases(policy: str, day: datetime.date, *, decision: bool) -> list[str]:
    """What the documents of a day rest on, in the order of the table."""
    return [
        row["text"]
        for row in _legal_bases()
        if row["policy"] == policy
        and (decision or row["document"] == "any")
        and row["valid_from"] <= day.isoformat()
        and (not row["valid_to"] or day.isoformat() <= row["valid_to"])
    ]


@lru_cache(maxsize=1)
def _legal_bases() -> Sequence[dict[str, Any]]:
    with _BASES.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def in_text(unit: Unit | None) -> str:
    """A unit as it stands inside a sentence: "huyện Ba Tơ"."""
    return f"{unit.kind.lower()} {unit.name}" if unit else ""


def changed(amount: int | None) -> str:
    """ "tăng 500.000 đồng", "giảm 860.000 đồng", "không đổi", "chưa rõ mức"."""
    if amount is None:
        return "chưa rõ mức"
    return "không đổi" if amount == 0 else f"{'tăng' if amount > 0 else 'giảm'} {format_number(abs(amount))} đồng"


_SHORT_FORMS = (
    (r"\bđ\.(\w)", r"điểm \1"),
    (r"\bk(\d+)", r"khoản \1"),
    (r"\bĐ(\d+)", r"Điều \1"),
    (r"\bTT 02/2021(/TT-BLĐTBXH)?", "Thông tư số 02/2021/TT-BLĐTBXH"),
    (r"\bNĐ (20|131)(/2021)?(?!\d)", r"Nghị định số \1/2021/NĐ-CP"),
    (r"\bPL( 02/2020)?\b", "Pháp lệnh số 02/2020/UBTVQH14"),
)


def spelled_out(basis: str) -> str:
    """A legal source without short forms: "đ.a k1 Đ2 TT 02/2021" as "điểm a khoản 1 Điều 2 Thông tư số …"."""
    for short, full in _SHORT_FORMS:
        basis = re.sub(short, full, basis)
    return basis


def total(amounts: Iterable[int | None]) -> int | None:
    """The sum, None where one is not known."""
    given = list(amounts)
    return None if any(amount is None for amount in given) else sum(amount or 0 for amount in given)

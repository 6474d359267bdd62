"""Proposing that benefits pause, and that they go on."""

import datetime
from collections.abc import Sequence
from typing import Any

from django.db import transaction

from batosocial.lib import clock, months
from batosocial.staff.models import User
from beneficiaries.changes import pauses
from beneficiaries.changes.proposal import Paper, dump_paper
from beneficiaries.changes.proposing.shared import (
    ProposalRefused,
    check_nothing_waits,
    check_paper,
    lock_person,
    store_proposal,
)
from beneficiaries.changes.register import title
from beneficiaries.models import Category, Change, ChangeReason, Entitlement

_FURTHEST = 12


@transaction.atomic
def propose_suspension(
    *,
    actor: User,
    person_id: int,
    entitlement_ids: Sequence[int],
    reason: str,
    month: datetime.date | None = None,
    happened_on: datetime.date | None = None,
    paper: Paper | None = None,
    note: str = "",
    needs_sign_off: bool = False,
) -> list[Change]:
    """Propose that the chosen benefits are suspended from ``month`` until further notice, one change for each.

    ``reason`` is the code of a ChangeReason of khoản 3 Điều 2 TT 02/2021 or Điều 54, 55 PL 02/2020. Of khoản 1, 2 Điều
    54 the law tells the month by ``happened_on``, the day of the judgment or conclusion; the others have none in the
    text, it is the decision's. Months that stand on lists already are told by the outlook. A paper may be missing only
    where a review brings it. Errors as in ``propose_start``.
    """
    person = lock_person(actor, person_id)
    errors: dict[str, str] = {}
    rows = _chosen(person.pk, entitlement_ids, errors, "Hãy chọn chế độ tạm dừng.")
    found = ChangeReason.objects.filter(code=reason).first() if reason else None
    _check_paper(paper, needs_sign_off, errors)
    if found is None:
        errors["reason"] = "Hãy chọn lý do trong danh sách."
    elif any(not pauses.suspends(found, row.category) for row in rows):
        errors["reason"] = "Lý do này không phải của chế độ đã chọn."
    month = _suspended_from(reason, month, happened_on, errors)
    for row in rows:
        check_nothing_waits(row, errors, field="entitlements")
    return _store(
        Change.Kind.SUSPEND, rows, {row.pk: found for row in rows}, month,
        {"happened_on": happened_on.isoformat() if happened_on else None} | dump_paper(paper or Paper()),
        actor, note, errors, needs_sign_off,
    )  # fmt: skip


@transaction.atomic
def propose_resumption(
    *,
    actor: User,
    person_id: int,
    entitlement_ids: Sequence[int],
    month: datetime.date | None = None,
    arrears_from: datetime.date | None = None,
    happened_on: datetime.date | None = None,
    reason: str = "",
    paper: Paper | None = None,
    note: str = "",
    needs_sign_off: bool = False,
) -> list[Change]:
    """Propose that suspended benefits go on from ``month``, one change for each.

    ``arrears_from``: from this month of the suspension on what was not paid is paid after all, up to the month before
    going on; only by decision (điểm b khoản 1 Điều 6 TT 02/2021), never after khoản 1, 2 Điều 54 PL 02/2020. There the
    law tells the month by ``happened_on``, the day of release or request. Errors as in ``propose_start``.
    """
    person = lock_person(actor, person_id)
    errors: dict[str, str] = {}
    rows = _chosen(person.pk, entitlement_ids, errors, "Hãy chọn chế độ được hưởng tiếp.")
    _check_paper(paper, needs_sign_off, errors)
    code = reason or (pauses.GOES_ON if any(row.category.policy == "BTXH" for row in rows) else "")
    found = ChangeReason.objects.filter(code=code, action="TIEP_TUC").first() if code else None
    if reason and found is None:
        errors["reason"] = "Hãy chọn lý do trong danh sách."
    for row in rows:
        check_nothing_waits(row, errors, field="entitlements")
        pause = pauses.open_pause(row.suspensions.all())
        because = pause.change.reason.code if pause and pause.change.reason else ""
        by_law = pauses.month_after(because, happened_on) if happened_on else None
        if by_law is not None and month is not None and month < by_law:
            errors["month"] = f"Sớm nhất là {title(by_law)}: tháng liền kề (Điều 54 PL 02/2020)."
        month = month or by_law
        if arrears_from is not None and because in pauses.JUDGED:
            errors["arrears_from"] = "Các tháng bị tạm đình chỉ (Điều 54 PL 02/2020) không được truy lĩnh."
        elif arrears_from is not None and pause and month and not pause.months.lower <= arrears_from < month:
            last = months.add(month, -1)
            errors["arrears_from"] = f"Hãy ghi một tháng từ {title(pause.months.lower)} đến {title(last)}."
    if happened_on and happened_on > clock.today():
        errors["happened_on"] = "Ngày này ở sau hôm nay; hãy kiểm tra lại."
    if month is None:
        errors["month"] = "Hãy ghi tháng được hưởng tiếp."
    data = {
        "arrears_from": arrears_from.isoformat() if arrears_from else None,
        "happened_on": happened_on.isoformat() if happened_on else None,
    }
    given = {row.pk: found if row.category.policy == "BTXH" else None for row in rows}
    return _store(
        Change.Kind.RESUME, rows, given, month, data | dump_paper(paper or Paper()), actor, note, errors, needs_sign_off
    )


# --- shared ------------------------------------------------------------------------------------------------------


def _chosen(person_id: int, entitlement_ids: Sequence[int], errors: dict[str, str], missing: str) -> list[Entitlement]:
    rows = Entitlement.objects.granted().filter(person=person_id, pk__in=set(entitlement_ids))
    rows = rows.exclude(category__regime=Category.Regime.ONE_OFF).select_related("category", "person__commune")
    found = list(rows.prefetch_related("suspensions__change__reason").order_by("pk"))
    if not found:
        errors["entitlements"] = missing
    return found


def _check_paper(paper: Paper | None, needs_sign_off: bool, errors: dict[str, str]) -> None:
    given = paper or Paper()
    if given != Paper() or not needs_sign_off:
        check_paper(given, errors)


def _suspended_from(
    reason: str, month: datetime.date | None, happened_on: datetime.date | None, errors: dict[str, str]
) -> datetime.date | None:
    if happened_on and happened_on > clock.today():
        errors["happened_on"] = "Ngày này ở sau hôm nay; hãy kiểm tra lại."
    by_law = pauses.first_month(reason, happened_on) if happened_on else None
    if by_law is not None and month is not None and month != by_law:
        errors["month"] = f"Điều 54 PL 02/2020: tạm đình chỉ từ {title(by_law)}; hãy để trống ô này."
    if reason == pauses.CUSTODY and happened_on and months.add(months.first(happened_on), 1) > clock.today():
        errors["happened_on"] = "Chỉ tạm dừng khi bị tạm giam từ 01 tháng trở lên (đ.c k3 Đ2 TT 02/2021)."
    month = month or by_law
    if month is None:
        if reason in pauses.JUDGED:
            errors["happened_on"] = "Hãy ghi ngày bản án có hiệu lực, hoặc ngày có kết luận, để tính tháng."
        else:
            errors["month"] = "Hãy ghi tháng bắt đầu tạm dừng."
    elif not -120 <= months.between(months.first(clock.today()), month) <= _FURTHEST:
        errors["month"] = "Tháng này quá xa; hãy kiểm tra lại."
    return month


def _store(
    kind: Change.Kind,
    rows: Sequence[Entitlement],
    reasons: dict[int, ChangeReason | None],
    month: datetime.date | None,
    data: dict[str, Any],
    actor: User,
    note: str,
    errors: dict[str, str],
    needs_sign_off: bool,
) -> list[Change]:
    if errors or month is None:
        raise ProposalRefused(errors)
    made = []
    for row in rows:
        change = Change(
            kind=kind, policy=row.category.policy, person=row.person, entitlement=row, reason=reasons[row.pk],
            effective_month=month,
        )  # fmt: skip
        made.append(store_proposal(change, data, actor, note, {}, needs_sign_off=needs_sign_off))
    return made

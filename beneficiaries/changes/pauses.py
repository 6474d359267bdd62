"""What a suspension and its end do to the register, and what the law says of them.

Khoản 3 Điều 2 TT 02/2021 suspends trợ cấp xã hội and hỗ trợ kinh phí chăm sóc, Điều 54, 55 PL 02/2020 (Điều 118, 119 NĐ
131/2021) the benefits of người có công. A suspended month is not owed; going on pays it after all only where the
decision says so (truy lĩnh, điểm b khoản 1 Điều 6 TT 02/2021).
"""

import calendar
import datetime
from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.db.backends.postgresql.psycopg_any import DateRange

from batosocial.lib import clock, months
from beneficiaries.changes import law
from beneficiaries.changes.register import Effect, Refused, title
from beneficiaries.models import Category, Change, ChangeReason, Entitlement, Suspension

if TYPE_CHECKING:
    from beneficiaries.changes.register import Register

_ACTIONS = ("TAM_DUNG", "TAM_DINH_CHI")
_SCOPE = {Category.Regime.ALLOWANCE: "BTXH", Category.Regime.CARE: "BTXH", Category.Regime.MERIT: "NCC"}
#: Điều 54 khoản 1, 2 PL 02/2020; đ.a, đ.b k1 Điều 118 NĐ 131/2021: from the day the judgment takes effect, from the
#: month of the conclusion; again from the month right after release, after that of the request. The months between are
#: not owed, so that there is nothing to pay after all.
JUDGED = frozenset({"PL02-54.1", "PL02-54.2"})
#: đ.c k3 Điều 2 TT 02/2021: in custody, from one month on.
CUSTODY = "TT02-2.3.c"
#: đ.b k3 Điều 2 TT 02/2021: did not answer the demand to be assessed again.
UNANSWERED = "TT02-2.3.b"
#: đ.đ k1 Điều 2 TT 02/2021: still does not, this many months after the decision to suspend.
STOPS_UNANSWERED, UNANSWERED_MONTHS = "TT02-2.1.đ", 3
#: đ.b k1 Điều 6 TT 02/2021.
GOES_ON = "TT02-6.1.b"


def suspends(reason: ChangeReason, category: Category) -> bool:
    """Whether the reason is one for which a benefit of this category is suspended."""
    return reason.action in _ACTIONS and reason.scope == _SCOPE.get(Category.Regime(category.regime))


def reasons(regimes: Iterable[str]) -> list[ChangeReason]:
    """Reasons for which benefits of these regimes are suspended."""
    scopes = {_SCOPE[Category.Regime(regime)] for regime in regimes}
    return list(ChangeReason.objects.filter(action__in=_ACTIONS, scope__in=scopes).order_by("scope", "pk"))


def first_month(reason: str, happened_on: datetime.date) -> datetime.date | None:
    """The first suspended month where the law tells it: that of the judgment or conclusion; None: as it is decided."""
    return months.first(happened_on) if reason in JUDGED else None


def month_after(reason: str, happened_on: datetime.date) -> datetime.date | None:
    """From when somebody receives again where the law tells it: the month right after release or request."""
    return months.add(months.first(happened_on), 1) if reason in JUDGED else None


def open_pause(suspensions: Iterable[Suspension]) -> Suspension | None:
    """The suspension that lasts until further notice."""
    return next((pause for pause in suspensions if pause.months.upper is None), None)


def answer_due(pause: Suspension) -> datetime.date:
    """The day from which an unanswered demand ends the benefit: three months after the decision to suspend."""
    decided = pause.change.decision_date or pause.months.lower
    month = months.add(months.first(decided), UNANSWERED_MONTHS)
    return month.replace(day=min(decided.day, calendar.monthrange(month.year, month.month)[1]))


# --- plans -------------------------------------------------------------------------------------------------------


def suspend(register: "Register", change: Change) -> Effect:
    """From the month of the change until further notice."""
    row, month = register.standing(change, change.entitlement_id), change.effective_month
    register.alive(change)
    if row.months.upper is not None and row.months.upper <= month:
        raise Refused(f"Chế độ này đã thôi hưởng từ {title(row.months.upper)}, không còn gì để tạm dừng.")
    if row.months.lower > month:
        raise Refused(f"Chế độ này bắt đầu từ {title(row.months.lower)}, không tạm dừng từ {title(month)} được.")
    for pause in register.pauses(row):
        if pause.months.upper is None:
            raise Refused(f"Chế độ này đang tạm dừng từ {title(pause.months.lower)}.")
        if pause.months.upper > month:
            raise Refused(
                f"Chế độ này đã tạm dừng đến {title(months.add(pause.months.upper, -1))}; hãy chọn tháng sau đó."
            )
    return Effect(pause=Suspension(entitlement=row, months=DateRange(month, None, "[)"), change=change))


def resume(register: "Register", change: Change) -> Effect:
    """Ends the suspension; of its months those that the decision names are paid after all."""
    row, month = register.standing(change, change.entitlement_id), change.effective_month
    register.alive(change)
    pause = open_pause(register.pauses(row))
    if pause is None:
        raise Refused("Chế độ này không đang tạm dừng.")
    if row.months.upper is not None and row.months.upper <= month:
        raise Refused(f"Chế độ này đã thôi hưởng từ {title(row.months.upper)}, không hưởng tiếp được.")
    if month <= pause.months.lower:
        raise Refused(
            f"Chế độ này tạm dừng từ {title(pause.months.lower)}, hưởng tiếp sớm nhất từ tháng sau đó; "
            "nếu không đáng tạm dừng thì ghi truy lĩnh từ tháng tạm dừng."
        )
    arrears = None
    if text := change.proposal.get("arrears_from"):
        first = datetime.date.fromisoformat(text)
        if pause.change.reason and pause.change.reason.code in JUDGED:
            raise Refused("Tạm đình chỉ theo Điều 54 PL 02/2020: các tháng bị đình chỉ không được truy lĩnh.")
        if not pause.months.lower <= first < month:
            raise Refused(
                f"Truy lĩnh phải trong các tháng tạm dừng: từ {title(pause.months.lower)} "
                f"đến {title(months.add(month, -1))}."
            )
        arrears = DateRange(first, month, "[)")
    return Effect(pauses=[(pause, DateRange(pause.months.lower, month, "[)"), arrears)])


def ended_with(
    register: "Register", row: Entitlement, change: Change
) -> list[tuple[Suspension, DateRange, DateRange | None]]:
    """What becomes of suspensions when the entitlement stops: one that lasts ends with it, and nothing of the months
    after it is paid."""
    ended, month = [], change.effective_month
    for pause in register.pauses(row):
        if pause.months.upper is not None and pause.months.upper <= month:
            continue
        # One that would have begun later never counts, but the row stays to be read.
        until = max(month, months.add(pause.months.lower, 1))
        arrears = pause.arrears_months
        if arrears is not None:
            arrears = DateRange(arrears.lower, min(arrears.upper, until), "[)") if arrears.lower < until else None
        ended.append((pause, DateRange(pause.months.lower, until, "[)"), arrears))
    return ended


def check_unanswered(register: "Register", change: Change, row: Entitlement) -> None:
    """đ.đ k1 Điều 2 TT 02/2021: only three months after a decision to suspend under đ.b k3 that still stands."""
    if change.reason is None or change.reason.code != STOPS_UNANSWERED:
        return
    pause = open_pause(register.pauses(row))
    if pause is None or pause.change.reason is None or pause.change.reason.code != UNANSWERED:
        raise Refused(
            "Lý do này chỉ dùng khi chế độ đang tạm dừng do không chấp hành yêu cầu xác định lại "
            "(đ.b k3 Đ2 TT 02/2021)."
        )
    due = answer_due(pause)
    if clock.today() < due:
        raise Refused(f"Chưa đủ 03 tháng kể từ quyết định tạm dừng; sớm nhất là ngày {due:%d/%m/%Y}.")
    if change.effective_month < (earliest := law.stop_month(due)):
        raise Refused(f"Thôi hưởng do không chấp hành sớm nhất từ {title(earliest)} (k2 Đ8 NĐ 20/2021).")

"""What the law says of a change: from which month, for which ages, and who decides."""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from django.db.models import Q

from batosocial.lib import months
from batosocial.lib.dates import PartialDate, age_months, reaches_age_on
from beneficiaries.models import Category, Change, ChangeReason, Policy

#: đ.đ k1 Điều 8 NĐ 20/2021: the aged of điểm b and c khoản 5 Điều 5, from the moment of reaching this age.
FROM_AGE = {"BTXH-5B": 75, "BTXH-5C": 80}
#: Khoản 6 Điều 5 NĐ 20/2021: the disabled.
DISABLED = 6
#: Months ahead that a proposal may begin: an age event of next year may be prepared now.
FURTHEST = 12
#: Reasons that are a death, by what they end: trợ cấp xã hội, chăm sóc nuôi dưỡng (đ.a k1, đ.a k2 Điều 2 TT 02/2021),
#: ưu đãi người có công (Điều 122 NĐ 131/2021).
DEATHS = {
    Category.Regime.ALLOWANCE: "TT02-2.1.a",
    Category.Regime.CARE: "TT02-2.2.a",
    Category.Regime.MERIT: "ND131-122",
}
#: Reasons that end something and are not a death alone.
_ENDING = {"THOI", "CHAM_DUT", "CHUYEN_DI"}
_SCOPE = {Category.Regime.ALLOWANCE: "BTXH", Category.Regime.CARE: "CSND", Category.Regime.MERIT: "NCC"}
#: k3 Điều 54 PL 02/2020, đ.c k1 Điều 118 NĐ 131/2021: ends from the month in which the decision is signed.
ENDS_WHEN_SIGNED = frozenset({"PL02-54.3"})
#: k4 Điều 54 PL 02/2020: ends from the day the judgment takes effect. A month is paid whole or not at all, so that its
#: month is the first that is not paid, as with those that end when signed.
#: Điều 55 PL 02/2020, k2 Điều 118 NĐ 131/2021: forgery suspends, and once it is concluded ends from that month.
FORGERY = "PL02-55"
_ENDS_IN_THE_MONTH = ENDS_WHEN_SIGNED | {"PL02-54.4", FORGERY}
#: Ages in years of those for whom a benefit is paid, as [from, below]: khoản 4 Điều 5 (a child up to 22 at school),
#: khoản 1 Điều 20 (a child below 4), đ.d khoản 2 Điều 20 (a child) NĐ 20/2021.
_DEPENDANT_AGES = {"BTXH-4": (0, 22), "CSND-1A": (0, 4), "CSND-2D2": (0, 16)}


class Rule(StrEnum):
    """What the first month follows from."""

    AGE = "age"
    CERTIFICATE = "certificate"
    SIGNING = "signing"
    DECISION = "decision"
    GIVEN = "given"


@dataclass(frozen=True, slots=True)
class FirstMonth:
    """``month`` None where a paper that tells it is still missing; ``why`` is for the user."""

    month: datetime.date | None
    rule: Rule
    why: str


def first_month(
    category: Category,
    *,
    birth: PartialDate,
    signed_on: datetime.date,
    certificate: datetime.date | None = None,
    since: datetime.date | None = None,
) -> FirstMonth:
    """The first month of a new benefit (đ.đ khoản 1 Điều 8 NĐ 20/2021).

    The aged of điểm b, c khoản 5 Điều 5: the month of reaching 75 or 80, however late it is decided. The disabled: the
    month in which the ``certificate`` of the degree of disability was issued. Everybody else, and whoever cares for
    somebody: the month in which the chairman signs. NCC: as the Sở's decision says; for relatives the month after the
    death (Điều 125 NĐ 131/2021). Never earlier than ``since``, from when the benefit exists in these rules.
    """
    signing = months.first(signed_on)
    if category.policy == Policy.MERIT:
        why = "Theo tháng ghi trong quyết định của Sở LĐ-TB&XH; tuất: từ tháng sau tháng từ trần (Đ125 NĐ 131/2021)."
        return FirstMonth(signing, Rule.DECISION, why)
    if (age := FROM_AGE.get(category.code)) is not None:
        month = reached = months.first(reaches_age_on(birth, age))
        why = f"Từ tháng đủ {age} tuổi: {months.title(reached)} (đ.đ k1 Đ8 NĐ 20/2021)."
        if months.between(signing, reached) > FURTHEST:
            return FirstMonth(signing, Rule.SIGNING, f"Theo ngày sinh, đến {months.title(reached)} mới đủ {age} tuổi.")
        if since and reached < since:
            month = since
            why += f" Mức hiện hành chỉ có từ {months.title(since)}."
        return FirstMonth(month, Rule.AGE, why)
    if category.clause == DISABLED and category.regime == Category.Regime.ALLOWANCE:
        month = months.first(certificate) if certificate else None  # type: ignore[assignment]
        when = f": {months.title(month)}" if certificate else ""
        why = f"Từ tháng cấp giấy xác nhận mức độ khuyết tật{when} (đ.đ k1 Đ8 NĐ 20/2021)."
        return FirstMonth(month, Rule.CERTIFICATE, why)
    why = "Từ tháng Chủ tịch UBND huyện ký quyết định (đ.đ k1 Đ8 NĐ 20/2021)."
    return FirstMonth(signing, Rule.SIGNING, why)


def stop_month(happened_on: datetime.date, reason: str = "") -> datetime.date:
    """The first month without the benefit: right after the month of death or of the lost condition (khoản 2 Điều 8 NĐ
    20/2021; of NCC by inference from Điều 125 NĐ 131/2021), so that the month itself is still paid.

    ``reason`` is the code of a ChangeReason; khoản 3, 4 Điều 54 and Điều 55 PL 02/2020 end from the month itself: that
    of the decision, that in which the judgment takes effect, that of the conclusion.
    """
    month = months.first(happened_on)
    return month if reason in _ENDS_IN_THE_MONTH else months.add(month, 1)


def death_reason(regimes: Iterable[str]) -> str:
    """The code of the reason when somebody dies who receives benefits of these regimes of one policy."""
    found = set(regimes)
    return next(code for regime, code in DEATHS.items() if regime in found)


def ends(reason: ChangeReason, category: Category) -> bool:
    """Whether the reason is one for which a benefit of this category stops."""
    ending = reason.action in _ENDING or reason.code == FORGERY
    return ending and reason.scope == _SCOPE.get(Category.Regime(category.regime))


def ending_reasons(regimes: Iterable[str]) -> list[ChangeReason]:
    """Reasons other than a death for which benefits of these regimes stop."""
    scopes = {_SCOPE[Category.Regime(regime)] for regime in regimes}
    found = ChangeReason.objects.filter(Q(action__in=_ENDING) | Q(code=FORGERY), scope__in=scopes)
    return list(found.exclude(code="ND131-122").order_by("scope", "pk"))


def authority_of(policy: str) -> Change.Authority:
    """Who decides: BTXH the chairman of the district (khoản 4 Điều 2 TT 02/2021, Điều 8 NĐ 20/2021), NCC the Sở
    (Điều 122 to 124 NĐ 131/2021). It does not depend on who asks."""
    return Change.Authority.CHAIRMAN if policy == Policy.SOCIAL else Change.Authority.DEPARTMENT


def age_warning(category: Category, birth: PartialDate, month: datetime.date) -> str:
    """What to look at twice where nobody of this age belongs to the category in that month; "" where they do.

    Điều 5, Điều 6 NĐ 20/2021. Never an error: a birth date may be known by its year only.
    """
    if not category.ages or _fits_some(category.ages, birth, month):
        return ""
    age = age_months(birth, month) // 12
    wanted = " hoặc ".join(_range(low, below) for low, below in category.ages)
    return f"Sinh {birth}, {age} tuổi vào {months.title(month)}; đối tượng này là người {wanted}."


def dependant_warning(category: Category, name: str, birth: PartialDate, month: datetime.date) -> str:
    """The same for somebody for whom a benefit is paid."""
    ages = _DEPENDANT_AGES.get(category.code)
    if ages is None or _fits_some([ages], birth, month):
        return ""
    age = age_months(birth, month) // 12
    return f"{name} sinh {birth}, {age} tuổi vào {months.title(month)}; chế độ này tính cho người {_range(*ages)}."


def _fits_some(ages: Iterable[tuple[int, int | None]], birth: PartialDate, month: datetime.date) -> bool:
    last_day = months.add(month, 1) - datetime.timedelta(days=1)
    oldest, youngest = age_months(birth, last_day), age_months(birth, month)
    return any(oldest >= 12 * low and (below is None or youngest < 12 * below) for low, below in ages)


def _range(low: int, below: int | None) -> str:
    if below is None:
        return f"từ đủ {low} tuổi"
    return f"dưới {below} tuổi" if low == 0 else f"từ đủ {low} đến dưới {below} tuổi"

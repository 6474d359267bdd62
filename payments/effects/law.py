"""What the law says of grants at a death: which, for whom, by which papers, within how many days."""

import datetime
from collections.abc import Sequence

from beneficiaries.models import Category, Policy

#: Mai táng phí by policy (Điều 11 NĐ 20/2021; khoản 4 Điều 6 PL 02/2020).
FUNERAL = {Policy.SOCIAL: "MTP-BTXH", Policy.MERIT: "NCC-MTP"}
#: Three months of what an NCC received, to the relatives (khoản 2 Điều 121 NĐ 131/2021).
THREE_MONTHS = "NCC-TC1L-3T"
MONTHS = 3
#: How the allowances for whoever serves at home are marked (``Category.only_highest_of``); they are not among the
#: three months (khoản 2 Điều 121 NĐ 131/2021), and belong to whoever serves, not to the person served.
ATTENDANT = "nguoi-phuc-vu"
#: BTXH: 20 times the base rate (khoản 1, 2 Điều 11 NĐ 20/2021). NCC: 10 times the base salary of social insurance, not
#: the base rate of NCC (khoản 1 Điều 13 NĐ 75/2021). Only for showing how a dated rate comes about.
FACTORS = {"MTP-BTXH": (20, "mức chuẩn trợ giúp xã hội"), "NCC-MTP": (10, "lương cơ sở")}
BASIS = {
    "MTP-BTXH": "khoản 1, 2 Điều 11 NĐ 20/2021",
    "NCC-MTP": "khoản 4 Điều 6 PL 02/2020, khoản 1 Điều 13 NĐ 75/2021",
    THREE_MONTHS: "khoản 2 Điều 121 NĐ 131/2021",
}
ONLY_ONE = "Nhiều văn bản cùng quy định mai táng phí thì chỉ hưởng một mức cao nhất (khoản 2 Điều 11 NĐ 20/2021)."

#: What the family hands in (Điều 12 NĐ 20/2021; Điều 122 to 124 NĐ 131/2021).
PAPERS = {
    Policy.SOCIAL: "Mẫu số 04 và bản sao giấy chứng tử",
    Policy.MERIT: "Bản khai Mẫu số 12 và trích lục khai tử",
}
#: Working days: the commune, from the whole file; the Phòng, from the commune's (Điều 12 NĐ 20/2021: 2 and 3; Điều 122
#: to 124 NĐ 131/2021: 5 and 7).
COMMUNE_DAYS = {Policy.SOCIAL: 2, Policy.MERIT: 5}
PHONG_DAYS = {Policy.SOCIAL: 3, Policy.MERIT: 7}
DEADLINE_SOURCE = {Policy.SOCIAL: "Điều 12 NĐ 20/2021", Policy.MERIT: "Điều 122 đến 124 NĐ 131/2021"}


def is_funeral(category: Category) -> bool:
    return category.code in FUNERAL.values()


def after_working_days(day: datetime.date, days: int) -> datetime.date:
    """The last day of a term of working days that begins after ``day``. Saturdays and Sundays do not count; public
    holidays are not known here, so a term over one of them may end later."""
    while days:
        day += datetime.timedelta(days=1)
        days -= day.weekday() < 5
    return day


def higher(amounts: dict[str, int]) -> str:
    """Of the funeral grants that somebody's policies give, the policy of the only one that is paid: the highest, of
    equal ones NCC (khoản 2 Điều 11 NĐ 20/2021)."""
    return max(amounts, key=lambda policy: (amounts[policy], policy == Policy.MERIT))


def receives(categories: Sequence[Category], policy: str) -> bool:
    """Whether somebody on these monthly benefits leaves a claim to mai táng phí of the policy: people on trợ cấp xã hội
    (khoản 1 Điều 11 NĐ 20/2021; a carer's allowance is none), NCC and their relatives on an allowance of their own."""
    if policy == Policy.SOCIAL:
        return any(category.regime == Category.Regime.ALLOWANCE for category in categories)
    return any(
        category.regime == Category.Regime.MERIT and category.only_highest_of != ATTENDANT for category in categories
    )

"""What an age means for a benefit (Điều 5, 6, 18 to 20 NĐ 20/2021): which group ends, which changes its coefficient.

At which ages to look, and from which day a partial birth date counts, is dated data (``beneficiaries.ages``).
"""

from collections.abc import Iterable
from dataclasses import dataclass

from payments.models import ReviewLine

Action = ReviewLine.Action

#: Không còn đủ điều kiện: trợ cấp xã hội; chăm sóc, nuôi dưỡng (đ.b k1, đ.b k2 Điều 2 TT 02/2021).
LOST, CARE_LOST = "TT02-2.1.b", "TT02-2.2.b"
#: Điều chỉnh (đ.đ k1 Điều 8 NĐ 20/2021).
ADJUSTED = "ND20-8.1.đ"


@dataclass(frozen=True, slots=True)
class Matter:
    """At ``age`` something changes for benefits of these ``categories``: the action that the program proposes with its
    reason (code of a ChangeReason, "" for none), what it means in words, and where that stands."""

    age: int
    categories: tuple[str, ...]
    action: str
    reason: str
    meaning: str
    source: str


_DISABLED = "k6 Đ5, đ.e k1 Đ6 NĐ 20/2021"

#: By the age of whoever receives.
OWN = (
    Matter(3, ("BTXH-7",), Action.STOP, LOST, "hết tuổi hưởng của khoản 7, thôi hưởng", "k7 Đ5 NĐ 20/2021"),
    Matter(4, ("BTXH-1A",), Action.ADJUST, ADJUSTED, "hệ số từ 2,5 xuống 1,5 (BTXH-1B)", "đ.a k1 Đ6 NĐ 20/2021"),
    Matter(4, ("BTXH-3A",), Action.ADJUST, ADJUSTED, "hệ số từ 2,5 xuống 2,0 (BTXH-3B)", "đ.c k1 Đ6 NĐ 20/2021"),
    Matter(
        16,
        ("BTXH-1A", "BTXH-1B"),
        Action.STOP,
        LOST,
        "thôi hưởng; còn đi học thì điều chỉnh sang BTXH-2",
        "k1, k2 Đ5 NĐ 20/2021",
    ),
    Matter(
        16,
        ("BTXH-3A", "BTXH-3B"),
        Action.STOP,
        LOST,
        "thôi hưởng theo khoản 3; đủ điều kiện khoản 8 thì điều chỉnh",
        "k3, k8 Đ5 NĐ 20/2021",
    ),
    Matter(16, ("BTXH-6B",), Action.ADJUST, ADJUSTED, "không còn là trẻ em, sang BTXH-6A", _DISABLED),
    Matter(16, ("BTXH-6D",), Action.ADJUST, ADJUSTED, "không còn là trẻ em, sang BTXH-6C", _DISABLED),
    Matter(22, ("BTXH-2",), Action.STOP, LOST, "quá tuổi đi học được hưởng, thôi hưởng", "k2 Đ5 NĐ 20/2021"),
    Matter(60, ("BTXH-6A",), Action.ADJUST, ADJUSTED, "là người cao tuổi, sang BTXH-6B", _DISABLED),
    Matter(60, ("BTXH-6C",), Action.ADJUST, ADJUSTED, "là người cao tuổi, sang BTXH-6D", _DISABLED),
    Matter(
        60,
        ("BTXH-4",),
        Action.KEEP,
        "",
        "xem có được hưởng thêm điểm a khoản 5 (người cao tuổi)",
        "đ.a k5 Đ5, k2 Đ6 NĐ 20/2021",
    ),
    Matter(75, ("BTXH-4",), Action.KEEP, "", "xem có được hưởng thêm điểm b khoản 5", "đ.b k5 Đ5, k2 Đ6 NĐ 20/2021"),
    Matter(80, ("BTXH-4",), Action.KEEP, "", "xem có được hưởng thêm điểm c khoản 5", "đ.c k5 Đ5, k2 Đ6 NĐ 20/2021"),
    Matter(80, ("BTXH-5A1",), Action.ADJUST, ADJUSTED, "hệ số từ 1,5 lên 2,0 (BTXH-5A2)", "đ.đ k1 Đ6 NĐ 20/2021"),
    Matter(80, ("BTXH-5B",), Action.ADJUST, ADJUSTED, "hết tuổi của điểm b, sang BTXH-5C", "đ.b, đ.c k5 Đ5 NĐ 20/2021"),
)
#: By the age of somebody for whom a benefit is paid: 3 years are the 36 months of Điều 20.
DEPENDANT = (
    Matter(3, ("CSND-2A1",), Action.STOP, CARE_LOST, "con đủ 36 tháng, thôi hỗ trợ", "đ.a k2 Đ20 NĐ 20/2021"),
    Matter(
        3,
        ("CSND-2A2",),
        Action.ADJUST,
        ADJUSTED,
        "con đủ 36 tháng: còn một con dưới 36 tháng thì sang CSND-2A1, không còn thì thôi",
        "đ.a k2 Đ20 NĐ 20/2021",
    ),
    Matter(4, ("CSND-1A",), Action.ADJUST, ADJUSTED, "hệ số từ 2,5 xuống 1,5 (CSND-1B)", "đ.a, đ.b k1 Đ20 NĐ 20/2021"),
    Matter(
        16,
        ("BTXH-4",),
        Action.ADJUST,
        ADJUSTED,
        "chỉ còn tính khi đang đi học; không thì bớt con này khỏi mức",
        "k4 Đ5, đ.d k1 Đ6 NĐ 20/2021",
    ),
    Matter(
        16, ("CSND-1A", "CSND-1B"), Action.STOP, CARE_LOST, "không còn là trẻ em, thôi hỗ trợ", "đ.b k1 Đ20 NĐ 20/2021"
    ),
    Matter(16, ("CSND-2D2",), Action.ADJUST, ADJUSTED, "không còn là trẻ em, sang CSND-2D1", "đ.d k2 Đ20 NĐ 20/2021"),
    Matter(
        22,
        ("BTXH-4",),
        Action.ADJUST,
        ADJUSTED,
        "không còn được tính; là con duy nhất thì thôi hưởng",
        "k4 Đ5, đ.d k1 Đ6 NĐ 20/2021",
    ),
)


def categories(matters: Iterable[Matter]) -> set[str]:
    return {code for matter in matters for code in matter.categories}


def matter_of(matters: Iterable[Matter], age: int, category: str) -> Matter | None:
    """What reaching the age means for a benefit of the category, if anything."""
    return next((one for one in matters if one.age == age and category in one.categories), None)

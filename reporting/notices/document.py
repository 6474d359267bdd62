"""The notice as a document of NĐ 30/2020 (thông báo of the Phòng), on one page whatever stands in it."""

from collections.abc import Sequence
from decimal import Decimal

from django.conf import settings
from django.utils import timezone
from docx.shared import Pt

from batosocial.lib import months
from batosocial.lib.money import format_number, format_rate
from beneficiaries.documents.content import in_text
from beneficiaries.documents.fitting import LINE, POINTS_OF_MM, height, lines
from beneficiaries.documents.layout import LEFT, Agency, Link, Page, Rich, Signer, month_words, plain
from beneficiaries.models import PayoutRoute, Policy
from reporting import rates
from reporting.dashboard import absolute_people_url
from reporting.models import Target
from reporting.notices import steps
from reporting.notices.content import Followed, Notice, Result
from reporting.people import Measure

Reason = PayoutRoute.CashReason
_BODY = 13.0
#: Of the tables, the first with which everything fits.
_SIZES = (11.0, 10.5, 10.0, 9.5, 9.0, 8.5, 8.0)
_READABLE = _SIZES[:5]
_FEWEST_NAMES = 5
#: Of the page, in mm: upright A4 without margins; and what is kept free of it, in points.
_WIDTH, _HEIGHT, _SPARE = 160, 257, 16
#: Between the title of a section and its table, in points.
_UNDER = 2
#: On both sides of a cell's text, in points.
_CELL = 11.0
_FIGURES = (80, 40, 40)
_STEPS = (54, 15, 15, 76)
_PEOPLE = (10, 42, 22, 32, 16, 38)
_PEOPLE_HEADS = ("TT", "Họ và tên", "Ngày sinh", "Thôn", "Nhóm", "Lý do")


def write_notice(notice: Notice) -> bytes:
    """The docx of a notice, always one page: as many people are named as it has room for, the others are counted."""
    size, named = _fit(notice)
    unit, district, month = in_text(notice.unit), in_text(notice.district), months.title(notice.month)
    page = Page(spacing=1)
    page.describe(
        title=f"Thông báo kết quả chi trả không dùng tiền mặt {month}, {unit}",
        author=f"Phòng LĐ-TB&XH {district}",
        made_at=notice.computed_at,
    )
    agency = _agency(notice)
    page.headed(agency, "       /TB-LĐTBXH", f"{agency.place}, {month_words(notice.month)}")
    page.title("Thông báo", _about(notice), before=8, size=_BODY)
    page.text(_intro(notice), size=_BODY)
    _section(page, "1. Kết quả")
    page.table(_figure_heads(notice), _FIGURES, _figure_rows(notice), size=size, centre=(1, 2))
    page.text(_explanation(notice), size=size, italic=True, indent=False, before=2)
    _section(page, "2. Người chưa chi qua tài khoản và việc cần làm")
    page.table(_step_heads(notice), _STEPS, _step_rows(notice), size=size, centre=(1, 2))
    people = _people(notice, named)
    if people:
        _section(page, "3. Người cần vận động, giải quyết trước")
        page.table(_PEOPLE_HEADS, _PEOPLE, people, size=size, centre=(0, 2, 4))
    page.text(_end(notice, named), size=size, indent=False, before=3, align=LEFT)
    signer = Signer(tuple(settings.SIGNER_HEAD), settings.SIGNER_HEAD_NAME)
    page.signatures(_receivers(notice), signer, keep=True, room=3)
    return page.save()


def _section(page: Page, title: str) -> None:
    page.text(title, size=_BODY, bold=True, keep=True).paragraph_format.space_after = Pt(_UNDER)


# --- words -------------------------------------------------------------------------------------------------------


def _agency(notice: Notice) -> Agency:
    # The superior body's name may be shortened (NĐ 30/2020, Phụ lục I).
    return Agency(f"UBND {notice.district}", "Phòng Lao động -\nThương binh và Xã hội", notice.district.name)


def _about(notice: Notice) -> str:
    return f"Kết quả chi trả không dùng tiền mặt {months.title(notice.month)} tại {in_text(notice.unit)}"


def _intro(notice: Notice) -> str:
    return (
        "Phòng Lao động - Thương binh và Xã hội thông báo kết quả chi trả trợ cấp và đề nghị Ủy ban nhân dân "
        f"{in_text(notice.unit)} đôn đốc thực hiện như sau:"
    )


def _receivers(notice: Notice) -> tuple[str, ...]:
    return (f"UBND {in_text(notice.unit)}", f"CT, PCT UBND {_kind(notice)} (để b/c)", "Lưu: VT, BTXH")


def _kind(notice: Notice) -> str:
    return notice.district.kind.lower()


def _percent(value: Decimal) -> str:
    return f"{value.normalize():f}%".replace(".", ",")


def _explanation(notice: Notice) -> str:
    high, average = _percent(notice.threshold.high), _percent(notice.threshold.average)
    at = timezone.localtime(notice.computed_at)
    text = (
        f"Xếp loại theo R1: cao từ {high}; trung bình từ {average} đến dưới {high}; thấp trên 0% đến dưới {average}; "
        f"chưa thực hiện 0%. Số liệu tổng hợp lúc {at:%H:%M} ngày {at:%d/%m/%Y}."
    )
    if notice.stale:
        text += " Từ đó dữ liệu đã thay đổi, số liệu này chưa tính đến."
    return text


# --- figures -----------------------------------------------------------------------------------------------------


def _people_link(notice: Notice, policy: str, measure: Measure, number: int, **chosen: str) -> Link:
    address = absolute_people_url(notice.month, policy, notice.unit.code, measure, **chosen)
    return Link(format_number(number), address)


def _figure_heads(notice: Notice) -> tuple[str, ...]:
    return ("Nội dung", *(str(Policy(result.policy).label) for result in notice.results))


def _figure_rows(notice: Notice) -> list[Sequence[Rich]]:
    def people(label: str, measure: Measure, field: str) -> Sequence[Rich]:
        return [
            label,
            *(
                [_people_link(notice, r.policy, measure, getattr(r.counts, field))]
                for r in notice.results
            ),
        ]  # fmt: skip

    kind = _kind(notice)
    rows: list[Sequence[Rich]] = [
        people("Tổng số đối tượng phải chi (người)", Measure.DUE, "due"),
        people("Đã có tài khoản (người)", Measure.WITH_ACCOUNT, "with_account"),
        people("Đã chi qua tài khoản (người)", Measure.PAID_BY_ACCOUNT, "paid_by_account"),
        ["Tăng, giảm so với tháng trước (người)", *(_change(notice, r) for r in notice.results)],
    ]
    for code in ("R1", "R2", "R3"):
        name = f"{code}: {rates.NAMES[code]}"
        rows.append([name, *(_rate(r, code.lower(), kind) for r in notice.results)])
    rows.append(["Xếp loại theo R1", *(r.figure.class_label for r in notice.results)])
    rows.append([f"Xếp thứ theo R1 trong {kind}", *(_rank(r) for r in notice.results)])
    for code, target in sorted(notice.targets.items()):
        rows += _target_rows(notice, code, target)
    return rows


def _change(notice: Notice, result: Result) -> Rich:
    if result.change is None:
        return "-"
    sign = "+" if result.change > 0 else "−" if result.change < 0 else ""
    number = f"{sign}{format_number(abs(result.change))}"
    if result.change_measure is None:
        return number
    return [Link(number, _people_link(notice, result.policy, result.change_measure, 0).address)]


def _rate(result: Result, name: str, kind: str) -> str:
    own, district = getattr(result.counts, name), getattr(result.district, name)
    return f"{format_rate(own)} ({kind} {format_rate(district)})"


def _rank(result: Result) -> str:
    return "-" if result.rank is None else f"{result.rank}/{result.ranked}"


def _target_rows(notice: Notice, code: str, target: Target) -> list[Sequence[Rich]]:
    """How many more people the target asks for, now and once accounts that are open are in use."""
    due = f", hạn {target.deadline:%d/%m/%Y}" if target.deadline else ""
    rows: list[Sequence[Rich]] = [
        [f"Chỉ tiêu {code} từ {_percent(target.value)}{due}: cần thêm", *(_missing(r, code) for r in notice.results)]
    ]
    if any(r.counts.pending and r.outlooks[code].missing for r in notice.results):
        rows.append(
            ["- sau khi chi vào tài khoản đã mở, cần thêm", *(_missing(r, code, then=True) for r in notice.results)]
        )
    return rows


def _missing(result: Result, code: str, *, then: bool = False) -> str:
    if not result.counts.due:
        return "-"
    outlook = result.outlooks[code]
    missing = outlook.missing_then if then else outlook.missing
    return f"{format_number(missing)} người" if missing else "Đạt"


# --- what to do --------------------------------------------------------------------------------------------------


def _step_heads(notice: Notice) -> tuple[str, ...]:
    return ("Nhóm, lý do", *(result.policy for result in notice.results), "Việc cần làm")


def _step_rows(notice: Notice) -> list[Sequence[Rich]]:
    def row(label: str, step: str, measure: Measure, numbers: Sequence[int], **chosen: str) -> list[Sequence[Rich]]:
        if not any(numbers):
            return []
        cells = [
            [_people_link(notice, r.policy, measure, number, **chosen)]
            for r, number in zip(notice.results, numbers, strict=True)
        ]
        return [[label, *cells, step]]

    counts = [result.counts for result in notice.results]
    rows = row(
        steps.ACCOUNT_NOT_PAID,
        steps.NEXT[""],
        Measure.ACCOUNT_NOT_PAID,
        [c.account_not_paid for c in counts],
    )
    rows += row(
        "Chưa có tài khoản, gồm:",
        "Tiếp tục mở tài khoản, theo lý do:",
        Measure.WITHOUT_ACCOUNT,
        [c.without_account for c in counts],
    )
    for reason in Reason:
        numbers = [result.figure.reasons.get(reason, 0) for result in notice.results]
        rows += row(f"- {steps.LABEL[reason]}", steps.NEXT[reason], Measure.WITHOUT_ACCOUNT, numbers, reason=reason)
    following = months.title(months.add(notice.month, 1))
    rows += row(
        steps.PENDING,
        f"Chi vào tài khoản từ {following}",
        Measure.PENDING,
        [c.pending for c in counts],
    )
    return rows or [["Mọi đối tượng đã chi qua tài khoản", *("" for _ in counts), "Duy trì"]]


# --- people ------------------------------------------------------------------------------------------------------


def _people(notice: Notice, named: int) -> list[Sequence[Rich]]:
    return [
        [str(place), one.name, one.birth, one.hamlet or "-", one.policy, _why(one)]
        for place, one in enumerate(notice.followed[:named], 1)
    ]


def _why(one: Followed) -> str:
    return steps.WHY.get(one.reason, steps.WHY[Reason.OTHER])


def _end(notice: Notice, named: int) -> Rich:
    """Who is not named; the list that the number opens has everybody."""
    others = notice.not_paid - min(named, len(notice.followed))
    if others <= 0:
        return "Có vướng mắc, đề nghị phản ánh về Phòng để phối hợp giải quyết./."
    everybody = _people_link(notice, "", Measure.NOT_PAID_BY_ACCOUNT, notice.not_paid)
    return [
        f"và {format_number(others)} người khác; xem danh sách đủ ",
        everybody,
        " người chưa chi qua tài khoản trên phần mềm./.",
    ]


# --- room --------------------------------------------------------------------------------------------------------


def _fit(notice: Notice) -> tuple[float, int]:
    """Size of the tables and how many people are named, so that everything stands on one page."""
    room, wanted = _HEIGHT * POINTS_OF_MM - _SPARE, len(notice.followed)
    # Where five names would ask for letters too small to read, fewer do; where nothing fits, the smallest.
    for fewest, sizes in ((_FEWEST_NAMES, _READABLE), (1, _READABLE), (0, _SIZES)):
        for size in sizes:
            named = next((n for n in range(wanted, -1, -1) if _height(notice, size, n) <= room), None)
            if named is not None and named >= min(fewest, wanted):
                return size, named
    return _SIZES[-1], 0


def _height(notice: Notice, size: float, named: int) -> float:
    """How high the page's text is, in points; follows ``write_notice``."""
    wide = _WIDTH * POINTS_OF_MM
    agency = _agency(notice)
    left = [*agency.above.split("\n"), *agency.name.split("\n")]
    total = sum(height(line.upper(), 12, wide * 0.4 - _CELL) for line in left) + 8 + 14 * LINE
    total += 8 + _BODY * LINE + 6 + height(_about(notice), _BODY, wide) + 8
    total += 6 + height(_intro(notice), _BODY, wide - 10 * POINTS_OF_MM / 2)
    total += 2 * (6 + _BODY * LINE + _UNDER)
    total += _table_height(_figure_heads(notice), _FIGURES, _figure_rows(notice), size)
    total += 2 + height(_explanation(notice), size, wide)
    total += _table_height(_step_heads(notice), _STEPS, _step_rows(notice), size)
    if named:
        total += 6 + _BODY * LINE + _UNDER + _table_height(_PEOPLE_HEADS, _PEOPLE, _people(notice, named), size)
    total += 3 + height(plain(_end(notice, named)), size, wide)
    receivers = 12 * LINE + sum(height(f"- {line};", 11, wide * 0.45 - _CELL) for line in _receivers(notice))
    signer = (len(settings.SIGNER_HEAD) + 3 + 1) * 14 * LINE
    return total + 6 + 6 + max(receivers, signer)


def _table_height(heads: Sequence[str], widths: Sequence[int], rows: Sequence[Sequence[Rich]], size: float) -> float:
    rooms = [part * POINTS_OF_MM - _CELL for part in widths]
    number = 0
    for row in [heads, *rows]:
        number += max(lines(plain(cell), size, room) for cell, room in zip(row, rooms, strict=True))
    return number * size * LINE + (len(rows) + 2) * 0.75

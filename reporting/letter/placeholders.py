"""What a template may say: each placeholder with its name, its meaning, and its value for a month.

Names are Vietnamese without accents, for whoever edits the template in Word. A number of people renders with marks
around it, which carry the address of these people through the template to the paper and to the page (``marks``).
"""

import datetime
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from batosocial.lib import months
from batosocial.lib.money import format_number, format_rate
from beneficiaries.documents.layout import month_words
from beneficiaries.models import Policy
from reporting.dashboard import WHOLE_DISTRICT, people_url
from reporting.letter.facts import Commune, Facts
from reporting.letter.marks import marked
from reporting.people import Measure
from reporting.rates import CashlessClass

NCC, BTXH = Policy.MERIT, Policy.SOCIAL


class People(int):
    """A number of people and where they are listed. In a condition it is the number, in the text the marked figure."""

    path: str
    two_digits: bool

    def __new__(cls, value: int, path: str, *, two_digits: bool = False) -> "People":
        made = super().__new__(cls, value)
        made.path, made.two_digits = path, two_digits
        return made

    def __str__(self) -> str:
        # A single digit has a zero before it where it stands in a sentence: "01 đối tượng".
        return marked(f"{int(self):02}" if self.two_digits else format_number(int(self)), self.path)


@dataclass(frozen=True)
class Placeholder:
    name: str
    meaning: str
    value: Callable[[Facts], Any]


def month_label(month: datetime.date) -> str:
    """ "7/2024", and "02/2025": months 1 and 2 are written with a zero (Phụ lục I NĐ 30/2020)."""
    return f"0{months.label(month)}" if month.month < 3 else months.label(month)


def names(rows: Iterable[Commune]) -> str:
    """ "Ba Động, Ba Nam, thị trấn Ba Tơ"."""
    return ", ".join(row.name if row.kind.lower() == "xã" else row.full_name for row in rows)


def places(rows: Sequence[Commune]) -> str:
    """ "xã: Ba Động, Ba Nam, thị trấn Ba Tơ"; "xã Ba Xa" alone; "" for none."""
    if len(rows) == 1:
        return rows[0].full_name
    return f"xã: {names(rows)}" if any(row.kind.lower() == "xã" for row in rows) else names(rows)


def kinds(rows: Iterable[Commune]) -> str:
    """ "xã, thị trấn": what the communes are, the usual kind first."""
    return ", ".join(sorted({row.kind.lower() for row in rows}, key=lambda kind: (kind != "xã", kind)))


def _people(policy: str, measure: Measure, field: str) -> Callable[[Facts], People]:
    def value(facts: Facts) -> People:
        counts = facts.total(policy) if policy else facts.both
        return People(getattr(counts, field), people_url(facts.month, policy, WHOLE_DISTRICT, measure))

    return value


def _accounts(facts: Facts) -> str:
    """ "581 tài khoản", and of how many people where some share one: the number of people opens their list."""
    people = _people("", Measure.PENDING, "pending")(facts)
    if not people:
        return ""
    if facts.both.pending_accounts == people:
        return f"{people} tài khoản"
    return f"{format_number(facts.both.pending_accounts)} tài khoản (của {people} đối tượng)"


def _not_begun(facts: Facts) -> str:
    social, merit = facts.group(CashlessClass.NONE, BTXH), facts.group(CashlessClass.NONE, NCC)
    parts = [f"{places(social)} (đối tượng BTXH)"] if social else []
    if merit:
        # "xã:" before the first list holds for the second one, too.
        known = len(social) > 1 and places(social).startswith("xã:")
        parts.append(f"{names(merit) if known and len(merit) > 1 else places(merit)} (đối tượng NCC)")
    return "; ".join(parts)


_RECEIVES = {NCC: "hưởng chế độ ưu đãi người có công", BTXH: "hưởng chế độ bảo trợ xã hội"}


def _without_cccd(facts: Facts) -> str:
    """ "01 đối tượng tại xã Ba Xa đang hưởng chế độ bảo trợ xã hội"; BTXH first, as in the district's letter."""
    parts = []
    for policy in (BTXH, NCC):
        rows = facts.without_cccd(policy)
        if not rows:
            continue
        counts = {row.code: _no_cccd(facts, policy, row.code, row.counts.no_cccd) for row in rows}
        if len(rows) == 1:
            where = f"{counts[rows[0].code]} đối tượng tại {rows[0].full_name}"
        else:
            whole = _no_cccd(facts, policy, WHOLE_DISTRICT, sum(counts.values()))
            each = ", ".join(f"{row.full_name} ({counts[row.code]})" for row in rows)
            where = f"{whole} đối tượng tại {each}"
        parts.append(f"{where} đang {_RECEIVES[policy]}")
    return " và ".join(parts)


def _no_cccd(facts: Facts, policy: str, place: str, number: int) -> People:
    return People(number, people_url(facts.month, policy, place, Measure.NO_CCCD), two_digits=True)


def _ready(policy: str) -> str:
    return "người có công" if policy == NCC else "bảo trợ xã hội"


def _of_policy(policy: str, prefix: str) -> list[Placeholder]:
    kind = _ready(policy)
    return [
        Placeholder(f"{prefix}_da_chi", f"Số đối tượng {kind} đã chi qua tài khoản",
                    _people(policy, Measure.PAID_BY_ACCOUNT, "paid_by_account")),
        Placeholder(f"{prefix}_tong", f"Tổng số đối tượng {kind} phải chi", _people(policy, Measure.DUE, "due")),
        Placeholder(f"{prefix}_ty_le", f"Tỷ lệ đã chi qua tài khoản trên tổng số, {kind} (R1)",
                    lambda facts: format_rate(facts.total(policy).r1)),
        Placeholder(f"{prefix}_chua_chi", f"Số đối tượng {kind} chưa chi qua tài khoản",
                    _people(policy, Measure.NOT_PAID_BY_ACCOUNT, "not_paid_by_account")),
        Placeholder(f"{prefix}_co_tai_khoan", f"Số đối tượng {kind} đã có tài khoản",
                    _people(policy, Measure.WITH_ACCOUNT, "with_account")),
        Placeholder(f"{prefix}_ty_le_co_tai_khoan", f"Tỷ lệ đã có tài khoản trên tổng số, {kind} (R2)",
                    lambda facts: format_rate(facts.total(policy).r2)),
        Placeholder(f"{prefix}_ty_le_chi_tren_tai_khoan", f"Tỷ lệ đã chi trên số đã có tài khoản, {kind} (R3)",
                    lambda facts: format_rate(facts.total(policy).r3)),
    ]  # fmt: skip


PLACEHOLDERS: tuple[Placeholder, ...] = (
    Placeholder("thang", "Tháng của số liệu", lambda f: month_label(f.month)),
    Placeholder("ngay_thang", "Ngày để trống, tháng và năm của công văn", lambda f: month_words(f.month)),
    Placeholder("huyen", "Tên huyện trong câu", lambda f: f.district),
    Placeholder("HUYEN", "Tên huyện, chữ in hoa", lambda f: f.district.upper()),
    Placeholder("dia_danh", "Địa danh trước ngày tháng", lambda f: f.place),
    Placeholder("tinh", "Tên tỉnh trong câu", lambda f: f.province),
    Placeholder("xa_thi_tran", "Các loại đơn vị cấp xã của huyện", lambda f: kinds(f.rows)),
    *_of_policy(NCC, "ncc"),
    *_of_policy(BTXH, "btxh"),
    Placeholder("tong_da_chi", "Cả hai chính sách: đã chi qua tài khoản, mỗi người một lần",
                _people("", Measure.PAID_BY_ACCOUNT, "paid_by_account")),
    Placeholder("tong_doi_tuong", "Cả hai chính sách: tổng số, mỗi người một lần", _people("", Measure.DUE, "due")),
    Placeholder("tong_ty_le", "Cả hai chính sách: tỷ lệ đã chi trên tổng số (R1)", lambda f: format_rate(f.both.r1)),
    Placeholder("tai_khoan_moi", "Tài khoản đã mở, chi từ tháng sau; trống khi không có", _accounts),
    Placeholder("so_xa_tai_khoan_moi", "Số xã, thị trấn có tài khoản đã mở, chi từ tháng sau",
                lambda f: f.pending_communes),
    Placeholder("thang_tai_khoan_moi", "Tháng bắt đầu chi vào các tài khoản đó", lambda f: month_label(f.pending_from)),
    Placeholder("nhom_cao", "Các xã đạt tỷ lệ cao (BTXH), cao nhất trước; trống khi không có",
                lambda f: places(f.group(CashlessClass.HIGH))),
    Placeholder("nhom_trung_binh", "Các xã đạt tỷ lệ trung bình (BTXH); trống khi không có",
                lambda f: places(f.group(CashlessClass.AVERAGE))),
    Placeholder("nhom_thap", "Các xã đạt tỷ lệ thấp (BTXH); trống khi không có",
                lambda f: places(f.group(CashlessClass.LOW))),
    Placeholder("chua_thuc_hien", "Các xã chưa thực hiện theo từng chính sách; trống khi không có", _not_begun),
    Placeholder("chua_thuc_hien_btxh", "Các xã chưa thực hiện, riêng BTXH",
                lambda f: places(f.group(CashlessClass.NONE, BTXH))),
    Placeholder("chua_thuc_hien_ncc", "Các xã chưa thực hiện, riêng NCC",
                lambda f: places(f.group(CashlessClass.NONE, NCC))),
    Placeholder("loai_chua_thuc_hien", "Loại đơn vị của các xã chưa thực hiện",
                lambda f: kinds([*f.group(CashlessClass.NONE, BTXH), *f.group(CashlessClass.NONE, NCC)])),
    Placeholder("chua_co_cccd", "Đối tượng chưa có căn cước công dân, theo xã; trống khi không có", _without_cccd),
    Placeholder("chi_tieu_r1", "Chỉ tiêu đã chi trên tổng số (R1); trống khi không đặt",
                lambda f: f.targets.get("R1", "")),
    Placeholder("chi_tieu_r3", "Chỉ tiêu đã chi trên số đã có tài khoản (R3); trống khi không đặt",
                lambda f: f.targets.get("R3", "")),
    Placeholder("dat_chi_tieu", "Dùng trong điều kiện if: có khi cả hai chính sách đạt mọi chỉ tiêu",
                lambda f: "đạt chỉ tiêu" if f.reached else ""),
    Placeholder("CHUC_VU_KY", "Các dòng chức vụ trên chữ ký", lambda f: "\n".join(f.signer_titles).upper()),
    Placeholder("nguoi_ky", "Họ tên người ký", lambda f: f.signer_name),
)  # fmt: skip
NAMES = frozenset(one.name for one in PLACEHOLDERS)
#: Without these the letter says nothing of the month; a template that lacks one is taken with a warning.
ESSENTIAL = ("thang", "ncc_da_chi", "ncc_tong", "ncc_ty_le", "btxh_da_chi", "btxh_tong", "btxh_ty_le")


def context_of(facts: Facts) -> dict[str, Any]:
    return {one.name: one.value(facts) for one in PLACEHOLDERS}

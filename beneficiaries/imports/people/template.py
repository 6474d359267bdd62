"""The workbook that a commune fills in for one policy: its categories in the lists, examples at today's rates."""

from batosocial.lib import clock, months
from beneficiaries.amounts import known_rates
from beneficiaries.imports.template import Choice, Special, template_workbook
from beneficiaries.models import Category, PayoutRoute, Person, Policy
from beneficiaries.resources import PersonResource

_TITLES = {
    Policy.SOCIAL: "DANH SÁCH ĐỐI TƯỢNG BẢO TRỢ XÃ HỘI HƯỞNG TRỢ CẤP HẰNG THÁNG",
    Policy.MERIT: "DANH SÁCH NGƯỜI CÓ CÔNG HƯỞNG TRỢ CẤP HẰNG THÁNG",
}
_NOTES = (
    "Mỗi chế độ một dòng: người hưởng hai chế độ thì ghi hai dòng, cùng số CCCD.",
    "Thôn, tổ ghi ở cột Thôn, tổ dân phố, hoặc ở một dòng “Thôn …”, “TDP …” phía trên những người của thôn.",
    "Tháng ở đầu trang quyết định mức trợ cấp được so sánh: hãy sửa cho đúng tháng của danh sách.",
    "Tiêu đề có thể ghi thêm tên xã; nếu ghi thì phải đúng xã đang nạp.",
    "Chưa có CCCD hoặc chưa có tài khoản: để trống ô đó và ghi lý do ở cột Ghi chú.",
)
#: Categories of the two examples; people of 1942 and 1979 as the resource has them.
_EXAMPLES = {Policy.SOCIAL: ("BTXH-5C", "BTXH-6A"), Policy.MERIT: ("NCC-9", "NCC-10.1")}


def people_template(policy: Policy) -> bytes:
    """Four queries."""
    month = months.first(clock.today())
    categories = list(Category.objects.filter(policy=policy).exclude(regime=Category.Regime.ONE_OFF).order_by("code"))
    return template_workbook(
        PersonResource,
        title=_TITLES[policy],
        subtitle=f"Tháng {month.month} năm {month.year}",
        notes=_NOTES,
        special=Special(
            choices={
                "category": [Choice(category.code, category.name) for category in categories],
                "note": [Choice(reason) for reason in _reasons()],
            },
            examples=_examples(policy, categories),
        ),
    )


def template_name(policy: Policy) -> str:
    return f"mau_danh_sach_{policy.value}.xlsx"


def _reasons() -> list[str]:
    """Why there is no CCCD or no account, in words that the importer understands."""
    labels = [*Person.MissingReason.labels, *PayoutRoute.CashReason.labels]
    return list(dict.fromkeys(str(label) for label in labels if str(label).lower() not in ("khác", "lý do khác")))


def _examples(policy: Policy, categories: list[Category]) -> dict[str, tuple[object, ...]]:
    """The resource's examples belong to BTXH; NCC has its own categories, both the amounts of this month."""
    today = clock.today()
    amounts: dict[str, int] = {}
    known = {category.pk: category.code for category in categories}
    for rate in known_rates(months.first(today), today):
        if rate.level == 0 and rate.category_id in known:
            amounts.setdefault(known[rate.category_id], rate.amount)
    codes = [code for code in _EXAMPLES[policy] if code in amounts]
    return {"category": tuple(codes), "amount": tuple(amounts[code] for code in codes)}

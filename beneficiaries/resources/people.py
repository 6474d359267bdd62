"""The list of people with their benefit and account, a row for each benefit."""

from typing import Any

from import_export.resources import ModelResource

from batosocial.lib.dates import PartialDate
from beneficiaries.models import Category, Payee, Person, Provider
from beneficiaries.resources.columns import Column
from beneficiaries.resources.widgets import (
    AmountWidget,
    CccdWidget,
    ChoiceWidget,
    CmndWidget,
    NumberTextWidget,
    PartialDateWidget,
    PhoneWidget,
)


def category_codes() -> list[str]:
    """Codes of monthly benefits, as a list may name them."""
    monthly = Category.objects.exclude(regime=Category.Regime.ONE_OFF)
    return list(monthly.order_by("policy", "code").values_list("code", flat=True))


def provider_names() -> list[str]:
    """Banks and wallets as lists name them."""
    return list(Provider.objects.order_by("short_name").values_list("short_name", flat=True))


class BirthColumn(Column):
    """A birth date is three fields of a person, each of which may be unknown."""

    def get_value(self, instance: Any) -> PartialDate | None:
        # A person who is only being entered has none yet.
        return instance.birth if instance.birth_year is not None else None

    def save(self, instance: Any, row: Any, is_m2m: bool = False, **kwargs: Any) -> None:
        birth: PartialDate = self.clean(row, **kwargs)
        instance.birth_year, instance.birth_month, instance.birth_day = birth.year, birth.month, birth.day


class PersonResource(ModelResource):
    """Columns of a people list. What belongs to the benefit and the account is no field of a person."""

    name = Column(
        "name",
        "Họ và tên",
        width=28,
        required=True,
        hint="Như trong hồ sơ hưởng trợ cấp.",
        examples=("Phạm Thị Ví Dụ", "Phạm Văn Ví Dụ"),
    )
    other_name = Column("other_name", "Tên gọi khác", width=20, hint="Tên thường gọi ở địa phương, nếu có.")
    sex = Column(
        "sex",
        "Giới tính",
        width=10,
        widget=ChoiceWidget(Person.Sex.choices),
        choices=[str(label) for label in Person.Sex.labels],
        required=True,
        hint="Nam hoặc Nữ.",
        examples=("Nữ", "Nam"),
    )
    birth = BirthColumn(
        "birth",
        "Ngày sinh",
        width=13,
        widget=PartialDateWidget(),
        required=True,
        hint="1942, 05/1942 hoặc 12/05/1942; chỉ biết năm thì chỉ ghi năm.",
        examples=("12/05/1942", "1979"),
    )
    cccd = Column(
        "cccd",
        "Số CCCD",
        widget=CccdWidget(),
        required=True,
        hint="Đủ 12 chữ số, ô dạng chữ (Text). Chưa có thì để trống và ghi lý do ở cột Ghi chú.",
        examples=("051142000001", "051079000002"),
    )
    cmnd = Column("cmnd", "Số CMND cũ", width=13, widget=CmndWidget(), hint="9 chữ số, ô dạng chữ (Text), nếu có.")
    ethnicity = Column("ethnicity", "Dân tộc", width=10, hint="Như trong hồ sơ.", examples=("H're", "H're"))
    hamlet = Column(
        "hamlet",
        "Thôn, tổ dân phố",
        width=20,
        hint="Cũng có thể ghi thành một dòng “Thôn …” phía trên những người của thôn.",
        examples=("Thôn Ví Dụ", "Thôn Ví Dụ"),
    )
    phone = Column("phone", "Điện thoại", width=13, widget=PhoneWidget(), hint="Ô dạng chữ (Text), nếu có.")
    file_number = Column("file_number", "Số hồ sơ", hint="Số hồ sơ người có công hoặc hồ sơ trợ cấp, nếu có.")
    category = Column(
        "category",
        "Mã đối tượng",
        width=14,
        readonly=True,
        choices=category_codes,
        required=True,
        hint="Mã trong danh mục, ví dụ BTXH-5C, NCC-9; người hưởng hai chế độ thì ghi hai dòng.",
        examples=("BTXH-5C", "BTXH-6A"),
    )
    level = Column("level", "Tỷ lệ (%)", width=10, readonly=True, hint="Thương binh: tỷ lệ tổn thương từ 21 đến 100.")
    amount = Column(
        "amount",
        "Mức trợ cấp (đồng)",
        readonly=True,
        widget=AmountWidget(),
        required=True,
        hint="Mức đang hưởng mỗi tháng, đồng.",
        examples=(500000, 1000000),
    )
    account = Column(
        "account",
        "Số tài khoản",
        width=18,
        readonly=True,
        widget=NumberTextWidget(),
        hint="6 đến 19 chữ số, ô dạng chữ (Text). Chưa có tài khoản thì để trống, ghi lý do ở cột Ghi chú.",
        examples=("", "4500000000002"),
    )
    provider = Column(
        "provider",
        "Ngân hàng",
        width=14,
        readonly=True,
        choices=provider_names,
        hint="Tên ngân hàng, ví dụ Agribank, LPBank.",
        examples=("", "Agribank"),
    )
    owner = Column(
        "owner",
        "Chủ tài khoản",
        width=22,
        readonly=True,
        widget=ChoiceWidget(Payee.Kind.choices),
        choices=[str(label) for label in Payee.Kind.labels],
        hint="Chính chủ, Người giám hộ hoặc Người được ủy quyền.",
        examples=("", "Chính chủ"),
    )
    holder_name = Column(
        "holder_name",
        "Tên chủ tài khoản",
        width=24,
        readonly=True,
        hint="Như ngân hàng ghi, ví dụ PHAM VAN VI DU.",
        examples=("", "PHAM VAN VI DU"),
    )
    note = Column(
        "note",
        "Ghi chú",
        width=30,
        readonly=True,
        hint="Vì sao chưa có CCCD hoặc chưa có tài khoản.",
        examples=("chưa đồng ý mở tài khoản", ""),
    )

    class Meta:
        model = Person
        fields = (
            "name", "other_name", "sex", "birth", "cccd", "cmnd", "ethnicity", "hamlet", "phone", "file_number",
            "category", "level", "amount", "account", "provider", "owner", "holder_name", "note",
        )  # fmt: skip
        import_id_fields = ("cccd",)

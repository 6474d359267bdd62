"""The list of accounts alone: who, which account, whose it is."""

from import_export.resources import Resource

from beneficiaries.models import Payee, Policy
from beneficiaries.resources.columns import Column
from beneficiaries.resources.people import provider_names
from beneficiaries.resources.widgets import CccdWidget, ChoiceWidget, CmndWidget, DateWidget, NumberTextWidget


class AccountResource(Resource):
    """Columns of an accounts list: of an account-opening file, and of the routes that wait for a confirmation."""

    name = Column(
        "person__name",
        "Họ và tên",
        width=28,
        hint="Họ tên người hưởng trợ cấp, để đối chiếu; chỉ họ tên thì không đủ để nhận ra người.",
        examples=("Phạm Văn Ví Dụ", "Đinh Thị Ví Dụ"),
    )
    cccd = Column(
        "person__cccd",
        "Số CCCD",
        widget=CccdWidget(),
        required=True,
        hint="Của người hưởng: đủ 12 chữ số, ô dạng chữ (Text). Chưa có thì ghi số CMND hoặc số hồ sơ.",
        examples=("051079000002", "051215000003"),
    )
    cmnd = Column(
        "person__cmnd", "Số CMND cũ", width=13, widget=CmndWidget(), hint="9 chữ số, ô dạng chữ (Text), nếu có."
    )
    file_number = Column("person__file_number", "Số hồ sơ", hint="Dùng khi không có CCCD và CMND.")
    hamlet = Column("person__hamlet", "Thôn, tổ dân phố", width=20, hint="Để dễ tìm; không dùng để nhận ra người.")
    policy = Column(
        "policy",
        "Chính sách",
        width=11,
        choices=list(Policy.values),
        hint="NCC hoặc BTXH; để trống thì tài khoản nhận mọi trợ cấp đang hưởng của người này.",
        examples=("BTXH", ""),
    )
    provider = Column(
        "account__provider__short_name",
        "Ngân hàng",
        width=14,
        choices=provider_names,
        required=True,
        hint="Tên ngân hàng, ví dụ Agribank, LPBank.",
        examples=("Agribank", "Agribank"),
    )
    account = Column(
        "account__number",
        "Số tài khoản",
        width=18,
        widget=NumberTextWidget(),
        required=True,
        hint="6 đến 19 chữ số, ô dạng chữ (Text).",
        examples=("4500000000002", "4500000000003"),
    )
    holder_name = Column(
        "account__holder_name",
        "Tên chủ tài khoản",
        width=24,
        hint="Như ngân hàng ghi, ví dụ PHAM VAN VI DU; được so với tên người nhận, không kể dấu.",
        examples=("PHAM VAN VI DU", "DINH VAN VI DU"),
    )
    owner = Column(
        "payee__kind",
        "Chủ tài khoản",
        width=22,
        widget=ChoiceWidget(Payee.Kind.choices),
        choices=[str(label) for label in Payee.Kind.labels],
        hint="Chính chủ, Người giám hộ hoặc Người được ủy quyền.",
        examples=("Chính chủ", "Người giám hộ"),
    )
    payee_name = Column(
        "payee__name",
        "Họ tên người nhận thay",
        width=24,
        hint="Họ tên người giám hộ hoặc người được ủy quyền; chính chủ thì để trống.",
        examples=("", "Đinh Văn Ví Dụ"),
    )
    payee_cccd = Column(
        "payee__cccd",
        "CCCD người nhận thay",
        widget=CccdWidget(),
        hint="Số CCCD của người giám hộ hoặc người được ủy quyền, nếu biết.",
        examples=("", "051080000004"),
    )
    relation = Column(
        "payee__relation",
        "Quan hệ",
        width=14,
        hint="Của người nhận thay với người hưởng: cha, mẹ, con, vợ, chồng…",
        examples=("", "Cha"),
    )
    opened_on = Column(
        "account__opened_on", "Ngày mở", width=12, widget=DateWidget(), hint="22/07/2024.", examples=("15/07/2024", "")
    )
    note = Column("note", "Ghi chú", width=30, hint="Không bắt buộc.")

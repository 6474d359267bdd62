"""The workbook in which post and bank write down the accounts they opened."""

from beneficiaries.imports.template import template_workbook
from beneficiaries.resources import AccountResource

ACCOUNT_TEMPLATE = "mau_danh_sach_tai_khoan.xlsx"
_NOTES = (
    "Mỗi người hưởng một dòng; một tài khoản nhận thay cho nhiều người thì ghi lại ở dòng của từng người.",
    "Người hưởng được nhận ra theo Số CCCD, rồi Số CMND cũ, rồi Số hồ sơ. Chỉ có họ tên thì cổng không nhận ra, chỉ "
    "nêu những người có thể là.",
    "Tài khoản dùng cho mọi trợ cấp người đó đang hưởng, trừ khi cột Chính sách ghi riêng NCC hoặc BTXH.",
    "Nạp xong, tài khoản chờ một người khác xác nhận rồi mới được dùng để chi.",
)


def account_template() -> bytes:
    return template_workbook(AccountResource, title="DANH SÁCH TÀI KHOẢN NHẬN TRỢ CẤP", notes=_NOTES)

"""A list of accounts of the whole district from the command line: check it, and with --commit enter the routes."""

import datetime
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from batosocial.lib import months
from batosocial.lib.text import clean
from beneficiaries.imports.accounts.importer import first_month
from beneficiaries.imports.checked import Preview
from beneficiaries.imports.command import BAD_USAGE, ListCommand
from beneficiaries.models import ImportBatch

_LONGEST = ImportBatch._meta.get_field("source").max_length or 0


class Command(ListCommand):
    help = (
        "Kiểm tra danh sách tài khoản của cả huyện; có --commit thì nhập vào sổ, chờ người thứ hai xác nhận. "
        "Mã thoát: 0 xong, 1 danh sách có lỗi (không ghi gì), 2 gọi sai."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--source", required=True, metavar="TEXT", help="nguồn, ví dụ: Bưu điện mở, 8/2024")
        parser.add_argument("--month", metavar="2024-08", help="dùng từ tháng; mặc định là tháng đầu tiên chưa mở kỳ")
        super().add_arguments(parser)

    def batch(self, options: dict[str, Any]) -> ImportBatch:
        source = clean(options["source"])
        if not source or len(source) > _LONGEST:
            raise CommandError(f"--source phải có từ 1 đến {_LONGEST} ký tự.", returncode=BAD_USAGE)
        return ImportBatch(kind=ImportBatch.Kind.ACCOUNTS, source=source, month=_month(options["month"]))

    def told(self, preview: Preview) -> str:
        return f"Đã nhập vào sổ, dùng từ {months.title(preview.start)}; chờ người thứ hai xác nhận trên cổng."


def _month(written: str | None) -> datetime.date:
    first = first_month()
    if written is None:
        return first
    try:
        month = months.parse(written)
    except ValueError as error:
        raise CommandError(str(error), returncode=BAD_USAGE) from None
    if month < first:
        raise CommandError(
            f"{months.title(month).capitalize()} đã mở kỳ chi trả; sớm nhất là {months.title(first)}.",
            returncode=BAD_USAGE,
        )
    return month

"""A commune's own workbook from the command line: check it, and with --commit load it."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from batosocial.lib import months
from batosocial.territory.models import Unit
from beneficiaries.imports.checked import Preview
from beneficiaries.imports.command import BAD_USAGE, ListCommand
from beneficiaries.models import ImportBatch, Policy


class Command(ListCommand):
    help = (
        "Kiểm tra danh sách Excel của một xã; có --commit thì nạp lần đầu vào sổ, từ tháng đầu tiên chưa mở kỳ. "
        "Mã thoát: 0 xong, 1 danh sách có lỗi (không ghi gì), 2 gọi sai."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--commune", required=True, metavar="CODE", help="mã GSO của xã, thị trấn")
        parser.add_argument("--policy", required=True, choices=Policy.values)
        super().add_arguments(parser)

    def batch(self, options: dict[str, Any]) -> ImportBatch:
        commune = Unit.objects.current().communes().filter(code=options["commune"]).first()
        if commune is None:
            raise CommandError(f"Không có xã, thị trấn mang mã {options['commune']}.", returncode=BAD_USAGE)
        return ImportBatch(commune=commune, policy=options["policy"])

    def told(self, preview: Preview) -> str:
        return (
            f"Đã ghi vào sổ, hưởng từ {months.title(preview.start)}; "
            "nơi nhận tiền chờ người thứ hai xác nhận trên cổng."
        )

"""`notices 2024-07 -o OUT.zip`."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from batosocial.lib import months, os_errors
from batosocial.staff.models import User
from reporting import rollup
from reporting.notices.services import NoNotices, pack_notices, record_zip


class Command(BaseCommand):
    help = "Ghi thông báo tháng của các xã, thị trấn ra một tệp zip; tháng còn mở được tổng hợp lại trước."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("month", help="tháng, ví dụ 2024-07")
        parser.add_argument("-o", "--output", required=True, type=Path, help="tệp .zip sẽ ghi")

    def handle(self, *, month: str, output: Path, **options: Any) -> None:
        try:
            parsed = months.parse(month)
        except ValueError as error:
            raise CommandError(str(error), returncode=2) from error
        if output.suffix.lower() != ".zip":
            raise CommandError(f"Tên tệp phải kết thúc bằng .zip: {output}", returncode=2)
        actor = User.objects.system()
        try:
            # A closed month keeps its figures; one that is open is brought up to date.
            rollup.roll_up(actor=actor, month=parsed)
            number, content = pack_notices(actor=actor, month=parsed)
        except (rollup.RollUpRefused, NoNotices) as refusal:
            raise CommandError(str(refusal), returncode=1) from refusal
        record_zip(actor, parsed, number, len(content))
        try:
            output.write_bytes(content)
        except OSError as error:
            raise CommandError(f"Không ghi được {output}: {os_errors.describe(error)}.", returncode=2) from error
        self.stdout.write(f"Đã ghi {number} thông báo {months.title(parsed)} vào {output}.")

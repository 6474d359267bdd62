"""`letter 2024-07 -o OUT.docx`."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from batosocial.lib import months, os_errors
from batosocial.staff.models import User
from reporting import rollup
from reporting.letter.facts import NoFigures
from reporting.letter.package import TemplateRefused
from reporting.letter.services import make_letter


class Command(BaseCommand):
    help = "Ghi công văn của một tháng ra tệp Word; tháng còn mở được tổng hợp lại trước."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("month", help="tháng, ví dụ 2024-07")
        parser.add_argument("-o", "--output", required=True, type=Path, help="tệp .docx sẽ ghi")

    def handle(self, *, month: str, output: Path, **options: Any) -> None:
        try:
            parsed = months.parse(month)
        except ValueError as error:
            raise CommandError(str(error), returncode=2) from error
        if output.suffix.lower() != ".docx":
            raise CommandError(f"Tên tệp phải kết thúc bằng .docx: {output}", returncode=2)
        actor = User.objects.system()
        try:
            # A closed month keeps its figures; one that is open is brought up to date.
            rollup.roll_up(actor=actor, month=parsed)
            letter = make_letter(actor=actor, month=parsed)
        except (rollup.RollUpRefused, NoFigures, TemplateRefused) as refusal:
            raise CommandError(str(refusal), returncode=1) from refusal
        try:
            output.write_bytes(bytes(letter.file.content))
        except OSError as error:
            raise CommandError(f"Không ghi được {output}: {os_errors.describe(error)}.", returncode=2) from error
        self.stdout.write(f"Đã ghi công văn {months.title(parsed)} vào {output}.")

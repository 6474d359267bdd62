"""The worklist of a round as a workbook for the police of a commune, from the command line."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from batosocial.coordination.models import IdentityRound
from batosocial.coordination.rounds.files.finding import round_of
from batosocial.coordination.rounds.files.workbook import NothingToWrite, make_workbook
from batosocial.lib import os_errors
from batosocial.lib.money import format_number
from batosocial.staff.models import User
from batosocial.territory.models import Unit
from beneficiaries.imports.command import BAD_USAGE


class Command(BaseCommand):
    help = (
        "Xuất danh sách cần xác minh của một đợt, của một xã hoặc cả huyện, ra tệp Excel để Công an điền. "
        "Mã thoát: 0 xong, 2 gọi sai hoặc không có ai để xuất."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("out", metavar="OUT.xlsx", type=Path)
        parser.add_argument("--commune", metavar="CODE", help="mã xã, ví dụ 21496; không ghi thì cả huyện")
        parser.add_argument(
            "--round", type=int, metavar="ID", help="số của đợt; không ghi thì đợt mới nhất đang mở có hỏi về xã này"
        )
        parser.add_argument("--all", action="store_true", help="cả những người đã có trả lời")

    def handle(self, *args: Any, **options: Any) -> None:
        out: Path = options["out"]
        if out.suffix.lower() != ".xlsx":
            raise CommandError(f"Tên tệp ra phải kết thúc bằng .xlsx: {out}.", returncode=BAD_USAGE)
        commune = _commune(options["commune"])
        try:
            round_ = round_of(round_id=options["round"], commune=commune)
            made = make_workbook(actor=User.objects.system(), round_=round_, commune=commune, everybody=options["all"])
        except (IdentityRound.DoesNotExist, NothingToWrite) as problem:
            raise CommandError(str(problem), returncode=BAD_USAGE) from None
        try:
            out.write_bytes(made.content)
        except OSError as error:
            text = f"Không ghi được tệp {out}: {os_errors.describe(error)}."
            raise CommandError(text, returncode=BAD_USAGE) from None
        self.stdout.write(f"Đợt số {round_.pk} “{round_.name}”: đã ghi {format_number(made.count)} người vào {out}.")


def _commune(code: str | None) -> Unit | None:
    if code is None:
        return None
    commune = Unit.objects.current().communes().filter(code=code).first()
    if commune is None:
        raise CommandError(f"Không có xã, thị trấn nào mang mã {code}.", returncode=BAD_USAGE)
    return commune

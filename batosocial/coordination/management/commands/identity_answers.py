"""Answers of the police from the command line: check a workbook, and with --commit write them."""

from argparse import ArgumentParser
from typing import Any, ClassVar

from django.core.management.base import CommandError

from batosocial.coordination.models import IdentityRound
from batosocial.coordination.rounds.files.checking import Preview, check_answers, read_answers, rounds_named
from batosocial.coordination.rounds.files.finding import round_of
from batosocial.coordination.rounds.files.services import CannotDo, load_directly
from batosocial.lib.money import format_number
from batosocial.staff.models import User
from beneficiaries.imports.command import BAD_INPUT, BAD_USAGE, WorkbookCommand
from beneficiaries.imports.messages import ListRefused


class Command(WorkbookCommand[Preview]):
    help = (
        "Kiểm tra tệp trả lời xác minh của Công an; có --commit thì ghi trả lời. "
        "Mã thoát: 0 xong, 1 tệp có lỗi (không ghi gì), 2 gọi sai."
    )
    counted: ClassVar[dict[str, str]] = {
        "new": "trả lời mới",
        "changed": "trả lời lại",
        "unchanged": "không đổi",
        "waiting": "chưa trả lời",
        "errors": "lỗi",
        "warnings": "có cảnh báo",
    }
    round: IdentityRound | None
    tcvn3: bool

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--round", type=int, metavar="ID", help="số của đợt; không ghi thì theo mã dòng, hoặc đợt mới nhất đang mở"
        )
        super().add_arguments(parser)

    def prepare(self, options: dict[str, Any]) -> None:
        self.tcvn3 = options["tcvn3"]
        self.round = None
        if options["round"] is not None:
            self.round = _round(options["round"])

    def check_content(self, content: bytes, filename: str, options: dict[str, Any]) -> Preview:
        read = read_answers(content, filename, sheets=options["sheet"], tcvn3=self.tcvn3 or None)
        if self.round is None:
            named = rounds_named(read)
            if len(named) > 1:
                raise ListRefused("Tệp có mã dòng của nhiều đợt; hãy tách tệp, hoặc ghi đợt bằng --round.")
            self.round = _round(next(iter(named), None), from_file=bool(named))
        return check_answers(read, round_=self.round, actor=User.objects.system())

    def load(self, content: bytes, filename: str, checked: Preview) -> str:
        assert self.round is not None  # noqa: S101
        try:
            load_directly(
                actor=User.objects.system(),
                round_=self.round,
                filename=filename,
                content=content,
                preview=checked,
                tcvn3=self.tcvn3,
            )
        except CannotDo as problem:
            raise CommandError(str(problem), returncode=BAD_INPUT) from None
        return f"Đã ghi {format_number(len(checked.given))} trả lời của đợt số {self.round.pk} “{self.round.name}”."


def _round(round_id: int | None, *, from_file: bool = False) -> IdentityRound:
    """CommandError where the options name none; ListRefused where the file does."""
    try:
        return round_of(round_id=round_id)
    except IdentityRound.DoesNotExist as problem:
        if from_file:
            raise ListRefused(f"{problem} Mã dòng trong tệp không đúng.") from None
        raise CommandError(str(problem), returncode=BAD_USAGE) from None

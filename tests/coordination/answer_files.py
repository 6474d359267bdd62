"""Rounds, and workbooks of answers as the portal writes them and people fill them in."""

import io
from collections.abc import Iterable, Mapping
from typing import Any

from openpyxl import load_workbook
from xlsxwriter import Workbook

from batosocial.coordination.models import IdentityRound
from batosocial.coordination.rounds.files import services
from batosocial.coordination.rounds.files.checking import Preview, check_answers, read_answers
from batosocial.coordination.rounds.files.columns import HEADINGS
from batosocial.coordination.rounds.files.workbook import HEAD, make_workbook
from batosocial.staff.models import Role, User
from beneficiaries.models import Person
from tests import factories as make
from tests.coordination.asked import identity_round

FIRST = HEAD + 2


def round_(people: Iterable[Person], **values: Any) -> IdentityRound:
    return identity_round(*people, **values)


def police(commune: Any = None) -> User:
    return make.user(Role.POLICE, commune=commune or make.commune())


def exported(round_: IdentityRound, user: User, **options: Any) -> bytes:
    return make_workbook(actor=user, round_=round_, **options).content


def filled(content: bytes, answers: Mapping[Any, Any]) -> bytes:
    """The workbook with answers typed in: by row from 0, or the same for everybody. Fields as in HEADINGS."""
    book = load_workbook(io.BytesIO(content))
    sheet = book.worksheets[0]
    places = {cell.value: cell.column for cell in sheet[HEAD + 1]}
    for number in range(sheet.max_row - HEAD - 1):
        wanted: Any = answers.get(number, {}) if all(isinstance(key, int) for key in answers) else answers
        for name, value in wanted.items():
            sheet.cell(FIRST + number, places[HEADINGS[name]], value)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def typed(header: list[str], *rows: list[Any], titles: Iterable[str] = (), sheet: str = "Sheet1") -> bytes:
    """A workbook that somebody typed by hand."""
    file = io.BytesIO()
    book = Workbook(file, {"in_memory": True, "strings_to_formulas": False, "strings_to_numbers": False})
    page = book.add_worksheet(sheet)
    for number, cells in enumerate([*([title] for title in titles), header, *rows]):
        page.write_row(number, 0, cells)
    book.close()
    return file.getvalue()


def checked(content: bytes, round_: IdentityRound, user: User) -> Preview:
    return check_answers(read_answers(content, "tra_loi.xlsx"), round_=round_, actor=user)


def outcomes(preview: Preview) -> list[str]:
    return [str(row.outcome) for row in preview.rows]


def said(preview: Preview, number: int = 0) -> list[tuple[str, str, str]]:
    """Severity, column and text of a row's messages."""
    return [(message.severity, message.column, message.text) for message in preview.rows[number].messages]


def brought(content: bytes, round_: IdentityRound, user: User, *, name: str = "tra_loi.xlsx") -> Any:
    """A file that was brought and checked."""
    file = services.bring_file(actor=user, round_id=round_.pk, filename=name, content=content)
    return services.check_file(file_id=file.pk)


def accepted(content: bytes, round_: IdentityRound, user: User, **options: Any) -> Any:
    """A file that was brought, checked and written."""
    file = brought(content, round_, user)
    services.request_acceptance(actor=user, file_id=file.pk, **options)
    services.accept_file(file_id=file.pk)
    file.refresh_from_db()
    return file

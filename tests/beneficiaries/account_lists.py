"""Lists of accounts for tests: written with the headings that the template has."""

import datetime
import io
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import openpyxl
from xlsxwriter import Workbook

from batosocial.staff.models import Role, User
from batosocial.territory.models import Unit
from beneficiaries.imports import services
from beneficiaries.imports.check import check_workbook
from beneficiaries.imports.checked import CheckedRow, Preview
from beneficiaries.imports.kinds import importer_of
from beneficiaries.models import ImportBatch, PayoutRoute, Person
from beneficiaries.resources import AccountResource, headings
from tests import factories as make

HEADINGS = headings(AccountResource)
SOURCE = "Đợt thử"


def line(person: Person | None = None, **cells: Any) -> dict[str, Any]:
    """A row by field names: an account of Agribank for the person, by their CCCD."""
    row: dict[str, Any] = {"provider": "Agribank", "account": make.new_number(), "owner": "Chính chủ"}
    if person is not None:
        row |= {"name": person.name, "cccd": person.cccd}
    return row | cells


def workbook(rows: Iterable[dict[str, Any]], *, fields: Iterable[str] | None = None, title: str = "") -> bytes:
    """A workbook of these rows; ``fields``: only these columns."""
    rows = list(rows)
    names = list(fields) if fields is not None else list(HEADINGS)
    file = io.BytesIO()
    book = Workbook(file, {"in_memory": True, "strings_to_formulas": False})
    # The same rows are the same bytes.
    book.set_properties({"created": datetime.datetime(2024, 7, 22)})
    sheet = book.add_worksheet("Tài khoản")
    if title:
        sheet.write_string(0, 0, title)
    sheet.write_row(2, 0, ["TT", *(HEADINGS[name] for name in names)])
    for number, row in enumerate(rows, 1):
        sheet.write_row(2 + number, 0, [number, *(row.get(name, "") for name in names)])
    book.close()
    return file.getvalue()


def check(
    rows: Iterable[dict[str, Any]], *, commune: Unit | None = None, by: User | None = None, **options: Any
) -> Preview:
    """The check of a list of one commune, or of the whole district as ``by`` brings it."""
    batch = ImportBatch(kind=ImportBatch.Kind.ACCOUNTS, commune=commune, source=SOURCE, uploaded_by=by)
    content = workbook(rows, **options)
    return check_workbook(content, "tk.xlsx", batch, start=importer_of(batch).first_month(batch))


def check_one(row: dict[str, Any], **options: Any) -> CheckedRow:
    (checked,) = check([row], **options).rows
    return checked


def told(row: CheckedRow, severity: str = "error") -> str:
    return " | ".join(message.text for message in row.messages if message.severity == severity)


def take(rows: Iterable[dict[str, Any]], *, by: User | None = None, commune: Unit | None = None) -> ImportBatch:
    """Bring a list, check and accept it, as its uploader does in the browser."""
    by = by or make.user(Role.DISTRICT_OFFICER)
    batch = services.upload_list(
        actor=by,
        kind=ImportBatch.Kind.ACCOUNTS,
        commune=commune,
        policy="",
        source=SOURCE,
        filename="tk.xlsx",
        content=workbook(rows),
    )
    batch = services.check_batch(batch_id=batch.pk)
    assert batch.state == ImportBatch.State.PREVIEWED, batch.failure
    first = importer_of(batch).first_month(batch)
    services.request_acceptance(actor=by, batch=batch, start_month=first, good_rows_only=True)
    services.accept_batch(batch_id=batch.pk)
    batch.refresh_from_db()
    return batch


def of_the_demo() -> list[dict[str, Any]]:
    """The demo's accounts that are used from 8/2024, as the post writes them down."""
    routes = PayoutRoute.objects.filter(months__startswith=make.NEXT_MONTH, account__isnull=False)
    routes = routes.select_related("person", "payee", "account__provider").order_by("person__commune", "person__pk")
    return [
        {
            "name": route.person.name,
            "cccd": route.person.cccd,
            "cmnd": route.person.cmnd,
            "file_number": route.person.file_number,
            "hamlet": route.person.hamlet,
            "policy": route.policy,
            "provider": route.account.provider.short_name,
            "account": route.account.number,
            "holder_name": route.account.holder_name,
            "owner": route.payee.get_kind_display(),
            "payee_name": route.payee.name,
            "payee_cccd": route.payee.cccd,
            "relation": route.payee.relation,
        }
        for route in routes
        if route.account is not None
    ]


def marked_cells(file: Path) -> dict[str, str]:
    """Comments of a marked workbook by their cells."""
    sheet = openpyxl.load_workbook(file).active
    assert sheet is not None
    return {cell.coordinate: cell.comment.text for row in sheet.iter_rows() for cell in row if cell.comment}

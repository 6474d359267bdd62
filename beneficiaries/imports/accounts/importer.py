"""Lists of accounts alone."""

import datetime
from collections.abc import Iterable
from typing import Any

from batosocial.lib import months
from batosocial.lib.money import format_number
from batosocial.staff.models import User
from batosocial.territory.models import Unit
from beneficiaries.imports import heading, openings
from beneficiaries.imports.accounts.check import check_accounts
from beneficiaries.imports.accounts.columns import COLUMNS
from beneficiaries.imports.accounts.register import Scope
from beneficiaries.imports.accounts.showing import show_accounts
from beneficiaries.imports.accounts.writing import RouteWriter
from beneficiaries.imports.base import Importer, Progress, Written
from beneficiaries.imports.checked import Preview
from beneficiaries.imports.messages import ListRefused
from beneficiaries.imports.reading import CommuneList
from beneficiaries.models import ImportBatch, ImportRow, Policy
from beneficiaries.months import first_open_month


class AccountImporter(Importer):
    kind = ImportBatch.Kind.ACCOUNTS
    columns = COLUMNS
    rows_template = "beneficiaries/imports/accounts/_rows.html"
    sent_first = False

    def first_month(self, batch: ImportBatch) -> datetime.date:
        """The chosen month, but not before the first that some policy has not opened."""
        first = first_month()
        return max(batch.month, first) if batch.month else first

    def subject(self, batch: ImportBatch) -> str:
        return f"Danh sách tài khoản ({batch.source})" if batch.source else "Danh sách tài khoản"

    def check_heading(self, read: CommuneList, batch: ImportBatch) -> None:
        if batch.commune is None:
            return
        communes = list(Unit.objects.current().communes().filter(parent_id=batch.commune.parent_id))
        for sheet, lines in read.titles.items():
            if wrong := heading.wrong_commune(lines, batch.commune, communes):
                raise ListRefused(
                    f"Tiêu đề ghi “{wrong[1]}”, không phải {batch.commune.full_name}. Hãy chọn đúng xã, hoặc chọn đúng "
                    "tệp.",
                    sheet=sheet,
                    row=wrong[0],
                )

    def check(
        self, read: CommuneList, batch: ImportBatch, *, start: datetime.date, progress: Progress | None = None
    ) -> Preview:
        return check_accounts(read, scope=_scope(batch), start=start, progress=progress)

    def write(self, batch: ImportBatch, preview: Preview, *, actor: User, job_id: int | None = None) -> Written:
        assert batch.start_month is not None  # noqa: S101
        counts = RouteWriter(batch=batch, preview=preview, actor=actor).write()
        if batch.payer_id is not None:
            openings.campaigns().written(batch, preview, actor=actor)
        return Written(
            counts,
            f"Đã nhập tài khoản của {format_number(counts['people'])} người, dùng từ {months.title(batch.start_month)} "
            "khi người khác xác nhận.",
        )

    def show(self, rows: Iterable[ImportRow], user: User) -> list[Any]:
        return show_accounts(rows)


def first_month() -> datetime.date:
    """The first month that an account can still reach for some policy."""
    return min(first_open_month(policy) for policy in Policy.values)


def _scope(batch: ImportBatch) -> Scope:
    """The list's commune; without one the district whose officer brings it, for the command line everybody. A list of a
    campaign touches what the campaign says."""
    if batch.payer_id is not None:
        return openings.campaigns().scope_of(batch)
    if batch.commune_id is not None:
        return Scope(commune_id=batch.commune_id)
    brings = batch.uploaded_by if batch.uploaded_by_id is not None else None
    return Scope(district_id=brings.unit_id if brings is not None and brings.in_district else None)

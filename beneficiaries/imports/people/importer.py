"""Lists of people with their benefits and accounts."""

import datetime
from collections import Counter
from collections.abc import Iterable
from typing import Any

from batosocial.lib import months
from batosocial.lib.money import format_number
from batosocial.staff.models import User
from beneficiaries.imports.base import Importer, Progress, Written
from beneficiaries.imports.checked import Preview
from beneficiaries.imports.people.acceptance import Acceptance
from beneficiaries.imports.people.check import check_people
from beneficiaries.imports.people.columns import COLUMNS
from beneficiaries.imports.reading import CommuneList, check_heading
from beneficiaries.imports.showing import show_rows
from beneficiaries.models import ImportBatch, ImportRow


class PeopleImporter(Importer):
    kind = ImportBatch.Kind.PEOPLE
    columns = COLUMNS
    rows_template = "beneficiaries/imports/_rows.html"
    proposes = True

    def check_heading(self, read: CommuneList, batch: ImportBatch) -> None:
        assert batch.commune is not None  # noqa: S101
        check_heading(read, commune=batch.commune, policy=batch.policy)

    def check(
        self, read: CommuneList, batch: ImportBatch, *, start: datetime.date, progress: Progress | None = None
    ) -> Preview:
        assert batch.commune is not None  # noqa: S101
        return check_people(read, commune=batch.commune, policy=batch.policy, start=start, progress=progress)

    def write(self, batch: ImportBatch, preview: Preview, *, actor: User, job_id: int | None = None) -> Written:
        assert batch.start_month is not None  # noqa: S101
        counts = Acceptance(batch=batch, preview=preview, actor=actor, start=batch.start_month, job_id=job_id).write()
        return Written(counts, _told(batch, counts))

    def show(self, rows: Iterable[ImportRow], user: User) -> list[Any]:
        return show_rows(rows, user)


def _told(batch: ImportBatch, counts: Counter[str]) -> str:
    assert batch.start_month is not None  # noqa: S101
    month = months.title(batch.start_month)
    if batch.mode == ImportBatch.Mode.PROPOSALS:
        return (
            f"Đã ghi {format_number(counts['people'])} người mới, sửa {format_number(counts['changed_people'])} người, "
            f"lập {format_number(counts['proposals'])} đề nghị hưởng từ {month}, chờ thẩm định và quyết định."
        )
    return (
        f"Đã ghi {format_number(batch.new_count)} người mới, {format_number(batch.changed_count)} dòng thay đổi, "
        f"hưởng từ {month}."
    )

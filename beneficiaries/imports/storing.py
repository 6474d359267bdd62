"""A checked list as rows of the database, and whether a later check still says the same."""

from typing import Any

from beneficiaries.imports.bulk import copy_rows, reserve_ids
from beneficiaries.imports.checked import CheckedRow, Preview
from beneficiaries.models import ImportBatch, ImportRow


def store_preview(batch: ImportBatch, preview: Preview) -> None:
    """Replace the batch's rows by those of a check, and set its counts and month. The caller saves the state."""
    batch.rows.all().delete()
    rows = reserve_ids([as_import_row(batch, row) for row in preview.rows])
    copy_rows(ImportRow, rows)
    counts = preview.counts
    batch.month = preview.month if preview.month_named else None
    batch.new_count = counts["new"]
    batch.changed_count = counts["changed"]
    batch.unchanged_count = counts["unchanged"]
    batch.error_count = counts["error"]
    batch.warning_count = counts["warning"]


def as_import_row(batch: ImportBatch, row: CheckedRow) -> ImportRow:
    longest = ImportRow._meta.get_field("name").max_length
    return ImportRow(
        batch=batch,
        sheet=row.sheet,
        row=row.row,
        outcome=row.outcome,
        has_warning=row.has_warning,
        name=row.values.name[:longest],
        data=row.values.stored() | {"ordinal": row.source.ordinal[:20]},
        changes=row.changes,
        messages=[
            {"column": message.column, "label": message.label, "severity": message.severity, "message": message.text}
            | ({"code": message.code} if message.code else {})
            for message in row.messages
        ],
        person=row.person,
    )


def still_says_the_same(batch: ImportBatch, preview: Preview) -> bool:
    """Whether a new check of the same workbook finds what the stored preview shows."""
    stored = {
        (sheet, row): rest
        for sheet, row, *rest in batch.rows.values_list("sheet", "row", "outcome", "data", "changes", "person_id")
    }
    return stored == {(row.sheet, row.row): _facts(row) for row in preview.rows}


def _facts(row: CheckedRow) -> list[Any]:
    made = as_import_row(ImportBatch(), row)
    return [made.outcome, made.data, made.changes, made.person_id]

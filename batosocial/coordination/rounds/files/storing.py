"""A checked file as rows of the database, and whether a later check still says the same."""

from typing import Any

from batosocial.coordination.models import AnswerFile, AnswerFileRow
from batosocial.coordination.rounds.files.checking import Preview
from beneficiaries.imports.bulk import copy_rows, reserve_ids
from beneficiaries.imports.checked import CheckedRow

_LONGEST_NAME = 150


def store_preview(file: AnswerFile, preview: Preview) -> None:
    """Replace the file's rows by those of a check, and set its counts. The caller saves the state."""
    file.rows.all().delete()
    copy_rows(AnswerFileRow, reserve_ids([_row(file, preview, row) for row in preview.rows]))
    counts = preview.counts
    file.new_count = counts["new"]
    file.changed_count = counts["changed"]
    file.unchanged_count = counts["unchanged"]
    file.waiting_count = counts["waiting"]
    file.error_count = counts["error"]
    file.warning_count = counts["warning"]


def still_says_the_same(file: AnswerFile, preview: Preview) -> bool:
    """Whether a new check of the same workbook finds what the stored preview shows."""
    stored = {
        (sheet, row): rest
        for sheet, row, *rest in file.rows.values_list("sheet", "row", "outcome", "data", "changes", "asked_id")
    }
    return stored == {(row.sheet, row.row): _facts(preview, row) for row in preview.rows}


def _facts(preview: Preview, row: CheckedRow) -> list[Any]:
    made = _row(AnswerFile(), preview, row)
    return [made.outcome, made.data, made.changes, made.asked_id]


def _row(file: AnswerFile, preview: Preview, row: CheckedRow) -> AnswerFileRow:
    asked = preview.asked_of(row)
    return AnswerFileRow(
        answer_file=file,
        sheet=row.sheet[:100],
        row=row.row,
        outcome=row.outcome,
        has_warning=row.has_warning,
        name=row.values.name[:_LONGEST_NAME],
        answer=row.values.answer,
        data=row.values.stored() | {"ordinal": row.source.ordinal[:20]},
        changes=row.changes,
        messages=[
            {"column": message.column, "label": message.label, "severity": message.severity, "message": message.text}
            for message in row.messages
        ],
        asked_id=asked.pk if asked is not None else None,
    )

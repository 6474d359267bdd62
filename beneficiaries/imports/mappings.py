"""What a commune decided about the columns of its own files, remembered by their headers."""

from beneficiaries.imports.choices import Reading
from beneficiaries.imports.survey import Survey, signature
from beneficiaries.models import ColumnMapping, ImportBatch


def remembered_columns(batch: ImportBatch) -> dict[str, dict[str, str]]:
    """Columns by the signature of their header. One query."""
    rows = ColumnMapping.objects.filter(unit=batch.commune, kind=batch.kind, policy=batch.policy)
    return dict(rows.values_list("signature", "columns"))


def remember_columns(batch: ImportBatch, reading: Reading, found: Survey) -> int:
    """Keep what was chosen by hand, where it is not what would be found anyway. Returns how many headers."""
    kept = 0
    for surveyed in found.sheets:
        chosen = next((one for one in reading.sheets if one.name == surveyed.sheet.name), None)
        if chosen is None or not chosen.header:
            continue
        if surveyed.layout is not None and surveyed.reading().columns == dict(chosen.columns):
            continue
        rows = surveyed.sheet.rows[chosen.header - 1 : chosen.header - 1 + _span(chosen.header, chosen.first)]
        ColumnMapping.objects.update_or_create(
            unit=batch.commune,
            kind=batch.kind,
            policy=batch.policy,
            signature=signature(rows),
            defaults={"columns": dict(chosen.columns)},
        )
        kept += 1
    return kept


def _span(header: int, first: int) -> int:
    return min(max(first - header, 1), 2)

"""Whatever stands in a workbook, every row is accounted for and nothing breaks."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from batosocial.lib.workbooks import CellError, Sheet
from beneficiaries.imports import survey
from beneficiaries.imports.messages import ListRefused
from beneficiaries.models import ImportBatch
from tests import factories as make
from tests.beneficiaries import import_lists as lists

pytestmark = pytest.mark.django_db

TEXTS = st.text(max_size=20) | st.sampled_from(
    ["", " ", "x", "Tổng cộng", "Thôn Ba", "NGƯỜI LẬP", "1940", "00/00/1940", "051148199127", "BTXH-5C", "BTXH-4",
     "NCC-9", "500.000đ", "Agribank", "Chính chủ", "4507205000001", "=1+1", "\x00", "#REF!", "1e400",
     "Phạm Thị Ánh", "٣٤"]
)  # fmt: skip
CELLS = (
    TEXTS
    | st.integers(-(10**20), 10**20)
    | st.floats()
    | st.booleans()
    | st.datetimes()
    | st.dates()
    | st.times()
    | st.just(CellError("#N/A"))
)
HEADERS = st.permutations(lists.HEADER) | st.lists(st.sampled_from(lists.HEADER) | TEXTS, min_size=3, max_size=14)


@pytest.fixture(autouse=True)
def _communes(db: None) -> None:
    make.commune()


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(data=st.data())
def test_rows_in_are_rows_out(monkeypatch: pytest.MonkeyPatch, data: st.DataObject) -> None:
    header = data.draw(HEADERS)
    good = data.draw(st.booleans())
    rows: list[list[Any]] = data.draw(st.lists(st.lists(CELLS, max_size=14), max_size=12))
    if good:
        header = list(lists.HEADER)
        rows = [*rows, *data.draw(st.lists(st.builds(_spoiled, st.integers(0, 11), CELLS), max_size=6))]
    cells: list[list[Any]] = [["UBND XÃ BA ĐỘNG"], header, *rows]
    sheet = Sheet("Trang", cells)
    # What stands in the cells is the subject here; files are read in tests/lib.
    monkeypatch.setattr(survey, "read_workbook", lambda content, filename: [sheet])
    try:
        preview = lists.check(b"")
    except ListRefused as refused:
        assert str(refused)
        return
    counts = preview.counts
    assert len(preview.rows) == counts["new"] + counts["changed"] + counts["unchanged"] + counts["error"]
    assert all(row.has_error == (row.outcome == "error") for row in preview.rows)
    assert len({row.row for row in preview.rows}) == len(preview.rows)
    # What was found can be stored and, where it is right, written.
    from django.db import transaction

    from beneficiaries.imports.people.acceptance import Acceptance
    from beneficiaries.imports.storing import store_preview

    with transaction.atomic():
        officer = make.user()
        batch = _batch(officer)
        store_preview(batch, preview)
        Acceptance(batch=batch, preview=preview, actor=officer, start=preview.start).write()
        transaction.set_rollback(True)


def _spoiled(column: int, cell: Any) -> list[Any]:
    row = lists.line(account="4507205000001", provider="Agribank", owner="người giám hộ")
    row[column] = cell
    return row


def _batch(officer: Any) -> ImportBatch:
    from batosocial.jobs.models import StoredFile

    file = StoredFile.keep(name="ds.xlsx", content_type="x", content=b"x", created_by=officer)
    return ImportBatch.objects.create(commune=make.commune(), policy="BTXH", file=file, uploaded_by=officer)

"""Whatever stands in a list of accounts, every row is accounted for, nothing breaks, and nobody is guessed."""

from typing import Any

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from batosocial.jobs.models import StoredFile
from batosocial.lib.workbooks import CellError, Sheet
from beneficiaries.imports import survey
from beneficiaries.imports.check import check_workbook
from beneficiaries.imports.kinds import importer_of
from beneficiaries.imports.messages import ListRefused
from beneficiaries.imports.storing import still_says_the_same, store_preview
from beneficiaries.models import ImportBatch, Payee, PayoutRoute, Person
from tests import factories as make
from tests.beneficiaries import account_lists as lists

pytestmark = pytest.mark.django_db

FIELDS = list(lists.HEADINGS)
TEXTS = st.text(max_size=20) | st.sampled_from(
    ["", " ", "x", "Tổng cộng", "Thôn Ba", "NGƯỜI LẬP", "051148199127", "051148199128", "212345678", "QN-1", "NCC",
     "BTXH", "Agribank", "LPBank", "Chính chủ", "Người giám hộ", "ủy quyền", "4507205000001", "4507205000002",
     "4.5E+12", "15/07/2024", "31/02/2024", "PHAM THI MOT", "Phạm Thị Một", "=1+1", "\x00", "#REF!", "1e400", "٣٤"]
)  # fmt: skip
CELLS = (
    TEXTS
    | st.integers(-(10**20), 10**20)
    | st.floats()
    | st.booleans()
    | st.datetimes()
    | st.dates()
    | st.just(CellError("#N/A"))
)


@pytest.fixture(autouse=True)
def _people(db: None) -> None:
    """Two who receive, one with every number and one with a file number only, and one of another commune."""
    one = make.person("Phạm Thị Một", cccd="051148199127", cmnd="212345678", file_number="QN-1")
    two = make.person("Phạm Thị Hai", cccd="", file_number="QN-2")
    other = make.person("Phạm Thị Xa", cccd="051148199128", commune=make.commune(make.BA_TO_TOWN))
    for person in (one, two, other):
        make.entitlement(person)
    make.route(one, account=make.account("4507205000001"), confirmed_by=make.user())
    make.route(two, confirmed_by=make.user())


@settings(
    max_examples=120,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(data=st.data())
def test_rows_in_are_rows_out(monkeypatch: pytest.MonkeyPatch, data: st.DataObject) -> None:
    header = ["TT", *(lists.HEADINGS[name] for name in data.draw(st.permutations(FIELDS)))]
    wild: list[list[Any]] = data.draw(st.lists(st.lists(CELLS, max_size=16), max_size=6))
    meant = data.draw(st.lists(st.builds(_spoiled, st.sampled_from(FIELDS), CELLS, st.booleans()), max_size=6))
    good = [[number, *(row.get(_field(heading), "") for heading in header[1:])] for number, row in enumerate(meant, 1)]
    cells: list[list[Any]] = [["DANH SÁCH TÀI KHOẢN"], header, *good, *wild]
    sheet = Sheet("Trang", cells)
    # What stands in the cells is the subject here; files are read in tests/lib.
    monkeypatch.setattr(survey, "read_workbook", lambda *args, **options: [sheet])
    commune = data.draw(st.sampled_from([None, make.commune(make.BA_DONG)]))
    batch = ImportBatch(kind=ImportBatch.Kind.ACCOUNTS, commune=commune, source="Thử")
    importer = importer_of(batch)
    start = importer.first_month(batch)
    try:
        preview = check_workbook(b"", "tk.xlsx", batch, start=start)
    except ListRefused as refused:
        assert str(refused)
        return
    counts = preview.counts
    assert len(preview.rows) == counts["new"] + counts["changed"] + counts["unchanged"] + counts["error"]
    assert {3 + number for number in range(len(good))} <= {row.row for row in preview.rows}
    assert len({row.row for row in preview.rows}) == len(preview.rows)
    for row in preview.rows:
        assert row.has_error == (row.outcome == "error")
        if row.outcome != "error":
            assert row.person is not None
            _is_named(row.values, row.person)
            assert commune is None or row.person.commune_id == commune.pk
    with transaction.atomic():
        officer = make.user()
        batch.file = StoredFile.keep(name="tk.xlsx", content_type="x", content=b"x", created_by=officer)
        batch.uploaded_by, batch.start_month = officer, start
        batch.save()
        store_preview(batch, preview)
        assert still_says_the_same(batch, preview)
        importer.write(batch, preview, actor=officer)
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        written = PayoutRoute.objects.filter(source="Thử")
        assert set(written.values_list("state", flat=True)) <= {PayoutRoute.State.ENTERED}
        assert written.count() == sum(len(row.plan.starts) for row in preview.rows if row.plan)
        assert not Payee.objects.exclude(kind=Payee.Kind.OWN).filter(routes__in=written, name="").exists()
        transaction.set_rollback(True)


def _spoiled(field: str, cell: Any, first: bool) -> dict[str, Any]:
    """A sound row with one cell changed."""
    row: dict[str, Any] = {
        "name": "Phạm Thị Một" if first else "Phạm Thị Hai",
        "provider": "Agribank",
        "account": "4507205000001" if first else "4507205000002",
        "holder_name": "PHAM THI MOT" if first else "PHAM THI HAI",
        "owner": "Chính chủ",
    }
    row |= {"cccd": "051148199127", "cmnd": "212345678"} if first else {"file_number": "QN-2"}
    return row | {field: cell}


def _field(heading: str) -> str:
    return next(name for name, label in lists.HEADINGS.items() if label == heading)


def _is_named(values: Any, person: Person) -> None:
    """One of the row's numbers is the person's, and none is somebody else's."""
    pairs = [(values.cccd, person.cccd), (values.cmnd, person.cmnd), (values.file_number, person.file_number)]
    assert any(written and written == known for written, known in pairs)
    assert values.cccd in ("", person.cccd) or not person.cccd
    for key in ("cccd", "cmnd", "file_number"):
        if written := getattr(values, key):
            holders = set(Person.objects.filter(**{key: written}).values_list("pk", flat=True))
            assert not holders or person.pk in holders

"""The cash list: by commune and pay point, with sums, for signing."""

import io
from typing import Any

import openpyxl
import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse

from batosocial.audit.models import Entry
from batosocial.staff.models import Role
from payments import states
from payments.handover import points, services
from payments.models import HandOver, PayPoint
from tests import factories as make
from tests.payments import rows
from tests.payments.rows import State

pytestmark = pytest.mark.django_db


def book(*lists: Any) -> Any:
    states.hand_over(actor=rows.officer(), list_ids=[row.pk for row in lists])
    made = services.build_file(HandOver.objects.get(lists=lists[0]).pk)
    assert made.file is not None
    return openpyxl.load_workbook(io.BytesIO(bytes(made.file.content)))


def column(sheet: Any, letter: str = "A") -> list[Any]:
    return [cell.value for cell in sheet[letter] if cell.value not in (None, "")]


def payment(row: Any, name: str, hamlet: str = "", **fields: Any) -> Any:
    made = rows.payment(row, person=make.person(name), **fields)
    made.hamlet = hamlet
    made.save()
    return made


def test_people_stand_under_their_pay_point_with_sums() -> None:
    officer = rows.officer()
    commune = make.commune()
    points.save_point(actor=officer, commune=commune, name="Nhà văn hóa thôn Tân Long", hamlets=["Thôn Tân Long"])
    row = rows.payment_list()
    payment(row, "Người Một", "Thôn Nam Lân")
    payment(row, "Người Hai", "thôn  tân long".replace("  ", " "))
    payment(row, "Người Ba", "")
    rows.put(row, State.APPROVED)
    sheet, summary = book(row).worksheets
    names = [cell.value for cell in sheet["C"] if cell.value]
    assert names == ["Họ và tên", "Người Một", "Người Ba", "Người Hai"]
    assert "Điểm chi trả: Nhà văn hóa thôn Tân Long" in column(sheet)
    said = [cell.value for cell in sheet["B"] if cell.value]
    assert "Cộng điểm Nhà văn hóa thôn Tân Long: 1 khoản" in said
    assert "Cộng Xã Ba Động: 3 khoản" in said
    assert "Bằng chữ: Một triệu không trăm tám mươi nghìn đồng." in column(sheet)
    told = [tuple(line[:5]) for line in summary.values][1:4]
    assert told == [
        ("Xã Ba Động", "Xã Ba Động", 2, 2, 720_000),
        ("Xã Ba Động", "Nhà văn hóa thôn Tân Long", 1, 1, 360_000),
        ("Tổng cộng", None, 3, 3, 1_080_000),
    ]


def test_who_cannot_walk_is_paid_at_home_and_others_are_not() -> None:
    row = rows.payment_list()
    payment(row, "Người Già")
    rows.payment(row, person=make.person("Người Khỏe"), cash_reason="not_willing")
    row.payments.filter(name="Người Khỏe").update(cash_reason="not_willing")
    rows.put(row, State.APPROVED)
    sheet = book(row).worksheets[0]
    marks = {line[2]: line[8] for line in sheet.values if line[2] in ("Người Già", "Người Khỏe")}
    assert (marks["Người Già"], marks["Người Khỏe"] or "") == ("Tại nhà", "")


def test_the_list_prints_on_a4_landscape_each_commune_on_a_new_page() -> None:
    lists = [rows.payment_list(), rows.payment_list(commune=make.commune(make.BA_TO_TOWN))]
    for row in lists:
        payment(row, "Người Hưởng")
        rows.put(row, State.APPROVED)
    sheet = book(*lists).worksheets[0]
    assert (sheet.page_setup.orientation, str(sheet.page_setup.paperSize)) == ("landscape", "9")
    assert sheet.print_title_rows is not None
    assert len(sheet.row_breaks.brk) == 1
    assert not sheet.merged_cells.ranges


def test_ids_are_text_and_another_receiver_is_named() -> None:
    row = rows.payment_list()
    made = payment(row, "Người Hưởng", payee_kind="guardian", payee_name="Người Giám Hộ")
    rows.put(row, State.APPROVED)
    sheet = book(row).worksheets[0]
    (line,) = [cells for cells in sheet.iter_rows() if cells[1].value == made.number]
    assert (line[4].value, line[4].number_format) == (made.cccd, "@")
    assert str(line[6].value).startswith("Người Giám Hộ (")


@pytest.mark.parametrize(
    ("name", "hamlets", "field"),
    [
        ("", ["Thôn A"], "name"),
        ("điểm  một", [], "name"),
        ("Điểm Hai", ["Thôn A"], "hamlets"),
        ("x" * 151, [], "name"),
    ],
)
def test_points_do_not_overlap(name: str, hamlets: list[str], field: str) -> None:
    officer, commune = rows.officer(), make.commune()
    points.save_point(actor=officer, commune=commune, name="Điểm Một", hamlets=["Thôn A"])
    with pytest.raises(points.PointRefused) as refused:
        points.save_point(actor=officer, commune=commune, name=name, hamlets=hamlets)
    assert set(refused.value.errors) == {field}


def test_one_point_of_a_commune_takes_everybody_else() -> None:
    officer, commune = rows.officer(), make.commune()
    first = points.save_point(actor=officer, commune=commune, name="Trụ sở xã", hamlets=[])
    with pytest.raises(points.PointRefused, match="mọi thôn còn lại"):
        points.save_point(actor=officer, commune=commune, name="Chợ", hamlets=[])
    found = points.Points.of_communes([commune.pk])
    assert found.of(commune.pk, "Xã Ba Động", "Thôn Lạ").name == first.name


def test_saving_the_same_again_changes_nothing() -> None:
    officer, commune = rows.officer(), make.commune()
    row = points.save_point(actor=officer, commune=commune, name="Trụ sở xã", hamlets=[])
    entries = Entry.objects.count()
    points.save_point(actor=officer, commune=commune, name="Trụ sở  xã", hamlets=[], point_id=row.pk)
    assert (Entry.objects.count(), PayPoint.objects.filter(commune=commune).count()) == (entries, 1)


def test_a_commune_keeps_its_own_points_only() -> None:
    officer = make.user(Role.COMMUNE_OFFICER)
    other = make.commune(make.BA_TO_TOWN)
    with pytest.raises(PermissionDenied):
        points.save_point(actor=officer, commune=other, name="Điểm", hamlets=[])
    foreign = points.save_point(actor=rows.officer(), commune=other, name="Điểm", hamlets=[])
    with pytest.raises(PayPoint.DoesNotExist):
        points.delete_point(actor=officer, point_id=foreign.pk)
    client = rows.signed_in(officer)
    assert client.get(reverse("payments:pay_point_add", args=[other.code])).status_code == 404
    assert "Điểm" not in [one.name for one in PayPoint.objects.visible_to(officer)]


def test_a_point_is_kept_by_form_once_and_removed() -> None:
    officer = make.user(Role.COMMUNE_OFFICER)
    client = rows.signed_in(officer)
    make.person(hamlet="Thôn Tân Long 2")
    url = reverse("payments:pay_point_add", args=[make.BA_DONG])
    page = client.get(url)
    assert "Thôn Tân Long 2" in page.text
    token = page.context["form"]["token"].value()
    wrong = client.post(url, {"token": token, "name": "", "hamlets": ["Thôn Tân Long 2"]})
    assert wrong.status_code == 422
    assert "Hãy ghi tên điểm" in wrong.text
    for _ in range(2):
        done = client.post(url, {"token": token, "name": "Nhà ông Rin", "hamlets": ["Thôn Tân Long 2"]})
        assert done.status_code == 302
    point = PayPoint.objects.get(name="Nhà ông Rin")
    assert point.hamlets == ["Thôn Tân Long 2"]
    client.post(reverse("payments:pay_point_delete", args=[point.pk]))
    assert not PayPoint.objects.filter(pk=point.pk).exists()
    assert Entry.objects.filter(action="xóa điểm chi trả").count() == 1

"""The columns of a payer's account file: what the district may change, and what no file can lack."""

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse

from batosocial.audit.models import Entry
from batosocial.staff.models import Payer, Role
from payments.handover import layouts
from payments.handover.layouts import DEFAULT, Column, Layout, Transfer
from payments.models import FileLayout
from tests import factories as make
from tests.payments import rows

pytestmark = pytest.mark.django_db


def agribank() -> Payer:
    return Payer.objects.get(code="AGRIBANK")


def without(field: str) -> Layout:
    return Layout(tuple(one for one in DEFAULT.columns if one.field != field), DEFAULT.content)


def transfer(**fields: object) -> Transfer:
    plain = dict.fromkeys(Transfer.__annotations__, "")
    return Transfer(**(plain | {"amount": 1, "number": "BTXH-2408-21496-0001", "month": "8/2024"} | fields))  # type: ignore[arg-type]


def test_the_default_can_be_used() -> None:
    assert layouts.objections(DEFAULT) == {}


@pytest.mark.parametrize(("field", "word"), [("number", "số chi trả"), ("account", "tài khoản"), ("amount", "số tiền")])
def test_a_file_without_what_it_needs_is_refused(field: str, word: str) -> None:
    with pytest.raises(layouts.LayoutRefused) as refused:
        layouts.set_layout(actor=rows.officer(), payer=agribank(), layout=without(field))
    assert word in refused.value.errors[field]


@pytest.mark.parametrize(
    ("content", "word"),
    [
        ("", "Hãy ghi"),
        ("Tro cap {cccd}", "{cccd}"),
        ("Tro cap {number", "Dấu ngoặc nhọn"),
        ("Tro cap {number!r}", "Không có chỗ"),
        ("Tro cap {number:>200}", "Không có chỗ"),
        ("Trợ cấp {number}", "không dấu"),
        ("x" * 130 + "{name}", "dài"),
    ],
)
def test_a_text_that_banks_do_not_take_is_refused(content: str, word: str) -> None:
    assert word in layouts.objections(Layout(DEFAULT.columns, content))["content_text"]


def test_headings_are_told_apart() -> None:
    columns = (*DEFAULT.columns, Column("commune", "số TIỀN"))
    assert "đã dùng" in layouts.objections(Layout(columns, DEFAULT.content))["commune"]


def test_a_long_name_gives_way_to_the_payment_number() -> None:
    text = layouts.content_of("Tro cap {policy} {name} {number}", transfer(holder="Phạm Thị " + "Rất Dài " * 30))
    assert len(text) <= 140
    assert text.endswith("BTXH-2408-21496-0001")
    assert text.isascii()


def test_a_layout_is_stored_audited_and_goes_back_to_the_default() -> None:
    officer = rows.officer()
    changed = Layout((*DEFAULT.columns, Column("commune", " Xã ", plain=True)), "Chi {number}")
    assert layouts.set_layout(actor=officer, payer=agribank(), layout=changed)
    assert layouts.layout_of(agribank()).columns[-1] == Column("commune", "Xã", plain=True)
    assert not layouts.set_layout(actor=officer, payer=agribank(), layout=changed)
    assert Entry.objects.filter(actor=officer, action="sửa mẫu tệp giao").count() == 1
    assert layouts.reset_layout(actor=officer, payer=agribank())
    assert layouts.layout_of(agribank()) == DEFAULT
    assert not layouts.reset_layout(actor=officer, payer=agribank())


def test_only_the_officer_of_the_district_edits() -> None:
    for role in (Role.DISTRICT_LEADER, Role.CHAIRMAN, Role.PAYER, Role.COMMUNE_OFFICER):
        with pytest.raises(PermissionDenied):
            layouts.set_layout(actor=make.user(role), payer=agribank(), layout=without("bank"))


def posted(layout: Layout, **more: str) -> dict[str, str]:
    data = {"content_text": layout.content}
    for place, column in enumerate(layout.columns, 1):
        data |= {f"{column.field}_on": "on", f"{column.field}_order": str(place)}
        data[f"{column.field}_heading"] = column.heading
        if column.plain:
            data[f"{column.field}_plain"] = "on"
    return data | more


def test_the_page_shows_three_real_rows_and_stores_nothing_for_a_look() -> None:
    rows.handed_over(4, by_account=True, payer="AGRIBANK")
    client = rows.signed_in(rows.officer())
    url = reverse("payments:layout", args=[agribank().pk])
    assert len(client.get(url).context["preview"]) == 3
    page = client.post(url, posted(without("bank"), do="preview"))
    assert "Xem thử (chưa lưu)" in page.text
    assert not FileLayout.objects.exists()
    assert client.post(url, posted(without("bank"))).status_code == 302
    assert "bank" not in [one.field for one in layouts.layout_of(agribank()).columns]
    client.post(url, {"do": "reset"})
    assert not FileLayout.objects.exists()


def test_the_page_says_what_is_wrong_and_keeps_what_was_typed() -> None:
    client = rows.signed_in(rows.officer())
    page = client.post(
        reverse("payments:layout", args=[agribank().pk]),
        posted(without("number"), account_heading="TK thụ hưởng", holder_order="x"),
    )
    assert page.status_code == 422
    assert "TK thụ hưởng" in page.text
    assert "Hãy ghi số từ 1 đến 99." in page.text
    page = client.post(reverse("payments:layout", args=[agribank().pk]), posted(without("number")))
    assert page.status_code == 422
    assert "Tệp phải có số chi trả" in page.text
    assert not FileLayout.objects.exists()


def test_the_order_follows_the_numbers() -> None:
    client = rows.signed_in(rows.officer())
    client.post(reverse("payments:layout", args=[agribank().pk]), posted(DEFAULT, number_order="1", position_order="9"))
    fields = [one.field for one in layouts.layout_of(agribank()).columns]
    assert (fields[0], fields[-1]) == ("number", "position")

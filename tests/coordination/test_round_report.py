"""The report of a round: every number opens exactly whom it counts, in the portal, in the workbook and on paper."""

import datetime
import io
import re

import pytest
from django.urls import reverse
from docx import Document
from openpyxl import load_workbook

from batosocial.audit.models import Entry
from batosocial.coordination.rounds.report import services
from batosocial.coordination.rounds.report.figures import MEASURES, read_figures
from batosocial.coordination.rounds.report.sheets import HEAD, SUMMARY
from batosocial.lib.dates import PartialDate
from batosocial.staff.models import Role
from beneficiaries.models import IdentityAnswer
from tests import factories as make
from tests.coordination import answer_files as files
from tests.coordination.asked import answered

pytestmark = pytest.mark.django_db

MAY = datetime.date(2024, 5, 1)


@pytest.fixture
def round_():
    """Two communes with each answer; in Ba Động two differ, one of them in two fields; two wait."""
    here = [make.person(f"Phạm Thị Ở {n}", birth=f"{1940 + n}") for n in range(6)]
    there = [make.person(f"Đinh Thị Xa {n}", commune=make.commune("21538"), birth=f"{1950 + n}") for n in range(4)]
    made = files.round_([*here, *there])
    answered(here[0], "match", round_=made)
    answered(here[1], "differs", round_=made, right={"name": "Phạm Thị Ớ"})
    answered(here[2], "differs", round_=made, right={"name": "Phạm Thị Ợ", "birth": PartialDate(1939)})
    answered(here[3], "dead", round_=made, died_month=MAY)
    answered(here[4], "not_found", round_=made)
    answered(there[0], "no_cccd", round_=made)
    answered(there[1], "match", round_=made)
    answered(there[2], "differs", round_=made, right={"cccd": make.cccd("F", 1952)})
    return made


@pytest.fixture
def police(round_):
    return files.police(make.district())


def test_counts_by_commune_and_in_all(round_, police):
    figures = read_figures(police, round_)
    here, there = figures.lines
    assert [str(line.unit) for line in (here, there)] == ["Xã Ba Động", "Xã Ba Xa"]
    wanted = {
        "asked": 6, "answered": 5, "match": 1, "differs": 2, "differs_name": 2, "differs_birth": 1, "differs_sex": 0,
        "differs_cccd": 0, "not_found": 1, "dead": 1, "no_cccd": 0, "waiting": 1,
    }  # fmt: skip
    assert here.counts == wanted
    assert figures.total.counts["asked"] == 10
    assert figures.total.counts["differs"] == 3
    assert str(figures.total.answered_rate) == "80.0"


def test_a_commune_sees_its_own_alone(round_):
    for user in (files.police(), make.user(Role.COMMUNE_OFFICER)):
        figures = read_figures(user, round_)
        assert [str(line.unit) for line in figures.lines] == ["Xã Ba Động"]
        assert figures.total.counts["asked"] == 6


@pytest.mark.parametrize("role", [Role.POLICE, Role.DISTRICT_OFFICER, Role.CHAIRMAN])
def test_every_number_of_the_page_opens_as_many_names(round_, client, role):
    client.force_login(make.user(role))
    page = client.get(reverse("coordination:round_report", args=[round_.pk])).content.decode()
    links = re.findall(r'<a href="([^"]*/dot-xac-minh/[^"]*)">([\d.]+)</a>', page)
    assert len(links) > 20
    for address, number in links:
        listed = client.get(address.replace("&amp;", "&"))
        assert listed.context["page"].paginator.count == int(number.replace(".", "")), address


def test_every_number_of_the_workbook_opens_as_many_rows(round_, police):
    book = load_workbook(io.BytesIO(services.make_workbook(actor=police, round_id=round_.pk).content))
    sheet = book[SUMMARY]
    seen = 0
    for row in sheet.iter_rows(min_row=HEAD + 2, min_col=3, max_col=2 + len(MEASURES)):
        for cell in row:
            if not isinstance(cell.value, int):
                continue
            if cell.value == 0:
                assert cell.hyperlink is None, cell.coordinate
                continue
            found = re.fullmatch(r"'(.+)'!A(\d+):B(\d+)", cell.hyperlink.location)
            assert found, cell.coordinate
            name, first, last = found[1], int(found[2]), int(found[3])
            assert last - first + 1 == cell.value, cell.coordinate
            named = book[name]
            heading = sheet.cell(HEAD + 1, cell.column).value
            place = sheet.cell(cell.row, 2).value
            communes = {named.cell(at, 2 if name != "Thông tin khác" else 3).value for at in range(first, last + 1)}
            assert place == "Cộng" or communes == {place}, cell.coordinate
            if name == "Theo kết quả" and heading not in ("Đã trả lời", "Còn chờ"):
                assert {named.cell(at, 8).value for at in range(first, last + 1)} == {heading}
            seen += 1
    assert seen > 20


def test_names_in_the_workbook_have_what_is_right_and_numbers_as_text(round_, police):
    book = load_workbook(io.BytesIO(services.make_workbook(actor=police, round_id=round_.pk).content))
    rows = {row[2].value: row for row in book["Theo xã"].iter_rows(min_row=4)}
    differs = rows["Phạm Thị Ở 2"]
    assert differs[8].value == "Họ và tên: Phạm Thị Ở 2 → Phạm Thị Ợ; Ngày sinh: 1942 → 1939"
    assert rows["Phạm Thị Ở 3"][9].value == "05/2024"
    assert (differs[5].data_type, len(differs[5].value)) == ("s", 12)


def test_an_answer_given_after_midnight_has_the_day_of_here(round_, police):
    late = datetime.datetime(2024, 7, 21, 18, 30, tzinfo=datetime.UTC)
    IdentityAnswer.objects.filter(asked_in__round=round_).update(answered_at=late)
    book = load_workbook(io.BytesIO(services.make_workbook(actor=police, round_id=round_.pk).content))
    rows = {row[2].value: row for row in book["Theo xã"].iter_rows(min_row=4)}
    assert rows["Phạm Thị Ở 3"][10].value == "22/07/2024"


def test_the_document_is_the_polices_report_with_its_numbers_linked(round_, police):
    made = services.make_document(actor=police, round_id=round_.pk)
    document = Document(io.BytesIO(made.content))
    agency = document.tables[0].rows[0].cells[0].text.split()
    assert " ".join(agency) == "CÔNG AN TỈNH QUẢNG NGÃI CÔNG AN HUYỆN BA TƠ"
    assert "Số:        /BC-CAH" in document.tables[0].rows[1].cells[0].text
    text = "\n".join(paragraph.text for paragraph in document.paragraphs)
    assert "đã trả lời: 8 người, đạt 80,0%" in text
    assert "Kính gửi: Công an tỉnh Quảng Ngãi." in text
    table = document.tables[-1]
    assert [cell.text for cell in table.rows[-1].cells][1:4] == ["Cộng", "10", "8"]
    xml = document.element.xml
    assert f"/dot-xac-minh/{round_.pk}/?tra_loi=da" in xml.replace("&amp;", "&")


@pytest.mark.parametrize(
    ("role", "name", "number"),
    [(Role.COMMUNE_LEADER, "ỦY BAN NHÂN DÂN XÃ BA ĐỘNG", "UBND"), (Role.DISTRICT_OFFICER, "PHÒNG LAO ĐỘNG", "LĐTBXH")],
)
def test_who_makes_the_document_stands_above_it(round_, role, name, number):
    made = services.make_document(actor=make.user(role), round_id=round_.pk)
    left = Document(io.BytesIO(made.content)).tables[0]
    assert name in left.rows[0].cells[0].text.replace("\n", " ")
    assert number in left.rows[1].cells[0].text


def test_each_file_stands_in_the_audit(round_, police, client):
    client.force_login(police)
    for name in ("round_report_xlsx", "round_report_docx"):
        assert client.post(reverse(f"coordination:{name}", args=[round_.pk])).status_code == 200
    actions = list(Entry.objects.filter(actor=police).order_by("pk").values_list("action", flat=True))
    assert actions[-2:] == ["Xuất báo cáo xác minh", "In báo cáo xác minh"]


def test_a_round_in_which_nobody_answered_has_its_report(police, client):
    empty = files.round_([make.person()])
    client.force_login(police)
    assert client.get(reverse("coordination:round_report", args=[empty.pk])).status_code == 200
    for make_file in (services.make_workbook, services.make_document):
        assert make_file(actor=police, round_id=empty.pk).content


def test_the_report_runs_a_fixed_number_of_queries(round_, police, client, django_assert_max_num_queries):
    client.force_login(police)
    big = files.round_([make.person(f"Phạm Thị Đông {n}", birth=f"{1930 + n}") for n in range(40)])
    for asked in (round_, big):
        with django_assert_max_num_queries(16):
            client.get(reverse("coordination:round_report", args=[asked.pk]))
        with django_assert_max_num_queries(10):
            services.make_workbook(actor=police, round_id=asked.pk)

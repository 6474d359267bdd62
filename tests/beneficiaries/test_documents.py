"""Documents of changes, read back from the docx: layout of NĐ 30/2020, what they say, what they keep back."""

import datetime
import io
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test import override_settings
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from docx import Document
from docx.enum.section import WD_ORIENT

from batosocial.audit.models import Entry
from batosocial.staff.models import Role
from beneficiaries.changes import services as changes
from beneficiaries.changes.proposal import Paper
from beneficiaries.documents import services
from beneficiaries.documents.content import legal_bases, spelled_out
from beneficiaries.documents.layout import date_words
from beneficiaries.models import Change, Person
from tests import factories as make
from tests.beneficiaries.changes import flow
from tests.beneficiaries.changes.test_decisions import stopped, suspended
from tests.beneficiaries.changes.test_pages import signed_in

pytestmark = pytest.mark.django_db
AUGUST = make.NEXT_MONTH
APRIL, JUNE = datetime.date(2024, 4, 1), datetime.date(2024, 6, 1)


def words(content: bytes) -> str:
    """Everything a reader sees, in the order of the document."""
    document: Any = Document(io.BytesIO(content))
    parts = []
    for block in document.element.body.iterchildren():
        if block.tag.endswith("}p"):
            parts.append(_text(block))
        elif block.tag.endswith("}tbl"):
            for row in block.iter("{http://schemas.openxmlformats.org/wordprocessingml/2006/main}tr"):
                cells = row.iter("{http://schemas.openxmlformats.org/wordprocessingml/2006/main}tc")
                parts.append(" | ".join(_text(cell) for cell in cells))
    return "\n".join(parts)


def _text(block: Any) -> str:
    return "".join(node.text or "" for node in block.iter() if node.tag.endswith("}t"))


def resumed(person: Person, arrears_from: datetime.date | None = None) -> Change:
    row = make.entitlement(person)
    make.suspension(row, APRIL)
    (change,) = changes.propose_resumption(
        actor=flow.officer(), person_id=person.pk, entitlement_ids=[row.pk], month=AUGUST,
        arrears_from=arrears_from, paper=Paper("Giấy xác nhận"),
    )  # fmt: skip
    return flow.appraised(change)


def died(person: Person) -> Change:
    (change,) = changes.propose_stop(
        actor=flow.officer(), person_id=person.pk, died_on=datetime.date(2024, 7, 3), paper=Paper("Trích lục khai tử")
    )
    return flow.appraised(change)


def of(change: Change, **fields: Any) -> str:
    return words(services.make_decision_of(actor=flow.phong(), change_id=change.pk, **fields).content)


class TestLayout:
    """Phụ lục I NĐ 30/2020/NĐ-CP."""

    def test_paper_margins_and_font(self) -> None:
        made = services.make_decision_of(actor=flow.chairman(), change_id=suspended().pk)
        document: Any = Document(io.BytesIO(made.content))
        section = document.sections[0]
        assert (round(section.page_width.mm), round(section.page_height.mm)) == (210, 297)
        top, bottom, left, right = (
            round(getattr(section, f"{side}_margin").mm) for side in ("top", "bottom", "left", "right")
        )
        assert 20 <= top <= 25 and 20 <= bottom <= 25 and 30 <= left <= 35 and 15 <= right <= 20
        assert document.styles["Normal"].font.name == "Times New Roman"
        assert section.different_first_page_header_footer
        assert {run.font.size.pt for line in document.paragraphs for run in line.runs if run.text.strip()} <= {13, 14}

    def test_an_annex_is_landscape_with_its_own_page_numbers(self) -> None:
        suspended(), suspended()
        made = services.make_decision(actor=flow.chairman(), kind="suspend")
        document: Any = Document(io.BytesIO(made.content))
        first, annex = document.sections
        assert (first.orientation, annex.orientation) == (WD_ORIENT.PORTRAIT, WD_ORIENT.LANDSCAPE)
        assert (round(annex.page_width.mm), round(annex.page_height.mm)) == (297, 210)
        assert "w:pgNumType" in annex._sectPr.xml and "w:tblHeader" in document.tables[-1]._tbl.xml

    def test_number_and_day_are_blank_until_it_is_decided(self) -> None:
        change = suspended()
        draft = of(change)
        assert "Số:        /QĐ-UBND" in draft and "Ba Tơ, ngày       tháng       năm 2024" in draft
        flow.decided(change)
        decided = of(change)
        assert f"Số: {flow.NUMBER}" in decided and "Ba Tơ, ngày 22 tháng 7 năm 2024" in decided

    def test_days_below_ten_and_the_first_two_months_have_a_zero(self) -> None:
        assert date_words(datetime.date(2024, 7, 5), 2024) == "ngày 05 tháng 7 năm 2024"
        assert date_words(datetime.date(2024, 2, 15), 2024) == "ngày 15 tháng 02 năm 2024"

    def test_the_signer_is_a_setting(self) -> None:
        change = suspended()
        with override_settings(SIGNER_CHAIRMAN=["KT. CHỦ TỊCH", "PHÓ CHỦ TỊCH"], SIGNER_CHAIRMAN_NAME="Phạm Xuân Vinh"):
            text = of(change)
        assert "KT. CHỦ TỊCHPHÓ CHỦ TỊCHPhạm Xuân Vinh" in text


class TestDecisions:
    def test_to_suspend_one_person(self) -> None:
        """Khoản 3, khoản 4 Điều 2, điểm b khoản 1 Điều 6 TT 02/2021."""
        person = make.person("Phạm Thị Tạm", birth="12/05/1944", hamlet="Thôn Bắc Lân")
        text = of(suspended(person=person))
        for part in (
            "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "Độc lập - Tự do - Hạnh phúc", "ỦY BAN NHÂN DÂNHUYỆN BA TƠ",
            "QUYẾT ĐỊNH", "Về việc tạm dừng hưởng", "CHỦ TỊCH ỦY BAN NHÂN DÂN HUYỆN BA TƠ",
            "Căn cứ Nghị định số 20/2021/NĐ-CP", "Căn cứ Thông tư số 02/2021/TT-BLĐTBXH",
            f"bà Phạm Thị Tạm, sinh 12/05/1944, số CCCD {person.cccd}, nơi ở: Thôn Bắc Lân, Xã Ba Động",
            "(BTXH-5C), mức 500.000 đồng/tháng, tạm dừng hưởng kể từ tháng 8/2024.",
            "Lý do: Không nhận chế độ liên tục từ 03 tháng trở lên (điểm a khoản 3 Điều 2 Thông tư số 02/2021",
            "điểm b khoản 1 Điều 6 Thông tư số 02/2021/TT-BLĐTBXH", "Nơi nhận:", "- Lưu: VT, LĐTBXH.",
        ):  # fmt: skip
            assert part in text, part

    def test_to_stop_with_a_list_by_commune(self) -> None:
        """Khoản 1 Điều 2 TT 02/2021; khoản 2 Điều 8 NĐ 20/2021: from the month after."""
        people = [make.person(f"Phạm Văn Hết {number}") for number in range(3)]
        made = [stopped(person, make.entitlement(person)) for person in people]
        for change in made:
            flow.decided(change)
        file = services.make_decision(
            actor=flow.chairman(), kind="stop", number=flow.NUMBER, date=datetime.date(2024, 7, 22)
        )
        text = words(file.content)
        assert "Về việc thôi hưởng" in text and "đối với 03 người (có danh sách kèm theo)" in text
        assert f"(Kèm theo Quyết định số {flow.NUMBER} ngày 22 tháng 7 năm 2024" in text
        for person in people:
            assert f"{person.name} | {person.birth_text} | {person.cccd}" in text
        assert "500.000 | tháng 8/2024 | Không còn đủ điều kiện" in text
        assert "Cộng: 3 người |  |  |  |  | 1.500.000" in text
        assert file.name == "quyet-dinh-thoi-huong-20240722.docx"

    def test_a_death_names_every_benefit_it_ends(self) -> None:
        person = make.person("Phạm Văn Mất", sex="M")
        for code in ("BTXH-5C", "CSND-2A1"):
            make.entitlement(person, code)
        change = died(person)
        for text in (of(change), of(flow.decided(change))):
            assert "ông Phạm Văn Mất" in text
            assert "(BTXH-5C), mức 500.000 đồng/tháng, thôi hưởng kể từ tháng 8/2024." in text
            assert "(CSND-2A1), mức 750.000 đồng/tháng" in text
            assert "trợ cấp xã hội hằng tháng, hỗ trợ kinh phí chăm sóc, nuôi dưỡng hằng tháng" in text

    def test_to_go_on_with_arrears(self) -> None:
        """Điểm b khoản 1 Điều 6 TT 02/2021: truy lĩnh (nếu có)."""
        change = resumed(make.person(), JUNE)
        for text in (of(change), of(flow.decided(change))):
            assert "tiếp tục hưởng kể từ tháng 8/2024" in text
            assert (
                "Truy lĩnh các tháng đã tạm dừng từ 6/2024 đến 7/2024: 02 tháng, số tiền 860.000 đồng "
                "(Bằng chữ: Tám trăm sáu mươi nghìn đồng)." in text
            )

    def test_to_go_on_without_arrears(self) -> None:
        assert "Không truy lĩnh các tháng đã tạm dừng." in of(resumed(make.person()))

    def test_a_confidential_group_is_plain_on_paper_whoever_prints_it(self) -> None:
        """Đ.b k1 Điều 8 NĐ 20/2021."""
        change = suspended(code="BTXH-8")
        seeing = make.user(Role.CHAIRMAN, sees_confidential=True)
        text = words(services.make_decision_of(actor=seeing, change_id=change.pk).content)
        assert "Bảo trợ xã hội, mức" in text
        assert "HIV" not in text and "BTXH-8" not in text

    def test_of_the_ticked_ones_only(self) -> None:
        one, other = suspended("Phạm Thị Chọn"), suspended("Phạm Thị Bỏ")
        made = services.make_decision(actor=flow.chairman(), kind="suspend", change_ids=[one.pk])
        text = words(made.content)
        assert "Phạm Thị Chọn" in text and other.person.name not in text

    def test_not_what_is_not_signed_and_not_the_departments(self) -> None:
        suspended(needs_sign_off=True)
        merit = suspended(code="NCC-9", reason="PL02-55")
        with pytest.raises(services.NothingToPrint):
            services.make_decision(actor=flow.chairman(), kind="suspend")
        with pytest.raises(services.NothingToPrint):
            of(merit)

    def test_it_stands_in_the_audit(self) -> None:
        change = suspended()
        of(change)
        entry = Entry.objects.filter(action="In quyết định biến động").latest("pk")
        assert (entry.details["count"], entry.details["changes"]) == (1, [change.pk])


class TestProposals:
    def test_what_a_commune_proposes(self) -> None:
        """Khoản 4 Điều 2 TT 02/2021."""
        waiting = suspended("Phạm Thị Đề Nghị")
        suspended("Phạm Thị Nơi Khác", commune=make.commune(make.BA_TO_TOWN))
        made = services.make_proposal(actor=make.user(Role.COMMUNE_LEADER), policy="BTXH")
        document: Any = Document(io.BytesIO(made.content))
        text = words(made.content)
        assert document.sections[0].orientation == WD_ORIENT.LANDSCAPE
        assert "ỦY BAN NHÂN DÂN XÃ BA ĐỘNG" in text and "Kính gửi: Phòng Lao động - Thương binh và Xã hội" in text
        assert "Tạm dừng (1 người)" in text and waiting.person.cccd in text and "Phạm Thị Nơi Khác" not in text
        assert (
            "| −500.000 |" in text and "mỗi tháng giảm 500.000 đồng" in text and "TM. ỦY BAN NHÂN DÂNCHỦ TỊCH" in text
        )
        assert made.name == "danh-sach-de-nghi-btxh-21496-2024-08.docx"

    def test_the_phongs_to_the_chairman_by_commune(self) -> None:
        suspended("Phạm Thị Xã"), suspended("Phạm Thị Trấn", commune=make.commune(make.BA_TO_TOWN))
        resumed(make.person("Phạm Thị Lại"), JUNE)
        suspended("Phạm Thị Chưa Ký", needs_sign_off=True)
        text = words(services.make_proposal(actor=flow.phong(), policy="BTXH").content)
        assert "TỜ TRÌNH" in text and "Kính gửi: Chủ tịch Ủy ban nhân dân huyện Ba Tơ." in text
        assert "- Tạm dừng: 02 người, 02 chế độ, mỗi tháng giảm 1.000.000 đồng;" in text
        assert "- Tiếp tục hưởng: 01 người, 01 chế độ, mỗi tháng tăng 500.000 đồng, truy lĩnh 860.000 đồng;" in text
        assert "Thị trấn Ba Tơ - Tạm dừng (1 người)" in text and "Xã Ba Động - Tiếp tục hưởng (1 người)" in text
        assert "Phạm Thị Chưa Ký" not in text

    def test_of_merit_goes_to_the_department(self) -> None:
        """Điều 122 to 124 NĐ 131/2021."""
        suspended(code="NCC-9", reason="PL02-55")
        text = words(services.make_proposal(actor=flow.phong(), policy="NCC").content)
        assert "Kính gửi: Sở Lao động - Thương binh và Xã hội" in text
        assert "Căn cứ Pháp lệnh Ưu đãi người có công" in text and "Thông tư số 02/2021" not in text

    def test_nobody_else(self) -> None:
        suspended()
        for role in (Role.PAYER, Role.POLICE, Role.ADMIN):
            with pytest.raises(PermissionDenied):
                services.make_proposal(actor=make.user(role), policy="BTXH")
        with pytest.raises(PermissionDenied):
            services.make_decision(actor=flow.officer(), kind="suspend")

    def test_nothing_to_print(self) -> None:
        with pytest.raises(services.NothingToPrint):
            services.make_proposal(actor=make.user(Role.COMMUNE_OFFICER), policy="NCC")

    def test_the_number_of_queries_is_fixed(self) -> None:
        def count() -> int:
            with CaptureQueriesContext(connection) as queries:
                services.make_proposal(actor=flow.phong(), policy="BTXH")
            return len(queries)

        suspended()
        before = count()
        for number in range(5):
            suspended(commune=make.commune(make.BA_TO_TOWN) if number % 2 else None)
        assert count() == before


class TestPages:
    def test_from_the_page_of_decisions(self) -> None:
        suspended()
        client = signed_in(flow.chairman())
        page = client.get("/doi-tuong/quyet-dinh/").text
        assert reverse("beneficiaries:document_proposal") in page and "Dự thảo quyết định tạm dừng" in page
        made = client.post(reverse("beneficiaries:document_decisions"), {"van_ban": "suspend"})
        assert made.headers["Content-Type"] == services.CONTENT_TYPE
        assert "du-thao-quyet-dinh-tam-dung-20240722.docx" in made.headers["Content-Disposition"]

    def test_what_was_decided_can_be_had_again(self) -> None:
        flow.decided(suspended())
        client = signed_in(flow.phong())
        assert f"Số {flow.NUMBER} ngày 22/07/2024" in client.get("/doi-tuong/quyet-dinh/").text
        asked = {"van_ban": "suspend", "so": flow.NUMBER, "ngay": "2024-07-22"}
        assert client.post(reverse("beneficiaries:document_decisions"), asked).status_code == 200

    def test_from_the_page_of_a_change(self) -> None:
        change = suspended()
        client = signed_in(flow.officer())
        url = reverse("beneficiaries:change_document", args=[change.pk])
        assert url in client.get(reverse("beneficiaries:change", args=[change.pk])).text
        assert client.post(url).status_code == 200
        stranger = make.user(Role.COMMUNE_OFFICER, commune=make.commune(make.BA_TO_TOWN))
        assert signed_in(stranger).post(url).status_code == 404

    def test_a_commune_has_its_list_from_the_list_of_changes(self) -> None:
        suspended()
        client = signed_in(flow.officer())
        assert "Danh sách đề nghị BTXH" in client.get("/doi-tuong/bien-dong/").text
        assert client.post(reverse("beneficiaries:document_proposal"), {"chinh_sach": "BTXH"}).status_code == 200

    def test_of_another_kind_it_says_so(self) -> None:
        change = flow.start(make.person(birth="1955"))
        client = signed_in(flow.phong())
        page = client.post(reverse("beneficiaries:change_document", args=[change.pk]), follow=True)
        assert "Cổng chỉ in quyết định BTXH thôi hưởng" in page.text


def test_short_forms_of_sources_are_spelled_out() -> None:
    assert spelled_out("đ.đ k1 Đ8 NĐ 20/2021") == "điểm đ khoản 1 Điều 8 Nghị định số 20/2021/NĐ-CP"
    assert spelled_out("Đ55 PL; k2 Đ118 NĐ 131") == (
        "Điều 55 Pháp lệnh số 02/2020/UBTVQH14; khoản 2 Điều 118 Nghị định số 131/2021/NĐ-CP"
    )


def test_what_a_document_rests_on_is_dated() -> None:
    """NĐ 76/2024 was signed on 01/7/2024."""
    before = legal_bases("BTXH", datetime.date(2024, 6, 30), decision=False)
    assert not any("76/2024" in text for text in before)
    assert any("76/2024" in text for text in legal_bases("BTXH", datetime.date(2024, 7, 1), decision=False))

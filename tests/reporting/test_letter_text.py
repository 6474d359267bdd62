"""What the letter says: of the demo month, as the district's own letter does; of other months, as their figures are."""

import dataclasses
import datetime
import io
import re
from typing import Any

import pytest
from docx import Document

from batosocial.staff.models import Role
from beneficiaries.documents.layout import links
from beneficiaries.models import PayoutRoute, Person
from reporting import rollup
from reporting.letter import facts as reading
from reporting.letter.default import default_template
from reporting.letter.facts import Commune, Facts, read_facts
from reporting.letter.placeholders import context_of
from reporting.letter.rendering import render
from reporting.rates import Counts
from tests import factories
from tests.reporting import rows

pytestmark = pytest.mark.django_db
JULY = datetime.date(2024, 7, 1)


@pytest.fixture
def july() -> Facts:
    return read_facts(factories.user(Role.CHAIRMAN), JULY)


def document(facts: Facts) -> Any:
    return Document(io.BytesIO(render(default_template(), facts)))


def text_of(facts: Facts) -> str:
    return "\n".join(paragraph.text for paragraph in document(facts).paragraphs)


def commune(name: str, *, policy: str = "BTXH", kind: str = "Xã", klass: str = "low", **counts: int) -> Commune:
    counts = {"due": 100, "with_account": 30, "paid_by_account": 20} | counts
    return Commune(f"T{name}", name, kind, policy, Counts(**counts), klass)


def facts(*communes: Commune, month: datetime.date = JULY, **changes: Any) -> Facts:
    """Facts by hand, of a district that has only these communes."""
    fields: dict[str, Any] = {
        "month": month, "district_id": 1, "district": "huyện Thử", "place": "Thử", "province": "tỉnh Thử",
        "rows": communes, "both": Counts.total(one.counts for one in communes),
        "pending_communes": sum(1 for one in communes if one.counts.pending),
        "pending_from": datetime.date(2024, 8, 1), "targets": {"R1": "50%", "R3": "50%"}, "reached": False,
        "signer_titles": ("CHỦ TỊCH",), "signer_name": "", "computed_at": None,
    }  # fmt: skip
    return Facts(**fields | changes)


def test_the_demo_month_carries_the_figures_of_the_districts_letter(july: Facts) -> None:
    text = text_of(july)
    for expected in (
        "Thực hiện Chỉ thị số 21/CT-TTg ngày 25/11/2022 của Thủ tướng Chính phủ",
        "Kế hoạch số 23/KH-UBND ngày 14/02/2023 và Kế hoạch số 40/KH-UBND ngày 29/02/2024 của UBND huyện Ba Tơ",
        "Thông báo Kết luận số 157/TB-UBND ngày 22/5/2024",
        "Đến tháng 7/2024, chính sách đối với người có công số đối tượng đã chi qua tài khoản: 443/1.492 đối tượng, "
        "đạt tỷ lệ: 29,7%; chính sách bảo trợ xã hội số đối tượng đã chi qua tài khoản: 684/2.320 đối tượng, đạt tỷ "
        "lệ: 29,5%.",
        "Đồng thời đã phối hợp với Bưu điện tỉnh Quảng Ngãi thực hiện mở tài khoản",
        "tại 7 xã, thị trấn đạt 581 tài khoản và đang thực hiện cập nhật, chi qua tài khoản trong tháng 8/2024.",
        "tối thiểu đạt từ 50% trở lên cho đối tượng thụ hưởng, người giám hộ, người được ủy quyền đã có tài khoản",
        "vận động, tuyên truyền 01 đối tượng tại xã Ba Xa đang hưởng chế độ bảo trợ xã hội nhưng hiện nay chưa làm căn "
        "cước công dân theo quy định.",
        "nghiêm túc triển khai thực hiện./.",
    ):
        assert expected in text


def test_the_demo_month_has_the_groups_of_the_districts_letter(july: Facts) -> None:
    text = text_of(july)
    assert "đạt tỷ lệ cao như xã: Ba Động, Ba Nam, Ba Khâm, thị trấn Ba Tơ." in text
    found = re.search(
        r"Cụ thể đạt tỷ lệ trung bình như xã: (.*?); đạt tỷ lệ chi trả không dùng tiền mặt thấp như xã: (.*?); các xã "
        r"chưa thực hiện gồm xã: (.*?) \(đối tượng BTXH\); (.*?) \(đối tượng NCC\) \(Có phụ lục đính kèm\)\.",
        text,
    )
    assert found is not None
    assert [set(group.split(", ")) for group in found.groups()] == [
        {"Ba Giang", "Ba Lế", "Ba Ngạc", "Ba Tô"},
        {"Ba Vì", "Ba Dinh", "Ba Vinh", "Ba Thành", "Ba Điền", "Ba Cung", "Ba Bích"},
        {"Ba Tiêu", "Ba Liên", "Ba Trang", "Ba Xa"},
        {"Ba Xa", "Ba Tiêu", "Ba Vì", "Ba Bích"},
    ]
    assert "Ba Vi," not in text and "CT-TT " not in text and "KH/UBND" not in text


def test_every_addressee_has_their_tasks(july: Facts) -> None:
    lines = text_of(july).splitlines()
    assert lines[:4] == [
        "Kính gửi:",
        "- Phòng Lao động - Thương binh và Xã hội;",
        "- Công an huyện;",
        "- Chủ tịch UBND các xã, thị trấn.",
    ]
    places = [lines.index(heading) for heading in (
        "1. Chủ tịch UBND các xã, thị trấn", "2. Phòng Lao động - Thương binh và Xã hội", "3. Công an huyện",
    )]  # fmt: skip
    assert [later - earlier for earlier, later in zip(places, [*places[1:], len(lines) - 1], strict=True)] == [4, 3, 3]
    assert any("khoản 1, 2 và 3 Điều 2 Thông tư số 02/2021/TT-BLĐTBXH" in line for line in lines)


def test_head_receivers_and_signer(july: Facts) -> None:
    head, foot = document(july).tables
    assert [cell.text.strip() for cell in head.rows[0].cells] == [
        "ỦY BAN NHÂN DÂN\nHUYỆN BA TƠ",
        "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM\nĐộc lập - Tự do - Hạnh phúc",
    ]
    number, day = (cell.text for cell in head.rows[1].cells)
    assert number.startswith("Số:        /UBND-LĐTBXH\nV/v tiếp tục rà soát thông tin")
    assert day == "Ba Tơ, ngày       tháng 7 năm 2024"
    left, right = (cell.text for cell in foot.rows[0].cells)
    assert left.splitlines() == [
        "Nơi nhận:", "- Như trên;", "- CT, PCT UBND huyện;", "- VP HĐND&UBND huyện;", "- Lưu: VT, BTXH.",
    ]  # fmt: skip
    assert re.sub(r"\n+", "\n", right) == "KT. CHỦ TỊCH\nPHÓ CHỦ TỊCH\nLữ Đình Tích"


def test_numbers_of_people_are_links_to_them(july: Facts) -> None:
    found = [link for paragraph in document(july).paragraphs for link in links(paragraph)]
    people = "http://127.0.0.1:8000/bao-cao/2024-07"
    assert found == [
        ("443", f"{people}/NCC/huyen/paid_by_account/"),
        ("1.492", f"{people}/NCC/huyen/due/"),
        ("684", f"{people}/BTXH/huyen/paid_by_account/"),
        ("2.320", f"{people}/BTXH/huyen/due/"),
        ("581", f"{people}/tat-ca/huyen/pending/"),
        ("01", f"{people}/BTXH/21538/no_cccd/"),
    ]


class TestOtherMonths:
    def test_one_commune_alone_is_named_in_the_singular(self) -> None:
        text = text_of(facts(commune("Ba Một", klass="high"), commune("Ba Hai", klass="low")))
        assert "đạt tỷ lệ cao như xã Ba Một." in text
        assert "Cụ thể đạt tỷ lệ chi trả không dùng tiền mặt thấp như xã Ba Hai (Có phụ lục đính kèm)." in text

    def test_no_commune_is_praised_where_none_is_high(self) -> None:
        text = text_of(facts(commune("Ba Một")))
        assert "hưởng chính sách an sinh xã hội. Các địa phương" in text
        assert "đạt tỷ lệ cao" not in text

    def test_where_all_are_high_nothing_is_wanting(self) -> None:
        text = text_of(facts(commune("Ba Một", klass="high"), commune("Ba Hai", klass="high"), reached=True))
        assert "Tất cả các địa phương đều đạt tỷ lệ cao" in text
        assert "Tuy nhiên" not in text and "{%" not in text
        assert "Để duy trì và tiếp tục nâng cao kết quả đã đạt được, Chủ tịch UBND huyện yêu cầu" in text

    def test_a_target_that_is_reached_leaves_some_communes_behind(self) -> None:
        text = text_of(facts(commune("Ba Một", klass="high"), commune("Ba Hai", klass="none"), reached=True))
        assert "dẫn đến tỷ lệ của một số địa phương còn thấp so với yêu cầu" in text
        assert "Cụ thể các xã chưa thực hiện gồm xã Ba Hai (đối tượng BTXH) (Có phụ lục đính kèm)." in text

    def test_not_begun_for_one_policy_alone(self) -> None:
        text = text_of(facts(commune("Ba Một", policy="NCC", klass="none"), commune("Ba Một", klass="average")))
        assert "đạt tỷ lệ trung bình như xã Ba Một; các xã chưa thực hiện gồm xã Ba Một (đối tượng NCC)" in text

    def test_towns_are_named_as_such_and_come_last(self) -> None:
        town = commune("Ba Phố", kind="Thị trấn", klass="none")
        value = context_of(facts(town, commune("Ba Một", klass="none"), commune("Ba Hai", klass="none")))
        assert value["chua_thuc_hien"] == "xã: Ba Một, Ba Hai, thị trấn Ba Phố (đối tượng BTXH)"
        assert value["loai_chua_thuc_hien"] == "xã, thị trấn"
        assert context_of(facts(town))["chua_thuc_hien"] == "thị trấn Ba Phố (đối tượng BTXH)"

    def test_nobody_pending_leaves_the_sentence_out(self) -> None:
        assert "Đồng thời đã phối hợp" not in text_of(facts(commune("Ba Một")))

    def test_accounts_that_several_share_say_of_how_many_people(self) -> None:
        text = text_of(facts(commune("Ba Một", pending=12, pending_accounts=10)))
        assert "tại 1 xã đạt 10 tài khoản (của 12 đối tượng) và đang thực hiện cập nhật" in text

    def test_accounts_used_from_a_later_month_name_it(self) -> None:
        given = facts(commune("Ba Một", pending=2, pending_accounts=2), pending_from=datetime.date(2025, 2, 1))
        assert "chi qua tài khoản trong tháng 02/2025." in text_of(given)

    def test_january_and_february_have_a_zero(self) -> None:
        given = facts(commune("Ba Một"), month=datetime.date(2025, 2, 1))
        assert "Đến tháng 02/2025, " in text_of(given)
        assert document(given).tables[0].rows[1].cells[1].text == "Thử, ngày       tháng 02 năm 2025"
        august = facts(commune("Ba Một"), month=datetime.date(2024, 8, 1))
        assert "Đến tháng 8/2024, " in text_of(august)

    def test_a_policy_that_pays_nobody_is_not_spoken_of(self) -> None:
        text = text_of(facts(commune("Ba Một")))
        assert "Đến tháng 7/2024, chính sách bảo trợ xã hội số đối tượng đã chi qua tài khoản: 20/100 đối tượng" in text
        assert "người có công số đối tượng" not in text

    def test_without_a_target_of_r3_the_phong_is_given_none(self) -> None:
        text = text_of(facts(commune("Ba Một"), targets={"R1": "50%"}))
        assert "theo Chỉ thị số 21/CT-TTg.\n" in text


class TestWithoutCccd:
    def said(self, *communes: Commune) -> str:
        found = re.search(r"tuyên truyền (.*?) nhưng hiện nay chưa làm", text_of(facts(*communes)))
        return found[1] if found else ""

    def test_nobody(self) -> None:
        text = text_of(facts(commune("Ba Một")))
        assert "nhất là đối tượng người có công theo quy định.\n" in text
        assert "chưa làm căn cước" not in text

    def test_several_in_one_commune(self) -> None:
        assert self.said(commune("Ba Một", no_cccd=3)) == (
            "03 đối tượng tại xã Ba Một đang hưởng chế độ bảo trợ xã hội"
        )

    def test_several_communes(self) -> None:
        assert self.said(commune("Ba Một", no_cccd=3), commune("Ba Phố", kind="Thị trấn", no_cccd=12)) == (
            "15 đối tượng tại xã Ba Một (03), thị trấn Ba Phố (12) đang hưởng chế độ bảo trợ xã hội"
        )

    def test_both_policies(self) -> None:
        assert self.said(commune("Ba Một", policy="NCC", no_cccd=1), commune("Ba Hai", no_cccd=2)) == (
            "02 đối tượng tại xã Ba Hai đang hưởng chế độ bảo trợ xã hội và 01 đối tượng tại xã Ba Một đang hưởng chế "
            "độ ưu đãi người có công"
        )


class TestFrozen:
    """The facts are those of the stored figures, whatever the register says since."""

    def test_a_card_or_an_account_of_later_changes_nothing(self, july: Facts) -> None:
        before = july.as_json()
        person = Person.objects.get(commune__code="21538", cccd="", entitlements__category__policy="BTXH")
        person.cccd = factories.cccd()
        person.cccd_state = Person.CccdState.CONFIRMED
        person.cccd_missing_reason = ""
        person.save()
        routes = PayoutRoute.objects.filter(person=person, policy="BTXH")
        assert routes.update(account=factories.account(), cash_reason="") == 1
        assert read_facts(factories.user(Role.CHAIRMAN), JULY).as_json() == before

    def test_a_closed_month_keeps_them_when_it_is_rolled_up_again(self) -> None:
        upper = rows.district()
        listed = rows.payment_list(rows.commune(upper))
        someone = factories.person("Phạm Thị Không Thẻ", commune=listed.commune, cccd="")
        rows.pay(listed, someone)
        officer = rows.officer(upper)
        rollup.roll_up(actor=officer, month=rows.MONTH)
        rows.close()
        before = read_facts(officer, rows.MONTH).as_json()
        assert [row["no_cccd"] for row in before["communes"]] == [1]
        factories.route(someone, account=factories.account(), start=rows.BEFORE, confirmed_by=officer)
        rollup.roll_up(actor=officer, month=rows.MONTH)
        assert read_facts(officer, rows.MONTH).as_json() == before

    def test_payments_are_not_asked(self, july: Facts, django_assert_max_num_queries: Any) -> None:
        chairman = factories.user(Role.CHAIRMAN)
        with django_assert_max_num_queries(6) as queries:
            read_facts(chairman, JULY)
        assert not any("payments_payment" in query["sql"] for query in queries)

    def test_a_month_without_figures_has_none(self) -> None:
        with pytest.raises(reading.NoFigures, match="chưa có số liệu"):
            read_facts(factories.user(Role.CHAIRMAN), datetime.date(2035, 1, 1))


def test_facts_are_those_of_the_districts_own_communes(july: Facts) -> None:
    other = rows.district()
    rows.pay(rows.payment_list(rows.commune(other)), rows.person(rows.commune(other)))
    rollup.roll_up(actor=rows.officer(other), month=rows.MONTH)
    assert len(read_facts(rows.officer(other), rows.MONTH).rows) == 1
    assert len({row.code for row in july.rows}) == 19
    assert dataclasses.replace(july).as_json()["district"] == "huyện Ba Tơ"

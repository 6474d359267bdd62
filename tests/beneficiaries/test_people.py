"""The list of people: search, filters, scope, masking, export."""

import datetime
import io
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from openpyxl import load_workbook

from batosocial.audit.models import Entry
from batosocial.staff.models import Role, User
from beneficiaries.models import Payee, Person
from beneficiaries.querysets import Channel, Status
from tests import factories as make

pytestmark = pytest.mark.django_db

URL = "/doi-tuong/"
JULY, AUGUST = make.THIS_MONTH, make.NEXT_MONTH


def names(text: str, people: Any = None) -> list[str]:
    return [person.name for person in (Person.objects.all() if people is None else people).matching(text)]


def signed_in(client: Client, **user: Any) -> User:
    made = make.user(**user)
    client.force_login(made)
    return made


@pytest.fixture
def hamlet() -> str:
    """A hamlet that nobody of the demo lives in; finding by it finds the test's own people."""
    return "Thôn Thử Nghiệm"


class TestSearch:
    def test_without_accents_every_spelling_is_found_in_order_of_the_given_name(self, hamlet: str) -> None:
        for name in ("Đinh Zyx Ân", "Đinh Zyx Ánh", "Đinh Zyx Anh", "Đinh Zyx Ẩn", "Đinh Zyx An", "Phạm Zyx An"):
            make.person(name, hamlet=hamlet)
        assert names("zyx an") == [
            "Đinh Zyx An",
            "Phạm Zyx An",
            "Đinh Zyx Anh",
            "Đinh Zyx Ánh",
            "Đinh Zyx Ân",
            "Đinh Zyx Ẩn",
        ]

    def test_with_accents_those_spelled_so_come_first(self) -> None:
        for name in ("Đinh Zyx Anh", "Đinh Zyx Ánh", "Đinh Zyx Ảnh"):
            make.person(name)
        assert names("Zyx Ánh") == ["Đinh Zyx Ánh", "Đinh Zyx Anh", "Đinh Zyx Ảnh"]

    @pytest.mark.parametrize("typed", ["Zyx Hoà", "Zyx Hòa", "zyx hoà"])
    def test_tone_place_makes_no_difference(self, typed: str) -> None:
        for name in ("Đinh Zyx Hóa", "Đinh Zyx Hoàng", "Đinh Zyx Hoà", "Phạm Zyx Hòa"):
            make.person(name)
        assert names(typed) == ["Đinh Zyx Hoà", "Phạm Zyx Hòa", "Đinh Zyx Hoàng", "Đinh Zyx Hóa"]

    @pytest.mark.parametrize("typed", ["Huyền Zyx", "zyx phạm", "pham huyen zyx", "  PHẠM   ZYX "])
    def test_words_in_any_order(self, typed: str) -> None:
        make.person("Phạm Zyx Huyền")
        assert names(typed) == ["Phạm Zyx Huyền"]

    def test_a_word_is_found_from_its_beginning_only(self) -> None:
        make.person("Đinh Văn Xyzan")
        assert names("zan") == []
        assert names("xyz") == ["Đinh Văn Xyzan"]

    def test_other_and_card_names(self) -> None:
        make.person("Phạm Thị Bé", other_name="Mẹ Zyxo", card_name="Phạm Thị Zyxa")
        assert names("me zyxo") == names("Zyxa") == ["Phạm Thị Bé"]

    def test_short_query_lists_both_communes_the_one_spelled_so_first(self) -> None:
        town = make.person("Đinh Văn Bưởi", commune=make.commune("21484"))
        other = make.person("Đinh Văn Bưởi", commune=make.commune_named("Ba Tô"))
        people = Person.objects.filter(pk__in=[town.pk, other.pk])
        assert {person.commune.name for person in people.matching("ba to")} == {"Ba Tơ", "Ba Tô"}
        assert [person.commune.name for person in people.matching("Ba Tô")] == ["Ba Tô", "Ba Tơ"]
        assert next(person.commune.name for person in people.matching("xã Ba Tô")) == "Ba Tô"

    def test_numbers(self) -> None:
        person = make.person(
            "Phạm Thị Số", cccd="096150998877", cmnd="987612345", phone="0905998811", file_number="TB/998877-Z"
        )
        make.route(person, account=make.account("4505205998866"))
        for typed in (
            "096150998877",
            "8877",
            "096 150 998 877",
            "987612345",
            "0905.998.811",
            "4505205998866",
            "tb/998877",
        ):
            assert "Phạm Thị Số" in names(typed), typed

    def test_hamlet_and_year(self, hamlet: str) -> None:
        make.person("Phạm Thị Làng", hamlet=hamlet, birth="1911")
        assert names("thu nghiem") == ["Phạm Thị Làng"]
        assert "Phạm Thị Làng" in names("1911")

    @pytest.mark.parametrize("typed", ["%", "_", "\\", "'", "' OR 1=1 --", "()[]*+?", "Ạ(["])
    def test_signs_are_only_text(self, typed: str) -> None:
        make.person("Phạm Thị Dấu")
        assert "Phạm Thị Dấu" not in names(typed) or not typed.strip("' ")


class TestFilters:
    def test_statuses_part_everybody_into_exactly_one(self) -> None:
        receiving = make.entitlement(make.person()).person
        suspended = make.entitlement(make.person())
        make.suspension(suspended, JULY)
        upcoming = make.entitlement(make.person(), start=AUGUST).person
        stopped = make.entitlement(make.person(), before=JULY).person
        dead = make.entitlement(make.person(died_on=datetime.date(2024, 7, 3))).person
        unknown = make.person()
        expected = {
            Status.RECEIVING: {receiving.pk},
            Status.SUSPENDED: {suspended.person_id},
            Status.UPCOMING: {upcoming.pk, unknown.pk},
            Status.STOPPED: {stopped.pk},
            Status.DEAD: {dead.pk},
        }
        mine = Person.objects.filter(pk__in=set().union(*expected.values()))
        found = {status: set(mine.in_status(status, JULY).values_list("pk", flat=True)) for status in Status}
        assert found == expected
        shown: Any = mine.with_status(JULY)
        assert {person.pk: person.status for person in shown} == {
            pk: status for status, pks in expected.items() for pk in pks
        }

    def test_statuses_of_the_demo_add_up(self) -> None:
        counts = [Person.objects.in_status(status, JULY).count() for status in Status]
        assert sum(counts) == Person.objects.count()

    def test_channel_is_by_confirmed_routes_of_the_month(self) -> None:
        officer = make.user()
        by_account, later, cash, waiting = (make.person() for _ in range(4))
        make.route(by_account, account=make.account(), confirmed_by=officer)
        make.route(later, before=AUGUST, confirmed_by=officer)
        make.route(later, account=make.account(), start=AUGUST, confirmed_by=officer)
        make.route(cash, confirmed_by=officer, cash_reason="no_cccd")
        make.route(waiting, account=make.account())
        mine = Person.objects.filter(pk__in=[by_account.pk, later.pk, cash.pk, waiting.pk])
        assert set(mine.by_channel(Channel.ACCOUNT, JULY)) == {by_account}
        assert set(mine.by_channel(Channel.ACCOUNT, AUGUST)) == {by_account, later}
        assert set(mine.by_channel(Channel.CASH, JULY)) == {later, cash}
        assert set(mine.by_channel(Channel.UNCONFIRMED, JULY)) == {waiting}
        assert set(mine.without_account_because("no_cccd", JULY)) == {cash}

    def test_the_page_shows_the_channel_and_what_begins_later(self, client: Client, hamlet: str) -> None:
        officer = signed_in(client)
        person = make.person("Phạm Thị Kênh", hamlet=hamlet)
        make.entitlement(person)
        make.route(person, before=AUGUST, cash_reason="away", confirmed_by=make.user())
        make.route(person, account=make.account("4505205111222"), start=AUGUST, confirmed_by=make.user())
        page = client.get(URL, {"tim": hamlet}).content.decode()
        assert "Tiền mặt" in page
        assert "Đi khỏi địa phương" in page
        assert "Tài khoản từ tháng 8/2024" in page
        page = client.get(URL, {"tim": hamlet, "thang": "8/2024"}).content.decode()
        assert "Agribank •••• 1222" in page
        assert officer.full_name in page

    def test_a_wrong_filter_finds_nobody_and_says_so(self, client: Client) -> None:
        signed_in(client)
        answer = client.get(URL, {"thang": "7/20x4"})
        assert answer.status_code == 200
        assert answer.context["rows"] == []
        assert "Không đọc được tháng" in answer.content.decode()
        assert client.post(reverse("beneficiaries:people_export") + "?thang=7/20x4").status_code == 400


class TestScope:
    def test_a_commune_sees_its_own_people_only(self, client: Client, hamlet: str) -> None:
        mine = make.person("Phạm Thị Nhà", hamlet=hamlet)
        foreign = make.person("Phạm Thị Xa", hamlet=hamlet, commune=make.commune(make.BA_TO_TOWN))
        signed_in(client, role=Role.COMMUNE_OFFICER, commune=make.commune(make.BA_DONG))
        page = client.get(URL, {"tim": hamlet}).content.decode()
        assert mine.name in page
        assert foreign.name not in page
        page = client.get(URL, {"tim": hamlet, "xa": make.BA_TO_TOWN}).content.decode()
        assert foreign.name not in page

    @pytest.mark.parametrize("role", [Role.DISTRICT_OFFICER, Role.DISTRICT_LEADER, Role.CHAIRMAN])
    def test_the_district_sees_all_and_may_choose_a_commune(self, client: Client, hamlet: str, role: Role) -> None:
        one = make.person("Phạm Thị Một", hamlet=hamlet)
        two = make.person("Phạm Thị Hai", hamlet=hamlet, commune=make.commune(make.BA_TO_TOWN))
        signed_in(client, role=role)
        page = client.get(URL, {"tim": hamlet}).content.decode()
        assert one.name in page
        assert two.name in page
        page = client.get(URL, {"tim": hamlet, "xa": make.BA_TO_TOWN}).content.decode()
        assert one.name not in page
        assert two.name in page

    @pytest.mark.parametrize("role", [Role.POLICE, Role.PAYER, Role.ADMIN])
    def test_other_roles_are_refused(self, client: Client, role: Role) -> None:
        signed_in(client, role=role)
        assert client.get(URL).status_code == 403
        assert client.post(reverse("beneficiaries:people_export")).status_code == 403


class TestMasking:
    def test_lists_show_the_last_four_digits(self, client: Client, hamlet: str) -> None:
        person = make.person("Phạm Thị Che", hamlet=hamlet, cccd="096150765432")
        make.entitlement(person)
        make.route(person, account=make.account("4505205765432"), confirmed_by=make.user())
        signed_in(client)
        page = client.get(URL, {"tim": hamlet}).content.decode()
        assert "•••• 5432" in page
        assert "096150765432" not in page
        assert "4505205765432" not in page

    @pytest.mark.parametrize("sees", [True, False])
    def test_confidential_groups(self, client: Client, hamlet: str, sees: bool) -> None:
        make.entitlement(make.person("Phạm Thị Kín", hamlet=hamlet), "BTXH-8")
        signed_in(client, sees_confidential=sees)
        page = client.get(URL, {"tim": hamlet}).content.decode()
        assert "Phạm Thị Kín" in page
        assert ("BTXH-8" in page) is sees
        assert ("HIV" in page) is sees
        assert "BTXH" in page


class TestExport:
    def rows(self, client: Client, query: dict[str, str], **body: str) -> list[tuple[Any, ...]]:
        answer = client.post(reverse("beneficiaries:people_export", query=query), body)
        assert answer.status_code == 200
        sheet = load_workbook(io.BytesIO(b"".join(answer.streaming_content))).active  # type: ignore[attr-defined]
        assert sheet is not None
        assert str(sheet["A2"].value).startswith("Dữ liệu minh họa")
        return list(sheet.iter_rows(min_row=5, values_only=True))

    def test_the_filtered_list_with_text_cells(self, client: Client, hamlet: str) -> None:
        person = make.person("=Phạm Thị Công", hamlet=hamlet, cccd="096150112233")
        make.entitlement(person)
        make.entitlement(person, "NCC-10.2")
        payee = make.payee(person, Payee.Kind.GUARDIAN, "Phạm Văn Hộ")
        account = make.account("4505205112233", holder_name="PHAM VAN HO")
        make.route(person, account=account, payee=payee, confirmed_by=make.user())
        make.route(person, "NCC", cash_reason="frail", confirmed_by=make.user())
        signed_in(client)
        (row,) = self.rows(client, {"tim": hamlet}, so="day_du")
        assert row[1] == "=Phạm Thị Công"
        assert row[4] == "096150112233"
        assert row[7] == "BTXH-5C; NCC-10.2"
        assert row[8] == "Đang hưởng"
        assert row[9] == "Tài khoản; Tiền mặt" or row[9] == "Tiền mặt; Tài khoản"
        assert row[10:13] == ("Agribank", "4505205112233", "PHAM VAN HO")
        assert row[13] == "Già yếu, ốm đau không đi lại được"

    def test_numbers_are_masked_unless_asked_for(self, client: Client, hamlet: str) -> None:
        person = make.person("Phạm Thị Che", hamlet=hamlet, cccd="096150112233")
        make.route(person, account=make.account("4505205112233"), confirmed_by=make.user())
        signed_in(client)
        (row,) = self.rows(client, {"tim": hamlet})
        assert (row[4], row[11]) == ("•••• 2233", "•••• 2233")

    @pytest.mark.parametrize("sees", [True, False])
    def test_confidential_groups(self, client: Client, hamlet: str, sees: bool) -> None:
        make.entitlement(make.person(hamlet=hamlet), "BTXH-3A")
        signed_in(client, sees_confidential=sees)
        (row,) = self.rows(client, {"tim": hamlet})
        assert row[7] == ("BTXH-3A" if sees else "BTXH")

    def test_a_commune_exports_its_own(self, client: Client, hamlet: str) -> None:
        make.person("Phạm Thị Nhà", hamlet=hamlet)
        make.person("Phạm Thị Xa", hamlet=hamlet, commune=make.commune(make.BA_TO_TOWN))
        signed_in(client, role=Role.COMMUNE_LEADER)
        assert [row[1] for row in self.rows(client, {"tim": hamlet})] == ["Phạm Thị Nhà"]

    def test_it_stands_in_the_audit(self, client: Client, hamlet: str) -> None:
        make.person(hamlet=hamlet)
        user = signed_in(client)
        self.rows(client, {"tim": hamlet}, so="day_du")
        entry = Entry.objects.filter(actor=user, action="Xuất danh sách đối tượng").get()
        assert entry.details == {"count": 1, "full_numbers": True, "filters": {"tim": hamlet}}

    def test_queries_do_not_grow(self, client: Client, hamlet: str, django_assert_max_num_queries: Any) -> None:
        signed_in(client)
        for total in (1, 30):
            while Person.objects.filter(hamlet=hamlet).count() < total:
                make.entitlement(make.person(hamlet=hamlet))
            with django_assert_max_num_queries(14):
                assert len(self.rows(client, {"tim": hamlet})) == total
        with django_assert_max_num_queries(14):
            assert len(self.rows(client, {})) > 3800


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"tim": "Thử Nghiệm"},
        {"tim": "thu nghiem", "chinh_sach": "BTXH", "trang_thai": "receiving"},
        {"tim": "Thử", "doi_tuong": "BTXH-5C", "noi_nhan": "account", "tuoi": "moc"},
    ],
)
def test_queries_of_the_page_do_not_grow(client: Client, hamlet: str, query: dict[str, str]) -> None:
    signed_in(client)
    made: list[Person] = []
    numbers = []
    for total in (2, 60):
        while len(made) < total:
            person = make.person(hamlet=hamlet, birth="07/1944")
            make.entitlement(person)
            make.route(person, account=make.account(), confirmed_by=make.user())
            made.append(person)
        with CaptureQueriesContext(connection) as captured:
            answer = client.get(URL, query)
        assert len(answer.context["rows"]) == (min(total, 50) if query else 50)
        numbers.append(len(captured))
    assert numbers[0] == numbers[1] <= 14


def test_nobody_found_says_what_to_do(client: Client) -> None:
    signed_in(client)
    page = client.get(URL, {"tim": "Không Ai Tên Này"}).content.decode()
    assert "Không tìm thấy ai" in page
    assert "Bỏ lọc" in page

"""The page on which an officer enters a payee and an account: what it refuses, and what it asks to look at twice."""

import datetime
import re
import uuid
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from batosocial.staff.models import Role, User
from beneficiaries.models import Account, Payee, PayoutRoute, Person
from beneficiaries.payout.confirming import confirm_routes
from tests import factories as make

pytestmark = pytest.mark.django_db

NUMBER = "4505205009911"


@pytest.fixture
def officer(client: Client) -> User:
    officer = make.user(Role.COMMUNE_OFFICER)
    client.force_login(officer)
    return officer


@pytest.fixture
def person() -> Person:
    person = make.person("Phạm Thị Tuyến")
    make.entitlement(person)
    return person


GUARDIAN = {
    "nguoi_nhan": "guardian",
    "ho_ten": "Đinh Văn Hộ",
    "quan_he": "Mẹ",
    "cccd": "051060778899",
    "ten_chu": "",
}


def url(person: Person) -> str:
    return reverse("beneficiaries:route_add", args=[person.pk])


def fields(**changed: Any) -> dict[str, Any]:
    return {
        "chinh_sach": ["BTXH"],
        "tu_thang": "8/2024",
        "nguoi_nhan": "own",
        "hinh_thuc": "tai-khoan",
        "ngan_hang": "Agribank",
        "so_tk": NUMBER,
        "ten_chu": "PHAM THI TUYEN",
        "token": str(uuid.uuid4()),
        **changed,
    }


def send(client: Client, person: Person, **changed: Any) -> Any:
    return client.post(url(person), fields(**changed))


def digest(answer: Any) -> str:
    found = re.search(r'name="da_xem" value="(\w+)"', answer.content.decode())
    assert found is not None, "no tick is asked for"
    return found[1]


def send_and_tick(client: Client, person: Person, **changed: Any) -> Any:
    """Send, look at what is shown, tick, send again."""
    values = fields(**changed)
    first = client.post(url(person), values)
    assert first.status_code == 422
    return client.post(url(person), values | {"da_xem": digest(first)})


def errors(answer: Any) -> dict[str, list[str]]:
    assert answer.status_code == 422
    return {name: list(texts) for name, texts in answer.context["form"].errors.items()}


def cautions(answer: Any) -> dict[str, list[str]]:
    assert answer.status_code == 422
    shown: dict[str, list[str]] = answer.context["form"].cautions.by_field
    text = answer.content.decode()
    assert "Tôi đã đối chiếu" in text
    assert all(f"id_{name}_caution_1" in text for name in shown)
    return shown


def route_of(person: Person) -> PayoutRoute:
    return PayoutRoute.objects.waiting().get(person=person)


class TestPage:
    def test_proposes_what_is_usual(self, client: Client, officer: User, person: Person) -> None:
        page = client.get(url(person)).content.decode()
        assert 'value="8/2024"' in page
        assert 'value="PHAM THI TUYEN"' in page
        assert "Bảo trợ xã hội" in page
        assert "Người có công" not in page

    def test_shows_where_the_money_goes_now(self, client: Client, officer: User, person: Person) -> None:
        make.route(person, account=make.account("4505205001234"), confirmed_by=make.user())
        page = client.get(url(person)).content.decode()
        assert "•••• 1234" in page
        assert "4505205001234" not in page

    def test_without_a_benefit_there_is_nothing_to_enter(self, client: Client, officer: User) -> None:
        nobody = make.person()
        assert "Chưa có chế độ nào để nhận tiền" in client.get(url(nobody)).content.decode()
        assert "Người này chưa có chế độ nào để nhận tiền." in errors(send(client, nobody))["__all__"]

    def test_an_entry_leads_to_the_person_and_waits(self, client: Client, officer: User, person: Person) -> None:
        answer = send(client, person)
        assert answer.status_code == 302
        page = client.get(answer["Location"]).content.decode()
        assert "Tiền chỉ đi theo nơi này sau khi một người khác xác nhận" in page
        assert "Chờ xác nhận" in page
        assert "Rút đề nghị" in page
        assert route_of(person).entered_by == officer

    def test_queries_do_not_grow(
        self, client: Client, officer: User, person: Person, django_assert_max_num_queries: Any
    ) -> None:
        for payees in (1, 20):
            while person.payees.count() < payees:
                make.payee(person, "guardian")
            with django_assert_max_num_queries(13):
                client.get(url(person))


class TestAccountNumber:
    @pytest.mark.parametrize("pasted", ["4505 2050 09911", "4505.205.009911", "4505-2050-09911", "\u00a04505205009911"])
    def test_a_paste_from_a_scan_is_put_right(self, client: Client, officer: User, person: Person, pasted: str) -> None:
        assert send(client, person, so_tk=pasted).status_code == 302
        account = route_of(person).account
        assert account is not None
        assert account.number == NUMBER

    @pytest.mark.parametrize(
        ("written", "says"),
        [
            ("4.5E+12", "Excel đổi dạng"),
            ("45052050099AB", "6 đến 19 chữ số"),
            ("12345", "đang có 5"),
            ("1" * 20, "đang có 20"),
            ("", "Hãy ghi số tài khoản."),
        ],
    )
    def test_anything_else_is_an_error_beside_the_field(
        self, client: Client, officer: User, person: Person, written: str, says: str
    ) -> None:
        answer = send(client, person, so_tk=written)
        assert says in errors(answer)["so_tk"][0]
        assert f'value="{written}"' in answer.content.decode()
        assert not PayoutRoute.objects.filter(person=person).exists()

    def test_a_length_unusual_for_the_bank_is_a_warning(self, client: Client, officer: User, person: Person) -> None:
        """rules.md 7: warn, not block, when Agribank ≠ 13."""
        answer = send(client, person, so_tk="450520500991")
        shown = cautions(answer)
        assert 'aria-describedby="id_so_tk_helptext id_so_tk_caution_1"' in answer.content.decode()
        assert shown["so_tk"] == ["Số này có 12 chữ số, tài khoản Agribank thường có 13."]
        assert send_and_tick(client, person, so_tk="450520500991").status_code == 302

    def test_a_bank_without_a_usual_length_has_none(self, client: Client, officer: User, person: Person) -> None:
        assert send(client, person, so_tk="123456", ngan_hang="VBSP").status_code == 302


class TestBank:
    @pytest.mark.parametrize("written", ["agribank", "AGRIBANK Ba Tơ", "970405", "Ngân hàng Nông nghiệp"])
    def test_by_any_of_its_names(self, client: Client, officer: User, person: Person, written: str) -> None:
        assert send(client, person, ngan_hang=written).status_code == 302

    @pytest.mark.parametrize(
        ("written", "says"),
        [("", "Hãy ghi ngân hàng"), ("Sao Hỏa", "Không có ngân hàng"), ("việt nam thịnh vượng", "Có phải:")],
    )
    def test_or_an_error(self, client: Client, officer: User, person: Person, written: str, says: str) -> None:
        assert says in errors(send(client, person, ngan_hang=written))["ngan_hang"][0]


class TestHolder:
    def test_compared_without_accents(self, client: Client, officer: User, person: Person) -> None:
        assert send(client, person, ten_chu="Phạm Thị Tuyến").status_code == 302
        account = route_of(person).account
        assert account is not None
        assert account.holder_name == "PHAM THI TUYEN"

    def test_another_name_than_the_payees_is_a_warning(self, client: Client, officer: User, person: Person) -> None:
        shown = cautions(send(client, person, ten_chu="PHAM THI TUYET"))
        assert shown["ten_chu"] == ["Tên chủ tài khoản PHAM THI TUYET khác tên người nhận Phạm Thị Tuyến."]

    def test_signs_are_no_name(self, client: Client, officer: User, person: Person) -> None:
        assert "chỉ gồm chữ" in errors(send(client, person, ten_chu="=1+1"))["ten_chu"][0]

    def test_a_known_accounts_other_holder_is_said(self, client: Client, officer: User, person: Person) -> None:
        neighbour = make.person("Đinh Văn Hộ")
        make.route(neighbour, account=make.account(NUMBER, holder_name="DINH VAN HO"), confirmed_by=make.user())
        shown = cautions(send(client, person))
        assert any("chủ tài khoản là DINH VAN HO" in text for text in shown["ten_chu"])
        assert any("khác tên người nhận" in text for text in shown["ten_chu"])

    def test_but_not_named_where_the_account_serves_another_commune_only(
        self, client: Client, officer: User, person: Person
    ) -> None:
        foreign = make.person("Đinh Văn Hộ", commune=make.commune(make.BA_TO_TOWN))
        make.route(foreign, account=make.account(NUMBER, holder_name="PHAM THI TUYEN B"), confirmed_by=make.user())
        shown = cautions(send(client, person))
        assert "Sổ đã có tài khoản này, chủ tài khoản tên khác" in " ".join(shown["ten_chu"])
        assert "người ở xã khác" in shown["so_tk"][0]
        assert "Đinh Văn Hộ" not in str(shown)


class TestSharedAccount:
    def test_others_it_serves_are_named(self, client: Client, officer: User, person: Person) -> None:
        account = make.account(NUMBER, holder_name="PHAM THI TUYEN")
        for name in ("Phạm Văn Một", "Phạm Văn Hai"):
            make.route(make.person(name), account=account, confirmed_by=make.user())
        (text,) = cautions(send(client, person))["so_tk"]
        assert "Phạm Văn Hai, Phạm Văn Một" in text
        assert "không phải đều với tư cách người giám hộ" in text
        assert send_and_tick(client, person).status_code == 302
        assert Account.objects.filter(number=NUMBER).count() == 1

    def test_a_guardian_of_several_is_told_that_it_is_normal(
        self, client: Client, officer: User, person: Person
    ) -> None:
        sister = make.person("Phạm Thị Chị")
        guardian = make.payee(sister, "guardian", "Đinh Văn Hộ")
        account = make.account(NUMBER, holder_name="DINH VAN HO")
        make.route(sister, account=account, payee=guardian, confirmed_by=make.user())
        (text,) = cautions(send(client, person, **GUARDIAN))["so_tk"]
        assert "Phạm Thị Chị; với người giám hộ nhiều người thì đây là bình thường" in text

    def test_what_ended_is_not_counted(self, client: Client, officer: User, person: Person) -> None:
        account = make.account(NUMBER, holder_name="PHAM THI TUYEN")
        make.route(make.person(), account=account, before=make.NEXT_MONTH, confirmed_by=make.user())
        assert send(client, person).status_code == 302


class TestPayee:
    def test_a_new_guardian(self, client: Client, officer: User, person: Person) -> None:
        assert send(client, person, **GUARDIAN).status_code == 302
        route = route_of(person)
        assert (route.payee.kind, route.payee.name, route.payee.relation) == ("guardian", "Đinh Văn Hộ", "Mẹ")
        assert route.account is not None
        assert route.account.holder_name == "DINH VAN HO"

    def test_an_existing_one_is_taken_again(self, client: Client, officer: User, person: Person) -> None:
        known = make.payee(person, "guardian", "Đinh Văn Hộ", cccd="051060778899")
        assert send(client, person, nguoi_nhan=str(known.pk), ten_chu="DINH VAN HO").status_code == 302
        assert route_of(person).payee == known
        assert Payee.objects.filter(person=person).count() == 1

    def test_what_a_new_one_needs(self, client: Client, officer: User, person: Person) -> None:
        found = errors(send(client, person, nguoi_nhan="authorised"))
        assert set(found) == {"ho_ten", "quan_he", "so_giay", "ngay_giay"}

    def test_a_guardian_by_paper_is_asked_for_it_and_a_parent_is_not(
        self, client: Client, officer: User, person: Person
    ) -> None:
        assert "so_giay" in cautions(send(client, person, **GUARDIAN | {"quan_he": "Bà nội"}))
        assert send(client, person, **GUARDIAN).status_code == 302

    @pytest.mark.parametrize(("cccd", "says"), [("12345", "đúng 12 chữ số"), ("05106077889a", "đúng 12 chữ số")])
    def test_a_malformed_cccd_is_an_error(
        self, client: Client, officer: User, person: Person, cccd: str, says: str
    ) -> None:
        assert says in errors(send(client, person, **GUARDIAN | {"cccd": cccd}))["cccd"][0]

    @pytest.mark.parametrize(
        ("cccd", "says"),
        [("", "Chưa ghi số CCCD"), ("51060778899", "thiếu số 0 ở đầu"), ("999060778899", "mã tỉnh 999")],
    )
    def test_a_doubtful_one_is_a_warning(
        self, client: Client, officer: User, person: Person, cccd: str, says: str
    ) -> None:
        values = GUARDIAN | {"cccd": cccd}
        assert says in cautions(send(client, person, **values))["cccd"][0]
        assert send_and_tick(client, person, **values).status_code == 302

    def test_the_persons_own_number_is_an_error(self, client: Client, officer: User, person: Person) -> None:
        assert "chính người hưởng" in errors(send(client, person, **GUARDIAN | {"cccd": person.cccd}))["cccd"][0]

    def test_a_known_payees_number_is_an_error(self, client: Client, officer: User, person: Person) -> None:
        make.payee(person, "guardian", "Đinh Văn Hộ", cccd="051060778899")
        assert "hãy chọn người ấy" in errors(send(client, person, **GUARDIAN))["cccd"][0]

    def test_a_child_that_receives_itself_is_a_warning(self, client: Client, officer: User) -> None:
        """A child is under 16 (Điều 5 NĐ 20/2021); who receives for it, the decree leaves open."""
        child = make.person("Phạm Thị Bé", birth="2012")
        make.entitlement(child, "BTXH-1B")
        assert "chưa đủ 16 tuổi" in cautions(send(client, child, ten_chu="PHAM THI BE"))["nguoi_nhan"][0]
        grown = make.person("Phạm Thị Lớn", birth="01/07/2008")
        make.entitlement(grown, "BTXH-2")
        assert send(client, grown, ten_chu="PHAM THI LON").status_code == 302

    @pytest.mark.parametrize(
        ("until", "says"),
        [
            ("21/07/2024", "đã hết hạn"),
            ("22/07/2024", "sắp hết hạn"),
            ("21/08/2024", "sắp hết hạn"),
            ("22/08/2024", ""),
        ],
    )
    def test_a_paper_that_runs_out(self, client: Client, officer: User, person: Person, until: str, says: str) -> None:
        values = GUARDIAN | {"so_giay": "12/GXN", "ngay_giay": "01/02/2023", "hieu_luc_den": until}
        answer = send(client, person, **values)
        if says:
            assert says in cautions(answer)["hieu_luc_den"][0]
        else:
            assert answer.status_code == 302

    def test_days_of_a_paper_that_cannot_be(self, client: Client, officer: User, person: Person) -> None:
        wrong = errors(send(client, person, **GUARDIAN | {"ngay_giay": "01/02/2023", "hieu_luc_den": "31/01/2023"}))
        assert "ở trước ngày giấy tờ" in wrong["hieu_luc_den"][0]
        assert "ở sau hôm nay" in errors(send(client, person, **GUARDIAN | {"ngay_giay": "23/07/2024"}))["ngay_giay"][0]

    def test_nothing_is_said_of_how_long_a_paper_may_hold(self, client: Client, officer: User, person: Person) -> None:
        values = GUARDIAN | {"so_giay": "1", "ngay_giay": "01/02/2000", "hieu_luc_den": "01/02/2080"}
        assert send(client, person, **values).status_code == 302

    def test_somebody_elses_payee_is_no_choice(self, client: Client, officer: User, person: Person) -> None:
        stranger = make.payee(make.person(), "guardian")
        assert "nguoi_nhan" in errors(send(client, person, nguoi_nhan=str(stranger.pk)))

    def test_names_of_the_district_are_names(self, client: Client, officer: User, person: Person) -> None:
        """rules.md 9.5: letters, blanks, ' - and dots, no Vietnamese syllables asked for."""
        for name in ("Phạm Rin", "H'Brít", "Đinh Văn-Ểu"):
            assert "ho_ten" not in getattr(
                send(client, person, **GUARDIAN | {"ho_ten": name, "so_tk": "1"}).context["form"], "errors", {}
            )
        assert "ho_ten" in errors(send(client, person, **GUARDIAN | {"ho_ten": "Hộ 2"}))


class TestCash:
    def test_needs_one_of_the_reasons(self, client: Client, officer: User, person: Person) -> None:
        """rules.md 3.2: the reasons for having no account."""
        cash = {"hinh_thuc": "tien-mat", "so_tk": "", "ngan_hang": ""}
        assert "ly_do_tien_mat" in errors(send(client, person, **cash))
        assert send(client, person, **cash, ly_do_tien_mat="frail").status_code == 302
        assert route_of(person).cash_reason == "frail"
        assert len(PayoutRoute.CashReason.choices) == 7


class TestMonth:
    def test_not_before_the_first_month_that_is_not_opened(self, client: Client, officer: User, person: Person) -> None:
        found = errors(send(client, person, tu_thang="7/2024"))
        assert "sớm nhất từ tháng 8/2024" in found["tu_thang"][0]

    def test_later_is_a_warning(self, client: Client, officer: User, person: Person) -> None:
        shown = cautions(send(client, person, tu_thang="10/2024"))
        assert shown["tu_thang"] == ["Đến hết tháng 9/2024, tiền vẫn đi theo nơi nhận hiện nay."]


class TestTick:
    def test_it_counts_for_what_was_shown_only(self, client: Client, officer: User, person: Person) -> None:
        shown = digest(send(client, person, so_tk="450520500991"))
        assert "so_tk" in cautions(send(client, person, so_tk="45052050099", da_xem=shown))
        assert not PayoutRoute.objects.filter(person=person).exists()

    def test_an_error_is_not_passed_by_it(self, client: Client, officer: User, person: Person) -> None:
        shown = digest(send(client, person, so_tk="450520500991"))
        assert "so_tk" in errors(send(client, person, so_tk="12", da_xem=shown))

    def test_the_waiting_route_that_would_go_is_told_first(self, client: Client, officer: User, person: Person) -> None:
        waiting = make.route(person, start=make.NEXT_MONTH, entered_by=make.user(full_name="Trần Văn Trước"))
        text = cautions(send(client, person))["chinh_sach"][0]
        assert "tiền mặt (già yếu, ốm đau không đi lại được) từ tháng 8/2024, do Trần Văn Trước nhập" in text
        assert send_and_tick(client, person).status_code == 302
        waiting.refresh_from_db()
        assert waiting.state == "rejected"

    def test_one_that_came_after_the_look_is_told_again(self, client: Client, officer: User, person: Person) -> None:
        values = fields(so_tk="450520500991")
        shown = digest(client.post(url(person), values))
        waiting = make.route(person, start=make.NEXT_MONTH)
        assert "chinh_sach" in cautions(client.post(url(person), values | {"da_xem": shown}))
        waiting.refresh_from_db()
        assert waiting.state == "entered"


class TestOnce:
    def test_the_same_form_twice_is_one_route(self, client: Client, officer: User, person: Person) -> None:
        values = fields()
        first, second = client.post(url(person), values), client.post(url(person), values)
        assert first["Location"] == second["Location"] == reverse("beneficiaries:person", args=[person.pk])
        assert PayoutRoute.objects.filter(person=person).count() == 1

    def test_even_after_it_was_confirmed(self, client: Client, officer: User, person: Person) -> None:
        values = fields()
        client.post(url(person), values)
        confirm_routes(actor=make.user(Role.COMMUNE_LEADER), route_ids=[route_of(person).pk])
        assert client.post(url(person), values).status_code == 302
        assert PayoutRoute.objects.filter(person=person).count() == 1

    def test_a_form_with_errors_can_be_sent_again(self, client: Client, officer: User, person: Person) -> None:
        values = fields(so_tk="12")
        assert client.post(url(person), values).status_code == 422
        assert client.post(url(person), values | {"so_tk": NUMBER}).status_code == 302

    def test_without_its_token_nothing_is_written(self, client: Client, officer: User, person: Person) -> None:
        assert "token" in errors(send(client, person, token="x"))
        assert not PayoutRoute.objects.filter(person=person).exists()

    def test_refusals_keep_what_was_typed(self, client: Client, officer: User, person: Person) -> None:
        account = make.account(NUMBER, holder_name="PHAM THI TUYEN")
        make.route(person, account=account, confirmed_by=make.user())
        answer = send(client, person, mo_ngay="03/06/2024")
        assert "không có gì thay đổi" in errors(answer)["hinh_thuc"][0]
        assert 'value="03/06/2024"' in answer.content.decode()
        assert route_count(person) == 1


def route_count(person: Person) -> int:
    return PayoutRoute.objects.filter(person=person).count()


def test_a_dead_person_is_a_warning(client: Client, officer: User) -> None:
    person = make.person("Phạm Thị Tuyến", died_on=datetime.date(2024, 7, 10))
    make.entitlement(person)
    assert "đã chết ngày 10/07/2024" in cautions(send(client, person))["nguoi_nhan"][0]

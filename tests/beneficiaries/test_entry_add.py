"""Adding a person: the CCCD first, then one form."""

import threading
import uuid
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test import Client
from django.urls import reverse

from batosocial.audit.models import Entry
from batosocial.staff.models import Role, User
from beneficiaries.entry.services import NumberTaken, add_person
from beneficiaries.models import Person
from tests import factories as make

pytestmark = pytest.mark.django_db

START, FORM = reverse("beneficiaries:person_add"), reverse("beneficiaries:person_add_form")
CARD = "096142900123|219345678|Phạm Thị Dế Mèn|12051942|Nữ|Thôn Nước Lầy, Ba Động, Ba Tơ, Quảng Ngãi|10052021"
NUMBER = "096142900123"


def signed_in(client: Client, role: str = Role.COMMUNE_OFFICER, **fields: Any) -> User:
    user = make.user(role, **fields)
    client.force_login(user)
    return user


def form(**fields: Any) -> dict[str, Any]:
    """A form as a browser sends it, complete unless told otherwise."""
    return {
        "name": "Phạm Thị Dế Mèn",
        "birth": "1942",
        "sex": "F",
        "cccd": NUMBER,
        "hamlet": "Thôn Nước Lầy",
        "token": str(uuid.uuid4()),
        **fields,
    }


def only(**found: Any) -> Person:
    return Person.objects.get(**found)


class TestFirstTheNumber:
    def test_known_here_opens_that_person(self, client: Client) -> None:
        signed_in(client)
        person = make.person(cccd=NUMBER)
        for typed in (NUMBER, "0961 4290 0123", CARD):
            answer = client.post(START, {"so": typed})
            assert answer["Location"] == reverse("beneficiaries:person", args=[person.pk])

    def test_known_elsewhere_tells_the_commune_alone_and_stands_in_the_audit(self, client: Client) -> None:
        user = signed_in(client)
        person = make.person("Đinh Văn Kín", cccd=NUMBER, commune=make.commune(make.BA_TO_TOWN), hamlet="Thôn Kín")
        answer = client.post(START, {"so": NUMBER})
        assert answer.status_code == 409
        shown = answer.content.decode()
        assert "Thị trấn Ba Tơ" in shown
        assert f"{reverse('beneficiaries:move_request')}?cccd={NUMBER}" in shown
        for secret in ("Đinh Văn Kín", "Thôn Kín", "1950", f"/doi-tuong/{person.pk}/"):
            assert secret not in shown, secret
        assert Entry.objects.get(row_id=person.pk, action="Tra số CCCD từ xã khác").actor == user

    def test_the_district_opens_people_of_all_its_communes(self, client: Client) -> None:
        signed_in(client, Role.DISTRICT_OFFICER)
        person = make.person(cccd=NUMBER, commune=make.commune(make.BA_TO_TOWN))
        assert client.post(START, {"so": NUMBER})["Location"] == reverse("beneficiaries:person", args=[person.pk])

    def test_what_was_typed_for_a_number_does_not_cover_what_its_card_says(self, client: Client) -> None:
        signed_in(client)
        typed, scanned = (client.post(START, {"so": so}, follow=True).context["draft"] for so in (NUMBER, CARD))
        assert typed != scanned
        assert client.post(START, {"so": CARD}, follow=True).context["draft"] == scanned

    def test_unknown_goes_on_with_what_the_number_tells(self, client: Client) -> None:
        signed_in(client)
        shown = client.post(START, {"so": NUMBER}, follow=True)
        assert shown.status_code == 200
        assert "đăng ký khai sinh ở Cà Mau, Nữ, sinh năm 1942" in shown.text
        assert shown.context["form"]["birth"].value() == "1942"
        assert shown.context["form"]["sex"].value() == "F"

    def test_a_card_fills_the_form_and_its_address_helps_with_the_hamlet(self, client: Client) -> None:
        signed_in(client)
        shown = client.post(START, {"so": CARD}, follow=True)
        bound = shown.context["form"]
        values = {name: bound[name].value() for name in ("name", "card_name", "birth", "card_birth", "cmnd", "cccd")}
        assert values == {
            "name": "Phạm Thị Dế Mèn",
            "card_name": "Phạm Thị Dế Mèn",
            "birth": "12/05/1942",
            "card_birth": "12/05/1942",
            "cmnd": "219345678",
            "cccd": NUMBER,
        }
        assert "Thôn Nước Lầy, Ba Động, Ba Tơ, Quảng Ngãi" in shown.text

    @pytest.mark.parametrize(
        ("address", "commune", "hamlet"),
        [
            ("Thôn Nước Lầy, Xã Ba Động, Ba Tơ, Quảng Ngãi", "21496", "Thôn Nước Lầy"),
            ("Tổ dân phố Nam Hoàn Đồn, Thị trấn Ba Tơ, Ba Tơ, Quảng Ngãi", "21484", "Tổ dân phố Nam Hoàn Đồn"),
            ("Ba Động, Ba Tơ, Quảng Ngãi", "21496", ""),
            ("Thôn 1, Đức Phổ, Quảng Ngãi", None, ""),
        ],
    )
    def test_a_card_that_names_the_place_fills_it(
        self, client: Client, address: str, commune: str | None, hamlet: str
    ) -> None:
        signed_in(client, Role.DISTRICT_OFFICER)
        card = CARD.replace("Thôn Nước Lầy, Ba Động, Ba Tơ, Quảng Ngãi", address)
        bound = client.post(START, {"so": card}, follow=True).context["form"]
        assert bound["commune"].value() == commune
        assert bound["hamlet"].value() == hamlet

    def test_a_card_from_another_place_fills_no_hamlet(self, client: Client) -> None:
        signed_in(client)
        card = CARD.replace("Ba Động", "Ba Vinh")
        assert client.post(START, {"so": card}, follow=True).context["form"]["hamlet"].value() == ""

    def test_the_address_of_the_form_names_no_number(self, client: Client) -> None:
        signed_in(client)
        assert NUMBER not in client.post(START, {"so": NUMBER})["Location"]

    def test_what_cannot_be_read_stays_in_the_box_with_what_to_do(self, client: Client) -> None:
        signed_in(client)
        answer = client.post(START, {"so": "Phạm Thị"})
        assert answer.status_code == 422
        assert "Chưa có số CCCD" in answer.text
        assert 'value="Phạm Thị"' in answer.text

    def test_an_old_number_that_is_known_is_shown_not_decided(self, client: Client) -> None:
        signed_in(client)
        person = make.person("Đinh Thị Một", cmnd="219345678")
        assert client.post(START, {"so": "219345678"})["Location"].endswith(f"/{person.pk}/")
        make.person("Đinh Thị Hai", cmnd="219345678")
        answer = client.post(START, {"so": "219345678"})
        assert "Đinh Thị Một" in answer.text
        assert "Đinh Thị Hai" in answer.text
        assert "Là người khác, nhập mới" in answer.text

    @pytest.mark.parametrize("role", [Role.COMMUNE_LEADER, Role.CHAIRMAN, Role.POLICE, Role.ADMIN])
    def test_others_do_not_enter_people(self, client: Client, role: str) -> None:
        signed_in(client, role)
        assert client.get(START).status_code == 403
        assert client.post(FORM, form()).status_code == 403
        assert not Person.objects.filter(cccd=NUMBER).exists()


class TestSaving:
    def test_a_person_with_keys_state_version_and_audit(self, client: Client) -> None:
        user = signed_in(client)
        answer = client.post(FORM, form(birth="5/1942", other_name="Mẹ Rin", phone="0905 123 456", card_name=""))
        person = only(cccd=NUMBER)
        assert answer["Location"] == reverse("beneficiaries:person", args=[person.pk])
        assert (person.commune, person.version) == (user.unit, 1)
        assert (person.birth_year, person.birth_month, person.birth_day) == (1942, 5, None)
        assert (person.cccd_state, person.identity_status) == ("claimed", "unchecked")
        assert (person.phone, person.other_name) == ("0905123456", "Mẹ Rin")
        assert person in Person.objects.matching("de men")
        entry = Entry.objects.get(table="beneficiaries_person", row_id=person.pk, action="Thêm người hưởng")
        assert entry.actor == user
        assert entry.changes["birth"] == ["", "05/1942"]

    def test_the_page_after_it_says_what_is_next(self, client: Client) -> None:
        signed_in(client)
        shown = client.post(FORM, form(), follow=True)
        assert "Việc tiếp theo" in shown.text
        assert "Đề nghị hưởng chế độ" in shown.text

    def test_the_district_chooses_the_commune(self, client: Client) -> None:
        signed_in(client, Role.DISTRICT_OFFICER)
        answer = client.post(FORM, form())
        assert answer.status_code == 422
        assert "Hãy chọn xã, thị trấn." in answer.text
        client.post(FORM, form(commune=make.BA_TO_TOWN))
        assert only(cccd=NUMBER).commune.code == make.BA_TO_TOWN

    def test_a_commune_cannot_choose_another(self, client: Client) -> None:
        user = signed_in(client)
        client.post(FORM, form(commune=make.BA_TO_TOWN))
        assert only(cccd=NUMBER).commune == user.unit

    def test_without_a_number_it_asks_why(self, client: Client) -> None:
        signed_in(client)
        answer = client.post(FORM, form(cccd="", name="Phạm Không Số"))
        assert answer.status_code == 422
        assert "Hãy chọn vì sao chưa có số CCCD" in answer.text
        client.post(FORM, form(cccd="", cccd_missing_reason="child", name="Phạm Không Số"))
        person = only(name="Phạm Không Số")
        assert (person.cccd_state, person.cccd_missing_reason, person.identity_status) == (
            "missing",
            "child",
            "missing",
        )

    def test_a_reason_beside_a_number_is_dropped(self, client: Client) -> None:
        signed_in(client)
        client.post(FORM, form(cccd_missing_reason="child"))
        assert only(cccd=NUMBER).cccd_missing_reason == ""

    @pytest.mark.parametrize(
        ("field", "value", "said"),
        [
            ("name", "", "Hãy ghi họ và tên"),
            ("name", "Phạm 2 Thị", "ký tự không dùng"),
            ("birth", "", "Hãy ghi ngày sinh"),
            ("birth", "31/2/1942", "không có trong lịch"),
            ("birth", "1842", "trước năm 1900"),
            ("birth", "2031", "sau hôm nay"),
            ("sex", "", "Hãy chọn Nam hoặc Nữ"),
            ("cccd", "12345", "đúng 12 chữ số"),
            ("cmnd", "12345", "đúng 9 chữ số"),
            ("phone", "1" * 17, "dài quá 15"),
        ],
    )
    def test_errors_stand_beside_the_field_and_keep_the_rest(
        self, client: Client, field: str, value: str, said: str
    ) -> None:
        signed_in(client)
        answer = client.post(FORM, form(**{field: value}))
        assert answer.status_code == 422
        assert said in str(answer.context["form"].errors[field])
        assert answer.context["form"]["hamlet"].value() == "Thôn Nước Lầy"
        assert not Person.objects.filter(hamlet="Thôn Nước Lầy", cccd=NUMBER).exists()

    @pytest.mark.parametrize("name", ["H're Rin", "Phạm Rin", "Y-Ngông Đinh", "Đinh Thị Ểu", "Phạm V. Gríp"])
    def test_names_of_the_district_are_names(self, client: Client, name: str) -> None:
        signed_in(client)
        client.post(FORM, form(name=name))
        assert only(cccd=NUMBER).name == name

    def test_a_number_that_is_there_says_where(self, client: Client) -> None:
        signed_in(client)
        person = make.person("Đinh Thị Trước", cccd=NUMBER)
        answer = client.post(FORM, form())
        assert "Đinh Thị Trước" in answer.text
        assert f'href="/doi-tuong/{person.pk}/"' in answer.text
        Person.objects.filter(pk=person.pk).update(commune=make.commune(make.BA_TO_TOWN))
        answer = client.post(FORM, form())
        assert "Thị trấn Ba Tơ" in answer.text
        assert "Đinh Thị Trước" not in answer.text


class TestDoubts:
    def confirm(self, client: Client, sent: dict[str, Any], field: str) -> str:
        """Send, see the doubt beside the field, send again as the page stands: it is saved."""
        answer = client.post(FORM, sent)
        assert answer.status_code == 422
        assert not Person.objects.filter(cccd=sent["cccd"], name=sent["name"]).exists()
        bound = answer.context["form"]
        assert "Đã kiểm tra, vẫn lưu" in answer.text
        said = " ".join(bound[field].warnings)
        assert client.post(FORM, sent | {"doubts_seen": bound["doubts_seen"].value()}).status_code == 302
        assert Person.objects.filter(cccd=sent["cccd"], name=sent["name"]).exists()
        return said

    def test_sex_and_year_against_the_number(self, client: Client) -> None:
        signed_in(client)
        said = self.confirm(client, form(sex="M", birth="1943"), "cccd")
        assert "của Nữ, ở đây ghi Nam" in said
        assert "sinh năm 1942, ở đây ghi 1943" in said
        assert only(cccd=NUMBER).identity_status == "differs"

    def test_the_first_of_january(self, client: Client) -> None:
        signed_in(client)
        assert "chỉ biết năm" in self.confirm(client, form(birth="01/01/1942"), "birth")

    def test_an_unusual_phone_number(self, client: Client) -> None:
        signed_in(client)
        assert "10 chữ số" in self.confirm(client, form(phone="0905"), "phone")

    def test_namesakes_of_the_commune_are_shown_to_be_told_apart(self, client: Client) -> None:
        signed_in(client)
        make.person("Phạm Thị Dế Mèn", birth="1942", hamlet="Thôn Kia", cccd="096142800777", file_number="HS 77")
        make.person("Phạm Thị Dế Mèn", birth="1941", file_number="HS Khác Năm")
        make.person("Phạm Thị Dế Mèn", birth="1942", commune=make.commune(make.BA_TO_TOWN), hamlet="Thôn Xã Bạn")
        sent = form(name="Phạm Thị Dế Mèn", birth="12/5/1942")
        shown = client.post(FORM, sent).text
        for words in ("Thôn Kia", "•••• 0777", "HS 77"):
            assert words in shown, words
        for words in ("096142800777", "HS Khác Năm", "Thôn Xã Bạn"):
            assert words not in shown, words
        assert "1 người cùng họ tên" in self.confirm(client, sent, "name")

    def test_a_new_doubt_is_asked_again(self, client: Client) -> None:
        signed_in(client)
        seen = client.post(FORM, form(sex="M")).context["form"]["doubts_seen"].value()
        answer = client.post(FORM, form(sex="M", birth="1943", doubts_seen=seen))
        assert answer.status_code == 422
        assert not Person.objects.filter(cccd=NUMBER).exists()

    def test_an_old_number_of_somebody_elsewhere_names_only_the_commune(self, client: Client) -> None:
        signed_in(client)
        make.person("Đinh Văn Kín", cmnd="219345678", commune=make.commune(make.BA_TO_TOWN))
        said = self.confirm(client, form(cmnd="219345678"), "cmnd")
        assert "Thị trấn Ba Tơ" in said
        assert "Kín" not in said


class TestOnce:
    def test_a_form_sent_again_lands_on_the_same_person(self, client: Client) -> None:
        signed_in(client)
        sent = form()
        first, second = client.post(FORM, sent), client.post(FORM, sent)
        assert first["Location"] == second["Location"]
        assert Person.objects.filter(cccd=NUMBER).count() == 1

    def test_also_without_a_number_to_tell(self, client: Client) -> None:
        signed_in(client)
        sent = form(cccd="", cccd_missing_reason="not_made", name="Phạm Không Số")
        first, second = client.post(FORM, sent), client.post(FORM, sent)
        assert first["Location"] == second["Location"]
        assert Person.objects.filter(name="Phạm Không Số").count() == 1

    @pytest.mark.django_db(transaction=True)
    def test_two_clicks_at_the_same_moment(self) -> None:
        user, sent, landed = make.user(Role.COMMUNE_OFFICER), form(), []
        start = threading.Barrier(2)

        def click() -> None:
            client = Client()
            client.force_login(user)
            start.wait()
            try:
                landed.append(client.post(FORM, sent).headers.get("Location"))
            finally:
                connection.close()

        threads = [threading.Thread(target=click) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert Person.objects.filter(cccd=NUMBER).count() == 1
        assert landed == [f"/doi-tuong/{only(cccd=NUMBER).pk}/"] * 2

    @pytest.mark.django_db(transaction=True)
    def test_two_officers_who_enter_one_number_at_once(self) -> None:
        users = [make.user(Role.COMMUNE_OFFICER), make.user(Role.COMMUNE_OFFICER)]
        start, outcomes = threading.Barrier(2), []

        def enter(user: User) -> None:
            start.wait()
            values = {"name": "Phạm Thị Đua", "birth_year": 1942, "sex": "F", "cccd": NUMBER}
            try:
                add_person(actor=user, commune=make.commune(), values=values)
                outcomes.append("added")
            except NumberTaken as taken:
                outcomes.append(str(taken))
            finally:
                connection.close()

        threads = [threading.Thread(target=enter, args=[user]) for user in users]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(outcomes)[1] == "added"
        assert "Phạm Thị Đua" in sorted(outcomes)[0]


def test_the_service_checks_role_and_commune_again() -> None:
    values = {"name": "Phạm Thị Thử", "birth_year": 1942, "sex": "F", "cccd": NUMBER}
    for actor in (make.user(Role.COMMUNE_LEADER), make.user(Role.COMMUNE_OFFICER)):
        with pytest.raises(PermissionDenied):
            add_person(actor=actor, commune=make.commune(make.BA_TO_TOWN), values=values)


def test_queries_of_the_form_do_not_grow(client: Client, django_assert_max_num_queries: Any) -> None:
    signed_in(client)
    for count in (1, 6):
        for _ in range(count):
            make.person("Phạm Thị Dế Mèn", birth="1942", hamlet=f"Thôn {count}")
        with django_assert_max_num_queries(16):
            assert client.post(FORM, form()).status_code == 422

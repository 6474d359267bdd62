"""Correcting a person: reasons, numbers that two people claim, and two editors at one record."""

import threading
import uuid
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from batosocial.audit.models import Entry
from batosocial.staff.models import Role, User
from beneficiaries.entry.card import read_box
from beneficiaries.entry.conflicts import Seen
from beneficiaries.entry.services import EditConflict, NumberTaken, compare_with_card, edit_person
from beneficiaries.entry.values import LABELS, texts
from beneficiaries.models import Person
from tests import factories as make

pytestmark = pytest.mark.django_db

NUMBER, OTHER = "096142900123", "096142900456"
CARD = f"{NUMBER}|219345678|Phạm Thị Dế|12051942|Nữ|Thôn Nước Lầy, Ba Động, Ba Tơ, Quảng Ngãi|10052021"


@pytest.fixture
def person() -> Person:
    return make.person("Phạm Thị Dế", birth="1942", cccd=NUMBER, hamlet="Thôn Cũ", card_name="Phạm Thị Dế")


@pytest.fixture
def officer() -> User:
    return make.user(Role.COMMUNE_OFFICER, full_name="Đinh Thị Một")


def url(person: Person) -> str:
    return reverse("beneficiaries:person_edit", args=[person.pk])


def opened(person: Person, **typed: Any) -> dict[str, Any]:
    """The form as a page shows it now, and what is typed into it."""
    person.refresh_from_db()
    return {**texts(person), "version": Seen.of(person).packed(), "token": str(uuid.uuid4()), "reason": "", **typed}


def edited(person: Person, actor: User, reason: str = "Theo giấy khai sinh", **values: Any) -> bool:
    person.refresh_from_db()
    return edit_person(actor=actor, person_id=person.pk, version=person.version, values=values, reason=reason)


class TestEditing:
    def test_a_change_has_version_audit_and_keys(self, client: Client, person: Person, officer: User) -> None:
        client.force_login(officer)
        answer = client.post(url(person), opened(person, hamlet="Thôn Mới", other_name="Mẹ Rin"))
        assert answer["Location"] == reverse("beneficiaries:person", args=[person.pk])
        person.refresh_from_db()
        assert (person.hamlet, person.version) == ("Thôn Mới", 2)
        assert person in Person.objects.matching("me rin")
        entry = Entry.objects.get(row_id=person.pk, action="Sửa thông tin")
        assert entry.changes == {"other_name": ["", "Mẹ Rin"], "hamlet": ["Thôn Cũ", "Thôn Mới"]}

    def test_sending_what_is_there_changes_nothing(self, client: Client, person: Person, officer: User) -> None:
        client.force_login(officer)
        shown = client.post(url(person), opened(person), follow=True)
        assert "Không có gì thay đổi" in shown.text
        person.refresh_from_db()
        assert person.version == 1

    @pytest.mark.parametrize(
        ("field", "value"), [("name", "Phạm Thị Dế Mèn"), ("birth", "5/1942"), ("cccd", OTHER), ("cmnd", "219345678")]
    )
    def test_a_correction_of_identity_needs_its_reason(
        self, client: Client, person: Person, officer: User, field: str, value: str
    ) -> None:
        client.force_login(officer)
        answer = client.post(url(person), opened(person, **{field: value}))
        assert answer.status_code == 422
        assert "hãy ghi lý do" in str(answer.context["form"].errors["reason"])
        assert answer.context["form"][field].value() == value
        sent = opened(person, **{field: value}, reason="Theo giấy khai sinh số 12")
        assert client.post(url(person), sent).status_code == 302
        entry = Entry.objects.get(row_id=person.pk, action="Đính chính nhân thân")
        assert entry.details["reason"] == "Theo giấy khai sinh số 12"
        assert list(entry.changes) == [field]

    def test_the_service_asks_for_the_reason_again(self, person: Person, officer: User) -> None:
        with pytest.raises(ValueError, match="lý do"):
            edited(person, officer, reason="", name="Phạm Thị Khác")

    def test_what_was_clean_is_to_be_compared_again(self, person: Person, officer: User) -> None:
        clean = {"identity_status": "clean", "cccd_state": "confirmed"}
        expected: tuple[tuple[str, Any, tuple[str, str]], ...] = (
            ("hamlet", "Thôn Mới", ("clean", "confirmed")),
            ("birth_month", 5, ("unchecked", "confirmed")),
            ("cccd", OTHER, ("unchecked", "claimed")),
        )
        for field, value, left in expected:
            Person.objects.filter(pk=person.pk).update(**clean)
            edited(person, officer, **{field: value})
            person.refresh_from_db()
            assert (person.identity_status, person.cccd_state) == left, field

    def test_a_name_unlike_the_card_is_a_difference(self, person: Person, officer: User) -> None:
        edited(person, officer, name="Phạm Thị Dệ")
        person.refresh_from_db()
        assert person.identity_status == "differs"

    def test_a_number_may_go_with_its_reason_why(self, client: Client, person: Person, officer: User) -> None:
        client.force_login(officer)
        sent = opened(person, cccd="", cccd_missing_reason="not_made", reason="Ghi nhầm số người khác")
        client.post(url(person), sent)
        person.refresh_from_db()
        assert (person.cccd, person.cccd_state, person.identity_status) == ("", "missing", "missing")

    def test_old_contradictions_do_not_stop_another_edit(self, client: Client, officer: User) -> None:
        person = make.person(sex="M", birth="01/01/1943", cccd=NUMBER, phone="12")
        client.force_login(officer)
        assert client.post(url(person), opened(person, hamlet="Thôn Mới")).status_code == 302

    def test_opening_the_form_shows_full_numbers_and_is_in_the_audit(
        self, client: Client, person: Person, officer: User
    ) -> None:
        client.force_login(officer)
        assert NUMBER in client.get(url(person)).text
        assert Entry.objects.filter(row_id=person.pk, action="Xem số đầy đủ", actor=officer).count() == 1

    def test_scope_and_role(self, client: Client, person: Person) -> None:
        for actor, status in (
            (make.user(Role.COMMUNE_OFFICER, commune=make.commune(make.BA_TO_TOWN)), 404),
            (make.user(Role.COMMUNE_LEADER), 403),
            (make.user(Role.POLICE), 403),
            (make.user(Role.DISTRICT_OFFICER), 302),
        ):
            client.force_login(actor)
            assert client.post(url(person), opened(person, hamlet=f"Thôn {actor.pk}")).status_code == status
        with pytest.raises(Person.DoesNotExist):
            edited(person, make.user(Role.COMMUNE_OFFICER, commune=make.commune(make.BA_TO_TOWN)), hamlet="Thôn Lạ")


class TestSharedNumbers:
    def test_blocked_with_where_it_stands(self, client: Client, person: Person, officer: User) -> None:
        other = make.person("Đinh Văn Kín", cccd=OTHER, commune=make.commune(make.BA_TO_TOWN))
        client.force_login(officer)
        sent = opened(person, cccd=OTHER, reason="Theo thẻ")
        answer = client.post(url(person), sent)
        assert answer.status_code == 422
        assert "Thị trấn Ba Tơ" in answer.text
        assert "Đinh Văn Kín" not in answer.text
        assert "vẫn ghi và chuyển xác minh trùng số" in answer.text
        Person.objects.filter(pk=other.pk).update(commune=make.commune())
        assert "Đinh Văn Kín" in client.post(url(person), sent).text

    def test_the_papers_do_say_so(self, client: Client, person: Person, officer: User) -> None:
        make.person(cccd=OTHER)
        client.force_login(officer)
        sent = opened(person, cccd=OTHER, shared_number="on", reason="Theo thẻ cấp ngày 10/5/2021")
        assert client.post(url(person), sent).status_code == 302
        person.refresh_from_db()
        assert (person.cccd, person.cccd_state, person.cccd_duplicate) == (OTHER, "claimed", True)

    def test_saying_so_needs_a_reason_too(self, client: Client, person: Person, officer: User) -> None:
        make.person(cccd=OTHER)
        client.force_login(officer)
        answer = client.post(url(person), opened(person, cccd=OTHER, shared_number="on"))
        assert "reason" in answer.context["form"].errors
        with pytest.raises(NumberTaken):
            edited(person, officer, cccd=OTHER)

    @pytest.mark.parametrize("who_leaves", ["the flagged one", "the other"])
    def test_the_flag_goes_when_one_is_corrected(self, person: Person, officer: User, who_leaves: str) -> None:
        other = make.person(cccd=OTHER)
        person.refresh_from_db()
        edit_person(
            actor=officer,
            person_id=person.pk,
            version=person.version,
            values={"cccd": OTHER},
            reason="Theo thẻ",
            shared_number=True,
        )
        leaving = person if who_leaves == "the flagged one" else other
        edited(leaving, officer, cccd="096142900789")
        assert not Person.objects.filter(cccd_duplicate=True, pk__in=[person.pk, other.pk]).exists()
        assert Person.objects.filter(cccd=OTHER).count() == 1


class TestTwoEditors:
    def first(self, person: Person, **values: Any) -> None:
        edited(person, make.user(Role.DISTRICT_OFFICER, full_name="Trần Thị Trước"), **values)

    def test_the_second_is_told_what_by_whom_and_keeps_what_they_typed(
        self, client: Client, person: Person, officer: User
    ) -> None:
        sent = opened(person, hamlet="Thôn Của Tôi", phone="0905123456")
        self.first(person, hamlet="Thôn Của Họ", file_number="HS 1")
        client.force_login(officer)
        answer = client.post(url(person), sent)
        assert answer.status_code == 409
        clashes = {clash.name: clash for clash in answer.context["clashes"]}
        assert (clashes["hamlet"].old, clashes["hamlet"].new) == ("Thôn Cũ", "Thôn Của Họ")
        assert (clashes["hamlet"].mine, clashes["hamlet"].by) == ("Thôn Của Tôi", "Trần Thị Trước")
        assert clashes["hamlet"].at is not None
        form = answer.context["form"]
        assert (form["hamlet"].value(), form["phone"].value()) == ("Thôn Của Tôi", "0905123456")
        # What the second did not touch follows the first.
        assert form["file_number"].value() == "HS 1"
        assert clashes["file_number"].mine == ""
        person.refresh_from_db()
        assert (person.hamlet, person.phone) == ("Thôn Của Họ", "")

    def page(self, answer: Any) -> dict[str, Any]:
        form = answer.context["form"]
        return {name: form[name].value() or "" for name in (*LABELS, "version", "was", "token", "reason")}

    def test_saving_again_stores_theirs_over_the_first(self, client: Client, person: Person, officer: User) -> None:
        sent = opened(person, hamlet="Thôn Của Tôi")
        self.first(person, hamlet="Thôn Của Họ", file_number="HS 1")
        client.force_login(officer)
        again = self.page(client.post(url(person), sent))
        assert client.post(url(person), again).status_code == 302
        person.refresh_from_db()
        assert (person.hamlet, person.file_number, person.version) == ("Thôn Của Tôi", "HS 1", 3)

    def test_taking_the_new_value_keeps_the_rest(self, client: Client, person: Person, officer: User) -> None:
        sent = opened(person, hamlet="Thôn Của Tôi", phone="0905123456", birth="5/1942")
        self.first(person, hamlet="Thôn Của Họ", birth_month=6)
        client.force_login(officer)
        again = self.page(client.post(url(person), sent)) | {"take": "hamlet"}
        answer = client.post(url(person), again)
        assert answer.status_code == 409
        form = answer.context["form"]
        assert (form["hamlet"].value(), form["phone"].value()) == ("Thôn Của Họ", "0905123456")
        assert [clash.name for clash in answer.context["clashes"] if clash.mine] == ["birth"]
        done = client.post(url(person), self.page(answer) | {"reason": "Theo thẻ"})
        assert done.status_code == 302
        person.refresh_from_db()
        assert (person.hamlet, person.birth_text, person.phone) == ("Thôn Của Họ", "05/1942", "0905123456")

    def test_edits_of_other_fields_are_told_too(self, client: Client, person: Person, officer: User) -> None:
        sent = opened(person, phone="0905123456")
        self.first(person, hamlet="Thôn Của Họ")
        client.force_login(officer)
        answer = client.post(url(person), sent)
        assert answer.status_code == 409
        assert "Theo giá trị mới" in answer.text
        assert client.post(url(person), self.page(answer)).status_code == 302
        person.refresh_from_db()
        assert (person.hamlet, person.phone) == ("Thôn Của Họ", "0905123456")

    def test_a_third_edit_meanwhile_is_told_as_well(self, client: Client, person: Person, officer: User) -> None:
        sent = opened(person, phone="0905123456")
        self.first(person, hamlet="Thôn Của Họ")
        client.force_login(officer)
        again = self.page(client.post(url(person), sent))
        self.first(person, ethnicity="Kinh")
        answer = client.post(url(person), again)
        assert answer.status_code == 409
        assert {clash.name for clash in answer.context["clashes"]} == {"hamlet", "ethnicity"}
        assert answer.context["form"]["phone"].value() == "0905123456"

    def test_a_date_written_another_way_was_not_touched(self, client: Client, officer: User) -> None:
        person = make.person(birth="05/1942")
        sent = opened(person, birth="5/1942")
        self.first(person, birth_month=6)
        client.force_login(officer)
        assert client.post(url(person), sent).context["form"]["birth"].value() == "06/1942"

    def test_a_tampered_version_overwrites_nothing(self, client: Client, person: Person, officer: User) -> None:
        client.force_login(officer)
        answer = client.post(url(person), opened(person, version="1", hamlet="Thôn Của Tôi"))
        assert answer.status_code == 409
        person.refresh_from_db()
        assert person.hamlet == "Thôn Cũ"

    def test_a_double_click_is_no_conflict_with_oneself(self, client: Client, person: Person, officer: User) -> None:
        sent = opened(person, hamlet="Thôn Mới")
        client.force_login(officer)
        first, second = client.post(url(person), sent), client.post(url(person), sent)
        assert first["Location"] == second["Location"]
        person.refresh_from_db()
        assert person.version == 2

    @pytest.mark.django_db(transaction=True)
    def test_of_two_at_the_same_moment_one_is_told(self) -> None:
        person = make.person(hamlet="Thôn Cũ")
        actors = [make.user(Role.COMMUNE_OFFICER), make.user(Role.DISTRICT_OFFICER)]
        start, outcomes = threading.Barrier(2), []

        def work(actor: User) -> None:
            start.wait()
            try:
                values = {"hamlet": f"Thôn {actor.pk}"}
                outcomes.append(edit_person(actor=actor, person_id=person.pk, version=1, values=values))
            except EditConflict:
                outcomes.append(False)
            finally:
                connection.close()

        threads = [threading.Thread(target=work, args=[actor]) for actor in actors]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(outcomes) == [False, True]
        person.refresh_from_db()
        assert person.version == 2


class TestScanning:
    def scan(self, client: Client, person: Person, text: str = CARD, **more: str) -> Any:
        return client.post(reverse("beneficiaries:person_compare", args=[person.pk]), {"so": text, **more}, follow=True)

    def test_a_card_that_agrees(self, client: Client, officer: User) -> None:
        person = make.person("Phạm Thị Dế", birth="12/05/1942", cccd=NUMBER)
        client.force_login(officer)
        assert "Hồ sơ khớp với thẻ" in self.scan(client, person).text
        person.refresh_from_db()
        assert (person.card_name, person.card_birth_text, person.cmnd) == ("Phạm Thị Dế", "12/05/1942", "219345678")
        assert person.identity_status == "unchecked"
        assert Entry.objects.filter(row_id=person.pk, action="Quét thẻ đối chiếu").exists()

    def test_a_card_that_differs_shows_where(self, client: Client, officer: User) -> None:
        person = make.person("Phạm Thị Dệ", birth="1943", cccd=NUMBER)
        client.force_login(officer)
        shown = self.scan(client, person).text
        assert shown.count("Khác hồ sơ") == 2
        person.refresh_from_db()
        assert (person.name, person.birth_text, person.identity_status) == ("Phạm Thị Dệ", "1943", "differs")

    def test_clean_stays_clean_when_the_card_says_the_same(self, officer: User) -> None:
        person = make.person(
            "Phạm Thị Dế",
            birth="12/05/1942",
            cccd=NUMBER,
            cmnd="219345678",
            card_name="Phạm Thị Dế",
            card_birth_year=1942,
            card_birth_month=5,
            card_birth_day=12,
            identity_status="clean",
        )
        assert not compare_with_card(actor=officer, person_id=person.pk, card=read_box(CARD)).changed
        person.refresh_from_db()
        assert (person.identity_status, person.version) == ("clean", 1)

    def test_it_gives_a_number_to_whom_has_none(self, client: Client, officer: User) -> None:
        person = make.person("Phạm Thị Dế", birth="1942", cccd="")
        client.force_login(officer)
        self.scan(client, person)
        person.refresh_from_db()
        assert (person.cccd, person.cccd_state, person.cccd_missing_reason) == (NUMBER, "claimed", "")

    def test_of_another_name_it_asks_whose_card_it_is(self, client: Client, officer: User) -> None:
        person = make.person("Đinh Thị Khác Hẳn", birth="1942", cccd="")
        client.force_login(officer)
        assert "có đúng là thẻ của người này không" in self.scan(client, person).text
        person.refresh_from_db()
        assert person.cccd == ""
        self.scan(client, person, dung_nguoi=NUMBER)
        person.refresh_from_db()
        assert person.cccd == NUMBER

    def test_another_persons_card_is_refused(self, client: Client, officer: User) -> None:
        person = make.person(cccd=OTHER)
        client.force_login(officer)
        assert "số CCCD khác số trong hồ sơ" in self.scan(client, person).text
        person.refresh_from_db()
        assert person.card_name == ""

    def test_a_number_of_somebody_else_says_where(self, client: Client, officer: User) -> None:
        make.person("Đinh Thị Chủ Thẻ", cccd=NUMBER)
        person = make.person("Phạm Thị Dế", birth="1942", cccd="")
        client.force_login(officer)
        assert "Đinh Thị Chủ Thẻ" in self.scan(client, person).text

    def test_typed_digits_are_no_card(self, client: Client, person: Person, officer: User) -> None:
        client.force_login(officer)
        assert "cần quét mã QR" in self.scan(client, person, NUMBER).text

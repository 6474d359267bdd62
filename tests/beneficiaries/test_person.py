"""One person's page: what it shows, to whom, and full numbers only on request."""

import datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from batosocial.audit import services as audit
from batosocial.audit.models import Entry
from batosocial.staff.models import Role
from beneficiaries.models import Payee, Person
from tests import factories as make

pytestmark = pytest.mark.django_db

JULY, AUGUST = make.THIS_MONTH, make.NEXT_MONTH


def url(person: Person) -> str:
    return reverse("beneficiaries:person", args=[person.pk])


def in_full(person: Person) -> str:
    return reverse("beneficiaries:person_in_full", args=[person.pk])


def page(client: Client, person: Person, **user: Any) -> str:
    client.force_login(make.user(**user))
    answer = client.get(url(person))
    assert answer.status_code == 200
    return answer.content.decode()


class TestScope:
    @pytest.mark.parametrize(
        ("role", "status"),
        [
            (Role.COMMUNE_OFFICER, 200),
            (Role.COMMUNE_LEADER, 200),
            (Role.DISTRICT_OFFICER, 200),
            (Role.DISTRICT_LEADER, 200),
            (Role.CHAIRMAN, 200),
            (Role.POLICE, 403),
            (Role.PAYER, 403),
            (Role.ADMIN, 403),
        ],
    )
    def test_roles(self, client: Client, role: Role, status: int) -> None:
        person = make.person()
        client.force_login(make.user(role))
        assert client.get(url(person)).status_code == status
        assert client.post(in_full(person)).status_code == status

    def test_another_commune_does_not_find_them(self, client: Client) -> None:
        person = make.person(commune=make.commune(make.BA_TO_TOWN))
        client.force_login(make.user(Role.COMMUNE_OFFICER))
        assert client.get(url(person)).status_code == 404
        assert client.post(in_full(person)).status_code == 404
        assert not Entry.objects.filter(action="Xem số đầy đủ").exists()


class TestNumbers:
    @pytest.fixture
    def person(self) -> Person:
        person = make.person(cccd="096150445566", cmnd="212345678")
        guardian = make.payee(person, Payee.Kind.GUARDIAN, "Phạm Văn Hộ", cccd="096050778899")
        make.route(person, account=make.account("4505205445566"), payee=guardian, confirmed_by=make.user())
        return person

    NUMBERS = ("096150445566", "212345678", "096050778899", "4505205445566")

    def test_masked_at_first(self, client: Client, person: Person) -> None:
        shown = page(client, person)
        assert not [number for number in self.NUMBERS if number in shown]
        assert "•••• 5566" in shown
        assert not Entry.objects.filter(action="Xem số đầy đủ").exists()

    def test_in_full_on_request_with_one_audit_entry(self, client: Client, person: Person) -> None:
        user = make.user(Role.COMMUNE_OFFICER)
        client.force_login(user)
        answer = client.post(in_full(person))
        shown = answer.content.decode()
        assert [number for number in self.NUMBERS if number in shown] == list(self.NUMBERS)
        assert "no-store" in answer["Cache-Control"]
        entry = Entry.objects.get(action="Xem số đầy đủ")
        assert (entry.actor, entry.table, entry.row_id) == (user, "beneficiaries_person", person.pk)

    def test_following_a_link_there_shows_the_masked_page(self, client: Client, person: Person) -> None:
        client.force_login(make.user())
        answer = client.get(in_full(person))
        assert answer.status_code == 302
        assert answer["Location"] == url(person)


class TestIdentity:
    def test_differences_between_file_and_card_stand_out(self, client: Client) -> None:
        person = make.person(
            "Phạm Thị Lí",
            birth="1942",
            card_name="Phạm Thị Lý",
            card_birth_year=1943,
            identity_status="differs",
            identity_note="Đã lập Mẫu 26",
        )
        shown = page(client, person)
        assert shown.count("Khác hồ sơ") == 2
        assert "Sai lệch thông tin" in shown
        assert "Đã lập Mẫu 26" in shown

    def test_tone_place_is_no_difference(self, client: Client) -> None:
        person = make.person("Phạm Thị Hòa", card_name="Phạm Thị Hoà", card_birth_year=1950)
        assert "Khác hồ sơ" not in page(client, person)

    def test_no_cccd_says_why(self, client: Client) -> None:
        assert "Chưa có: chưa làm cccd" in page(client, make.person(cccd=""))


class TestBenefits:
    def test_amounts_of_the_month_and_the_highest_only(self, client: Client) -> None:
        person = make.person()
        make.entitlement(person, "BTXH-5C")
        make.entitlement(person, "BTXH-6D")
        make.entitlement(person, "NCC-10.2")
        make.entitlement(person, "NCC-3.1")
        shown = page(client, person)
        assert shown.count("Không chi") == 1
        assert "chỉ chi mức cao nhất" in shown
        assert "1.000.000 đ" in shown
        assert "4.428.000 đ" in shown  # 1.639.000 + 2.789.000

    def test_dependants_and_suspensions(self, client: Client) -> None:
        person = make.person()
        make.entitlement(person, "BTXH-4", dependants=2)
        make.suspension(make.entitlement(person, "BTXH-6C"), JULY, AUGUST)
        shown = page(client, person)
        assert "2 × 500.000 đ" in shown
        assert "Con 1, Con 2" in shown
        assert "Tạm dừng từ tháng 7/2024, hưởng lại từ tháng 8/2024" in shown

    def test_an_amount_nobody_knows_is_said_not_zero(self, client: Client) -> None:
        person = make.person()
        make.entitlement(person, "BTXH-4")
        shown = page(client, person)
        assert "Chưa rõ mức" in shown
        assert ">0 đ<" not in shown
        assert "chưa ghi người được tính" in shown

    @pytest.mark.parametrize("sees", [True, False])
    def test_confidential_groups(self, client: Client, sees: bool) -> None:
        person = make.person()
        granted = make.entitlement(person, "BTXH-8")
        granted.granted_by.note = "Kèm giấy xác nhận HIV"
        granted.granted_by.save()
        shown = page(client, person, sees_confidential=sees)
        assert ("BTXH-8" in shown) is sees
        assert ("HIV" in shown) is sees
        assert ("k8 Đ5" in shown) is sees
        assert "750.000 đ" in shown


class TestHistory:
    @pytest.mark.parametrize("role", [Role.DISTRICT_OFFICER, Role.COMMUNE_OFFICER, Role.COMMUNE_LEADER])
    def test_who_edited_what(self, client: Client, role: Role) -> None:
        person = make.person()
        audit.record(
            actor=make.user(full_name="Đinh Thị Sửa"),
            action="Đính chính nhân thân",
            row=person,
            changes={"hamlet": ("Thôn Cũ", "Thôn Mới"), "cccd": ("", "096150123456")},
            details={"reason": "Theo giấy khai sinh"},
        )
        shown = page(client, person, role=role)
        assert "Đinh Thị Sửa" in shown
        assert "thôn, tổ dân phố: Thôn Cũ → Thôn Mới" in shown
        assert "số CCCD: (trống) → •••• 3456" in shown
        assert "Lý do: Theo giấy khai sinh" in shown
        assert "096150123456" not in shown

    def test_choices_dates_and_months_are_words(self, client: Client) -> None:
        person = make.person()
        changes = {
            "sex": ("M", "F"),
            "birth": ("1942", "05/1942"),
            "died_on": (None, datetime.date(2024, 7, 2)),
            "cccd_duplicate": (True, False),
        }
        audit.record(actor=make.user(), action="Sửa", row=person, changes=changes)
        route = make.route(person)
        moved = {"months": (make.month_range(JULY), make.month_range(JULY, AUGUST)), "state": ("entered", "confirmed")}
        audit.record(actor=make.user(), action="Sửa", row=route, changes=moved)
        shown = page(client, person)
        for words in (
            "giới tính: Nam → Nữ",
            "ngày sinh (hồ sơ): 1942 → 05/1942",
            "ngày chết: (trống) → 02/07/2024",
            "trùng số CCCD: Có → Không",
            "từ tháng 7/2024 → từ tháng 7/2024 đến tháng 7/2024",
            "Chờ xác nhận → Đã xác nhận",
        ):
            assert words in shown, words

    @pytest.mark.parametrize("sees", [True, False])
    def test_edits_of_a_confidential_group_are_for_those_who_may_see_it(self, client: Client, sees: bool) -> None:
        person = make.person()
        granted = make.entitlement(person, "BTXH-8")
        for row in (granted, granted.granted_by):
            audit.record(actor=make.user(), action="Ghi nhóm HIV", row=row, details={"reason": "Giấy xác nhận HIV"})
        assert ("HIV" in page(client, person, sees_confidential=sees)) is sees

    def test_looks_at_full_numbers_stand_apart_from_edits(self, client: Client) -> None:
        person = make.person()
        client.force_login(make.user(full_name="Đinh Thị Xem"))
        client.post(in_full(person))
        shown = page(client, person)
        assert "Ai đã xem số đầy đủ (1)" in shown
        assert "Chưa có ai sửa hồ sơ này" in shown

    def test_routes_old_new_and_waiting(self, client: Client) -> None:
        person = make.person()
        make.route(person, before=JULY, confirmed_by=make.user())
        make.route(person, account=make.account(), start=JULY, confirmed_by=make.user())
        make.route(person, account=make.account(holder_name="TRAN VAN LA"), start=AUGUST)
        make.route(person, start=AUGUST, state="rejected", rejection="Nhầm người")
        shown = page(client, person)
        for words in ("Đã hết", "Đang dùng", "Chờ xác nhận", "Nhầm người", "Tên chủ tài khoản TRAN VAN LA khác"):
            assert words in shown, words


def test_queries_do_not_grow(client: Client, django_assert_max_num_queries: Any) -> None:
    person = make.person()
    client.force_login(make.user())
    for codes in (["NCC-10.2"], ["NCC-3.1", "NCC-9", "NCC-4A", "BTXH-4", "BTXH-5C", "BTXH-6C"]):
        for code in codes:
            make.suspension(make.entitlement(person, code, dependants=2), AUGUST)
            make.route(person, account=make.account(), start=datetime.date(2030, 1, 1), entered_by=make.user())
            audit.record(actor=make.user(), action="Sửa người hưởng", row=person)
        with django_assert_max_num_queries(18):
            assert client.get(url(person)).status_code == 200

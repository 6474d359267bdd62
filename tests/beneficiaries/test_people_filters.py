"""Filters of the list of people: category, missing account, ages; what the page says about them."""

import datetime
from typing import Any

import pytest
from django.test import Client

from batosocial.staff.models import Role, User
from beneficiaries.models import AgeRule, Person
from beneficiaries.querysets import Channel
from tests import factories as make

pytestmark = pytest.mark.django_db

URL = "/doi-tuong/"
HAMLET = "Thôn Thử Nghiệm"
JULY, AUGUST = make.THIS_MONTH, make.NEXT_MONTH


def signed_in(client: Client, **user: Any) -> User:
    made = make.user(**user)
    client.force_login(made)
    return made


def found(client: Client, **query: str) -> list[str]:
    answer = client.get(URL, {"tim": HAMLET, **query})
    assert answer.status_code == 200
    assert not answer.context["form"].errors
    return [row.name for row in answer.context["rows"]]


class TestCategory:
    def test_people_who_hold_it_now_or_ever(self, client: Client) -> None:
        signed_in(client)
        make.entitlement(make.person("Phạm Thị Già", hamlet=HAMLET), "BTXH-5C")
        make.entitlement(make.person("Phạm Thị Cũ", hamlet=HAMLET), "BTXH-5C", before=JULY)
        make.entitlement(make.person("Phạm Thị Yếu", hamlet=HAMLET), "BTXH-6C")
        assert set(found(client, doi_tuong="BTXH-5C")) == {"Phạm Thị Già", "Phạm Thị Cũ"}
        assert found(client, doi_tuong="BTXH-5C", trang_thai="receiving") == ["Phạm Thị Già"]
        assert found(client, doi_tuong="BTXH-5C", trang_thai="stopped") == ["Phạm Thị Cũ"]

    def test_statuses_are_those_of_the_category(self, client: Client) -> None:
        signed_in(client)
        person = make.person("Phạm Thị Hai", hamlet=HAMLET)
        make.entitlement(person, "NCC-3.1")
        make.entitlement(person, "NCC-9", before=JULY)
        answer = client.get(URL, {"tim": HAMLET, "doi_tuong": "NCC-9"})
        assert [row.status for row in answer.context["rows"]] == ["Đã thôi hưởng"]
        assert found(client, doi_tuong="NCC-9", trang_thai="receiving") == []
        assert found(client, doi_tuong="NCC-3.1", trang_thai="receiving") == ["Phạm Thị Hai"]

    def options(self, client: Client, **query: str) -> str:
        return str(client.get(URL, query).context["form"]["doi_tuong"])

    def test_only_those_of_the_chosen_policy_are_offered(self, client: Client) -> None:
        signed_in(client)
        both = self.options(client)
        assert "BTXH-5C" in both
        assert "NCC-3.1" in both
        assert "MTP-BTXH" not in both  # funerals are no monthly benefit
        assert "NCC-3.1" not in self.options(client, chinh_sach="BTXH")
        answer = client.get(URL, {"chinh_sach": "BTXH", "doi_tuong": "NCC-3.1"})
        assert answer.context["rows"] == []
        assert "doi_tuong" in answer.context["form"].errors

    @pytest.mark.parametrize("code", ["BTXH-3A", "BTXH-3B", "BTXH-8"])
    def test_private_groups_are_neither_offered_nor_taken(self, client: Client, code: str) -> None:
        """đ.b khoản 1 Điều 8 NĐ 20/2021: who has HIV is told to nobody without that permission, not even by a list."""
        make.entitlement(make.person("Phạm Thị Kín", hamlet=HAMLET), code)
        signed_in(client)
        assert code not in self.options(client)
        assert "HIV" not in self.options(client)
        answer = client.get(URL, {"tim": HAMLET, "doi_tuong": code})
        assert answer.context["rows"] == []
        assert "Phạm Thị Kín" not in answer.content.decode()
        signed_in(client, sees_confidential=True)
        assert code in self.options(client)
        assert found(client, doi_tuong=code) == ["Phạm Thị Kín"]


class TestMissingAccount:
    def test_whoever_is_due_and_has_no_account_for_that_policy(self) -> None:
        officer = make.user()
        by_account, cash, nothing, waiting, stopped, other = (make.person() for _ in range(6))
        for person in (by_account, cash, nothing, waiting, other):
            make.entitlement(person)
        make.entitlement(stopped, before=JULY)
        make.route(by_account, account=make.account(), confirmed_by=officer)
        make.route(cash, confirmed_by=officer)
        make.route(waiting, account=make.account())
        make.route(other, "NCC", account=make.account(), confirmed_by=officer)
        mine = Person.objects.filter(pk__in=[p.pk for p in (by_account, cash, nothing, waiting, stopped, other)])
        assert set(mine.by_channel(Channel.NO_ACCOUNT, JULY)) == {cash, nothing, waiting, other}
        assert set(mine.by_channel(Channel.NO_ACCOUNT, JULY, "NCC")) == set()

    def test_an_account_that_begins_later_counts_from_its_month(self) -> None:
        officer, person = make.user(), make.person()
        make.entitlement(person)
        make.route(person, before=AUGUST, cash_reason="frail", confirmed_by=officer)
        make.route(person, account=make.account(), start=AUGUST, confirmed_by=officer)
        mine = Person.objects.filter(pk=person.pk)
        assert mine.by_channel(Channel.NO_ACCOUNT, JULY).exists()
        assert not mine.by_channel(Channel.NO_ACCOUNT, AUGUST).exists()

    def test_and_why(self, client: Client) -> None:
        officer = signed_in(client)
        for name, reason in (("Phạm Thị Ốm", "frail"), ("Phạm Thị Xa", "away")):
            person = make.person(name, hamlet=HAMLET)
            make.entitlement(person)
            make.route(person, cash_reason=reason, confirmed_by=make.user())
        assert set(found(client, noi_nhan="no_account")) == {"Phạm Thị Ốm", "Phạm Thị Xa"}
        assert found(client, noi_nhan="no_account", ly_do="away") == ["Phạm Thị Xa"]
        assert officer.in_district


class TestAges:
    """rules.md 1.2: 3, 4, 16, 22, 75 and 80 years; rules.md 9.6: dates of which only a part is known."""

    @pytest.mark.parametrize("age", [3, 4, 16, 22, 60, 75, 80])
    def test_whoever_reaches_the_age_within_the_month(self, client: Client, age: int) -> None:
        signed_in(client)
        for day, month, name in ((31, 7, "Trước"), (1, 8, "Đầu"), (31, 8, "Cuối"), (1, 9, "Sau")):
            make.person(f"Phạm Thị {name}", hamlet=HAMLET, birth=f"{day:02}/{month:02}/{2024 - age}")
        assert found(client, tuoi="moc", thang="8/2024") == ["Phạm Thị Cuối", "Phạm Thị Đầu"]
        assert found(client, tuoi=str(age), thang="8/2024") == ["Phạm Thị Cuối", "Phạm Thị Đầu"]
        assert found(client, tuoi="80" if age != 80 else "75", thang="8/2024") == []

    def test_no_other_age(self, client: Client) -> None:
        signed_in(client)
        for age in (2, 5, 17, 59, 61, 79, 81):
            make.person(hamlet=HAMLET, birth=f"12/08/{2024 - age}")
        assert found(client, tuoi="moc", thang="8/2024") == []

    def test_the_row_says_which_age_from_which_day(self, client: Client) -> None:
        signed_in(client)
        make.person(hamlet=HAMLET, birth="12/08/1944")
        page = client.get(URL, {"tim": HAMLET, "tuoi": "80", "thang": "8/2024"}).content.decode()
        assert "đủ 80 tuổi từ 12/08/2024" in page
        assert "chỉ biết" not in page

    def test_a_partial_date_counts_from_its_first_day_and_says_so(self, client: Client) -> None:
        """As social insurance does (NĐ 135/2020); NĐ 20/2021 is silent, so a human looks."""
        signed_in(client)
        make.person("Phạm Thị Năm", hamlet=HAMLET, birth="1945")
        make.person("Phạm Thị Tháng", hamlet=HAMLET, birth="08/1944")
        page = client.get(URL, {"tim": HAMLET, "tuoi": "80", "thang": "1/2025"}).content.decode()
        assert "đủ 80 tuổi từ 01/01/2025 (chỉ biết năm)" in page
        assert "Phạm Thị Tháng" not in page
        page = client.get(URL, {"tim": HAMLET, "tuoi": "80", "thang": "8/2024"}).content.decode()
        assert "đủ 80 tuổi từ 01/08/2024 (chỉ biết tháng, năm)" in page
        assert "Phạm Thị Năm" not in page

    def test_born_on_the_29th_of_february(self, client: Client) -> None:
        """Điều 148 Bộ luật Dân sự 2015: a term of years ends on the month's last day where there is no such day."""
        signed_in(client)
        make.person(hamlet=HAMLET, birth="29/02/2004")
        make.person(hamlet=HAMLET, birth="29/02/2008")
        page = client.get(URL, {"tim": HAMLET, "tuoi": "22", "thang": "2/2026"}).content.decode()
        assert "đủ 22 tuổi từ 28/02/2026" in page

    def test_the_rule_of_the_month_counts(self, client: Client) -> None:
        """Both the ages and the day for an unknown month are dated data, not code."""
        signed_in(client)
        make.person("Phạm Thị Năm", hamlet=HAMLET, birth="1955")
        AgeRule.objects.create(
            valid_from=datetime.date(2025, 7, 1), ages=[70, 75], unknown_month=7, unknown_day=15, source="Thử"
        )
        assert "70" not in str(client.get(URL, {"thang": "6/2025"}).context["form"]["tuoi"])
        page = client.get(URL, {"tim": HAMLET, "tuoi": "70", "thang": "7/2025"}).content.decode()
        assert "đủ 70 tuổi từ 15/07/2025 (chỉ biết năm)" in page

    def test_the_dead_grow_no_older(self, client: Client) -> None:
        signed_in(client)
        make.person(hamlet=HAMLET, birth="12/08/1944", died_on=datetime.date(2024, 6, 1))
        assert found(client, tuoi="80", thang="8/2024") == []

    def test_without_a_month_it_is_this_one(self, client: Client) -> None:
        signed_in(client)
        make.person("Phạm Thị Này", hamlet=HAMLET, birth="30/07/1949")
        assert found(client, tuoi="75") == ["Phạm Thị Này"]


class TestPage:
    QUERY = {"tim": HAMLET, "doi_tuong": "BTXH-5C", "noi_nhan": "no_account", "tuoi": "80", "thang": "8/2024"}

    def test_the_filter_survives_a_reload_and_can_be_dropped(self, client: Client) -> None:
        signed_in(client)
        page = client.get(URL, self.QUERY)
        form = page.context["form"]
        assert {name: form[name].value() for name in self.QUERY} == self.QUERY
        html = page.content.decode()
        assert "Lọc thêm (4)" in html
        assert "BTXH-5C Người từ đủ 80 tuổi" in html
        assert "Chưa có tài khoản · Đủ 80 tuổi · tháng 8/2024" in html
        assert html.count("Bỏ lọc") == 2

    def test_an_error_stands_where_it_was_made(self, client: Client) -> None:
        signed_in(client)
        html = client.get(URL, {"thang": "13/2024"}).content.decode()
        assert '<details class="fold" open>' in html
        assert "Chưa lọc được" in html

    def test_typing_fetches_the_list_without_what_stands_around_it(self, client: Client) -> None:
        signed_in(client)
        make.entitlement(make.person("Phạm Thị Gõ", hamlet=HAMLET))
        whole = client.get(URL, {"tim": HAMLET}).content.decode()
        swapped = client.get(URL, {"tim": HAMLET}, headers={"HX-Request": "true"}).content.decode()
        assert "Phạm Thị Gõ" in swapped
        assert 'id="results"' in swapped
        assert 'id="loc-doi_tuong"' in swapped
        assert "<title>Đối tượng · " in swapped
        assert "<body" not in swapped
        assert len(swapped) < len(whole) * 0.6
        back = client.get(URL, headers={"HX-Request": "true", "HX-History-Restore-Request": "true"}).content.decode()
        assert "<body" in back
        wrong = client.get(URL, {"thang": "x"}, headers={"HX-Request": "true"}).content.decode()
        assert "Theo tháng: Không đọc được tháng" in wrong

    @pytest.mark.parametrize("role", [Role.COMMUNE_OFFICER, Role.CHAIRMAN])
    def test_every_filter_at_once(self, client: Client, role: Role) -> None:
        signed_in(client, role=role)
        form = client.get(URL).context["form"]
        query = {
            name: next(value for value, _ in _flat(field.choices) if value)
            for name, field in form.fields.items()
            if hasattr(field, "choices")
        }
        assert client.get(URL, {**query, "tim": "phạm", "thang": "7/2024"}).status_code == 200


def _flat(choices: Any) -> list[tuple[Any, Any]]:
    flat: list[tuple[Any, Any]] = []
    for value, label in choices:
        flat += label if isinstance(label, list) else [(value, label)]
    return flat

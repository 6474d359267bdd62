"""The worklist and an issue's page: who sees and does what, and what nobody of the police ever reads."""

import re
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from batosocial.audit.models import Entry
from batosocial.jobs.models import Job
from batosocial.staff.models import Role, User
from batosocial.web.todo import for_user
from beneficiaries.identity import services
from beneficiaries.identity.todos import issues as todos
from beneficiaries.models import Category, IdentityIssue, Person
from tests import factories as make

pytestmark = pytest.mark.django_db

URL = "/doi-tuong/xac-minh/"
State = IdentityIssue.State
TOWN = make.BA_TO_TOWN


def receiving(name: str = "Phạm Thị Thử", category: str = "BTXH-5C", **fields: Any) -> Person:
    person = make.person(name, **fields)
    make.entitlement(person, category)
    return person


def double() -> tuple[Person, Person]:
    """One number on two people in two communes, both paid: 500.000 and 1.673.000 đ a month."""
    one = receiving("Phạm Thị Xuân Một", cccd="051150123456", hamlet="Thôn Gần")
    two = receiving(
        "Phạm Thị Xuân Hai", "NCC-9", cccd="051150123456", cccd_duplicate=True, commune=make.commune(TOWN),
        hamlet="TDP Xa", birth="12/05/1951",
    )  # fmt: skip
    services.check_people([one.pk])
    return one, two


def issue_of(person: Person, rule: str = "same_cccd") -> IdentityIssue:
    return IdentityIssue.objects.get(person=person, rule=rule)


def text(client: Client, user: User, url: str = URL) -> str:
    client.force_login(user)
    response = client.get(url)
    assert response.status_code == 200
    return response.content.decode()


def names(html: str) -> list[str]:
    return re.findall(r'xac-minh/\d+/">([^<]+)</a>', html)


class TestWorklist:
    def test_possible_double_payments_come_first_with_both_amounts(self, client: Client) -> None:
        receiving("Phạm Thị An", cccd="")
        services.check_people(Person.objects.filter(name="Phạm Thị An").values_list("pk", flat=True))
        double()
        html = text(client, make.user())
        assert names(html)[0] == "Phạm Thị Xuân Một"
        first = html.split("<tbody>")[1].split("</tr>")[0]
        assert "Phạm Thị Xuân Hai" in first
        assert "500.000 đ" in first
        assert "1.673.000 đ" in first
        assert "Cùng đang được chi" in first

    def test_a_pair_stands_there_once_for_each_reader(self, client: Client) -> None:
        _, two = double()
        duplicates = f"{URL}?loai=duplicate"
        assert sum(name.startswith("Phạm Thị Xuân") for name in names(text(client, make.user(), duplicates))) == 1
        there = make.user(Role.COMMUNE_OFFICER, commune=two.commune)
        assert names(text(client, there, duplicates)).count(two.name) == 1
        assert names(text(client, make.user(), f"{duplicates}&xa={TOWN}")).count(two.name) == 1
        assert names(text(client, make.user(), f"{duplicates}&tim=xuan hai")) == [two.name]

    def test_a_commune_learns_of_the_other_only_the_place(self, client: Client) -> None:
        one, _ = double()
        officer = make.user(Role.COMMUNE_OFFICER)
        for url in (URL, f"{URL}{issue_of(one).pk}/"):
            html = text(client, officer, url)
            assert "Thị trấn Ba Tơ" in html
            for secret in ("Xuân Hai", "TDP Xa", "1951", "1.673.000", "NCC-9"):
                assert secret not in html

    def test_the_other_communes_issue_does_not_exist_for_it(self, client: Client) -> None:
        _, two = double()
        client.force_login(make.user(Role.COMMUNE_OFFICER))
        assert client.get(f"{URL}{issue_of(two).pk}/").status_code == 404

    def test_filters(self, client: Client) -> None:
        user = make.user()
        social = receiving("Phạm Thị Lọc", cccd="", hamlet="Thôn Chỉ Một")
        merit = receiving("Đinh Thị Lọc", "NCC-9", cccd="051050123456", hamlet="Thôn Chỉ Một")
        services.check_people([social.pk, merit.pk])
        services.take_issue(actor=user, issue_id=issue_of(merit, "digits").pk)

        def found(query: str) -> set[str]:
            return {name for name in names(text(client, user, f"{URL}?{query}")) if name.endswith("Lọc")}

        both = {social.name, merit.name}
        assert found("tim=lọc") == found("tim=thôn chỉ một") == both
        assert found("loai=missing") == found("chinh_sach=BTXH&tim=loc") == {social.name}
        assert found("loai=contradicting") == found("trang_thai=in_hand") == found("cua_toi=on") == {merit.name}
        assert found("ben=police&tim=loc") == both
        assert found("trang_thai=closed") == set()
        assert found("tim=051050123456") == {merit.name}
        assert found("loai=khong-co") == set()

    def test_confidential_groups_keep_their_name(self, client: Client) -> None:
        """Đ.b k1 Điều 8 NĐ 20/2021."""
        hidden = Category.objects.filter(confidential=True, regime="allowance").first()
        assert hidden is not None
        person = receiving("Phạm Thị Kín", hidden.code, cccd="")
        services.check_people([person.pk])
        assert hidden.code not in text(client, make.user())
        assert hidden.code in text(client, make.user(sees_confidential=True))

    def test_the_same_queries_for_few_and_for_many(self, client: Client) -> None:
        user = make.user()
        client.force_login(user)
        counts = []
        for many in (3, 60):
            people = [receiving(f"Phạm Thị {n}", cmnd=f"21000{n // 2:04}", birth=str(1930 + n)) for n in range(many)]
            services.check_people([person.pk for person in people])
            client.get(URL)
            with CaptureQueriesContext(connection) as queries:
                client.get(URL)
            counts.append(len(queries))
        assert counts[0] == counts[1]
        assert counts[1] <= 14

    def test_nothing_to_do_says_so(self, client: Client) -> None:
        IdentityIssue.objects.update(state="closed", closed_at="2024-07-22T00:00Z", owner=None)
        assert "Không còn ai cần xác minh" in text(client, make.user())


class TestPolice:
    #: What a page about identity must not have: amounts, benefits, policies, accounts, files.
    FORBIDDEN = re.compile(r"\d\s?đ\b|BTXH-|NCC-|Mức mỗi tháng|Chế độ|chi trả|Cùng đang được chi|tài khoản|Hồ sơ</a>")

    @pytest.mark.parametrize("place", [None, make.BA_DONG])
    def test_no_money_no_benefit_no_account_in_any_answer(self, client: Client, place: str | None) -> None:
        """DESIGN.md 1: only the fields needed to verify a person, nothing about money."""
        one, _ = double()
        account = make.account(number="4505999888777")
        for number in range(2):
            make.route(
                receiving(f"Phạm Thị Chung {number}", birth=f"194{number}", cccd="", file_number=f"QN/9-7777{number}"),
                account=account,
            )
        merit = receiving("Phạm Thị Vy", "NCC-9", card_name="Phạm Thị Vi", identity_note="Trả qua tài khoản 999")
        everybody = Person.objects.filter(name__startswith="Phạm Thị").values_list("pk", flat=True)
        services.check_people(everybody)
        police = make.user(Role.POLICE, commune=make.commune(place) if place else None)
        client.force_login(police)
        pages = ["/", URL, f"{URL}?tim=pham", f"{URL}?trang_thai=tat_ca", f"{URL}?chinh_sach=NCC&hai_lan=on"]
        pages += [
            f"{URL}{issue.pk}/" for issue in IdentityIssue.objects.visible_to(police).filter(person__in=everybody)
        ]
        assert len(pages) > 6
        for url in pages:
            main = client.get(url).content.decode().split("<main")[1]
            assert not self.FORBIDDEN.search(main), (url, self.FORBIDDEN.search(main))
            assert not re.search(r"4505999888777|8777|QN/9|tài khoản 999", main), url
        full = client.post(f"{URL}{issue_of(one).pk}/so-day-du/").content.decode()
        assert "051150123456" in full
        assert not self.FORBIDDEN.search(full.split("<main")[1])
        assert merit.name in client.get(f"{URL}?tim=vy").content.decode()

    def test_no_query_reads_benefits_or_accounts(self, client: Client) -> None:
        one, _ = double()
        client.force_login(make.user(Role.POLICE))
        with CaptureQueriesContext(connection) as queries:
            client.get(URL)
            client.get(f"{URL}{issue_of(one).pk}/")
        read = " ".join(query["sql"] for query in queries)
        assert not re.search(r"beneficiaries_(entitlement|payoutroute|account|payee|rate)|payments_", read)

    def test_of_a_commune_sees_that_commune(self, client: Client) -> None:
        one, two = double()
        html = text(client, make.user(Role.POLICE, commune=two.commune))
        assert two.name in names(html)
        assert one.name not in html
        client.force_login(make.user(Role.POLICE, commune=two.commune))
        assert client.get(f"{URL}{issue_of(one).pk}/").status_code == 404

    def test_of_the_district_sees_both_sides(self, client: Client) -> None:
        one, two = double()
        html = text(client, make.user(Role.POLICE), f"{URL}{issue_of(one).pk}/")
        assert one.name in html
        assert two.name in html

    def test_what_an_account_gave_away_does_not_exist_for_them(self, client: Client) -> None:
        account = make.account()
        one, two = receiving(), receiving("Đinh Thị Khác", birth="1960")
        for person in (one, two):
            make.route(person, account=account)
        services.check_people([one.pk])
        client.force_login(make.user(Role.POLICE))
        assert client.get(f"{URL}{issue_of(one, 'same_account').pk}/").status_code == 404

    def test_they_do_not_decide(self) -> None:
        one, _ = double()
        with pytest.raises(PermissionDenied):
            services.accept_issue(actor=make.user(Role.POLICE), issue_id=issue_of(one).pk, reason="Hai người")


class TestDeciding:
    def test_taking_and_giving_back(self, client: Client) -> None:
        one, _ = double()
        issue, officer, other = issue_of(one), make.user(Role.COMMUNE_OFFICER), make.user(Role.COMMUNE_OFFICER)
        client.force_login(officer)
        client.post(f"{URL}{issue.pk}/nhan-viec/")
        issue.refresh_from_db()
        assert (issue.state, issue.owner) == (State.IN_HAND, officer)
        client.force_login(other)
        page = client.post(f"{URL}{issue.pk}/nhan-viec/", follow=True).content.decode()
        assert f"{officer} đang xử lý việc này" in page
        page = client.post(f"{URL}{issue.pk}/tra-viec/", follow=True).content.decode()
        assert "hoặc lãnh đạo trả lại được" in page
        client.force_login(officer)
        client.post(f"{URL}{issue.pk}/tra-viec/")
        issue.refresh_from_db()
        assert (issue.state, issue.owner) == (State.OPEN, None)
        assert [event.what for event in issue.events.all()] == ["found", "taken", "given_back"]
        assert Entry.objects.filter(table=issue._meta.db_table, row_id=issue.pk).count() == 2

    def test_a_leader_takes_it_from_somebody_who_is_away(self) -> None:
        one, _ = double()
        issue = issue_of(one)
        services.take_issue(actor=make.user(Role.COMMUNE_OFFICER), issue_id=issue.pk)
        services.give_back_issue(actor=make.user(Role.COMMUNE_LEADER), issue_id=issue.pk)
        assert issue_of(one).state == State.OPEN

    def test_taking_twice_changes_nothing(self) -> None:
        one, _ = double()
        officer = make.user(Role.COMMUNE_OFFICER)
        for _ in range(2):
            services.take_issue(actor=officer, issue_id=issue_of(one).pk)
        assert issue_of(one).events.filter(what="taken").count() == 1

    def test_accepting_needs_a_reason_and_holds_for_everybody_concerned(self, client: Client) -> None:
        one, two = double()
        client.force_login(make.user())
        response = client.post(f"{URL}{issue_of(one).pk}/giu-nguyen/", {"ly_do": " "})
        assert response.status_code == 422
        assert "Hãy ghi vì sao giữ nguyên" in response.content.decode()
        client.post(f"{URL}{issue_of(one).pk}/giu-nguyen/", {"ly_do": "Đã gặp, là hai người."})
        for person in (one, two):
            issue = issue_of(person)
            assert (issue.state, issue.reason) == (State.ACCEPTED, "Đã gặp, là hai người.")
        page = text(client, make.user(), f"{URL}{issue_of(one).pk}/")
        assert "Đã gặp, là hai người." in page

    def test_a_commune_decides_alone_only_what_concerns_nobody_elsewhere(self) -> None:
        one, _ = double()
        here = [receiving(f"Phạm Thị {name}", cmnd="212345678") for name in ("Hồng", "Hoa")]
        services.check_people([person.pk for person in here])
        leader = make.user(Role.COMMUNE_LEADER)
        with pytest.raises(PermissionDenied):
            services.accept_issue(actor=leader, issue_id=issue_of(one).pk, reason="Hai người")
        services.accept_issue(actor=leader, issue_id=issue_of(here[0], "same_cmnd").pk, reason="Hai người")
        assert issue_of(here[1], "same_cmnd").state == State.ACCEPTED
        for role in (Role.COMMUNE_OFFICER, Role.CHAIRMAN, Role.PAYER, Role.ADMIN):
            with pytest.raises((PermissionDenied, IdentityIssue.DoesNotExist)):
                services.accept_issue(actor=make.user(role), issue_id=issue_of(one).pk, reason="Hai người")

    def test_accepted_differences_are_no_longer_told_of_the_person(self) -> None:
        person = receiving("Phạm Thị Vy", card_name="Phạm Thị Vi")
        services.check_people([person.pk])
        services.accept_issue(actor=make.user(), issue_id=issue_of(person, "card").pk, reason="Hộ tịch ghi cả hai.")
        person.refresh_from_db()
        assert (person.identity_status, person.identity_note) == ("unchecked", "")

    def test_checking_again_says_whether_it_is_still_so(self, client: Client) -> None:
        person = receiving(cccd="051050123456")
        services.check_people([person.pk])
        issue = issue_of(person, "digits")
        client.force_login(make.user(Role.COMMUNE_OFFICER))
        page = client.post(f"{URL}{issue.pk}/kiem-tra-lai/", follow=True).content.decode()
        assert "vẫn còn như dưới đây" in page
        Person.objects.filter(pk=person.pk).update(sex="M")
        page = client.post(f"{URL}{issue.pk}/kiem-tra-lai/", follow=True).content.decode()
        assert "Kiểm tra lại đạt. Việc đã đóng." in page

    def test_what_is_closed_cannot_be_taken(self, client: Client) -> None:
        person = receiving(cccd="")
        issue = make.identity_issue(person, state="closed", closed_at="2024-07-22T00:00Z")
        client.force_login(make.user(Role.COMMUNE_OFFICER))
        assert "không còn chờ xử lý" in client.post(f"{URL}{issue.pk}/nhan-viec/", follow=True).content.decode()

    def test_full_numbers_are_asked_for_and_stand_in_the_audit(self, client: Client) -> None:
        one, _ = double()
        officer = make.user(Role.COMMUNE_OFFICER)
        url = f"{URL}{issue_of(one).pk}/"
        assert "051150123456" not in text(client, officer, url)
        assert "051150123456" in client.post(f"{url}so-day-du/").content.decode()
        entry = Entry.objects.get(action="Xem số đầy đủ", actor=officer)
        assert entry.details == {"people": [one.pk]}

    def test_what_to_do_is_said_for_each_kind(self, client: Client) -> None:
        """Điều 130 NĐ 131/2021 for NCC; the letter of 7/2024, item 3."""
        merit = receiving("Phạm Thị Vy", "NCC-9", card_name="Phạm Thị Vi")
        social = receiving("Phạm Thị Ly", card_name="Phạm Thị Li")
        without = receiving("Phạm Thị An", cccd="")
        services.check_people([merit.pk, social.pk, without.pk])
        user = make.user()
        page = text(client, user, f"{URL}{issue_of(merit, 'card').pk}/")
        assert "Mẫu 26" in page
        assert "Mẫu 75" in page
        assert "Khác chính tả i/y" in page
        page = text(client, user, f"{URL}{issue_of(social, 'card').pk}/")
        assert "Mẫu 26" not in page
        assert "xã sửa hồ sơ theo CCCD" in page
        assert "vận động và làm CCCD" in text(client, user, f"{URL}{issue_of(without, 'no_cccd').pk}/")

    def test_a_check_of_everybody_runs_as_a_job(self, client: Client) -> None:
        client.force_login(make.user())
        response = client.post(f"{URL}kiem-tra-toan-bo/")
        job = Job.objects.get(kind=services.CHECK_JOB)
        assert response.headers["Location"] == f"/viec/{job.pk}/"
        client.force_login(make.user())
        assert client.post(f"{URL}kiem-tra-toan-bo/").headers["Location"] == URL


class TestHomePage:
    """The demo district: one person without CCCD in Ba Xa, files that differ from the card, a pair of namesakes."""

    def _todos(self, user: User) -> dict[str, int]:
        return {todo.label: todo.count for todo in todos(user) if todo.count}

    def test_the_police_begin_with_the_person_of_ba_xa(self) -> None:
        """Who has no card is visited until there is one; that is one task, not an issue beside it."""
        name = "người cần vận động làm CCCD"
        for place, count in ((None, 1), (make.commune("21538"), 1), (make.commune(), None)):
            police = make.user(Role.POLICE, commune=place)
            assert {one.label: one.count for one in for_user(police) if one.count}.get(name) == count
            assert self._todos(police) == {}

    def test_the_office_sees_possible_double_payments_and_merit_files(self) -> None:
        found = self._todos(make.user())
        assert found["trường hợp có thể một người được chi hai lần"] == 1
        merit = IdentityIssue.objects.waiting().filter(kind="differing", side="office")
        assert found["việc xác minh nhân thân của Phòng"] == merit.count() + 1

    def test_a_commune_its_own_and_not_what_a_colleague_has_in_hand(self) -> None:
        officer, colleague = make.user(Role.COMMUNE_OFFICER), make.user(Role.COMMUNE_OFFICER)
        label = "việc xác minh nhân thân của xã"
        before = self._todos(officer)[label]
        mine = IdentityIssue.objects.visible_to(officer).waiting().filter(side="commune")
        assert before == mine.count()
        services.take_issue(actor=colleague, issue_id=mine[0].pk)
        assert self._todos(officer) == {label: before - 1}
        assert self._todos(colleague) == {label: before - 1, "việc xác minh nhân thân đang giữ": 1}

    @pytest.mark.parametrize("role", [Role.COMMUNE_OFFICER, Role.POLICE, Role.DISTRICT_OFFICER])
    def test_each_count_is_that_of_the_list_it_leads_to(self, client: Client, role: Role) -> None:
        user = make.user(role)
        issue = IdentityIssue.objects.visible_to(user).waiting().once_each(user)[0]
        services.take_issue(actor=user, issue_id=issue.pk)
        client.force_login(user)
        for todo in todos(user):
            assert client.get(todo.url).context["page"].paginator.count == todo.count, todo.label

    @pytest.mark.parametrize("role", [Role.CHAIRMAN, Role.PAYER, Role.ADMIN])
    def test_nothing_for_others(self, role: Role) -> None:
        assert todos(make.user(role)) == []


class TestPersonPage:
    def test_it_names_what_waits_and_leads_there(self, client: Client) -> None:
        person = receiving("Phạm Thị Vy", card_name="Phạm Thị Vi", cccd="051050123456")
        services.check_people([person.pk])
        page = text(client, make.user(Role.COMMUNE_OFFICER), f"/doi-tuong/{person.pk}/")
        for rule in ("digits", "card"):
            assert f"{URL}{issue_of(person, rule).pk}/" in page
        assert "Số CCCD là của Nam, hồ sơ ghi Nữ" in page
        assert "khác chính tả i/y" in page
        assert page.count("hồ sơ ghi Nữ") == 1

    def test_a_note_of_somebody_stays(self, client: Client) -> None:
        person = receiving(cccd="051050123456", identity_note="Đã lập Mẫu 26")
        services.check_people([person.pk])
        assert "Đã lập Mẫu 26" in text(client, make.user(), f"/doi-tuong/{person.pk}/")

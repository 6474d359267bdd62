"""The pages of changes: what they show to whom, what they keep of what was typed, how many queries they run."""

import datetime
import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from batosocial.staff.models import Role, User
from beneficiaries.changes import services
from beneficiaries.changes.proposal import Paper
from beneficiaries.models import Change, Person
from tests import factories as make
from tests.beneficiaries.changes import flow

pytestmark = pytest.mark.django_db
LIST = "/doi-tuong/bien-dong/"
NO_ROWS = {"nguoi-TOTAL_FORMS": "0", "nguoi-INITIAL_FORMS": "0"}


@pytest.fixture
def person() -> Person:
    return make.person("Phạm Thị Trang", birth="1955")


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def sent(client: Client, url: str, **data: Any) -> Any:
    """Send the form of a page with its token."""
    token = str(client.get(url).context["form"]["token"].value())
    return client.post(url, {"token": token, "paper_kind": "Tờ khai", "paper_date": "10/07/2024", **NO_ROWS, **data})


class TestProposing:
    def url(self, person: Person) -> str:
        return reverse("beneficiaries:change_start", args=[person.pk])

    def test_it_shows_what_it_will_do_before_it_is_sent(self, person: Person) -> None:
        make.entitlement(person, "BTXH-5A1")
        client = signed_in(flow.officer())
        page = client.post(self.url(person), {"xem": "1", "category": "BTXH-4", **NO_ROWS})
        assert page.status_code == 200 and not Change.objects.filter(person=person, state="proposed").exists()
        assert "Từ tháng Chủ tịch UBND huyện ký" in page.text
        rows = {
            "nguoi-TOTAL_FORMS": "1",
            "nguoi-INITIAL_FORMS": "0",
            "nguoi-0-name": "Lan",
            "nguoi-0-birth": "2015",
            "nguoi-0-cccd": "",
        }
        outlook = client.post(self.url(person), {"xem": "1", "category": "BTXH-4", **rows}).context["outlook"]
        # Khoản 2 Điều 6 NĐ 20/2021: khoản 4 stands beside khoản 5.
        assert [(line.code, line.paid_before, line.paid_after) for line in outlook.lines] == [
            ("BTXH-5A1", True, True),
            ("BTXH-4", None, True),
        ]
        assert (outlook.before, outlook.after, outlook.month) == (750_000, 1_250_000, make.NEXT_MONTH)

    def test_only_the_highest_is_said_beforehand(self, person: Person) -> None:
        make.entitlement(person, "BTXH-5A1")
        page = signed_in(flow.officer()).post(self.url(person), {"xem": "1", "category": "BTXH-5D", **NO_ROWS})
        assert page.context["outlook"].difference == 750_000
        assert "chỉ chi mức cao nhất" in page.text

    def test_what_is_half_typed_stays_as_typed(self, person: Person) -> None:
        data = {
            "xem": "1",
            "category": "NCC-6.1TB",
            "level": "abc",
            "paper_date": "32/13",
            "note": "Ghi <dở>",
            **NO_ROWS,
        }
        page = signed_in(flow.officer()).post(self.url(person), data)
        assert page.status_code == 200
        assert 'value="abc"' in page.text and 'value="32/13"' in page.text and "Ghi &lt;dở&gt;" in page.text

    def test_rows_are_added_without_javascript(self, person: Person) -> None:
        data = {
            "them_dong": "1", "category": "BTXH-4", "nguoi-TOTAL_FORMS": "1", "nguoi-INITIAL_FORMS": "0",
            "nguoi-0-name": "Lan", "nguoi-0-birth": "2015", "nguoi-0-cccd": "",
        }  # fmt: skip
        page = signed_in(flow.officer()).post(self.url(person), data)
        assert page.text.count("nguoi-5-name") > 0
        assert 'value="Lan"' in page.text

    def test_sent_twice_it_is_one_proposal(self, person: Person) -> None:
        client = signed_in(flow.officer())
        token = str(client.get(self.url(person)).context["form"]["token"].value())
        data = {
            "token": token, "category": "BTXH-4", "paper_kind": "Tờ khai mẫu 1c", "nguoi-TOTAL_FORMS": "2",
            "nguoi-INITIAL_FORMS": "0", "nguoi-0-name": "Phạm Thị Lan", "nguoi-0-birth": "5/2015", "nguoi-0-cccd": "",
            "nguoi-1-name": "", "nguoi-1-birth": "", "nguoi-1-cccd": "",
        }  # fmt: skip
        first, again = client.post(self.url(person), data), client.post(self.url(person), data)
        change = Change.objects.get(person=person)
        assert (
            first.headers["Location"] == again.headers["Location"] == reverse("beneficiaries:change", args=[change.pk])
        )
        assert change.proposal["dependants"] == [{"name": "Phạm Thị Lan", "birth": [2015, 5, None], "cccd": ""}]
        assert change.evidence == "Tờ khai mẫu 1c"

    @pytest.mark.parametrize(
        ("data", "field"),
        [
            ({}, "category"),
            ({"category": "BTXH-5A1", "paper_kind": ""}, "paper_kind"),
            ({"category": "BTXH-5A1", "paper_date": "31/02/2024"}, "paper_date"),
            ({"category": "BTXH-5A1", "month": "13/2024"}, "month"),
            ({"category": "NCC-6.1TB", "level": "20"}, "level"),
            ({"category": "KC-QD142", "own_amount": "hai triệu"}, "own_amount"),
            ({"category": "BTXH-5C"}, "confirmed"),
        ],
    )
    def test_errors_stand_beside_their_field(self, person: Person, data: dict[str, str], field: str) -> None:
        answer = sent(signed_in(flow.officer()), self.url(person), **data)
        assert answer.status_code == 422
        assert field in answer.context["form"].errors
        assert not Change.objects.filter(person=person).exists()

    def test_a_dependant_without_a_birth_date_is_said_in_its_row(self, person: Person) -> None:
        rows = {
            "nguoi-TOTAL_FORMS": "1", "nguoi-INITIAL_FORMS": "0", "nguoi-0-name": "Lan", "nguoi-0-birth": "",
            "nguoi-0-cccd": "12",
        }  # fmt: skip
        answer = sent(signed_in(flow.officer()), self.url(person), category="BTXH-4", **rows)
        assert answer.status_code == 422
        assert set(answer.context["formset"].forms[0].errors) == {"birth", "cccd"}

    def test_an_adjustment_starts_from_what_stands(self, person: Person) -> None:
        row = make.entitlement(person, "BTXH-4", dependants=2)
        client = signed_in(flow.officer())
        page = client.get(reverse("beneficiaries:change_adjust", args=[row.pk]))
        assert 'value="Con 1"' in page.text and 'value="Con 2"' in page.text
        assert page.context["form"]["category"].value() == "BTXH-4"

    def test_a_stop_of_the_dead_says_the_month(self, person: Person) -> None:
        make.entitlement(person, "BTXH-5A1")
        client = signed_in(flow.officer())
        answer = sent(
            client, reverse("beneficiaries:change_stop", args=[person.pk]), reason="chet", happened_on="10/07/2024"
        )
        page = client.get(answer.headers["Location"])
        assert "Chết ngày 10/07/2024: thôi hưởng BTXH" in page.text
        assert "tháng 8/2024" in page.text
        assert page.context["line"].difference == "−750.000 đ"

    def test_somebody_without_benefits_has_nothing_to_stop(self, person: Person) -> None:
        page = signed_in(flow.officer()).get(reverse("beneficiaries:change_stop", args=[person.pk]))
        assert "không còn chế độ nào đang hưởng" in page.text


class TestSteps:
    def test_from_the_list_many_at_once_and_refusals_named(self) -> None:
        phong = flow.phong()
        own = flow.start(make.person("Phạm Thị Riêng", birth="1955"), by=phong)
        others = [flow.start(make.person(birth="1955")) for _ in range(3)]
        client = signed_in(phong)
        answer = client.post(f"{LIST}tham-dinh/", {"chon": [own.pk, *(one.pk for one in others)]}, follow=True)
        assert "Đã thẩm định 3 đề nghị." in answer.text
        assert "Phạm Thị Riêng: Anh/chị là người đề nghị" in answer.text

    def test_all_of_the_filter_but_nothing_newer_than_the_page(self) -> None:
        phong = flow.phong()
        seen = flow.start(make.person(birth="1955"))
        unseen = flow.start(make.person(birth="1955"))
        signed_in(phong).post(f"{LIST}tham-dinh/?trang_thai=proposed", {"tat_ca": seen.pk})
        assert set(Change.objects.filter(state="appraised").values_list("pk", flat=True)) == {seen.pk}
        unseen.refresh_from_db()
        assert unseen.state == "proposed"

    def test_a_decision_without_its_number_keeps_ticks_and_date(self) -> None:
        change = flow.appraised(flow.start(make.person(birth="1955")))
        client = signed_in(flow.chairman())
        answer = client.post(f"{LIST}quyet-dinh/", {"chon": [change.pk], "number": "", "date": "22/07/2024"})
        assert answer.status_code == 422
        assert "Hãy ghi số quyết định" in answer.text and 'value="22/07/2024"' in answer.text
        assert re.search(rf'value="{change.pk}"[^>]* checked', answer.text)

    def test_from_its_own_page_back_to_it(self) -> None:
        change = flow.appraised(flow.start(make.person(birth="1955")))
        client = signed_in(flow.chairman())
        data = {"chon": [change.pk], "ve": change.pk, "number": "9/QĐ-UBND", "date": "23/07/2024"}
        answer = client.post(f"{LIST}quyet-dinh/", data)
        assert answer.status_code == 422 and "ở sau hôm nay" in answer.text
        answer = client.post(f"{LIST}quyet-dinh/", data | {"date": "22/07/2024"}, follow=True)
        assert answer.redirect_chain[-1][0] == reverse("beneficiaries:change", args=[change.pk])
        assert "số 9/QĐ-UBND ngày 22/07/2024" in answer.text

    def test_a_foreign_or_unknown_id_is_not_found(self) -> None:
        client = signed_in(flow.phong())
        assert client.post(f"{LIST}tham-dinh/", {"chon": ["999999"]}).status_code == 404
        assert client.post(f"{LIST}tham-dinh/", {"chon": ["x"]}).status_code == 404

    def test_nothing_ticked_says_so(self) -> None:
        answer = signed_in(flow.phong()).post(f"{LIST}tham-dinh/", {}, follow=True)
        assert "Chưa chọn đề nghị nào" in answer.text

    def test_what_came_back_can_be_asked_again(self, person: Person) -> None:
        change = flow.start(person)
        services.reject_changes(actor=flow.phong(), change_ids=[change.pk], reason="Thiếu xác nhận hộ nghèo")
        client = signed_in(flow.officer())
        page = client.get(reverse("beneficiaries:change", args=[change.pk]))
        assert "Thiếu xác nhận hộ nghèo" in page.text
        again = f"{reverse('beneficiaries:change_start', args=[person.pk])}?doi_tuong=BTXH-5A1"
        assert again in page.text
        assert client.get(again).context["form"]["category"].value() == "BTXH-5A1"

    def test_the_way_of_a_change_says_who_when_and_why(self) -> None:
        change = flow.decided(flow.start(make.person(birth="1955")))
        page = signed_in(flow.phong()).get(reverse("beneficiaries:change", args=[change.pk])).text
        for who in (change.proposed_by, change.appraised_by, change.decided_by):
            assert str(who) in page
        assert "Tờ khai mẫu 1d số 12 ngày 10/07/2024" in page


class TestConfidential:
    """đ.b k1 Điều 8 NĐ 20/2021: the group prints as BTXH for whoever may not see it, wherever it stands."""

    SECRETS = ("BTXH-8", "BTXH-3", "HIV")

    def proposals(self, person: Person) -> list[Change]:
        seeing = make.user(Role.COMMUNE_OFFICER, sees_confidential=True)
        paper = Paper("Kết quả xét nghiệm HIV", "3", datetime.date(2024, 7, 1))
        start = flow.start(person, "BTXH-8", by=seeing, paper=paper, note="nhiễm HIV")
        other = make.person("Phạm Thị Ẩn", birth="1980")
        row = make.entitlement(other, "BTXH-8")
        (stop,) = services.propose_stop(
            actor=seeing, person_id=other.pk, entitlement_ids=[row.pk], reason="TT02-2.1.b", paper=paper,
            happened_on=datetime.date(2024, 7, 10), note="hết nhiễm HIV",
        )  # fmt: skip
        decided = flow.decided(flow.start(make.person("Phạm Thị Đã", birth="1980"), "BTXH-8", by=seeing, paper=paper))
        rejected = flow.start(make.person(birth="1980"), "BTXH-8", by=seeing, paper=paper)
        services.reject_changes(actor=flow.phong(), change_ids=[rejected.pk], reason="Chưa rõ HIV")
        return [start, stop, decided, rejected]

    @pytest.mark.parametrize("role", [Role.COMMUNE_OFFICER, Role.DISTRICT_OFFICER, Role.CHAIRMAN])
    def test_on_every_page(self, person: Person, role: str) -> None:
        changes = self.proposals(person)
        client = signed_in(make.user(role))
        urls = [LIST, f"{LIST}?trang_thai=waiting"]
        for change in changes:
            urls += [reverse("beneficiaries:change", args=[change.pk]), f"/doi-tuong/{change.person_id}/"]
        for url in urls:
            page = client.get(url)
            assert page.status_code == 200
            # The list of categories to choose from is no secret; what somebody receives is.
            found = [secret for secret in self.SECRETS if secret in page.text]
            assert not found, (url, found)

    def test_those_with_the_permission_see_it(self, person: Person) -> None:
        start = self.proposals(person)[0]
        page = signed_in(make.user(sees_confidential=True)).get(reverse("beneficiaries:change", args=[start.pk])).text
        assert "BTXH-8" in page and "Kết quả xét nghiệm HIV" in page

    def test_in_messages_of_refusal(self, person: Person) -> None:
        make.entitlement(person, "BTXH-8")
        change = make.proposal(person, by=flow.officer(), proposal={"category": "BTXH-8"})
        answer = signed_in(flow.phong()).post(f"{LIST}tham-dinh/", {"chon": [change.pk]}, follow=True)
        assert "Người này đã hưởng BTXH từ" in answer.text
        assert not [secret for secret in self.SECRETS if secret in answer.text]

    def test_an_adjustment_of_a_hidden_group_is_not_offered(self, person: Person) -> None:
        row = make.entitlement(person, "BTXH-8")
        client = signed_in(flow.officer())
        assert client.get(reverse("beneficiaries:change_adjust", args=[row.pk])).status_code == 403
        assert f"/che-do/{row.pk}/" not in client.get(f"/doi-tuong/{person.pk}/").text


class TestList:
    def test_the_filter(self) -> None:
        one = flow.start(make.person("Phạm Thị Lọc Một", birth="1955"))
        two = flow.appraised(flow.start(make.person("Phạm Thị Lọc Hai", birth="1955"), "NCC-9"))
        client = signed_in(flow.phong())

        def ids(query: str) -> set[int]:
            return {line.change.pk for line in client.get(f"{LIST}?{query}").context["lines"]}

        assert ids("trang_thai=waiting") == {one.pk, two.pk}
        assert ids("trang_thai=proposed") == {one.pk}
        assert ids("tim=loc+hai") == {two.pk}
        assert ids("chinh_sach=NCC&trang_thai=waiting") == {two.pk}
        assert ids("loai=start&xa=21496&trang_thai=waiting") == {one.pk, two.pk}
        assert ids("xa=21484&trang_thai=waiting") == set()
        assert client.get(f"{LIST}?loai=gi").context["lines"] == []

    def test_how_much_a_month_it_moves(self) -> None:
        flow.start(make.person("Tôn Nữ Độc Nhất", birth="1955"))
        (line,) = signed_in(flow.phong()).get(f"{LIST}?tim=Tôn+Nữ+Độc+Nhất").context["lines"]
        assert line.difference == "+750.000 đ"

    @pytest.mark.parametrize("role", [Role.COMMUNE_OFFICER, Role.DISTRICT_OFFICER, Role.CHAIRMAN])
    def test_queries_do_not_grow(self, role: str, django_assert_max_num_queries: Any) -> None:
        client = signed_in(make.user(role))
        for count in (2, 12):
            for _ in range(count):
                child = flow.child()
                change = flow.start(make.person(birth="1985"), "BTXH-4", dependants=[child])
                flow.decided(flow.start(change.person, "NCC-9"))
                flow.appraised(
                    flow.start(change.person, "BTXH-8", by=make.user(Role.COMMUNE_OFFICER, sees_confidential=True))
                )
            with django_assert_max_num_queries(17):
                assert client.get(LIST).status_code == 200


def test_a_changes_page_runs_a_fixed_number_of_queries(person: Person, django_assert_max_num_queries: Any) -> None:
    client = signed_in(flow.phong())
    change = flow.start(person)
    for codes in (["NCC-10.2"], ["BTXH-4", "BTXH-5C", "BTXH-6C", "CSND-2C", "NCC-3.1"]):
        for code in codes:
            make.entitlement(person, code, dependants=2)
        with django_assert_max_num_queries(16):
            assert client.get(reverse("beneficiaries:change", args=[change.pk])).status_code == 200


def test_the_persons_page_names_what_waits(person: Person) -> None:
    change = flow.start(person)
    page = signed_in(flow.officer()).get(f"/doi-tuong/{person.pk}/").text
    assert "Đề nghị: Hưởng BTXH-5A1" in page
    assert reverse("beneficiaries:change", args=[change.pk]) in page
    assert reverse("beneficiaries:change_start", args=[person.pk]) in page
    # Those who only read are offered nothing to press.
    assert (
        reverse("beneficiaries:change_start", args=[person.pk])
        not in signed_in(flow.chairman()).get(f"/doi-tuong/{person.pk}/").text
    )


def test_what_a_first_load_noted_of_a_change_is_shown(person: Person) -> None:
    """Lists that were accepted write less than a proposal, or something else."""
    row = make.entitlement(person, "BTXH-4", dependants=1)
    for kind, noted in (("adjust", {"dependants": 1}), ("adjust", {"category": "BTXH-4", "instead_of": ["BTXH-4", 0]})):
        change = make.first_load(person, "BTXH", start=make.NEXT_MONTH)
        Change.objects.filter(pk=change.pk).update(kind=kind, proposal=noted, entitlement=row)
        page = signed_in(flow.officer()).get(reverse("beneficiaries:change", args=[change.pk]))
        assert page.status_code == 200 and "Điều chỉnh" in page.text
    assert signed_in(flow.officer()).get(f"/doi-tuong/{person.pk}/").status_code == 200

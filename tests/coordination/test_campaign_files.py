"""Account-opening files of campaigns: what a payer may bring and is told, and the conflicts that somebody settles."""

import io
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from batosocial.audit.models import Entry
from batosocial.coordination.campaigns import conflicts, files, taking
from batosocial.coordination.models import Campaign, CampaignConflict, CampaignFile, CampaignPerson
from batosocial.staff.models import Role, User
from beneficiaries.imports import services
from beneficiaries.models import ImportRow, PayoutRoute, Person
from tests import factories as make
from tests.beneficiaries import account_lists as lists
from tests.coordination import campaign_rows as rows

pytestmark = pytest.mark.django_db

Kind = CampaignConflict.Kind


def clerk(payer: str = "BUUDIEN") -> User:
    return make.user(Role.PAYER, payer=payer)


def taken(*people: Person, campaign: Campaign | None = None) -> Campaign:
    """A campaign whose payer has taken the list of these people."""
    campaign = campaign or rows.campaign()
    rows.named(campaign, *people)
    taking.take_list(actor=clerk(campaign.payer.code), campaign_id=campaign.pk)
    return campaign


def enter(file: CampaignFile, by: User, *, good: bool = False) -> None:
    services.request_entry(actor=by, batch=file.batch, good_rows_only=good)
    rows.run(file)


def everything(file: CampaignFile) -> str:
    """All that is told of a file, as it is stored."""
    return " ".join(
        f"{row.name} {row.data} {row.changes} {row.messages}" for row in ImportRow.objects.filter(batch=file.batch)
    )


class TestWhatAPayerIsTold:
    def test_never_another_provider_s_account(self, client: Client) -> None:
        person = rows.without_account()
        campaign = taken(person)
        known = make.account("4505205123456", holder_name="PHAM THI KHAC")
        make.route(person, account=known, start=make.NEXT_MONTH)
        by = clerk()
        file = rows.bring(campaign, [rows.line(person)], by)
        client.force_login(by)
        page = client.get(reverse("coordination:campaign_file", args=[file.pk])).content.decode()
        told = everything(file) + page
        for secret in ("3456", "PHAM THI KHAC", "Agribank"):
            assert secret not in told
        assert "đã có đề nghị khác chờ xác nhận" in page
        assert list(campaign.conflicts.values_list("kind", "person")) == [("other", person.pk)]
        # Its own is not put in the place of the other one: whoever confirms decides.
        enter(file, by)
        assert set(PayoutRoute.objects.filter(person=person).values_list("state", flat=True)) == {
            "entered", "confirmed",
        }  # fmt: skip
        assert PayoutRoute.objects.get(account=known).state == "entered"

    def test_nor_why_somebody_is_paid_in_cash(self) -> None:
        person = rows.without_account()
        file = rows.bring(taken(person), [rows.line(person)], clerk())
        assert "Già yếu" not in everything(file)

    def test_nobody_who_was_not_named_is_told_of(self) -> None:
        campaign = taken(rows.without_account())
        unknown = rows.without_account("Đinh Văn Kín", birth="1931", hamlet="Thôn Riêng", cmnd="212000111")
        by = clerk()
        file = rows.bring(
            campaign,
            [
                rows.line(cccd=unknown.cccd, name=unknown.name),
                rows.line(name=unknown.name),
                rows.line(cmnd="212000111", name="X"),
                rows.line(cccd="096199999999", name="Không Có Ai"),
            ],
            by,
        )
        assert file.batch.error_count == 4
        told = everything(file)
        assert "1931" not in told and "Thôn Riêng" not in told
        first, last = (
            ImportRow.objects.filter(batch=file.batch).order_by("pk")[place].messages[0]["message"] for place in (0, 3)
        )
        # Whether somebody is in the register cannot be told from the answer.
        assert first.replace(unknown.cccd, "") == last.replace("096199999999", "")
        # The commune sees who it is about.
        assert unknown.pk in campaign.conflicts.filter(kind=Kind.NOT_NAMED).values_list("person", flat=True)

    def test_an_account_of_another_payer_is_refused_and_not_compared(self) -> None:
        person, other = rows.without_account(), rows.without_account("Phạm Thị Khác")
        used = make.account("4505205777888", holder_name="PHAM THI KHAC")
        rows.receives_at(other, used)
        file = rows.bring(taken(person), [lists.line(person, account=used.number)], clerk())
        assert file.batch.error_count == 1
        assert "không phải của tổ chức mở tài khoản" in everything(file)
        assert "KHAC" not in everything(file) and "Phạm Thị Khác" not in everything(file)

    def test_a_list_of_the_district_says_no_more(self) -> None:
        """The payer reads what the Phòng brought for its campaign, too."""
        person = rows.without_account()
        campaign = taken(person)
        make.route(person, account=make.account("4505205123456"), start=make.NEXT_MONTH)
        file = rows.bring(campaign, [rows.line(person)], make.user())
        assert "3456" not in everything(file)


class TestScope:
    def test_a_payer_never_sees_another_one_s(self, client: Client) -> None:
        person = rows.without_account()
        campaign = taken(person)
        file = rows.bring(campaign, [rows.line(person)], clerk())
        client.force_login(clerk("AGRIBANK"))
        for name, pk in (
            ("campaign", campaign.pk),
            ("campaign_people", campaign.pk),
            ("campaign_conflicts", campaign.pk),
            ("campaign_file", file.pk),
            ("campaign_file_marked", file.pk),
            ("campaign_print", campaign.pk),
            ("campaign_export", campaign.pk),
        ):
            assert client.get(reverse(f"coordination:{name}", args=[pk])).status_code == 404, name
        assert client.post(reverse("coordination:campaign_file_enter", args=[file.pk])).status_code == 404
        assert "Đợt thử" not in client.get(reverse("coordination:campaigns")).content.decode()

    def test_the_same_bytes_of_another_campaign_are_another_file(self) -> None:
        person = rows.without_account()
        content = [rows.line(person)]
        campaign = taken(person)
        rows.bring(campaign, content, clerk())
        other = rows.campaign(payer="AGRIBANK")
        batch = rows.bring(other, content, clerk("AGRIBANK")).batch
        assert files.same_file(campaign, batch.file.sha256) is not None
        assert files.same_file(other, batch.file.sha256).batch == batch  # type: ignore[union-attr]

    def test_a_foreign_commune_sees_neither_campaign_nor_conflict(self, client: Client) -> None:
        person = rows.without_account()
        campaign = taken(person)
        rows.bring(campaign, [rows.line(person, holder_name="NGUOI KHAC")], clerk())
        client.force_login(rows.officer(make.commune(make.BA_TO_TOWN)))
        assert client.get(reverse("coordination:campaign", args=[campaign.pk])).status_code == 404
        assert client.get(reverse("coordination:campaign_conflicts", args=[campaign.pk])).status_code == 404

    def test_a_commune_counts_its_own_row_only(self, client: Client) -> None:
        town = make.commune(make.BA_TO_TOWN)
        campaign = rows.campaign(make.commune(), town)
        rows.named(campaign, rows.without_account())
        rows.named(campaign, rows.without_account("Đinh Thị Thị Trấn", commune=town))
        client.force_login(rows.officer())
        page = client.get(reverse("coordination:campaign", args=[campaign.pk]))
        assert [row.unit.code for row in page.context["rows"]] == [make.BA_DONG]
        assert page.context["total"].ready == 1
        people = client.get(reverse("coordination:campaign_people", args=[campaign.pk])).content.decode()
        assert "Đinh Thị Thị Trấn" not in people

    def test_a_proposal_is_not_shown_to_communes(self, client: Client) -> None:
        campaign = rows.campaign(state=Campaign.State.PROPOSED)
        client.force_login(rows.officer())
        assert client.get(reverse("coordination:campaign", args=[campaign.pk])).status_code == 404

    def test_a_payer_reads_a_phone_number_only_of_whom_it_has_taken(self, client: Client) -> None:
        campaign, person = rows.campaign(), rows.without_account(phone="0905778899")
        rows.named(campaign, person)
        by = clerk()
        client.force_login(by)
        url = reverse("coordination:campaign_people", args=[campaign.pk])
        assert "0905778899" not in client.get(url).content.decode()
        taking.take_list(actor=by, campaign_id=campaign.pk)
        assert "0905778899" in client.get(url).content.decode()

    def test_a_payer_sees_no_rate(self, client: Client) -> None:
        campaign = Campaign.objects.get(source="Bưu điện mở, 7/2024")
        for username, sees in (("buudien", False), ("chutich", True)):
            client.force_login(User.objects.get(username=username))
            page = client.get(reverse("coordination:campaign", args=[campaign.pk])).content.decode()
            assert ("R1" in page) is sees, username

    def test_general_pages_of_lists_do_not_show_them(self, client: Client) -> None:
        person = rows.without_account()
        file = rows.bring(taken(person), [rows.line(person)], make.user())
        client.force_login(User.objects.get(username="phong"))
        assert client.get(reverse("beneficiaries:import_detail", args=[file.batch_id])).status_code == 404
        assert rows.SOURCE not in client.get(reverse("beneficiaries:imports")).content.decode()


class TestWriting:
    def test_the_district_s_file_names_whom_nobody_had(self) -> None:
        campaign, person = rows.campaign(), rows.without_account()
        by = make.user()
        file = rows.bring(campaign, [rows.line(person)], by)
        enter(file, by)
        row = campaign.people.get()
        assert (row.person, row.state, row.named_by) == (person, CampaignPerson.State.LISTED, by)

    def test_only_who_brought_it_enters_it(self) -> None:
        person = rows.without_account()
        file = rows.bring(taken(person), [rows.line(person)], clerk())
        with pytest.raises(services.CannotDo):
            services.request_entry(actor=make.user(), batch=file.batch)

    def test_a_payer_s_entry_waits_for_a_second_person(self) -> None:
        person = rows.without_account()
        by = clerk()
        file = rows.bring(taken(person), [rows.line(person)], by)
        enter(file, by)
        route = PayoutRoute.objects.get(person=person, account__isnull=False)
        assert (route.state, route.entered_by, route.first_month) == ("entered", by, make.NEXT_MONTH)
        again = rows.bring(file.campaign, [rows.line(person, account=route.account.number), {}][:1], by)  # type: ignore[union-attr]
        assert (again.batch.new_count, again.batch.unchanged_count) == (0, 1)

    def test_somebody_who_could_not_open_one_could_after_all(self) -> None:
        person = rows.without_account()
        campaign = taken(person)
        by = clerk()
        row = campaign.people.get()
        taking.mark_failed(actor=by, campaign_id=campaign.pk, row_ids=[row.pk], failure="away")
        enter(rows.bring(campaign, [rows.line(person)], by), by)
        row.refresh_from_db()
        assert (row.state, row.failure) == (CampaignPerson.State.LISTED, "")


class TestConflicts:
    def one(self, **cells: Any) -> CampaignConflict:
        person = rows.without_account()
        campaign = taken(person)
        rows.bring(campaign, [rows.line(person, **cells)], clerk())
        return campaign.conflicts.get()

    def test_another_holder_s_name(self) -> None:
        found = self.one(owner="Chính chủ", holder_name="NGUYEN VAN KHAC")
        assert (found.kind, found.settled_at) == (Kind.HOLDER, None)

    def test_an_account_that_serves_somebody_else(self) -> None:
        person, other = rows.without_account(), rows.without_account("Phạm Thị Khác")
        account = make.account(bin=rows.POST_BIN, holder_name="")
        rows.receives_at(other, account)
        campaign = taken(person)
        rows.bring(campaign, [rows.line(person, account=account.number)], clerk())
        found = campaign.conflicts.get()
        assert found.kind == Kind.IN_USE and "Phạm Thị Khác" not in found.message

    def test_numbers_of_two_people(self) -> None:
        person, other = rows.without_account(), rows.without_account("Phạm Thị Khác", cmnd="212333444")
        campaign = taken(person, other)
        rows.bring(campaign, [rows.line(person, cmnd=other.cmnd)], clerk())
        assert campaign.conflicts.get().kind == Kind.PERSON

    def test_a_later_file_without_it_settles_it(self) -> None:
        person = rows.without_account()
        campaign = taken(person)
        rows.bring(campaign, [rows.line(person, holder_name="NGUYEN VAN KHAC")], clerk())
        rows.bring(campaign, [rows.line(person, holder_name="PHAM THI CHUA MO")], clerk())
        found = campaign.conflicts.get()
        assert found.settled_by == User.objects.system()
        rows.bring(campaign, [rows.line(person, holder_name="NGUYEN VAN KHAC")], clerk())
        found.refresh_from_db()
        assert found.settled_at is None

    def test_what_somebody_settled_stays_settled(self) -> None:
        person = rows.without_account()
        campaign = taken(person)
        wrong = rows.line(person, holder_name="NGUYEN VAN KHAC")
        rows.bring(campaign, [wrong], clerk())
        by = rows.officer()
        pk = campaign.conflicts.get().pk
        assert conflicts.settle(actor=by, conflict_ids=[pk], reason="Đã xem CCCD, đúng người") == 1
        rows.bring(campaign, [wrong], clerk())
        found = campaign.conflicts.get()
        assert (found.settled_by, found.reason) == (by, "Đã xem CCCD, đúng người")
        assert Entry.objects.filter(action="Xử lý xung đột tài khoản", actor=by).count() == 1

    def test_a_file_that_is_dropped_leaves_none(self) -> None:
        person = rows.without_account()
        campaign = taken(person)
        by = clerk()
        file = rows.bring(campaign, [rows.line(person, holder_name="NGUYEN VAN KHAC")], by)
        services.withdraw_batch(actor=by, batch=file.batch)
        assert not campaign.conflicts.waiting().exists()

    def test_the_page_settles_and_says_what_is_missing(self, client: Client) -> None:
        found = self.one(holder_name="NGUYEN VAN KHAC")
        client.force_login(User.objects.get(username="phong"))
        url = reverse("coordination:campaign_settle", args=[found.campaign_id])
        answer = client.post(url, {"chon": [found.pk]})
        assert answer.status_code == 422 and "Hãy ghi đã xử lý thế nào" in answer.content.decode()
        assert client.post(url, {"chon": [found.pk], "xu_ly": "Đúng người"}).status_code == 302
        found.refresh_from_db()
        assert found.reason == "Đúng người"

    def test_one_number_under_two_names_is_a_conflict_and_goes_in_for_nobody(self) -> None:
        one, other = rows.without_account("Phạm Thị Ánh"), rows.without_account("Phạm Thị Bé")
        campaign = taken(one, other)
        twice = {"account": "0999777888666", "owner": "Chính chủ"}
        file = rows.bring(
            campaign,
            [
                rows.line(one, holder_name="PHAM THI ANH", **twice),
                rows.line(other, holder_name="PHAM THI BE", **twice),
            ],
            clerk(),
        )
        assert (file.batch.error_count, file.batch.new_count) == (2, 0)
        assert set(campaign.conflicts.waiting().values_list("kind", "person")) == {
            (Kind.HOLDER, one.pk), (Kind.HOLDER, other.pk),
        }  # fmt: skip
        assert not PayoutRoute.objects.filter(account__number="0999777888666").exists()

    def test_one_number_for_two_people_without_a_name_is_a_conflict(self) -> None:
        one, other = rows.without_account("Phạm Thị Ánh"), rows.without_account("Phạm Thị Bé")
        campaign = taken(one, other)
        rows.bring(campaign, [rows.line(person, account="0999777888666") for person in (one, other)], clerk())
        assert list(campaign.conflicts.waiting().values_list("kind", flat=True)) == [Kind.IN_USE] * 2


def test_the_same_file_twice_is_recognised(client: Client) -> None:
    person = rows.without_account()
    campaign = taken(person)
    client.force_login(clerk())
    url = reverse("coordination:campaign_file_add", args=[campaign.pk])
    content = lists.workbook([rows.line(person)])

    def bring() -> Any:
        file = io.BytesIO(content)
        file.name = "tk.xlsx"
        return client.post(url, {"file": file})

    assert bring().status_code == 302
    again = bring()
    assert again.status_code == 422 and "Tệp này đã nạp rồi" in again.content.decode()

"""Campaigns of opening accounts, from who is ready to the first payment."""

import io
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from openpyxl import load_workbook

from batosocial.audit.models import Entry
from batosocial.coordination.campaigns import naming, taking
from batosocial.coordination.campaigns.counting import Progress, Step, at_step, progress_of
from batosocial.coordination.campaigns.effect import effect_of
from batosocial.coordination.campaigns.refusal import CampaignRefused
from batosocial.coordination.models import Campaign, CampaignPerson
from batosocial.staff.models import Role, User
from beneficiaries.imports import services
from beneficiaries.models import ImportBatch, PayoutRoute, Person
from beneficiaries.payout.confirming import confirm_routes
from payments.models import Payment
from tests import factories as make
from tests.beneficiaries import account_lists as lists
from tests.coordination import campaign_rows as rows
from tests.payments import rows as paid

pytestmark = pytest.mark.django_db

State = CampaignPerson.State


def total(campaign: Campaign, user: User | None = None) -> Progress:
    user = user or User.objects.get(username="phong")
    return Progress.total(row.progress for row in progress_of(user, campaign))


def the_demo() -> Campaign:
    return Campaign.objects.get(source="Bưu điện mở, 7/2024")


class TestTheLetter:
    def test_581_accounts_in_7_communes_are_open_and_not_yet_paid(self) -> None:
        campaign = the_demo()
        assert campaign.communes.count() == 7
        made = total(campaign)
        assert (made.planned, made.ready, made.opened, made.verified, made.paid) == (581, 581, 581, 581, 0)

    def test_the_rate_goes_from_1127_to_1708_of_3812(self) -> None:
        effect = effect_of(User.objects.get(username="chutich"), the_demo())
        assert effect is not None
        both = effect.total.effects[-1]
        assert (both.now.paid_by_account, both.now.due, both.more) == (1127, 3812, 581)
        assert (both.then.paid_by_account, both.missing_then) == (1708, 198)
        assert sum(place.effects[-1].more for place in effect.communes) == 581
        assert len(effect.communes) == 7

    @pytest.mark.parametrize("username", ["buudien", "phong"])
    def test_its_581_as_a_file_are_unchanged(self, username: str) -> None:
        by = User.objects.get(username=username)
        before = [model.objects.count() for model in (PayoutRoute, CampaignPerson)]
        batch = rows.bring(the_demo(), lists.of_the_demo(), by).batch
        counts = (batch.new_count, batch.changed_count, batch.unchanged_count, batch.error_count, batch.warning_count)
        assert counts == (0, 0, 581, 0, 0)
        assert not the_demo().conflicts.exists()
        assert [model.objects.count() for model in (PayoutRoute, CampaignPerson)] == before


def test_from_ready_to_the_first_payment() -> None:
    campaign = rows.campaign()
    person = rows.without_account()
    (row,) = rows.named(campaign, person)
    assert row.state == State.READY
    assert (total(campaign).ready, total(campaign).waiting, total(campaign).opened) == (1, 1, 0)
    clerk = make.user(Role.PAYER)
    taken = taking.take_list(actor=clerk, campaign_id=campaign.pk)
    assert taken.count == 1 and total(campaign).waiting == 0
    file = rows.bring(campaign, [rows.line(person)], clerk)
    assert file.batch.new_count == 1
    services.request_entry(actor=clerk, batch=file.batch)
    rows.run(file)
    assert file.batch.state == ImportBatch.State.ACCEPTED
    route = PayoutRoute.objects.get(person=person, account__isnull=False)
    assert (route.state, route.entered_by, route.source, route.first_month) == (
        "entered", clerk, rows.SOURCE, campaign.month,
    )  # fmt: skip
    assert (total(campaign).opened, total(campaign).verified) == (1, 0)
    assert confirm_routes(actor=make.user(Role.DISTRICT_OFFICER), route_ids=[route.pk]).count == 1
    assert (total(campaign).verified, total(campaign).paid) == (1, 0)
    august = paid.payment_list()
    payment = paid.payment(august, entitlement=person.entitlements.get(), account=route.account)
    paid.put(august, "handed_over")
    Payment.objects.filter(pk=payment.pk).update(
        result="paid_account", paid_on="2024-08-08", recorded_by=clerk, recorded_at="2024-08-08T09:00Z"
    )
    assert total(campaign).paid == 1
    assert [one.person for one in at_step(campaign.people.all(), Step.PAID)] == [person]


class TestNaming:
    def test_who_has_no_account_may_be_named_and_nobody_else(self) -> None:
        campaign = rows.campaign()
        person, other = rows.without_account(), rows.without_account("Có Rồi")
        rows.receives_at(other, make.account())
        open_to = naming.candidates(rows.officer(), campaign)
        assert person in open_to and other not in open_to
        done = naming.name_ready(
            actor=rows.officer(), campaign_id=campaign.pk, person_ids=[person.pk, other.pk], said=rows.said()
        )
        assert (done.count, [name for name, _ in done.refused]) == (1, ["Có Rồi"])
        assert Entry.objects.filter(action="Báo sẵn sàng mở tài khoản").count() == 1

    def test_naming_again_changes_nothing(self) -> None:
        campaign, person = rows.campaign(), rows.without_account()
        rows.named(campaign, person)
        by = rows.officer()
        done = naming.name_ready(actor=by, campaign_id=campaign.pk, person_ids=[person.pk], said=rows.said())
        assert (done.count, done.unchanged) == (0, 1)

    def test_a_home_visit_is_noted_with_its_place(self) -> None:
        campaign, person = rows.campaign(), rows.without_account(phone="0905112233")
        (row,) = rows.named(campaign, person, home_visit=True, home_place="Sau trường học", note="Yếu")
        assert (row.home_visit, row.home_place, row.note, row.phone) == (True, "Sau trường học", "Yếu", "0905112233")
        assert total(campaign).home == 1

    def test_a_child_s_guardian_comes_from_the_register(self) -> None:
        campaign = rows.campaign()
        child = make.person("Phạm Văn Bé", birth="2015")
        make.entitlement(child)
        guardian = make.payee(child, "guardian", "Phạm Thị Mẹ", cccd="051185001234", phone="0905000111")
        make.route(child, payee=guardian, confirmed_by=make.user())
        (row,) = rows.named(campaign, child)
        assert (row.opener, row.opener_name, row.opener_cccd, row.phone) == (
            "guardian", "Phạm Thị Mẹ", "051185001234", "0905000111",
        )  # fmt: skip

    def test_somebody_else_who_opens_has_to_be_named(self) -> None:
        campaign, person = rows.campaign(), rows.without_account()
        by = rows.officer()
        done = naming.name_ready(
            actor=by, campaign_id=campaign.pk, person_ids=[person.pk], said=rows.said(opener="authorised")
        )
        assert done.count == 0 and "chưa rõ họ tên" in done.refused[0][1]

    def test_nobody_is_in_two_running_campaigns(self) -> None:
        person = rows.without_account()
        rows.named(rows.campaign(), person)
        second = rows.campaign(payer="AGRIBANK")
        by = rows.officer()
        done = naming.name_ready(actor=by, campaign_id=second.pk, person_ids=[person.pk], said=rows.said())
        assert done.count == 0 and len(done.refused) == 1

    def test_a_foreign_commune_s_people_and_campaigns_do_not_exist(self) -> None:
        campaign, person = rows.campaign(), rows.without_account(commune=make.commune(make.BA_TO_TOWN))
        with pytest.raises(Person.DoesNotExist):
            naming.name_ready(actor=rows.officer(), campaign_id=campaign.pk, person_ids=[person.pk], said=rows.said())
        with pytest.raises(Campaign.DoesNotExist):
            naming.name_ready(
                actor=rows.officer(person.commune), campaign_id=campaign.pk, person_ids=[person.pk], said=rows.said()
            )

    def test_withdrawn_people_may_be_named_again(self) -> None:
        campaign, person = rows.campaign(), rows.without_account()
        (row,) = rows.named(campaign, person, note="cũ")
        taking.take_list(actor=make.user(Role.PAYER), campaign_id=campaign.pk)
        naming.withdraw_named(actor=rows.officer(), campaign_id=campaign.pk, row_ids=[row.pk], reason="Đổi ý")
        assert (total(campaign).ready, campaign.people.get().withdrawal) == (0, "Đổi ý")
        (again,) = rows.named(campaign, person)
        assert (again.pk, again.state, again.note, again.taken_at, again.withdrawal) == (row.pk, "ready", "", None, "")

    def test_who_has_an_account_by_now_is_not_withdrawn(self) -> None:
        campaign, person = rows.campaign(), rows.without_account()
        (row,) = rows.named(campaign, person)
        make.route(person, account=make.account(bin=rows.POST_BIN), start=make.NEXT_MONTH)
        done = naming.withdraw_named(actor=rows.officer(), campaign_id=campaign.pk, row_ids=[row.pk], reason="Thử")
        assert done.count == 0 and len(done.refused) == 1

    def test_nobody_is_named_once_the_campaign_is_closed(self) -> None:
        campaign, person = rows.campaign(state="closed"), rows.without_account()
        by = rows.officer()
        with pytest.raises(CampaignRefused):
            naming.name_ready(actor=by, campaign_id=campaign.pk, person_ids=[person.pk], said=rows.said())


class TestTaking:
    def cells(self, content: bytes) -> list[list[Any]]:
        sheet = load_workbook(io.BytesIO(content)).active
        assert sheet is not None
        return [list(row) for row in sheet.iter_rows(min_row=4, values_only=True)]

    def test_the_list_has_those_who_are_ready_and_marks_them(self) -> None:
        campaign = rows.campaign()
        person, later = rows.without_account("Phạm Thị Một"), rows.without_account("Phạm Thị Hai")
        rows.named(campaign, person)
        clerk = make.user(Role.PAYER)
        head, *found = self.cells(taking.take_list(actor=clerk, campaign_id=campaign.pk).content)
        assert [row[1] for row in found] == ["Phạm Thị Một"]
        assert found[0][4] == person.cccd and not any("đồng" in str(cell) for cell in head)
        row = campaign.people.get()
        assert (row.state, row.taken_by) == (State.LISTED, clerk)
        rows.named(campaign, later)
        head, *found = self.cells(taking.take_list(actor=clerk, campaign_id=campaign.pk).content)
        assert [row[1] for row in found] == ["Phạm Thị Hai"]
        head, *found = self.cells(taking.take_list(actor=clerk, campaign_id=campaign.pk, again=True).content)
        assert len(found) == 2
        with pytest.raises(CampaignRefused):
            taking.take_list(actor=clerk, campaign_id=campaign.pk)
        assert Entry.objects.filter(action="Nhận danh sách sẵn sàng mở tài khoản", actor=clerk).count() == 2

    def test_no_account_and_no_amount_of_anybody_stands_in_it(self) -> None:
        campaign, person = rows.campaign(), rows.without_account(policy="NCC")
        make.entitlement(person)
        known = make.account("4505205998877")
        make.route(person, account=known, confirmed_by=make.user())
        make.entitlement(person, "NCC-1.2A")
        rows.named(campaign, person)
        content = taking.take_list(actor=make.user(Role.PAYER), campaign_id=campaign.pk).content
        text = " ".join(str(cell) for row in self.cells(content) for cell in row)
        assert person.name in text
        assert known.number not in text and "2789000" not in text and "Agribank" not in text

    def test_filled_in_it_comes_back_as_the_file_of_accounts(self) -> None:
        campaign, person = rows.campaign(), rows.without_account()
        rows.named(campaign, person)
        clerk = make.user(Role.PAYER)
        book = load_workbook(io.BytesIO(taking.take_list(actor=clerk, campaign_id=campaign.pk).content))
        sheet = book.active
        assert sheet is not None
        for column, value in ((15, "LPBank"), (16, "091234567890"), (17, "PHAM THI CHUA MO")):
            sheet.cell(row=5, column=column, value=value)
        file = io.BytesIO()
        book.save(file)
        client = Client()
        client.force_login(clerk)
        file.seek(0)
        file.name = "tra-lai.xlsx"
        answer = client.post(reverse("coordination:campaign_file_add", args=[campaign.pk]), {"file": file})
        assert answer.status_code == 302
        made = campaign.files.get()
        assert made.batch.state == ImportBatch.State.CHECKING
        rows.run(made)
        assert (made.batch.new_count, made.batch.error_count, made.batch.warning_count) == (1, 0, 0)

    def test_who_could_not_open_one_is_told_and_may_try_again(self) -> None:
        campaign, person = rows.campaign(), rows.without_account()
        (row,) = rows.named(campaign, person)
        clerk = make.user(Role.PAYER)
        values: dict[str, Any] = {"actor": clerk, "campaign_id": campaign.pk, "row_ids": [row.pk], "failure": "away"}
        assert taking.mark_failed(**values) == 0
        taking.take_list(actor=clerk, campaign_id=campaign.pk)
        assert taking.mark_failed(**values) == 1
        assert (total(campaign).failed, total(campaign).waiting) == (1, 0)
        assert taking.try_again(actor=clerk, campaign_id=campaign.pk, row_ids=[row.pk]) == 1
        assert total(campaign).failed == 0

    def test_another_payer_takes_nothing(self) -> None:
        campaign = rows.campaign()
        rows.named(campaign, rows.without_account())
        with pytest.raises(Campaign.DoesNotExist):
            taking.take_list(actor=make.user(Role.PAYER, payer="AGRIBANK"), campaign_id=campaign.pk)
        assert total(campaign).waiting == 1


@pytest.mark.parametrize("step", list(Step))
def test_each_number_is_the_length_of_its_list(step: Step, client: Client) -> None:
    town = make.commune(make.BA_TO_TOWN)
    campaign = rows.campaign(make.commune(), town)
    people = [rows.without_account() for _ in range(4)]
    first, *_ = rows.named(campaign, *people)
    rows.named(campaign, rows.without_account(commune=town), home_visit=True)
    clerk = make.user(Role.PAYER)
    taking.take_list(actor=clerk, campaign_id=campaign.pk)
    rows.named(campaign, rows.without_account())
    account = make.account(bin=rows.POST_BIN)
    rows.receives_at(people[1], account)
    make.route(people[2], account=make.account(bin=rows.POST_BIN), start=make.NEXT_MONTH)
    # An account of somebody else's bank is none of this campaign.
    make.route(people[3], account=make.account(), start=make.NEXT_MONTH)
    taking.mark_failed(actor=clerk, campaign_id=campaign.pk, row_ids=[first.pk], failure="refuses")
    client.force_login(User.objects.get(username="phong"))
    page = client.get(reverse("coordination:campaign", args=[campaign.pk]))
    cells = {found: number for _, number, found in page.context["total_cells"]}
    if step in cells:
        url = reverse("coordination:campaign_people", args=[campaign.pk])
        assert client.get(url, {"buoc": step}).context["page"].paginator.count == cells[step]
        for row in page.context["rows"]:
            number = next(number for _, number, found in row.cells if found == step)
            listed = client.get(url, {"buoc": step, "xa": row.unit.code})
            assert listed.context["page"].paginator.count == number
    assert (cells[Step.OPENED], cells[Step.VERIFIED], cells[Step.FAILED], cells[Step.HOME]) == (2, 1, 1, 1)


def test_the_page_has_a_fixed_number_of_queries(client: Client) -> None:
    client.force_login(User.objects.get(username="phong"))
    counts = []
    for communes in ([make.commune()], list(make.district().children.all()[:10])):
        campaign = rows.campaign(*communes)
        rows.named(campaign, *[rows.without_account(commune=communes[0]) for _ in range(len(communes))])
        for name in ("campaign", "campaign_people", "campaign_print"):
            with CaptureQueriesContext(connection) as queries:
                assert client.get(reverse(f"coordination:{name}", args=[campaign.pk])).status_code == 200
            counts.append(len(queries))
    assert counts[:3] == counts[3:] and max(counts) < 35, counts

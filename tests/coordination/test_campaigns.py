"""Campaigns of opening accounts, from who is ready to the first payment."""

import pytest

from batosocial.coordination.campaigns import taking
from batosocial.coordination.campaigns.counting import Progress, Step, at_step, progress_of
from batosocial.coordination.campaigns.effect import effect_of
from batosocial.coordination.models import Campaign, CampaignPerson
from batosocial.staff.models import Role, User
from beneficiaries.imports import services
from beneficiaries.models import ImportBatch, PayoutRoute
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

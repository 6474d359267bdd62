"""Campaigns for tests: a running one of the post in Ba Động, and people who may open an account."""

import datetime
from typing import Any

from django.utils import timezone

from batosocial.coordination.campaigns import files, naming
from batosocial.coordination.campaigns.naming import Said
from batosocial.coordination.models import Campaign, CampaignCommune, CampaignFile, CampaignPerson
from batosocial.jobs import runner
from batosocial.staff.models import Payer, Role, User
from batosocial.territory.models import Unit
from beneficiaries.models import Account, ImportBatch, PayoutRoute, Person, Policy
from tests import factories as make
from tests.beneficiaries import account_lists as lists

POST_BIN = "970449"
SOURCE = "Đợt thử, 8/2024"


def campaign(*communes: Unit, payer: str = "BUUDIEN", state: str = Campaign.State.OPEN, **fields: Any) -> Campaign:
    """For August, until 15/8; ten accounts planned in each commune."""
    by = make.user()
    signed = {} if state == Campaign.State.PROPOSED else {"confirmed_by": by, "confirmed_at": timezone.now()}
    if state == Campaign.State.CLOSED:
        signed |= {"ended_by": by, "ended_at": timezone.now()}
    defaults: dict[str, Any] = {
        "name": "Đợt thử",
        "payer": Payer.objects.get(code=payer),
        "upper": make.district(),
        "month": make.NEXT_MONTH,
        "deadline": datetime.date(2024, 8, 15),
        "source": SOURCE,
        "planned_by": by,
        "planned_at": timezone.now(),
    }
    made = Campaign.objects.create(state=state, **(defaults | signed | fields))
    CampaignCommune.objects.bulk_create(
        CampaignCommune(campaign=made, commune=unit, planned=10) for unit in communes or (make.commune(),)
    )
    return made


def without_account(name: str = "Phạm Thị Chưa Mở", *, policy: str = Policy.SOCIAL, **fields: Any) -> Person:
    """Somebody who receives a benefit in cash."""
    person = make.person(name, **fields)
    make.entitlement(person, "BTXH-5C" if policy == Policy.SOCIAL else "NCC-3.1")
    make.route(person, policy, confirmed_by=make.user())
    return person


def receives_at(person: Person, account: Account, *, start: datetime.date = make.NEXT_MONTH) -> PayoutRoute:
    """A confirmed account from the month on; what was confirmed before ends there."""
    before = PayoutRoute.objects.confirmed().filter(person=person)
    for route in before:
        if route.first_month < start:
            PayoutRoute.objects.filter(pk=route.pk).update(months=make.month_range(route.first_month, start))
        else:
            before.filter(pk=route.pk).delete()
    return make.route(person, account=account, start=start, confirmed_by=make.user())


def officer(commune: Unit | None = None) -> User:
    return make.user(Role.COMMUNE_OFFICER, commune=commune)


def said(**fields: Any) -> Said:
    return Said(**({"agreed_on": datetime.date(2024, 7, 20)} | fields))


def named(campaign: Campaign, *people: Person, **fields: Any) -> list[CampaignPerson]:
    """The people named as ready by their commune."""
    by = officer(people[0].commune)
    ids = [person.pk for person in people]
    naming.name_ready(actor=by, campaign_id=campaign.pk, person_ids=ids, said=said(**fields))
    return list(CampaignPerson.objects.filter(campaign=campaign, person__in=people).order_by("pk"))


def line(person: Person | None = None, **cells: Any) -> dict[str, Any]:
    """A row of an account-opening file: an account that the post pays into."""
    return lists.line(person, **({"provider": POST_BIN} | cells))


def bring(campaign: Campaign, rows: list[dict[str, Any]], by: User) -> CampaignFile:
    """Bring a file and have it checked, as the job does."""
    file = files.bring_file(
        actor=by, campaign_id=campaign.pk, filename="tk.xlsx", content=lists.workbook(rows), reading=None
    )
    run(file)
    assert file.batch.state == ImportBatch.State.PREVIEWED, file.batch.failure
    return file


def run(file: CampaignFile) -> None:
    """Run the job of a file's last step."""
    file.batch.refresh_from_db()
    assert file.batch.job_id is not None
    runner.run_job(file.batch.job_id)
    file.batch.refresh_from_db()

"""Checking identities, and what people decide about what a check found."""

from collections.abc import Iterable

from django.db import transaction
from django.db.models import Count

from batosocial.audit import services as audit
from batosocial.jobs.models import Job
from batosocial.jobs.services import queue_job
from batosocial.staff.models import User
from beneficiaries.identity.checking import Checked, Progress, check
from beneficiaries.models import IdentityIssue

CHECK_JOB = "beneficiaries.check_identity"


def check_people(person_ids: Iterable[int]) -> Checked:
    """Re-check these people, and those with whom they share something, inside the caller's transaction.

    To be called after writing people, their payees, accounts, dependants or benefits. It opens, renews and closes
    issues and sets ``identity_status``; objects that the caller holds don't learn of it.
    """
    with transaction.atomic():
        return check(person_ids)


@transaction.atomic
def check_register(
    *, actor: User, progress: Progress = lambda done, total, step: None, job_id: int | None = None
) -> Checked:
    """Re-check everybody in the register; one audit entry with the counts."""
    checked = check(None, progress)
    audit.record(
        actor=actor,
        action="Kiểm tra nhân thân toàn bộ",
        details={
            "people": checked.people,
            "opened": checked.opened,
            "reopened": checked.reopened,
            "closed": checked.closed,
        },
        job_id=job_id,
    )
    return checked


def queue_check(*, actor: User, result_url: str = "") -> Job:
    """Check the register in the background; while one waits, asking again gives that one."""
    return queue_job(
        kind=CHECK_JOB,
        title="Kiểm tra nhân thân toàn bộ sổ đối tượng",
        owner=actor,
        args={},
        key=CHECK_JOB,
        result_url=result_url,
    )


def people_by_kind() -> dict[str, int]:
    """How many people have a waiting issue, by kind; kinds without any are 0."""
    rows = (
        IdentityIssue.objects.waiting().order_by().values_list("kind").annotate(people=Count("person", distinct=True))
    )
    return dict.fromkeys(IdentityIssue.Kind.values, 0) | dict(rows)

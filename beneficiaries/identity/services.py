"""Checking identities, and what people decide about what a check found."""

from collections.abc import Iterable

from django.core.exceptions import PermissionDenied
from django.db import connection, transaction
from django.db.models import Count
from django.utils import timezone

from batosocial.audit import services as audit
from batosocial.jobs.models import Job
from batosocial.jobs.services import queue_job
from batosocial.staff.models import BENEFIT_ROLES, Role, User
from beneficiaries.identity.checking import Checked, Progress, check, take_turn
from beneficiaries.models import Dependant, Entitlement, IdentityEvent, IdentityIssue, Payee, PayoutRoute, Person

CHECK_JOB = "beneficiaries.check_identity"

#: Who reads the worklist, who works on it, and who may start a check of everybody.
READERS = BENEFIT_ROLES | {Role.POLICE}
WORKERS = READERS - {Role.CHAIRMAN}
CHECKERS = frozenset({Role.DISTRICT_OFFICER, Role.DISTRICT_LEADER})

#: So many people at once are a list that was just written.
_MANY = 500

State, What = IdentityIssue.State, IdentityEvent.What


class CannotDo(ValueError):
    """The message says in Vietnamese why not, and what to do."""


def check_people(person_ids: Iterable[int]) -> Checked:
    """Re-check these people, and those with whom they share something, inside the caller's transaction.

    To be called after writing people, their payees, accounts, dependants or benefits. It opens, renews and closes
    issues and sets ``identity_status``; objects that the caller holds don't learn of it.
    """
    ids = list(person_ids)
    with transaction.atomic():
        if len(ids) >= _MANY:
            _count_rows()
        return check(ids)


def _count_rows() -> None:
    """Tell the planner what a long list has just added: by the old statistics it would join such tables row by row,
    which took the better part of a minute for 8,000 people where it takes a second."""
    tables = ", ".join(model._meta.db_table for model in (Person, Entitlement, Dependant, Payee, PayoutRoute))
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE {tables}")


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


def may_accept(actor: User, issue: IdentityIssue) -> bool:
    """Whether the actor may leave things as they are: the district any of them; the leader of a commune a double or
    an odd number that concerns nobody elsewhere."""
    if actor.role in CHECKERS:
        return True
    own = issue.kind in (IdentityIssue.Kind.DUPLICATE, IdentityIssue.Kind.MALFORMED)
    return actor.role == Role.COMMUNE_LEADER and own and issue.side == IdentityIssue.Side.COMMUNE


def may_give_back(actor: User, issue: IdentityIssue) -> bool:
    """Whoever has it in hand, or a leader who takes it from somebody who is away."""
    leads = actor.role in (Role.COMMUNE_LEADER, Role.DISTRICT_LEADER)
    return issue.state == State.IN_HAND and (issue.owner_id == actor.pk or leads)


@transaction.atomic
def take_issue(*, actor: User, issue_id: int) -> IdentityIssue:
    """Take a waiting issue in hand; one's own again changes nothing.

    PermissionDenied without the role, IdentityIssue.DoesNotExist out of scope, CannotDo where somebody else has it
    or nothing waits any more.
    """
    issue = _locked(actor, issue_id)
    if issue.owner_id == actor.pk and issue.state == State.IN_HAND:
        return issue
    if issue.state == State.IN_HAND:
        raise CannotDo(f"{issue.owner} đang xử lý việc này. Hãy hỏi người đó, hoặc chọn việc khác.")
    _still_waiting(issue)
    _move(issue, actor=actor, what=What.TAKEN, action="Nhận việc xác minh", state=State.IN_HAND, owner=actor)
    return issue


@transaction.atomic
def give_back_issue(*, actor: User, issue_id: int) -> IdentityIssue:
    """Put an issue back for others; errors as in ``take_issue``."""
    issue = _locked(actor, issue_id)
    if issue.state == State.OPEN:
        return issue
    _still_waiting(issue)
    if not may_give_back(actor, issue):
        raise CannotDo(f"Chỉ {issue.owner} hoặc lãnh đạo trả lại được việc này.")
    _move(issue, actor=actor, what=What.GIVEN_BACK, action="Trả lại việc xác minh", state=State.OPEN, owner=None)
    return issue


@transaction.atomic
def accept_issue(*, actor: User, issue_id: int, reason: str) -> IdentityIssue:
    """Leave things as they are, with a reason; of people who share something, for all of them at once.

    It opens again when its facts change. Errors as in ``take_issue``; ValueError without a reason.
    """
    reason = reason.strip()
    if not reason:
        raise ValueError("Hãy ghi vì sao giữ nguyên, để người sau không phải kiểm tra lại.")
    take_turn()
    issue = _locked(actor, issue_id)
    if not may_accept(actor, issue):
        raise PermissionDenied
    if issue.state == State.ACCEPTED:
        return issue
    _still_waiting(issue)
    rows = [issue]
    if issue.kind == IdentityIssue.Kind.DUPLICATE:
        same = IdentityIssue.objects.visible_to(actor).waiting().filter(kind=issue.kind, key=issue.key)
        rows = list(same.select_for_update(of=("self",)).order_by("pk"))
    for row in rows:
        _move(
            row,
            actor=actor,
            what=What.ACCEPTED,
            action="Giữ nguyên sau xác minh",
            state=State.ACCEPTED,
            note=reason[:300],
            reason=reason[:300],
            closed_at=timezone.now(),
            closed_by=actor,
        )
    check([row.person_id for row in rows])
    return rows[0]


@transaction.atomic
def recheck_issue(*, actor: User, issue_id: int) -> IdentityIssue:
    """Ask the rules again about the person and those with whom something is shared; errors as in ``take_issue``."""
    take_turn()
    issue = _locked(actor, issue_id)
    audit.record(actor=actor, action="Kiểm tra lại nhân thân", row=issue)
    check([issue.person_id])
    issue.refresh_from_db()
    return issue


def record_full_view(*, actor: User, issue: IdentityIssue, people: Iterable[Person]) -> None:
    """Say in the audit whose full numbers somebody looked at (rules.md 8.3)."""
    audit.record(actor=actor, action="Xem số đầy đủ", row=issue, details={"people": [person.pk for person in people]})


def _locked(actor: User, issue_id: int) -> IdentityIssue:
    if actor.role not in WORKERS or not actor.is_active:
        raise PermissionDenied
    visible = IdentityIssue.objects.visible_to(actor).select_related("owner", "person")
    return visible.select_for_update(of=("self",)).get(pk=issue_id)


def _still_waiting(issue: IdentityIssue) -> None:
    if not issue.is_waiting:
        raise CannotDo(f"Việc này không còn chờ xử lý ({issue.get_state_display().lower()}).")


def _move(issue: IdentityIssue, *, actor: User, what: str, action: str, note: str = "", **fields: object) -> None:
    changes = audit.differences(issue, fields)
    for name, value in fields.items():
        setattr(issue, name, value)
    issue.save(update_fields=list(fields))
    IdentityEvent.objects.create(
        issue=issue, at=timezone.now(), what=what, actor=actor, note=note, evidence=issue.evidence
    )
    audit.record(actor=actor, action=action, row=issue, changes=changes)

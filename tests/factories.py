"""Small rows for tests, made straight in the database beside the demo district. Shared: add, don't rework.

Names say what they are; whatever a test does not care about has a default that satisfies every constraint.
"""

import datetime
import itertools
from typing import Any

from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils import timezone

from batosocial.lib.dates import PartialDate
from batosocial.staff.models import COMMUNE_ROLES, Payer, Role, User
from batosocial.territory.models import Unit
from beneficiaries.models import (
    Account,
    Category,
    Change,
    Dependant,
    Entitlement,
    IdentityIssue,
    Payee,
    PayoutRoute,
    Person,
    Policy,
    Provider,
    Suspension,
)

BA_DONG = "21496"
BA_TO_TOWN = "21484"
THIS_MONTH = datetime.date(2024, 7, 1)
NEXT_MONTH = datetime.date(2024, 8, 1)
AGRIBANK = "970405"

_numbers = itertools.count(1)


def commune(code: str = BA_DONG) -> Unit:
    return Unit.objects.current().communes().get(code=code)


def empty_commune() -> Unit:
    """A commune of the district in which nobody lives; the same one every time it is asked for."""
    fields = {"name": "Ba Vắng", "kind": "Xã", "level": Unit.Level.COMMUNE, "parent": district(), "position": 99}
    return Unit.objects.get_or_create(code="21999", valid_from=datetime.date(2004, 1, 1), defaults=fields)[0]


def commune_named(name: str) -> Unit:
    return Unit.objects.current().communes().get(name=name)


def _default_commune() -> Unit:
    return commune(BA_DONG)


def district() -> Unit:
    return Unit.objects.get(level=Unit.Level.DISTRICT, code="535")


def user(role: str = Role.DISTRICT_OFFICER, *, commune: Unit | None = None, payer: str = "", **fields: Any) -> User:
    """Somebody with a role; commune roles work in Ba Động unless told, payers for Bưu điện. No password."""
    number = next(_numbers)
    unit = None
    if role in COMMUNE_ROLES:
        unit = commune or _default_commune()
    elif role not in (Role.PAYER, Role.ADMIN, Role.SYSTEM):
        unit = commune or district()
    fields.setdefault("username", f"thu-{role}-{number}")
    fields.setdefault("full_name", f"Người thử {number}")
    if role == Role.PAYER:
        fields["payer"] = Payer.objects.get(code=payer or "BUUDIEN")
    made = User(role=role, unit=unit, **fields)
    made.set_unusable_password()
    made.save()
    return made


def cccd(sex: str = "F", birth_year: int = 1950) -> str:
    """A number that fits sex and year, of another province than the demo's people."""
    century = 2 * (birth_year // 100 - 19) + (sex == "F")
    return f"096{century}{birth_year % 100:02}{next(_numbers):06}"


def person(name: str = "Phạm Thị Thử", *, commune: Unit | None = None, birth: str = "1950", **fields: Any) -> Person:
    """A person with a claimed CCCD; ``birth`` as "1950", "05/1950" or "12/05/1950"; ``cccd=""`` for none."""
    parts = [int(part) for part in reversed(birth.split("/"))]
    date = PartialDate(*parts)
    sex = fields.setdefault("sex", "F")
    if "cccd" not in fields:
        fields["cccd"] = cccd(sex, date.year)
    if not fields["cccd"]:
        fields.setdefault("cccd_state", Person.CccdState.MISSING)
        fields.setdefault("cccd_missing_reason", Person.MissingReason.NOT_MADE)
    made = Person(
        name=name,
        commune=commune or _default_commune(),
        birth_year=date.year,
        birth_month=date.month,
        birth_day=date.day,
        **fields,
    )
    made.set_keys()
    made.save()
    return made


def month_range(start: datetime.date, before: datetime.date | None = None) -> DateRange:
    """Months from ``start``, up to but without ``before``."""
    return DateRange(start, before, "[)")


def first_load(person: Person, policy: str, *, start: datetime.date, by: User | None = None) -> Change:
    """A change in force that needs no decision."""
    return Change.objects.create(
        kind=Change.Kind.START,
        policy=policy,
        person=person,
        effective_month=start,
        state=Change.State.APPLIED,
        first_load=True,
        proposed_by=by or User.objects.system(),
        applied_at=timezone.now(),
    )


def proposal(person: Person, *, by: User | None = None, **fields: Any) -> Change:
    """A proposed change that nobody has looked at: a new benefit of BTXH unless told."""
    fields = {"kind": Change.Kind.START, "policy": Policy.SOCIAL, "effective_month": NEXT_MONTH} | fields
    fields.setdefault("proposal", {"category": "BTXH-5C", "level": 0, "own_amount": None, "dependants": []})
    return Change.objects.create(person=person, proposed_by=by or User.objects.system(), **fields)


def entitlement(
    person: Person,
    category: str = "BTXH-5C",
    *,
    start: datetime.date = datetime.date(2024, 1, 1),
    before: datetime.date | None = None,
    dependants: int = 0,
    **fields: Any,
) -> Entitlement:
    """A granted benefit from ``start`` until further notice, or up to ``before``."""
    kind = Category.objects.get(code=category)
    fields.setdefault("granted_by", None)
    fields["granted_by"] = fields["granted_by"] or first_load(person, kind.policy, start=start)
    made = Entitlement.objects.create(person=person, category=kind, months=month_range(start, before), **fields)
    Dependant.objects.bulk_create(
        Dependant(entitlement=made, name=f"Con {number}", months=month_range(start, before))
        for number in range(1, dependants + 1)
    )
    return made


def suspension(entitlement: Entitlement, start: datetime.date, before: datetime.date | None = None) -> Suspension:
    change = first_load(entitlement.person, entitlement.category.policy, start=start)
    return Suspension.objects.create(entitlement=entitlement, months=month_range(start, before), change=change)


def payee(person: Person, kind: str = Payee.Kind.OWN, name: str = "", **fields: Any) -> Payee:
    if kind == Payee.Kind.OWN:
        return Payee.objects.get_or_create(person=person, kind=kind)[0]
    return Payee.objects.create(person=person, kind=kind, name=name or "Phạm Văn Nhận Thay", **fields)


def new_number() -> str:
    """An account number that nobody has, as long as Agribank's are."""
    return f"4505205{next(_numbers):06}"


def account(number: str = "", *, holder_name: str = "PHAM THI THU", bin: str = AGRIBANK, **fields: Any) -> Account:
    return Account.objects.create(
        provider=Provider.objects.get(bin=bin),
        number=number or new_number(),
        holder_name=holder_name,
        **fields,
    )


def route(
    person: Person,
    policy: str = Policy.SOCIAL,
    *,
    account: Account | None = None,
    start: datetime.date = datetime.date(2024, 1, 1),
    before: datetime.date | None = None,
    confirmed_by: User | None = None,
    **fields: Any,
) -> PayoutRoute:
    """Where the money goes: cash unless an account is given, waiting unless somebody confirmed it."""
    if account is None:
        fields.setdefault("cash_reason", PayoutRoute.CashReason.FRAIL)
    if "payee" not in fields:
        fields["payee"] = payee(person)
    if "entered_by" not in fields:
        fields["entered_by"] = User.objects.system()
    if confirmed_by is not None:
        fields |= {"confirmed_by": confirmed_by, "confirmed_at": timezone.now(), "state": PayoutRoute.State.CONFIRMED}
    return PayoutRoute.objects.create(
        person=person, policy=policy, account=account, months=month_range(start, before), **fields
    )


def identity_issue(person: Person, rule: str = "no_cccd", kind: str = "missing", **fields: Any) -> IdentityIssue:
    """An open issue as a check would leave it; one key for each."""
    now = timezone.now()
    defaults: dict[str, Any] = {
        "key": f"thu-{next(_numbers)}",
        "side": IdentityIssue.Side.POLICE,
        "evidence": {"lines": [{"what": "missing", "reason": "not_made"}]},
        "fingerprint": "",
        "rank": 40,
        "found_at": now,
        "checked_at": now,
    }
    return IdentityIssue.objects.create(person=person, rule=rule, kind=kind, **(defaults | fields))


def receivable(payment: Any, **fields: Any) -> Any:
    """What a payment paid too much, found and not decided unless told; ``state="decided"`` with a decision."""
    from payments.models import Receivable

    fields.setdefault("found_by", User.objects.system())
    if fields.get("state", "found") not in ("found", "cancelled"):
        fields = {
            "decision_number": "12/QĐ-UBND",
            "decision_date": datetime.date(2024, 7, 20),
            "decided_by": User.objects.system(),
        } | fields
    defaults: dict[str, Any] = {
        "person": payment.person,
        "policy": payment.payment_list.period.policy,
        "month": payment.payment_list.period.month,
        "amount": payment.total,
        "reason": "Chết ngày 20/06/2024, nhưng đã chi tháng 7/2024.",
    }
    return Receivable.objects.create(payment=payment, **(defaults | fields))


def receipt(receivable: Any, amount: int, **fields: Any) -> Any:
    """Money that came back."""
    from payments.models import Receipt

    defaults: dict[str, Any] = {
        "received_on": datetime.date(2024, 7, 21),
        "reference": f"PT{next(_numbers)}",
        "by": User.objects.system(),
    }
    return Receipt.objects.create(receivable=receivable, amount=amount, **(defaults | fields))


def grant(person: Person, category: str = "MTP-BTXH", **fields: Any) -> Any:
    """An open grant of somebody who died; its names and decision as given."""
    from payments.models import Grant

    defaults: dict[str, Any] = {
        "died_on": datetime.date(2024, 7, 10),
        "amount": 10_000_000,
        "basis": "20 × mức chuẩn trợ giúp xã hội 500.000 đ",
    }
    return Grant.objects.create(person=person, category=Category.objects.get(code=category), **(defaults | fields))


def question(by: User | None = None, **fields: Any) -> Any:
    """A question to the Phòng, asked by the officer of Ba Động unless told, waiting; with its first message."""
    from batosocial.coordination.models import Question, QuestionMessage

    by = by or user(Role.COMMUNE_OFFICER)
    side = {Role.POLICE.value: "police", Role.PAYER.value: "payer"}.get(by.role, "commune")
    upper = by.unit.parent if by.unit and by.unit.level == Unit.Level.COMMUNE else by.unit or district()
    text = fields.pop("text", "Người này đã chuyển đi từ tháng 5.")
    defaults: dict[str, Any] = {
        "side": side,
        "unit": by.unit,
        "payer": by.payer,
        "upper": upper,
        "topic": "benefits",
        "subject": "Người đã chuyển đi còn nhận không?",
        "due": datetime.date(2024, 7, 29) if fields.get("state", "waiting") == "waiting" else None,
        "asked_by": by,
        "about": "person" if "person" in fields else "list" if "payment_list" in fields else "general",
        "closed_by": by if fields.get("state") == "done" else None,
    }
    made = Question.objects.create(**(defaults | fields))
    QuestionMessage.objects.create(question=made, kind="question", text=text, by=by)
    return made


def general_answer(**fields: Any) -> Any:
    """A published answer of the district."""
    from batosocial.coordination.questions.publishing import publish_answer

    values = {"topic": "benefits", "question": "Người chuyển đi nhận ở đâu?", "answer": "Nhận ở nơi đến."}
    return publish_answer(actor=user(), **(values | fields))


def notification(owner: User, **fields: Any) -> Any:
    """An open notice of a source that nobody registered."""
    from batosocial.coordination.models import Notification

    defaults: dict[str, Any] = {
        "source": "thu",
        "key": str(next(_numbers)),
        "title": "Danh sách thử bị trả lại",
        "url": "/chi-tra/",
        "created_at": timezone.now(),
    }
    return Notification.objects.create(owner=owner, **(defaults | fields))


def directive(district: Unit, by: User | None = None, **fields: Any) -> Any:
    """An issued directive without tasks."""
    from batosocial.coordination.models import Directive

    by = by or User.objects.system()
    defaults: dict[str, Any] = {
        "month": THIS_MONTH,
        "number": "01/UBND",
        "issuer": "UBND huyện",
        "abstract": "V/v thử",
        "made_by": by,
        "made_at": timezone.now(),
        "state": Directive.State.ISSUED,
        "issued_by": by,
        "issued_at": timezone.now(),
    }
    return Directive.objects.create(upper=district, **(defaults | fields))


def assignment(
    kind: str = "commune",
    *,
    place: Any = None,
    directive: Any = None,
    due: datetime.date = datetime.date(2024, 8, 31),
    month: datetime.date | None = None,
    **fields: Any,
) -> Any:
    """A task of its own given to a commune (Ba Động unless told), the Phòng, the police or a payer."""
    from batosocial.coordination.models import Addressee, Assignment, DirectiveTask

    directive = directive or globals()["directive"](district())
    when = {"from_month": month, "due_day": due.day} if month else {"deadline": due}
    task = DirectiveTask.objects.create(
        directive=directive,
        position=directive.tasks.count() + 1,
        text="Việc thử",
        **when,
        **{name: fields.pop(name) for name in ("measure", "target", "measured_in") if name in fields},
    )
    if kind == "payer":
        who = {"payer": place or Payer.objects.get(code="BUUDIEN")}
    else:
        who = {"unit": place or (commune() if kind == "commune" else district())}
    addressee = Addressee.objects.create(task=task, kind=kind, **who)
    return Assignment.objects.create(task=task, addressee=addressee, due=due, month=month, **fields)


def assignment_step(user: User, *, own: bool, place: Unit, file: Any) -> Any:
    """A report with a file, for the user's side and in their district, or for another's in another district."""
    from batosocial.coordination.models import AssignmentStep

    sides = {
        Role.COMMUNE_OFFICER: "commune",
        Role.COMMUNE_LEADER: "commune",
        Role.POLICE: "police",
        Role.PAYER: "payer",
    }
    kind = sides.get(Role(user.role), "office")
    if kind == "payer":
        whose: Any = Payer.objects.get(code="BUUDIEN" if own else "AGRIBANK")
    else:
        whose = commune(BA_DONG if own else "21538") if kind == "commune" else place
    row = assignment(kind, place=whose, directive=directive(place, file=file))
    return AssignmentStep.objects.create(
        assignment=row, kind="progress", text="Thử", file=file, by=user, at=timezone.now()
    )


def outreach_session(commune: Unit | None = None, **fields: Any) -> Any:
    """A session of Ba Động on 10/7/2024 for the whole commune unless told."""
    from batosocial.coordination.models import OutreachSession, SessionForm

    unit = commune or _default_commune()
    defaults: dict[str, Any] = {
        "held_on": datetime.date(2024, 7, 10),
        "form": SessionForm.objects.all()[0],
        "topic": "Nhận trợ cấp qua tài khoản",
        "reached": 40,
        "held_by": "Hội Phụ nữ xã",
        "entered_by": fields.pop("by", None) or user(Role.COMMUNE_OFFICER, commune=unit),
    }
    return OutreachSession.objects.create(commune=unit, **(defaults | fields))

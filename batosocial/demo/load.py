"""Loading the demo district: users, the register, five closed months and July 2024, by the portal's own statements.

Everything is one transaction; loading again does nothing.
"""

import datetime
from collections.abc import Sequence

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import connection, transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils import timezone

from batosocial.audit.services import record
from batosocial.demo import accounts, campaigns
from batosocial.demo.directives import load_directives
from batosocial.demo.history import RESULT_SEED, Staff, load_months
from batosocial.demo.outreach import load_sessions
from batosocial.demo.people import DEMO_MONTH, FIRST_MONTH, DemoPerson, Dice, invent
from batosocial.demo.questions import load_questions
from batosocial.demo.rounds import load_rounds
from batosocial.lib import months, text
from batosocial.staff.models import Payer, Role, User
from batosocial.territory.models import Unit
from beneficiaries.identity.services import check_register
from beneficiaries.models import (
    Account,
    Category,
    Change,
    ChangeReason,
    Dependant,
    Entitlement,
    Payee,
    PayoutRoute,
    Person,
    Policy,
    Provider,
    Suspension,
)

#: What the register says of itself happened before the month it counts from, not on the day of loading.
BACKDATE = """
UPDATE beneficiaries_payoutroute
SET entered_at = lower(months) - interval '12 days', confirmed_at = lower(months) - interval '9 days';
UPDATE beneficiaries_change
SET proposed_at = effective_month - interval '20 days', applied_at = effective_month - interval '9 days',
    appraised_at = CASE WHEN appraised_at IS NOT NULL THEN effective_month - interval '15 days' END,
    decided_at = CASE WHEN decided_at IS NOT NULL THEN effective_month - interval '12 days' END;
UPDATE beneficiaries_person p
SET created_at = e.first, updated_at = e.first
FROM (
    SELECT person_id, min(lower(months)) - interval '20 days' AS first
    FROM beneficiaries_entitlement GROUP BY person_id
) e
WHERE e.person_id = p.id;
"""


class DemoRefused(Exception):
    """The demo cannot be loaded here; the message says why."""


def is_loaded() -> bool:
    return User.objects.filter(username=accounts.DISTRICT_ACCOUNTS[0][0]).exists()


@transaction.atomic
def load() -> bool:
    """Load the demo district. Returns False when it is there already; raises DemoRefused where it must not be."""
    if not settings.DEMO:
        raise DemoRefused("Dữ liệu minh họa chỉ nạp được khi DEMO=true; máy vận hành thật không bao giờ nạp.")
    if is_loaded():
        return False
    if Person.objects.exists():
        raise DemoRefused("Cơ sở dữ liệu đã có đối tượng khác; dữ liệu minh họa chỉ nạp vào cơ sở dữ liệu trống.")
    staff = _load_users()
    people = list(invent())
    _load_register(people, staff)
    with connection.cursor() as cursor:
        cursor.execute(BACKDATE)
        # The planner knows nothing of rows of this transaction, and would join months of them in nested loops.
        cursor.execute("ANALYZE")
    load_months(people, staff)
    campaigns.load_campaign(staff)
    check_register(actor=User.objects.system())
    load_rounds(staff.phong)
    load_directives(staff)
    load_questions()
    load_sessions()
    record(actor=User.objects.system(), action="Nạp dữ liệu minh họa", details={"people": len(people)})
    return True


def _load_users() -> Staff:
    """Demo users. One hash for all: they share the printed password, and argon2 is slow by design."""
    password = make_password(accounts.PASSWORD)
    district = Unit.objects.get(level=Unit.Level.DISTRICT)
    users = [
        User(username=username, full_name=name, role=role, unit=district, password=password)
        for username, name, role in accounts.DISTRICT_ACCOUNTS
    ]
    payers = {payer.code: payer for payer in Payer.objects.all()}
    users += [
        User(username=username, full_name=name, role=Role.PAYER, payer=payers[code], password=password)
        for username, name, code in accounts.PAYER_ACCOUNTS
    ]
    username, name = accounts.ADMIN_ACCOUNT
    users.append(User(username=username, full_name=name, role=Role.ADMIN, password=password))
    for unit in Unit.objects.communes():
        officer, leader = accounts.commune_accounts(unit.code)
        for username, title, role in (
            (officer, "Công chức VHXH", Role.COMMUNE_OFFICER),
            (leader, "Lãnh đạo UBND", Role.COMMUNE_LEADER),
        ):
            name = f"{title} {unit.kind.lower()} {unit.name}"
            users.append(User(username=username, full_name=name, role=role, unit=unit, password=password))
    units = {unit.code: unit for unit in Unit.objects.communes()}
    users += [
        User(username=username, full_name=name, role=Role.POLICE, unit=units[code], password=password)
        for username, name, code in accounts.COMMUNE_POLICE
    ]
    User.objects.bulk_create(users)
    by_name = {user.username: user for user in User.objects.all()}
    pairs = {unit.code: accounts.commune_accounts(unit.code) for unit in Unit.objects.communes()}
    return Staff(
        officers={code: by_name[officer] for code, (officer, _) in pairs.items()},
        leaders={code: by_name[leader] for code, (_, leader) in pairs.items()},
        phong=by_name["phong"],
        head=by_name["truongphong"],
        chairman=by_name["chutich"],
        post=by_name["buudien"],
        bank=by_name["agribank"],
    )


def _load_register(people: Sequence[DemoPerson], staff: Staff) -> None:
    units = {unit.code: unit for unit in Unit.objects.communes()}
    rows = Person.objects.bulk_create([_person(person, units[person.commune]) for person in people])
    benefits = [(person, row, benefit) for person, row in zip(people, rows, strict=True) for benefit in person.benefits]
    categories = {category.code: category for category in Category.objects.all()}
    starts = Change.objects.bulk_create(
        _start_of(person, row, benefit.start, staff) for person, row, benefit in benefits
    )
    reasons = {reason.code: reason for reason in ChangeReason.objects.all()}
    entitlements = Entitlement.objects.bulk_create(
        Entitlement(
            person=row,
            category=categories[benefit.code],
            level=benefit.level,
            months=DateRange(benefit.start, benefit.end),
            granted_by=start,
        )
        for (_, row, benefit), start in zip(benefits, starts, strict=True)
    )
    Dependant.objects.bulk_create(
        Dependant(entitlement=entitlement, birth_year=year, name=name, months=DateRange(benefit.start, None))
        for (person, row, benefit), entitlement in zip(benefits, entitlements, strict=True)
        for year, name in zip(benefit.dependants, _dependant_names(person), strict=False)
    )
    _load_stops(benefits, entitlements, reasons, staff)
    _load_routes(people, rows, staff)


def _person(person: DemoPerson, unit: Unit) -> Person:
    year, month, day = person.birth
    missing = not person.cccd
    made = Person(
        name=person.name,
        card_name=person.card_name or ("" if missing or person.identity == "unchecked" else person.name),
        birth_year=year,
        birth_month=month,
        birth_day=day,
        sex=person.sex,
        cccd=person.cccd,
        cccd_state="missing" if missing else "confirmed" if person.identity == "clean" else "claimed",
        cccd_missing_reason="not_made" if missing else "",
        file_number=person.file_number,
        ethnicity=person.ethnicity,
        hamlet=person.hamlet,
        commune=unit,
        died_on=person.died_on,
        identity_status=person.identity,
    )
    made.set_keys()
    return made


def _dependant_names(person: DemoPerson) -> list[str]:
    family = person.name.split()[0]
    return [f"{family} Thị {given}" for given in ("Mai", "Lan", "Hạnh")]


def _start_of(person: DemoPerson, row: Person, month: datetime.date, staff: Staff) -> Change:
    """The decided "tăng": the first load for whoever was there before the demo's months, else a decision."""
    now = timezone.now()
    change = Change(
        kind=Change.Kind.START,
        policy=person.policy,
        person=row,
        effective_month=month,
        state=Change.State.APPLIED,
        proposed_by=staff.officers[person.commune],
        applied_at=now,
    )
    if month <= FIRST_MONTH:
        change.first_load = True
    else:
        _decide(change, staff, month)
    return change


def _decide(change: Change, staff: Staff, month: datetime.date) -> None:
    merit = change.policy == Policy.MERIT
    change.authority = Change.Authority.DEPARTMENT if merit else Change.Authority.CHAIRMAN
    change.decision_number = f"{100 + month.month}/QĐ-{'SLĐTBXH' if merit else 'UBND'}"
    change.decision_date = months.add(month, -1).replace(day=18)
    change.appraised_by, change.appraised_at = staff.phong, timezone.now()
    change.decided_by = None if merit else staff.chairman
    change.decided_at = timezone.now()


def _load_stops(
    benefits: Sequence[tuple[DemoPerson, Person, object]],
    entitlements: Sequence[Entitlement],
    reasons: dict[str, ChangeReason],
    staff: Staff,
) -> None:
    """Deaths end an entitlement after the month of death; suspensions pause it until further notice."""
    ended: list[tuple[Change, Entitlement, datetime.date]] = []
    paused: list[tuple[Change, Entitlement, datetime.date]] = []
    for (person, row, _), entitlement in zip(benefits, entitlements, strict=True):
        if person.died_on is None and person.suspended_from is None:
            continue
        dead = person.died_on is not None
        month = months.add(months.first(person.died_on), 1) if person.died_on else person.suspended_from
        assert month is not None  # noqa: S101 one of the two is set
        code = (
            ("ND131-122" if person.policy == "NCC" else "TT02-2.1.a")
            if dead
            else ("PL02-55" if person.policy == "NCC" else "TT02-2.3.b")
        )
        change = Change(
            kind=Change.Kind.STOP if dead else Change.Kind.SUSPEND,
            policy=person.policy,
            person=row,
            entitlement=entitlement,
            reason=reasons[code],
            effective_month=month,
            evidence="Trích lục khai tử" if dead else "",
            state=Change.State.APPLIED,
            proposed_by=staff.officers[person.commune],
            applied_at=timezone.now(),
        )
        _decide(change, staff, month)
        (ended if dead else paused).append((change, entitlement, month))
    Change.objects.bulk_create([change for change, _, _ in ended + paused])
    for change, entitlement, _ in ended:
        entitlement.ended_by = change
    Entitlement.objects.bulk_update([entitlement for _, entitlement, _ in ended], ["ended_by"])
    Suspension.objects.bulk_create(
        Suspension(entitlement=entitlement, change=change, months=DateRange(month, None))
        for change, entitlement, month in paused
    )


def _load_routes(people: Sequence[DemoPerson], rows: Sequence[Person], staff: Staff) -> None:
    kinds = {"own": Payee.Kind.OWN, "guardian": Payee.Kind.GUARDIAN, "authorised": Payee.Kind.AUTHORISED}
    dice = Dice(RESULT_SEED)
    payees = Payee.objects.bulk_create(
        Payee(
            person=row,
            kind=kinds[person.payee[0]],
            name=person.payee[1],
            relation=person.payee[2],
            **_paper(dice, person.payee[0]),
        )
        for person, row in zip(people, rows, strict=True)
    )
    providers = {provider.bin: provider for provider in Provider.objects.all()}
    accounts_of: dict[int, Account] = {}
    new_accounts = []
    for index, person in enumerate(people):
        if person.account:
            _, bin_, number = person.account
            account = Account(
                provider=providers[bin_],
                number=number,
                holder_name=text.holder_key(person.payee[1] or person.name),
                source="Bưu điện mở, 7/2024" if person.account[0] > DEMO_MONTH else "Danh sách xã",
            )
            accounts_of[index] = account
            new_accounts.append(account)
    Account.objects.bulk_create(new_accounts)
    now = timezone.now()
    routes = []
    for index, (person, row, payee) in enumerate(zip(people, rows, payees, strict=True)):
        account_from = max(person.account[0], person.start) if person.account else None
        common = {
            "person": row,
            "policy": person.policy,
            "payee": payee,
            "state": PayoutRoute.State.CONFIRMED,
            "entered_by": staff.officers[person.commune],
            "confirmed_by": staff.phong,
            "confirmed_at": now,
        }
        if account_from is None or account_from > person.start:
            reason = person.cash_reason
            routes.append(PayoutRoute(cash_reason=reason, months=DateRange(person.start, account_from), **common))
        if account_from is not None:
            routes.append(PayoutRoute(account=accounts_of[index], months=DateRange(account_from, None), **common))
    PayoutRoute.objects.bulk_create(routes)


def _paper(dice: Dice, kind: str) -> dict[str, object]:
    if kind == "own":
        return {}
    day = datetime.date(2022 + dice.below(2), 1 + dice.below(12), 1 + dice.below(28))
    number = f"{dice.between(1, 90):02d}/{'GUQ' if kind == 'authorised' else 'GXN'}"
    if kind == "guardian":
        return {"paper_number": number, "paper_date": day}
    # Powers of attorney run out after two years; some are about to.
    return {"paper_number": number, "paper_date": day, "paper_valid_until": day.replace(year=day.year + 2)}

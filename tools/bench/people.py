"""An invented register of any size, the same on every machine, loaded by COPY in seconds.

Names, groups and hamlets are the demo's, so words are as frequent as in Ba Tơ: most are Phạm, half are Thị, a given
name is shared by a hundredth. Nineteen communes share the people; each commune's rows lie together, as they do after
its list was loaded.
"""

import datetime
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.db import connection, models, transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils import timezone

from batosocial.demo.names import FAMILIES, HAMLETS, MEN, WOMEN
from batosocial.demo.people import CASH_REASONS, CHILD_GROUPS, MERIT_MIX, SOCIAL_MIX, Dice
from batosocial.lib import text
from batosocial.staff.models import Role, User
from batosocial.territory.models import Unit
from beneficiaries.models import (
    Account,
    Category,
    Change,
    Entitlement,
    Payee,
    PayoutRoute,
    Person,
    Provider,
)

SEED = 100_000
_MIDDLE = {"M": ["Văn", "Văn", "Văn", "Minh", "Xuân"], "F": ["Thị", "Thị", "Thị", "Thị", "Ngọc", "Kim"]}
_AWAY = datetime.date(2024, 5, 1)


@dataclass(slots=True)
class Invented:
    pk: int
    commune: int
    policy: str
    name: str
    card_name: str
    sex: str
    birth: tuple[int, int | None, int | None]
    cccd: str
    cmnd: str
    file_number: str
    hamlet: str
    phone: str
    identity: str
    category: str
    level: int
    months: DateRange
    account: tuple[str, str] | None
    cash_reason: str


def invent(count: int, communes: Sequence[int]) -> Iterator[Invented]:
    """``count`` people, the first communes' first."""
    dice = Dice(SEED)
    merit = [(row, row[2]) for row in MERIT_MIX]
    social = [(row, row[1]) for row in SOCIAL_MIX]
    for pk in range(1, count + 1):
        sex = "F" if dice.chance(56) else "M"
        policy = "NCC" if dice.chance(39) else "BTXH"
        if policy == "NCC":
            category, has_level, _, oldest, youngest = dice.weighted(merit)
            year, level = dice.between(oldest, youngest), dice.between(21, 80) if has_level else 0
        else:
            category, _, youngest, oldest = dice.weighted(social)
            year, level = 2024 - dice.between(youngest, oldest), 0
        birth = _birth(dice, year, child=category in CHILD_GROUPS)
        name = f"{dice.weighted(FAMILIES)} {dice.pick(_MIDDLE[sex])} {dice.pick(MEN if sex == 'M' else WOMEN)}"
        identity = dice.weighted([("clean", 80), ("unchecked", 11), ("differs", 7), ("missing", 2)])
        missing = identity == "missing"
        start = datetime.date(dice.between(2015, 2023), dice.between(1, 12), 1)
        yield Invented(
            pk=pk,
            commune=communes[(pk - 1) * len(communes) // count],
            policy=policy,
            name=name,
            card_name="" if missing or identity == "unchecked" else name + " A" if identity == "differs" else name,
            sex=sex,
            birth=birth,
            cccd=""
            if missing
            else f"051{2 * (year // 100 - 19) + (sex == 'F')}{year % 100:02}{pk * 7919 % 1_000_000:06}",
            cmnd=f"21{pk * 104_729 % 10_000_000:07}" if dice.chance(40) else "",
            file_number=f"QN/{category.removeprefix('NCC-').split('.')[0]}-{pk:06}" if policy == "NCC" else "",
            hamlet=f"Thôn {dice.pick(HAMLETS)}",
            phone=f"09{pk * 15_485_863 % 100_000_000:08}" if dice.chance(50) else "",
            identity=identity,
            category=category,
            level=level,
            months=DateRange(start, _AWAY if dice.chance(6) else None, "[)"),
            account=_account(dice, pk) if dice.chance(35) else None,
            cash_reason="no_cccd" if missing else dice.weighted(CASH_REASONS),
        )


def _birth(dice: Dice, year: int, *, child: bool) -> tuple[int, int | None, int | None]:
    month, day = dice.between(1, 12), dice.between(1, 28)
    if child or dice.chance(55):
        return year, month, day
    return (year, month, None) if dice.chance(15) else (year, None, None)


def _account(dice: Dice, pk: int) -> tuple[str, str]:
    if dice.chance(72):
        return "970405", f"4507{pk * 32_452_843 % 1_000_000_000:09}"
    return "970449", f"0317{pk * 49_979_687 % 100_000_000:08}"


def load(count: int) -> None:
    """Fill a migrated, empty database: people, what they get and how, and somebody to sign in for each role."""
    with transaction.atomic():
        _load(count)
    with connection.cursor() as cursor:
        # Vacuum, too: what is found by the index alone is what a portal finds after its first night.
        cursor.execute("VACUUM ANALYZE")


def _load(count: int) -> None:
    communes = list(Unit.objects.current().communes())
    officer = User.objects.create(
        username="phong", full_name="Chuyên viên", role=Role.DISTRICT_OFFICER, unit=communes[0].parent
    )
    User.objects.create(
        username="xa", full_name="Công chức xã", role=Role.COMMUNE_OFFICER, unit=communes[len(communes) // 2]
    )
    people = list(invent(count, [unit.pk for unit in communes]))
    _load_people(people)
    _load_benefits(people, officer)
    _load_routes(people, officer)


_folded = lru_cache(maxsize=None)(text.name_search_key)
_sorted = lru_cache(maxsize=None)(text.sort_key)


def _load_people(people: Sequence[Invented]) -> None:
    copy(
        Person,
        [
            *("id", "commune_id", "name", "card_name", "search_key", "sort_key", "sex", "birth_year", "birth_month"),
            *("birth_day", "cccd", "cccd_state", "cccd_missing_reason", "cmnd", "file_number", "hamlet", "phone"),
            "identity_status",
        ],
        (
            (
                *(p.pk, p.commune, p.name, p.card_name, _folded(p.name, p.card_name), _sorted(p.name), p.sex, *p.birth),
                *(p.cccd, "claimed" if p.cccd else "missing", "" if p.cccd else "not_made", p.cmnd, p.file_number),
                *(p.hamlet, p.phone, p.identity),
            )
            for p in people
        ),
    )


def _load_benefits(people: Sequence[Invented], officer: User) -> None:
    categories = {category.code: category.pk for category in Category.objects.all()}
    copy(
        Change,
        ["id", "kind", "policy", "person_id", "effective_month", "state", "first_load", "proposed_by_id", "applied_at"],
        ((p.pk, "start", p.policy, p.pk, p.months.lower, "applied", True, officer.pk, timezone.now()) for p in people),
    )
    copy(
        Entitlement,
        ["id", "person_id", "category_id", "level", "months", "granted_by_id"],
        ((p.pk, p.pk, categories[p.category], p.level, p.months, p.pk) for p in people),
    )


def _load_routes(people: Sequence[Invented], officer: User) -> None:
    system = User.objects.system()  # before COPY: the connection takes no query in between
    providers = {provider.bin: provider.pk for provider in Provider.objects.all()}
    copy(Payee, ["id", "person_id", "kind"], ((p.pk, p.pk, "own") for p in people))
    copy(
        Account,
        ["id", "provider_id", "number", "holder_name"],
        ((p.pk, providers[p.account[0]], p.account[1], text.holder_key(p.name)) for p in people if p.account),
    )
    copy(
        PayoutRoute,
        [
            *("id", "person_id", "policy", "payee_id", "account_id", "cash_reason", "months", "state"),
            *("entered_by_id", "confirmed_by_id", "confirmed_at"),
        ],
        (
            (
                *(p.pk, p.pk, p.policy, p.pk, p.pk if p.account else None, "" if p.account else p.cash_reason),
                *(DateRange(p.months.lower, None, "[)"), "confirmed", officer.pk, system.pk, timezone.now()),
            )
            for p in people
        ),
    )


def copy(model: type[models.Model], columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """COPY rows with their ids; columns that are not named take the model's defaults, and the ids go on from there."""
    fields = [field for field in model._meta.concrete_fields if not getattr(field, "generated", False)]
    rest = [field for field in fields if field.column not in columns]
    defaults = tuple(
        timezone.now()
        if getattr(field, "auto_now_add", False) or getattr(field, "auto_now", False)
        else field.get_db_prep_save(field.get_default(), connection)
        for field in rest
    )
    names = ", ".join(connection.ops.quote_name(str(name)) for name in [*columns, *(field.column for field in rest)])
    table = model._meta.db_table
    connection.ensure_connection()
    with connection.connection.cursor() as cursor:
        with cursor.copy(f"COPY {table} ({names}) FROM STDIN") as writer:
            for row in rows:
                writer.write_row((*row, *defaults))
        cursor.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))")

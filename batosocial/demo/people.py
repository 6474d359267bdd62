"""The invented people of the demo district: who they are and what they get, the same on every machine.

Only ``random.Random.random`` is used, whose sequence Python promises for a seed; nothing here depends on hashes,
clocks or dictionary order. None of these people exists.
"""

import csv
import datetime
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from batosocial.demo.names import FAMILIES, HAMLETS, MEN, WOMEN
from batosocial.lib import months

T = TypeVar("T")

FIGURES = Path(__file__).parent / "data" / "figures_2024_07.csv"
SEED = 20240722

FIRST_MONTH = datetime.date(2024, 2, 1)
DEMO_MONTH = datetime.date(2024, 7, 1)
PENDING_MONTH = datetime.date(2024, 8, 1)
#: The demo's own block of numbers, so that no demo number stands in a workbook that somebody tries out.
CCCD_TAIL = 910_000
AGRIBANK_PREFIX = "450720598"
LPBANK_PREFIX = "031799"

TOWN = "21484"
TOWN_HAMLETS = ["TDP Đông", "TDP Bắc", "TDP Nam Hoàn Đồn", "TDP Tài Năng", "TDP Uy Năng", "TDP Kon Dung"]
RELATIONS_OLD = [("Con", 60), ("Vợ, chồng", 20), ("Cháu", 20)]
RELATIONS_YOUNG = [("Mẹ", 65), ("Cha", 20), ("Ông, bà", 15)]

#: code, level or 0, weight, first and last birth year, has a second allowance beside it
MERIT_MIX = [
    ("NCC-3.1", 0, 34, 1936, 1962),
    ("NCC-10.2", 0, 18, 1928, 1950),
    ("NCC-9", 0, 10, 1932, 1955),
    ("NCC-7.1B", 0, 5, 1940, 1960),
    ("NCC-7.1C", 0, 6, 1938, 1958),
    ("NCC-6.1TB", 1, 12, 1935, 1960),
    ("NCC-6.1TBB", 1, 2, 1938, 1960),
    ("NCC-8.1A", 0, 4, 1938, 1957),
    ("NCC-8.1B", 0, 4, 1938, 1957),
    ("NCC-8.2C", 0, 2, 1975, 1996),
    ("NCC-6.2A", 0, 2, 1938, 1960),
    ("NCC-3.2", 0, 1, 1930, 1950),
]
SECOND_ALLOWANCE = {"NCC-3.1": "NCC-3.4", "NCC-10.2": "NCC-10.3", "NCC-7.1C": "NCC-9", "NCC-6.1TB": "NCC-9"}
#: code, weight, youngest and oldest age in whole years on 01/7/2024
SOCIAL_MIX = [
    ("BTXH-1B", 2, 5, 14),
    ("BTXH-2", 1, 17, 20),
    ("BTXH-4", 6, 22, 48),
    ("BTXH-5A1", 3, 61, 74),
    ("BTXH-5A2", 2, 81, 95),
    ("BTXH-5B", 12, 76, 78),
    ("BTXH-5C", 19, 81, 97),
    ("BTXH-6A", 7, 17, 58),
    ("BTXH-6B", 8, 62, 92),
    ("BTXH-6C", 15, 17, 58),
    ("BTXH-6D", 8, 4, 14),
    ("BTXH-7", 14, 1, 2),
    ("BTXH-8", 1, 25, 50),
    ("CSND-2C", 2, 30, 60),
]
CHILD_GROUPS = {"BTXH-1B", "BTXH-6D", "BTXH-7"}
CASH_REASONS = [("frail", 30), ("not_willing", 28), ("other", 20), ("data_differs", 12), ("away", 10)]
STOP_REASONS = {"NCC": "ND131-122", "BTXH": "TT02-2.1.a"}


@dataclass
class Benefit:
    code: str
    level: int
    start: datetime.date
    #: The month after the last one that is paid; None while it runs.
    end: datetime.date | None = None
    #: Birth years of children, or of the person cared for.
    dependants: list[int] = field(default_factory=list)


@dataclass
class DemoPerson:
    commune: str
    policy: str
    name: str
    sex: str
    birth: tuple[int, int | None, int | None]
    cccd: str
    ethnicity: str
    hamlet: str
    benefits: list[Benefit]
    #: own, guardian or authorised, with name and relation for the latter two
    payee: tuple[str, str, str]
    #: (month from which an account takes the money, provider BIN, number) or None
    account: tuple[datetime.date, str, str] | None
    cash_reason: str
    identity: str
    card_name: str = ""
    died_on: datetime.date | None = None
    suspended_from: datetime.date | None = None
    #: What becomes of a payment into the account: paid, or sent back by the bank.
    account_works: bool = True
    file_number: str = ""

    @property
    def start(self) -> datetime.date:
        return min(benefit.start for benefit in self.benefits)


class Dice:
    """Draws that are the same everywhere."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 invented people, not secrets

    def below(self, n: int) -> int:
        return int(self._random.random() * n)

    def between(self, low: int, high: int) -> int:
        return low + self.below(high - low + 1)

    def chance(self, percent: int) -> bool:
        return self.below(100) < percent

    def pick(self, values: Sequence[T]) -> T:
        return values[self.below(len(values))]

    def weighted(self, pairs: Sequence[tuple[T, int]]) -> T:
        at = self.below(sum(weight for _, weight in pairs))
        for value, weight in pairs:
            at -= weight
            if at < 0:
                return value
        raise AssertionError

    def shuffled(self, values: list[T]) -> list[T]:
        left = list(values)
        return [left.pop(self.below(len(left))) for _ in range(len(left))]


class Numbers:
    """Unique CCCD and account numbers out of the demo's block."""

    def __init__(self) -> None:
        self._tails: dict[str, int] = {}
        self._accounts = {AGRIBANK_PREFIX: 0, LPBANK_PREFIX: 0}

    def cccd(self, dice: Dice, sex: str, year: int) -> str:
        century_sex = (0 if year < 2000 else 2) + (0 if sex == "M" else 1)
        prefix = f"051{century_sex}{year % 100:02d}"
        # Steps of a prime below 10,000 spread the tails without ever meeting twice.
        count = self._tails.get(prefix, dice.below(9000))
        self._tails[prefix] = count + 1
        return f"{prefix}{CCCD_TAIL + count * 7919 % 10_000}"

    def account(self, bin_: str) -> str:
        prefix = AGRIBANK_PREFIX if bin_ == "970405" else LPBANK_PREFIX
        self._accounts[prefix] += 1
        serial = self._accounts[prefix]
        return f"{prefix}{serial * 37 % 10_000:04d}" if prefix == AGRIBANK_PREFIX else f"{prefix}{serial:06d}"


def invent() -> Iterator[DemoPerson]:
    """All people of the demo, by commune and policy: first those due in 7/2024, then dead and suspended ones."""
    dice, numbers = Dice(SEED), Numbers()
    with FIGURES.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        commune = row["commune_code"]
        hamlets = TOWN_HAMLETS if commune == TOWN else [f"Thôn {h}" for h in dice.shuffled(HAMLETS)[:5]]
        for policy in ("NCC", "BTXH"):
            yield from _people_of(dice, numbers, row, policy, commune, hamlets)


def _people_of(
    dice: Dice, numbers: Numbers, row: dict[str, str], policy: str, commune: str, hamlets: list[str]
) -> Iterator[DemoPerson]:
    prefix = policy.lower()
    total, with_account, paid, pending = (
        int(row[f"{prefix}_{name}"]) for name in ("total", "with_account", "paid_by_account", "pending")
    )
    kinds = (
        ["paid"] * paid
        + ["unused"] * (with_account - paid)
        + ["pending"] * pending
        + ["cash"] * (total - with_account - pending)
    )
    kinds = dice.shuffled(kinds)
    without_cccd = policy == "BTXH" and commune == "21538"
    for kind in kinds:
        person = _person(dice, numbers, policy, commune, hamlets, kind)
        if without_cccd and kind == "cash" and person.birth[0] < 1960:
            without_cccd = False
            person.cccd, person.identity, person.cash_reason, person.card_name = "", "missing", "no_cccd", ""
        yield person
    for _ in range(1 + total // 60):
        person = _person(dice, numbers, policy, commune, hamlets, "cash")
        if person.start >= FIRST_MONTH:
            for benefit in person.benefits:
                benefit.start = datetime.date(2023, 1, 1)
        died = months.add(FIRST_MONTH, dice.below(5))
        person.died_on = died + datetime.timedelta(days=dice.below(28))
        for benefit in person.benefits:
            benefit.end = months.add(died, 1)
        yield person
    if dice.chance(60):
        person = _person(dice, numbers, policy, commune, hamlets, "cash")
        for benefit in person.benefits:
            benefit.start = datetime.date(2022, 3, 1)
        person.suspended_from = months.add(FIRST_MONTH, 1 + dice.below(4))
        yield person


def _person(dice: Dice, numbers: Numbers, policy: str, commune: str, hamlets: list[str], kind: str) -> DemoPerson:
    sex = "F" if dice.chance(56) else "M"
    benefits, birth = _merit(dice) if policy == "NCC" else _social(dice)
    name = _name(dice, sex)
    child = benefits[0].code in CHILD_GROUPS
    identity = dice.weighted([("clean", 82), ("unchecked", 11), ("differs", 7)])
    card_name = _misspelt(name) if identity == "differs" else ""
    return DemoPerson(
        commune=commune,
        policy=policy,
        name=name,
        sex=sex,
        birth=birth,
        cccd=numbers.cccd(dice, sex, birth[0]),
        ethnicity="H're" if name.startswith(("Phạm", "Đinh")) else "Kinh",
        hamlet=dice.pick(hamlets),
        benefits=benefits,
        payee=_payee(dice, child, birth[0], kind),
        account=_account(dice, numbers, kind),
        cash_reason="no_guardian" if child and dice.chance(40) else dice.weighted(CASH_REASONS),
        identity=identity,
        card_name=card_name,
        account_works=kind != "unused",
        file_number=f"QN/{benefits[0].code.removeprefix('NCC-').split('.')[0]}-{dice.between(1000, 99999):05d}"
        if policy == "NCC"
        else "",
    )


def _merit(dice: Dice) -> tuple[list[Benefit], tuple[int, int | None, int | None]]:
    code, has_level, _, oldest, youngest = dice.weighted([(entry, entry[2]) for entry in MERIT_MIX])
    level = dice.weighted([(dice.between(21, 40), 70), (dice.between(41, 60), 25), (dice.between(61, 80), 5)])
    start = _start(dice, dice.between(2005, 2021))
    benefits = [Benefit(code, level if has_level else 0, start)]
    if code in SECOND_ALLOWANCE and dice.chance(7):
        benefits.append(Benefit(SECOND_ALLOWANCE[code], 0, start))
    year = dice.between(oldest, youngest)
    return benefits, _partial(dice, year, whole=45, month_only=8)


def _social(dice: Dice) -> tuple[list[Benefit], tuple[int, int | None, int | None]]:
    code, _, youngest, oldest = dice.weighted([(entry, entry[1]) for entry in SOCIAL_MIX])
    # Born so that the age on 01/7/2024 is in range and was so in every month that is paid.
    year = 2024 - dice.between(youngest, oldest)
    small = code in CHILD_GROUPS
    if code == "BTXH-7":
        year = dice.pick([2022, 2023])
    birth = _partial(dice, year, whole=100 if small else 62, month_only=0 if small else 6)
    if code == "BTXH-7":
        start = _start(dice, year, earliest_month=(birth[1] or 1) + 1)
    elif code == "BTXH-5C":
        start = _start(dice, max(2015, min(2023, year + 81)), earliest_month=7)
    else:
        start = _start(dice, dice.between(2017, 2023))
    if small and start.year <= year:
        start = datetime.date(year + 1, dice.between(1, 7), 1)
    benefit = Benefit(code, 0, start)
    if code == "BTXH-4":
        benefit.dependants = [dice.between(2010, 2020) for _ in range(dice.weighted([(1, 60), (2, 32), (3, 8)]))]
    elif code == "CSND-2C":
        benefit.dependants = [dice.between(1975, 2005)]
    return [benefit], birth


def _start(dice: Dice, year: int, earliest_month: int = 1) -> datetime.date:
    """The first paid month: for one in twenty-five it is one of the demo's own months."""
    if dice.chance(4):
        return months.add(FIRST_MONTH, 1 + dice.below(5))
    return datetime.date(year, min(12, earliest_month + dice.below(max(1, 13 - earliest_month))), 1)


def _partial(dice: Dice, year: int, *, whole: int, month_only: int) -> tuple[int, int | None, int | None]:
    draw = dice.below(100)
    month, day = dice.between(1, 6), dice.between(1, 28)
    if draw < whole:
        return year, month, day
    return (year, month, None) if draw < whole + month_only else (year, None, None)


def _name(dice: Dice, sex: str) -> str:
    family = dice.weighted(FAMILIES)
    given = dice.pick(MEN if sex == "M" else WOMEN)
    if family == "Phạm" and dice.chance(6):
        return f"{family} {given}"
    return f"{family} {'Văn' if sex == 'M' else 'Thị'} {given}"


def _misspelt(name: str) -> str:
    """The name as the card has it where it differs: i for y, another middle name, a lost accent."""
    for old, new in (("Thủy", "Thuỷ Tiên"), ("Huy", "Hy"), (" Văn ", " Anh "), (" Thị ", " Thị Kim ")):
        if old in name:
            return name.replace(old, new)
    return name + " A"


def _payee(dice: Dice, child: bool, year: int, kind: str) -> tuple[str, str, str]:
    if child:
        relation = dice.weighted(RELATIONS_YOUNG)
        return "guardian", _name(dice, "M" if relation == "Cha" else "F"), relation
    if year < 1950 and dice.chance(12 if kind == "cash" else 16):
        return "authorised", _name(dice, "F" if dice.chance(50) else "M"), dice.weighted(RELATIONS_OLD)
    return "own", "", ""


def _account(dice: Dice, numbers: Numbers, kind: str) -> tuple[datetime.date, str, str] | None:
    if kind == "cash":
        return None
    if kind == "pending":
        # Opened by Bưu điện; which bank stands behind them is not known, LPBank is the demo's guess.
        return PENDING_MONTH, "970449", numbers.account("970449")
    bin_ = "970405" if dice.chance(72) else "970449"
    if dice.chance(78):
        first = datetime.date(2023, dice.between(3, 12), 1)
    else:
        first = months.add(FIRST_MONTH, 1 + dice.below(5))
    return first, bin_, numbers.account(bin_)

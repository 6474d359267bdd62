"""What a proposed start, adjustment or correction says, as ``Change.proposal`` keeps it."""

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.backends.postgresql.psycopg_any import DateRange

from batosocial.lib.dates import Death, PartialDate
from beneficiaries.changes.law import Rule


@dataclass(frozen=True, slots=True)
class ProposedDependant:
    """Somebody for whom a benefit is paid: the child of a single parent, the person cared for."""

    name: str
    birth: PartialDate | None = None
    cccd: str = ""

    def dump(self) -> dict[str, Any]:
        birth = [self.birth.year, self.birth.month, self.birth.day] if self.birth else None
        return {"name": self.name, "birth": birth, "cccd": self.cccd}

    @classmethod
    def load(cls, data: Mapping[str, Any]) -> "ProposedDependant":
        birth = data.get("birth")
        return cls(str(data.get("name") or ""), PartialDate(*birth) if birth else None, str(data.get("cccd") or ""))


@dataclass(frozen=True, slots=True)
class Paper:
    """What is put forward as evidence."""

    kind: str = ""
    number: str = ""
    date: datetime.date | None = None

    def __str__(self) -> str:
        """ "Giấy xác nhận mức độ khuyết tật số 12 ngày 03/07/2024"."""
        number = f"số {self.number}" if self.number else ""
        date = f"ngày {self.date:%d/%m/%Y}" if self.date else ""
        return " ".join(part for part in (self.kind, number, date) if part)


@dataclass(frozen=True, slots=True)
class Proposal:
    """A benefit as it shall be. ``rule`` says what its first month follows from, ``replaces`` which entitlements end
    where it begins, ``void`` that an entitlement should never have been entered."""

    category: str
    level: int = 0
    own_amount: int | None = None
    dependants: tuple[ProposedDependant, ...] = ()
    replaces: tuple[int, ...] = ()
    rule: Rule = Rule.GIVEN
    paper: Paper = field(default_factory=Paper)
    void: bool = False

    def dump(self) -> dict[str, Any]:
        data: dict[str, Any] = {
            "category": self.category,
            "level": self.level,
            "own_amount": self.own_amount,
            "dependants": [dependant.dump() for dependant in self.dependants],
            "from": str(self.rule),
        } | dump_paper(self.paper)
        if self.replaces:
            data["replaces"] = list(self.replaces)
        if self.void:
            data["void"] = True
        return data

    @classmethod
    def load(cls, data: Mapping[str, Any]) -> "Proposal":
        """Lists that a commune brings leave out what they do not know; a first load notes a number of dependants."""
        dependants = data.get("dependants")
        return cls(
            category=str(data.get("category") or ""),
            level=int(data.get("level") or 0),
            own_amount=data.get("own_amount"),
            dependants=tuple(ProposedDependant.load(row) for row in dependants) if isinstance(dependants, list) else (),
            replaces=tuple(data.get("replaces") or ()),
            rule=Rule(data.get("from") or Rule.GIVEN),
            paper=load_paper(data),
            void=bool(data.get("void")),
        )


def dump_death(death: Death | None) -> dict[str, Any]:
    """What a stop keeps of the death that it follows from."""
    data: dict[str, Any] = {"died_on": death.day.isoformat() if death else None}
    return data | {"month_only": True} if death and death.month_only else data


def load_death(data: Mapping[str, Any]) -> Death | None:
    told = data.get("died_on")
    return Death(datetime.date.fromisoformat(told), bool(data.get("month_only"))) if told else None


#: What people call a correction that takes back a death.
ALIVE = "Đính chính: còn sống"


def says_alive(data: Mapping[str, Any]) -> bool:
    """Whether a correction takes back a death that was recorded by mistake."""
    return bool(data.get("alive"))


#: The end of an entitlement's months (None: until further notice) and the id of the change that brought it.
End = tuple[datetime.date | None, int | None]
#: A suspension's months, its arrears, the id of the change that ended it.
Pause = tuple[DateRange, DateRange | None, int | None]


@dataclass(frozen=True, slots=True)
class Undo:
    """What entitlements and suspensions were before a death, by their ids."""

    rows: Mapping[int, End] = field(default_factory=dict)
    pauses: Mapping[int, Pause] = field(default_factory=dict)

    def dump(self) -> dict[str, Any]:
        return {
            "rows": [[pk, _day(upper), ended_by] for pk, (upper, ended_by) in self.rows.items()],
            "pauses": [
                [pk, _days(months), _days(arrears) if arrears else None, ended_by]
                for pk, (months, arrears, ended_by) in self.pauses.items()
            ],
        }

    @classmethod
    def load(cls, data: Mapping[str, Any]) -> "Undo":
        return cls(
            {pk: (_read_day(upper), ended_by) for pk, upper, ended_by in data.get("rows") or ()},
            {
                pk: (_read_days(months), _read_days(arrears) if arrears else None, ended_by)
                for pk, months, arrears, ended_by in data.get("pauses") or ()
            },
        )

    @classmethod
    def joined(cls, undos: "Iterable[Undo]") -> "Undo":
        rows: dict[int, End] = {}
        pauses: dict[int, Pause] = {}
        for undo in undos:
            rows |= undo.rows
            pauses |= undo.pauses
        return cls(rows, pauses)


def _day(day: datetime.date | None) -> str | None:
    return day.isoformat() if day else None


def _read_day(text: str | None) -> datetime.date | None:
    return datetime.date.fromisoformat(text) if text else None


def _days(months: DateRange) -> list[str | None]:
    return [_day(months.lower), _day(months.upper)]


def _read_days(pair: list[str | None]) -> DateRange:
    return DateRange(_read_day(pair[0]), _read_day(pair[1]), "[)")


def dump_paper(paper: Paper) -> dict[str, Any]:
    if not (paper.kind or paper.number or paper.date):
        return {}
    date = paper.date.isoformat() if paper.date else None
    return {"paper": {"kind": paper.kind, "number": paper.number, "date": date}}


def load_paper(data: Mapping[str, Any]) -> Paper:
    paper = data.get("paper") or {}
    date = datetime.date.fromisoformat(paper["date"]) if paper.get("date") else None
    return Paper(str(paper.get("kind") or ""), str(paper.get("number") or ""), date)

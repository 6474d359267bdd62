"""What a proposed start, adjustment or correction says, as ``Change.proposal`` keeps it."""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from batosocial.lib.dates import PartialDate
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


def dump_paper(paper: Paper) -> dict[str, Any]:
    if not (paper.kind or paper.number or paper.date):
        return {}
    date = paper.date.isoformat() if paper.date else None
    return {"paper": {"kind": paper.kind, "number": paper.number, "date": date}}


def load_paper(data: Mapping[str, Any]) -> Paper:
    paper = data.get("paper") or {}
    date = datetime.date.fromisoformat(paper["date"]) if paper.get("date") else None
    return Paper(str(paper.get("kind") or ""), str(paper.get("number") or ""), date)

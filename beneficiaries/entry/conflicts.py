"""Two people at one record: what the first changed while the second was typing, and what becomes of it.

A page carries, signed, what it showed. Whoever wrote in between, by hand or by a list, the difference to what the
register has now is what the second has not seen. Fields that the second left alone take the new value; where both
changed one, the second's stays on the page until they choose.
"""

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.core import signing
from django.http import QueryDict
from django.utils import timezone

from batosocial.audit.models import Entry
from beneficiaries.entry.values import DATES, LABELS, same, shown, texts
from beneficiaries.models import Person

_SALT = "beneficiaries.entry.conflicts"


@dataclass(frozen=True)
class Seen:
    """What a page showed of a person, and when."""

    version: int
    at: datetime.datetime
    texts: dict[str, str]

    @classmethod
    def of(cls, person: Person) -> "Seen":
        return cls(person.version, timezone.now(), texts(person))

    def packed(self) -> str:
        return signing.dumps([self.version, self.at.isoformat(), self.texts], salt=_SALT, compress=True)

    @classmethod
    def unpacked(cls, text: str) -> "Seen":
        """What ``packed`` made; of anything else a page that showed nothing, so that all of it is asked."""
        try:
            version, at, shown_texts = signing.loads(text, salt=_SALT)
        except signing.BadSignature:
            return cls(0, timezone.now(), {})
        return cls(version, datetime.datetime.fromisoformat(at), shown_texts)


@dataclass(frozen=True)
class Clash:
    """A field that somebody else changed. ``mine`` is what the second typed where it is something else, else ""."""

    name: str
    label: str
    old: str
    new: str
    mine: str
    by: str
    at: datetime.datetime | None


def merge(data: QueryDict, *, seen: Seen, person: Person) -> None:
    """Let fields that were left alone follow the register; keep what was typed."""
    now = texts(person)
    for name in LABELS:
        if same(name, data.get(name, ""), seen.texts.get(name, "")):
            data[name] = now[name]


def clashes(data: Mapping[str, Any], *, seen: Seen, person: Person) -> list[Clash]:
    """What was changed since the page was opened, in the order of the form."""
    now = texts(person)
    names = [name for name in LABELS if now[name] != seen.texts.get(name, "")]
    authors = _authors(person, seen, names)
    return [
        Clash(
            name,
            LABELS[name],
            shown(name, seen.texts.get(name, "")),
            shown(name, now[name]),
            "" if same(name, typed := data.get(name, ""), now[name]) else shown(name, typed),
            *authors.get(name, ("", None)),
        )
        for name in names
    ]


def _authors(person: Person, seen: Seen, names: Sequence[str]) -> dict[str, tuple[str, datetime.datetime]]:
    """Who last changed each field since then, as the audit has it; a list that was accepted names its acceptor."""
    # One that was written before the page was opened may have been committed after.
    since = seen.at - datetime.timedelta(minutes=1)
    entries = Entry.objects.filter(table=Person._meta.db_table, row_id=person.pk, at__gte=since)
    found: dict[str, tuple[str, datetime.datetime]] = {}
    for entry in entries.select_related("actor").order_by("at", "pk"):
        for name in names:
            if _touches(entry.changes, name):
                found[name] = (str(entry.actor or ""), entry.at)
    return found


def _touches(changes: dict[str, Any], name: str) -> bool:
    parts = {f"{name}_{part}" for part in ("year", "month", "day")} if name in DATES else set()
    return bool(changes.keys() & {name, *parts})

"""Audit entries of the register, as people read them."""

import datetime
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.contrib.postgres.fields import DateRangeField
from django.core.exceptions import FieldDoesNotExist
from django.db import models

from batosocial.audit.models import Entry
from batosocial.lib import months
from batosocial.web.templatetags.vietnamese import masked

#: Numbers that are shown in full only where somebody asked for them.
_NUMBERS = frozenset({"cccd", "cmnd", "number", "account"})
#: What is written as one although the register has it in parts.
_LABELS = {
    "birth": "ngày sinh (hồ sơ)",
    "card_birth": "ngày sinh (CCCD)",
    "dependants": "số người được tính",
}
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_MONTHS = re.compile(r"\[(\d{4}-\d{2}-\d{2}), ?(\d{4}-\d{2}-\d{2}|None)?\)")


@dataclass(frozen=True)
class Difference:
    label: str
    old: str
    new: str


@dataclass(frozen=True)
class Event:
    at: datetime.datetime
    actor: str
    action: str
    differences: list[Difference]
    reason: str = ""

    @property
    def adds(self) -> bool:
        """Whether the row is new, so that nothing stood there before."""
        return self.action.startswith("Thêm ")


def events(entries: Iterable[Entry]) -> list[Event]:
    """Entries with the labels of their fields and choices; numbers of cards and accounts stay masked."""
    tables = {model._meta.db_table: model for model in apps.get_app_config("beneficiaries").get_models()}
    return [
        Event(
            entry.at,
            str(entry.actor) if entry.actor else "",
            entry.action,
            [_difference(tables.get(entry.table), name, pair) for name, pair in _in_order(tables, entry)],
            str(entry.details.get("reason") or ""),
        )
        for entry in entries
    ]


def _in_order(tables: dict[str, type[models.Model]], entry: Entry) -> list[tuple[str, Any]]:
    """Changes in the order of the model's fields; JSON has none."""
    model = tables.get(entry.table)
    names = [field.name for field in model._meta.get_fields()] if model is not None else []
    places = {name: place for place, name in enumerate(names)}
    places |= {name: places[f"{name}_year"] for name in _LABELS if f"{name}_year" in places}
    return sorted(entry.changes.items(), key=lambda pair: (places.get(pair[0], len(names)), pair[0]))


def _difference(model: type[models.Model] | None, name: str, pair: Any) -> Difference:
    old, new = pair
    field = _field(model, name)
    label = _LABELS.get(name) or str(getattr(field, "verbose_name", name))
    return Difference(label, _shown(name, field, old), _shown(name, field, new))


def _field(model: type[models.Model] | None, name: str) -> Any:
    try:
        return model._meta.get_field(name) if model is not None else None
    except FieldDoesNotExist:
        return None


def _shown(name: str, field: Any, value: Any) -> str:
    if value is None or value == "":
        return "(trống)"
    if name in _NUMBERS:
        return masked(str(value))
    if isinstance(value, bool):
        return "Có" if value else "Không"
    choices = dict(getattr(field, "flatchoices", ()) or ())
    if value in choices:
        return str(choices[value])
    text = str(value)
    if isinstance(field, DateRangeField) and (found := _MONTHS.fullmatch(text)):
        return _range(found[1], found[2])
    if _DAY.fullmatch(text):
        return f"{datetime.date.fromisoformat(text):%d/%m/%Y}"
    return text


def _range(first: str, before: str | None) -> str:
    start = f"từ {months.title(datetime.date.fromisoformat(first))}"
    if not before or before == "None":
        return start
    return f"{start} đến {months.title(months.add(datetime.date.fromisoformat(before), -1))}"

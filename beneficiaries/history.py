"""Audit entries of the register, as people read them."""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.db import models

from batosocial.audit.models import Entry

#: Numbers that are shown in full only where somebody asked for them.
_NUMBERS = frozenset({"cccd", "cmnd", "number", "account"})


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


def events(entries: Iterable[Entry]) -> list[Event]:
    """Entries with the labels of their fields; numbers of cards and accounts stay masked."""
    tables = {model._meta.db_table: model for model in apps.get_app_config("beneficiaries").get_models()}
    return [
        Event(
            entry.at,
            str(entry.actor) if entry.actor else "",
            entry.action,
            [_difference(tables.get(entry.table), name, pair) for name, pair in entry.changes.items()],
        )
        for entry in entries
    ]


def _difference(model: type[models.Model] | None, name: str, pair: Any) -> Difference:
    old, new = pair
    return Difference(_label(model, name), _shown(name, old), _shown(name, new))


def _label(model: type[models.Model] | None, name: str) -> str:
    if model is None:
        return name
    try:
        field = model._meta.get_field(name)
    except FieldDoesNotExist:
        return name
    return str(getattr(field, "verbose_name", name))


def _shown(name: str, value: Any) -> str:
    if value is None or value == "":
        return "(trống)"
    return f"•••• {str(value)[-4:]}" if name in _NUMBERS else str(value)

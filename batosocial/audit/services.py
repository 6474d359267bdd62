"""Writing the audit: always called explicitly by the service that did the work."""

import datetime
from collections.abc import Mapping
from contextvars import ContextVar
from typing import Any

from django.db import models

from batosocial.audit.models import Entry
from batosocial.staff.models import User

#: Address of the request being served; set by staff.middleware through ``remember_address``.
_address: ContextVar[str | None] = ContextVar("audit_address", default=None)


def remember_address(address: str | None) -> None:
    _address.set(address)


def _plain(value: Any) -> Any:
    if isinstance(value, models.Model):
        return str(value)
    if isinstance(value, datetime.date | datetime.datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple | set):
        return [_plain(v) for v in value]
    if value is None or isinstance(value, str | int | float | bool):
        return value
    return str(value)


def prepare(
    *,
    actor: User | None,
    action: str,
    row: models.Model | None = None,
    changes: Mapping[str, tuple[Any, Any]] | None = None,
    details: Mapping[str, Any] | None = None,
    job_id: int | None = None,
) -> Entry:
    """An entry that is not stored yet, for work that stores many of them with one statement; else as ``record``."""
    return Entry(
        actor=actor,
        action=action,
        table=row._meta.db_table if row is not None else "",
        row_id=row.pk if row is not None else None,
        label=str(row)[:300] if row is not None else "",
        changes=_plain(dict(changes or {})),
        details=_plain(dict(details or {})),
        job_id=job_id,
        ip=_address.get(),
    )


def record(
    *,
    actor: User | None,
    action: str,
    row: models.Model | None = None,
    changes: Mapping[str, tuple[Any, Any]] | None = None,
    details: Mapping[str, Any] | None = None,
    job_id: int | None = None,
) -> Entry:
    """Add one entry. ``changes`` maps a field to (old, new); ``details`` holds counts and reasons."""
    entry = prepare(actor=actor, action=action, row=row, changes=changes, details=details, job_id=job_id)
    entry.save(force_insert=True)
    return entry


def differences(row: models.Model, new: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """The fields of ``new`` that differ from ``row``, as {field: (old, new)}."""
    return {name: (getattr(row, name), value) for name, value in new.items() if getattr(row, name) != value}

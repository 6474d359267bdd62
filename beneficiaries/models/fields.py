"""Ranges of months: a half-open daterange whose bounds are firsts of months."""

from typing import Any

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import Q


class MonthRangeField(DateRangeField):
    """Months as a range ``[first month, month after the last)``; no upper bound: until further notice."""


def months_are_firsts(name: str, field: str = "months") -> models.CheckConstraint:
    """CHECK: not empty, starts on the first of a month, and ends, if it does, before the first of one."""
    return models.CheckConstraint(
        name=name,
        condition=Q(**{f"{field}__isempty": False, f"{field}__lower_inf": False})
        & Q(**{f"{field}__startswith__day": 1})
        & (Q(**{f"{field}__upper_inf": True}) | Q(**{f"{field}__endswith__day": 1})),
    )


def no_overlap(name: str, *same: str, condition: Q | None = None, field: str = "months") -> ExclusionConstraint:
    """EXCLUDE: two rows with the same values in ``same`` have no month in common."""
    expressions: list[tuple[Any, str]] = [(field, RangeOperators.OVERLAPS)]
    expressions += [(name_, RangeOperators.EQUAL) for name_ in same]
    return ExclusionConstraint(name=name, expressions=expressions, condition=condition)


__all__ = ["MonthRangeField", "months_are_firsts", "no_overlap"]

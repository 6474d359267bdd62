"""Ranges of months: a half-open daterange whose bounds are firsts of months. Words of a text, to be found by."""

from typing import Any

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import F, Func, Q, Value
from django.db.models.functions import Cast, Lower


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
    """EXCLUDE: two rows with the same values in ``same`` have no month in common.

    Its index is asked for the rows of one person far more often than for those of a month, and parts by its first
    columns: with the months first, a look-up reads a tenth of it.
    """
    expressions: list[tuple[Any, str]] = [(name_, RangeOperators.EQUAL) for name_ in same]
    expressions.append((field, RangeOperators.OVERLAPS))
    return ExclusionConstraint(name=name, expressions=expressions, condition=condition)


class WordsField(SearchVectorField):
    """A set of words as a tsvector without positions; asked by ``words__lexemes="'pham':* & 'thi':*"``."""


@WordsField.register_lookup
class Lexemes(models.Lookup):
    """The words fit a tsquery, which is taken as it is: no parser and no dictionary changes its words."""

    lookup_name = "lexemes"

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        left, left_params = self.process_lhs(compiler, connection)
        right, right_params = self.process_rhs(compiler, connection)
        return f"{left} @@ {right}::tsquery", (*left_params, *right_params)


_ACCENTED = "àáảãạăằắẳẵặâầấẩẫậèéẻẽẹêềếểễệìíỉĩịòóỏõọôồốổỗộơờớởỡợùúủũụưừứửữựỳýỷỹỵđ"
_PLAIN = "aaaaaaaaaaaaaaaaaeeeeeeeeeeeiiiiiooooooooooooooooouuuuuuuuuuuyyyyyd"
#: What parts words and what vanishes, as lib.text.fold has it; the bar parts the names of a search key.
_PARTING = "-‐‑‒–—.|"
_VANISHING = "'’‘ʼ`´′"


#: So many characters of the spelled and of the plain columns count. A page of an index that includes the words takes
#: rows of 2,700 bytes, and a letter may take three; nobody's names are half as long.
_LONGEST_SPELLED, _LONGEST_PLAIN = 250, 350


def words_of(spelled: list[str], folded: list[str], plain: list[str]) -> Func:
    """SQL of a generated column: the words of some text columns with their accents, of others without them and of
    others as they stand. It holds whoever writes the row, and whatever they forget."""
    accents = _translated(Lower(_left(_joined(spelled), _LONGEST_SPELLED)), _PARTING + _VANISHING, " " * len(_PARTING))
    bare = _translated(
        Lower(_left(_joined(folded), _LONGEST_SPELLED)), _ACCENTED + _PARTING + _VANISHING, _PLAIN + " " * len(_PARTING)
    )
    rest = _translated(_left(_joined(plain), _LONGEST_PLAIN), "|", " ")
    text = Func(accents, bare, rest, template="%(expressions)s", arg_joiner=" || ' ' || ")
    return Func(
        text,
        template="array_to_tsvector(array_remove(string_to_array(%(expressions)s, ' '), ''))",
        output_field=WordsField(),
    )


def _joined(columns: list[str]) -> Func:
    parts = [Cast(F(column), models.TextField()) for column in columns]
    return Func(*parts, template="(%(expressions)s)", arg_joiner=" || ' ' || ", output_field=models.TextField())


def _left(text: Any, length: int) -> Func:
    return Func(text, Value(length), function="left", output_field=models.TextField())


def _translated(text: Any, signs: str, into: str) -> Func:
    return Func(text, Value(signs), Value(into), function="translate", output_field=models.TextField())


__all__ = ["MonthRangeField", "WordsField", "months_are_firsts", "no_overlap", "words_of"]

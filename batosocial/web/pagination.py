"""Pages of a long list. The page number travels in the URL as ``trang``."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.core.paginator import Page, Paginator
from django.db import connections
from django.db.models import Case, IntegerField, Q, QuerySet, Value, When
from django.http import HttpRequest

PAGE_PARAMETER = "trang"
#: Rows are counted up to here, more than a district has; beyond, a list says "hơn 5.000" and its next pages work all
#: the same.
COUNTED = 5_000
#: A page number with as many digits is nobody's page, only work.
_MOST_DIGITS = 8


def paginate(request: HttpRequest, rows: Any, per_page: int = 50, *, count: int | None = None) -> Page[Any]:
    """The page asked for; a number that is no number gives the first page, one too high the last.

    ``count`` spares the query where the caller has counted the rows already.
    """
    paginator = Paginator(rows, per_page)
    if count is not None:
        paginator.__dict__["count"] = count
    return paginator.get_page(request.GET.get(PAGE_PARAMETER))


def paginate_ranked(
    request: HttpRequest, rows: QuerySet[Any], ranks: Sequence[Q] = (), per_page: int = 50
) -> Page[int]:
    """The same for the ids of rows of which there may be very many: one query, or three where there are.

    ``ranks`` are conditions, each a part of the next, and the last narrows the rows: whoever fits the first comes
    first, then the rest of the second, and so on; within a rank the queryset's own order holds, which needs to be one
    of plain fields, ascending.
    """
    asked = request.GET.get(PAGE_PARAMETER)
    return RankedPaginator(rows, ranks, per_page, asked).get_page(asked)


def rank_of(ranks: Sequence[Q]) -> Case:
    """The place of the first of the conditions that a row fits."""
    whens = [When(rank, then=Value(place)) for place, rank in enumerate(ranks[:-1])]
    return Case(*whens, default=Value(len(whens)), output_field=IntegerField())


class RankedPaginator(Paginator):
    """Counts no further than it must; ``is_open`` says that there are more rows than ``count``.

    Few rows are all gathered and then sorted; of many, the first ones are found in the order of an index. Which of
    the two, PostgreSQL would have to guess from how frequent it takes the words to be, and is at times wrong by far.
    """

    def __init__(self, rows: QuerySet[Any], ranks: Sequence[Q], per_page: int, asked: str | None = None) -> None:
        super().__init__([], per_page)
        self.rows = rows
        self.ranks = list(ranks) or [Q()]
        self.order = [str(name) for name in rows.query.order_by]
        self.asked = int(asked) if asked and asked.isascii() and asked.isdigit() and len(asked) < _MOST_DIGITS else 1
        # One more than the page asked for shows whether there is a next one.
        self.bound = max(COUNTED, self.asked * per_page + 1)

    @cached_property
    def _gathered(self) -> tuple[int, list[int] | None]:
        """How many rows there are, up to one more than ``bound``; and the ids of the page asked for, unless open."""
        rows = self._part(self.ranks[-1], rank_of(self.ranks))
        try:
            sql, params = rows.order_by()[: self.bound + 1].query.sql_with_params()
        except EmptyResultSet:
            return 0, []
        names = [f"c{number}" for number in range(len(self._columns))]
        order = ", ".join(f"c{self._columns.index(name)}" for name in ["rank", *self.order])
        size = self.per_page
        start = f"least({(max(self.asked, 1) - 1) * size}, greatest(n - 1, 0) / {size} * {size})"
        with connections[rows.db].cursor() as cursor:
            cursor.execute(
                f"WITH hits ({', '.join(names)}) AS MATERIALIZED ({sql}), counted AS (SELECT count(*) AS n FROM hits)"
                f" SELECT n, CASE WHEN n <= {self.bound} THEN ARRAY(SELECT c0 FROM hits ORDER BY {order}"
                f" LIMIT {size} OFFSET (SELECT {start} FROM counted)) END FROM counted",
                params,
            )
            count, ids = cursor.fetchone()
        return count, ids

    @cached_property
    def count(self) -> int:
        return min(self._gathered[0], self.bound)

    @property
    def is_open(self) -> bool:
        return self._gathered[0] > self.bound

    def page(self, number: int | str) -> Page[Any]:
        number = self.validate_number(number)
        ids = self._gathered[1]
        if ids is None or number != min(max(self.asked, 1), self.num_pages):
            ids = self._walked((number - 1) * self.per_page)
        return Page(ids, number, self)

    def _walked(self, start: int) -> list[int]:
        """The ids of a page of many rows: of one rank, or of the few that the page touches."""
        end = start + self.per_page
        counts = [*self._counts(end), self.bound + 1]
        parts = []
        for place, (rank, count) in enumerate(zip(self.ranks, counts, strict=True)):
            before = counts[place - 1] if place else 0
            if max(start, before) < min(end, count):
                condition = rank & ~self.ranks[place - 1] if place else rank
                part = self._part(condition, Value(place, IntegerField()))
                parts.append(part[max(start - before, 0) : end - before])
        first, *rest = parts
        found = first.union(*rest, all=True).order_by("rank", *self.order) if rest else first
        return [row[0] for row in found]

    @property
    def _columns(self) -> list[str]:
        return ["pk", "rank", *(name for name in self.order if name != "pk")]

    def _part(self, condition: Q, rank: Any) -> QuerySet[Any]:
        return self.rows.filter(condition).annotate(rank=rank).values_list(*self._columns)

    def _counts(self, end: int) -> list[int]:
        """How many rows each rank but the last has, up to ``end``, in one query; none are counted behind one that has
        as many."""
        steps: list[str] = []
        params: list[Any] = []
        for place, rank in enumerate(self.ranks[:-1]):
            sql, values = self.rows.filter(rank).order_by().values("pk")[:end].query.sql_with_params()
            count = f"(SELECT count(*) FROM ({sql}) AS rows)"
            if place:
                count = f"(SELECT CASE WHEN n = {end} THEN n ELSE {count} END FROM c{place - 1})"
            steps.append(f"c{place} AS MATERIALIZED (SELECT {count} AS n)")
            params += values
        if not steps:
            return []
        counts = ", ".join(f"(SELECT n FROM c{place})" for place in range(len(steps)))
        with connections[self.rows.db].cursor() as cursor:
            cursor.execute(f"WITH {', '.join(steps)} SELECT {counts}", params)
            return list(cursor.fetchone())

"""What a list must say about itself to be exported, and the lists that there are."""

import datetime
from collections.abc import Collection, Iterable, Iterator
from itertools import islice
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.forms import Form
from django.http import QueryDict
from import_export.resources import Resource

from batosocial.lib import clock, months
from batosocial.staff.models import User
from batosocial.web.pagination import PAGE_PARAMETER
from beneficiaries.resources import Column, columns

#: Rows fetched from the server at a time.
CHUNK = 2000


class BadFilter(ValueError):
    """The filter in the address does not make sense."""


class ListExport:
    """One list as one user sees it through one filter. Made anew by a job: scope and filter are those of then.

    ``cells`` and the resource decide what stands in a row; ``rows`` must be scoped with ``visible_to``.
    """

    #: Stands in the job's arguments and in the file's name.
    name: ClassVar[str]
    title: ClassVar[str]
    #: The tab of the workbook, at most 31 characters.
    sheet: ClassVar[str]
    #: What the audit calls it.
    action: ClassVar[str]
    roles: ClassVar[Collection[str]]

    def __init__(self, user: User, params: QueryDict, *, full_numbers: bool = False) -> None:
        self.user = user
        self.full_numbers = full_numbers
        self.form = self.filter_form(params)
        if not self.form.is_valid():
            raise BadFilter(f"Bộ lọc không hợp lệ: {self.form.errors.as_text()}")
        #: The filter as the audit keeps it.
        self.filters = {name: str(value) for name, value in params.items() if value and name in self.form.fields}
        self.resource = self.make_resource()
        self.columns: dict[str, Column] = columns(self.resource)

    def filter_form(self, params: QueryDict) -> Form:
        """The form of the list's page, bound to the filter in the address."""
        raise NotImplementedError

    def rows(self) -> "QuerySet[Any]":
        """The rows, in order, in the user's scope."""
        raise NotImplementedError

    def make_resource(self) -> Resource:
        raise NotImplementedError

    @property
    def month(self) -> datetime.date:
        """The month that the title names."""
        return months.first(clock.today())

    def count(self) -> int:
        return self.rows().count()

    def prepared(self, rows: list[Any]) -> Iterable[Any]:
        """Rows of a chunk as the resource takes them; a list whose page shows more than its rows says how."""
        return rows

    def lines(self) -> Iterator[list[Any]]:
        """The cells of each row. One query, and what ``prepared`` asks for each chunk; memory for a chunk of rows."""
        resource, fields = self.resource, list(self.columns.values())
        rows = self.rows().iterator(chunk_size=CHUNK)
        while chunk := list(islice(rows, CHUNK)):
            for row in self.prepared(chunk):
                yield [resource.export_field(field, row, mask=not self.full_numbers) for field in fields]


_lists: dict[str, type[ListExport]] = {}


def register(export: type[ListExport]) -> type[ListExport]:
    """Add a list under its name."""
    _lists[export.name] = export
    return export


def find(name: str) -> type[ListExport]:
    """KeyError where there is no such list."""
    return _lists[name]


def without_page(params: QueryDict) -> str:
    """The filter as a query string: the page is none of it."""
    kept = params.copy()
    kept.pop(PAGE_PARAMETER, None)
    return kept.urlencode()

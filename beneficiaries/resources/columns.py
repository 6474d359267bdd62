"""A column of a list: its heading and widget, and what a template says about it."""

from collections.abc import Callable, Sequence
from typing import Any

from import_export.fields import Field
from import_export.resources import Resource

from beneficiaries.resources.widgets import AmountWidget, TextWidget

Choices = Sequence[str] | Callable[[], Sequence[str]]


class Column(Field):
    """A field with what a sheet needs to know of it.

    ``width`` in characters; ``hint`` explains the column in a template; ``choices`` fill its drop-down list;
    ``examples`` are the cells of a template's invented rows; ``required`` columns no list can do without.
    """

    def __init__(
        self,
        attribute: str,
        heading: str,
        *,
        widget: Any = None,
        width: int = 16,
        hint: str = "",
        choices: Choices = (),
        examples: Sequence[Any] = (),
        required: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(attribute=attribute, column_name=heading, widget=widget or TextWidget(), **options)
        self.width = width
        self.hint = hint
        self.examples = tuple(examples)
        self.required = required
        self._choices = choices

    @property
    def heading(self) -> str:
        return str(self.column_name)

    @property
    def is_amount(self) -> bool:
        """Whether its cells are numbers; all others are text."""
        return isinstance(self.widget, AmountWidget)

    @property
    def has_choices(self) -> bool:
        """Whether only certain values may stand in it."""
        return bool(self._choices)

    @property
    def choices(self) -> list[str]:
        """What may stand in the column; empty where anything may. May ask the database."""
        return list(self._choices() if callable(self._choices) else self._choices)


def columns(resource: Resource | type[Resource]) -> dict[str, Column]:
    """A resource's columns by field name, in their order."""
    made = resource() if isinstance(resource, type) else resource
    names = {id(field): name for name, field in made.fields.items()}
    return {names[id(field)]: field for field in made.get_export_fields() if isinstance(field, Column)}


def headings(resource: Resource | type[Resource]) -> dict[str, str]:
    """{field name: heading}, in the columns' order."""
    return {name: column.heading for name, column in columns(resource).items()}

"""How values of the register stand in a cell, and what a cell's text means."""

import datetime
from collections.abc import Iterable
from typing import Any

from django.utils import timezone
from import_export import widgets

from batosocial.lib import clock
from batosocial.lib.dates import PartialDate, parse_partial
from batosocial.lib.money import parse_amount
from batosocial.lib.national_id import check_cccd, check_cmnd
from batosocial.lib.text import clean, fold


class TextWidget(widgets.Widget):
    """Text as it is stored: NFC, single spaces."""

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> str:
        return clean("" if value is None else str(value))

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return "" if value is None else str(value)


class PartialDateWidget(widgets.Widget):
    """A birth date of which only the year may be known: 1942, 05/1942, 12/05/1942."""

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> PartialDate:
        return parse_partial(value, today=clock.today())[0]

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return "" if value is None else str(value)


class DateWidget(widgets.Widget):
    """A day as Vietnamese write it, 22/07/2024; of a moment the day that it was in Vietnam."""

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> datetime.date | None:
        if value in (None, ""):
            return None
        if isinstance(value, datetime.datetime):
            return value.date()
        if isinstance(value, datetime.date):
            return value
        date, _ = parse_partial(value, today=clock.today())
        if date.day is None or date.month is None:
            raise ValueError(f"“{value}” chưa đủ ngày, tháng, năm; hãy ghi như 22/07/2024.")
        return datetime.date(date.year, date.month, date.day)

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        if isinstance(value, datetime.datetime) and timezone.is_aware(value):
            value = timezone.localtime(value)
        return f"{value:%d/%m/%Y}" if value else ""


class AmountWidget(widgets.Widget):
    """Whole đồng: a number in the cell, never text and never a zero for something unreadable."""

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> int:
        return parse_amount(value)

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> Any:
        return "" if value is None else int(value)


class NumberTextWidget(TextWidget):
    """Digits that are no number: always a text cell, so that no leading zero is lost.

    Of a number that is ``maskable`` the last four digits are shown where ``mask`` is asked for.
    """

    maskable = True

    def render(self, value: Any, obj: Any = None, *, mask: bool = False, **kwargs: Any) -> str:
        text = super().render(value)
        return masked(text) if mask and self.maskable else text


class PhoneWidget(NumberTextWidget):
    """A telephone number, which nobody masks."""

    maskable = False


class CccdWidget(NumberTextWidget):
    """Twelve digits; ValueError with what to do for anything else."""

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> str:
        return _checked(check_cccd(_plain(value))) if value not in (None, "") else ""


class CmndWidget(NumberTextWidget):
    """The old nine digits; ValueError with what to do for anything else."""

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> str:
        return _checked(check_cmnd(str(_plain(value)))) if value not in (None, "") else ""


class ChoiceWidget(widgets.Widget):
    """A choice by its label, whatever its accents and capitals."""

    def __init__(self, choices: Iterable[tuple[str, Any]]) -> None:
        super().__init__()
        self.labels = {value: str(label) for value, label in choices}
        self.values = {fold(label): value for value, label in self.labels.items()}

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> str:
        text = clean("" if value is None else str(value))
        if not text or text in self.labels:
            return text
        try:
            return self.values[fold(text)]
        except KeyError:
            raise ValueError(f"“{text}” phải là một trong: {', '.join(self.labels.values())}.") from None

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return self.labels.get(value, "") if value else ""


def masked(number: str) -> str:
    """The last four digits only."""
    return f"•••• {number[-4:]}" if number else ""


def _plain(value: Any) -> str | int:
    return value if isinstance(value, int) and not isinstance(value, bool) else str(value)


def _checked(check: Any) -> str:
    if errors := [problem.message_vi for problem in check.problems if problem.severity == "error"]:
        raise ValueError(" ".join(errors))
    return str(check.number)

"""What the importer has to say about a cell, a row or a whole list."""

from dataclasses import dataclass
from typing import Literal

from batosocial.lib.text import clean

Severity = Literal["error", "warning"]
_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Message:
    """``column`` is Excel's letter and ``label`` the header above it, both "" for a whole row. ``code`` names what
    somebody has to settle, "" for anything else."""

    severity: Severity
    text: str
    column: str = ""
    label: str = ""
    code: str = ""


class ListRefused(ValueError):
    """A workbook that cannot be taken as this commune's list; ``sheet`` and ``row`` where that can be told."""

    def __init__(self, text: str, *, sheet: str = "", row: int | None = None) -> None:
        super().__init__(text)
        self.sheet = sheet
        self.row = row


def shown(value: object) -> str:
    """A cell's value as messages quote it: one clean line, long ones cut."""
    text = clean(str(value))
    return f"{text[:_SHOWN]}…" if len(text) > _SHOWN else text

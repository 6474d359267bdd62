"""How a workbook is to be read: which sheets, where their tables begin, what each column holds, and TCVN3."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class SheetReading:
    """Rows as Excel counts them; ``header`` is 0 for a table without one. Columns by their letters."""

    name: str
    header: int
    first: int
    columns: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Reading:
    """``tcvn3`` is None while nobody decided; ``remembered`` says that columns are those the commune chose before."""

    sheets: tuple[SheetReading, ...] = ()
    tcvn3: bool | None = None
    remembered: bool = False

    @classmethod
    def of(cls, stored: dict[str, Any]) -> "Reading | None":
        """From ``ImportBatch.reading``; None where nothing was settled yet."""
        if not stored.get("sheets"):
            return None
        sheets = tuple(
            SheetReading(sheet["name"], sheet["header"], sheet["first"], dict(sheet["columns"]))
            for sheet in stored["sheets"]
        )
        return cls(sheets, stored.get("tcvn3"), bool(stored.get("remembered")))

    def stored(self) -> dict[str, Any]:
        return {
            "sheets": [
                {"name": sheet.name, "header": sheet.header, "first": sheet.first, "columns": dict(sheet.columns)}
                for sheet in self.sheets
            ],
            "tcvn3": self.tcvn3,
            "remembered": self.remembered,
        }

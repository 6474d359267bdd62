"""From a workbook's bytes to its preview, for any kind of list."""

import datetime
from collections.abc import Collection
from dataclasses import dataclass

from batosocial.lib.workbooks import Sheet
from beneficiaries.imports.base import Progress
from beneficiaries.imports.checked import Preview
from beneficiaries.imports.choices import Reading
from beneficiaries.imports.kinds import importer_of
from beneficiaries.imports.mappings import remembered_columns
from beneficiaries.imports.reading import CommuneList, read_list, settle
from beneficiaries.imports.survey import Survey, open_sheets, survey
from beneficiaries.models import ImportBatch


@dataclass(frozen=True, slots=True)
class Opened:
    """A workbook and what it holds, for a list of ``batch``'s kind, commune and policy."""

    sheets: list[Sheet]
    found: Survey
    batch: ImportBatch

    def read(self, reading: Reading) -> CommuneList:
        """Its rows; ListRefused where it cannot be read so, or is another list than ``batch``."""
        importer = importer_of(self.batch)
        read = read_list(self.sheets, importer.columns, reading)
        importer.check_heading(read, self.batch)
        return read


def open_batch(content: bytes, filename: str, batch: ImportBatch) -> Opened:
    """The workbook surveyed, with the columns that its commune chose for such a header before."""
    sheets = open_sheets(content, filename)
    return Opened(sheets, survey(sheets, importer_of(batch).columns, remembered_columns(batch)), batch)


def read_batch(
    content: bytes, filename: str, batch: ImportBatch, *, sheets: Collection[str] = (), tcvn3: bool | None = None
) -> CommuneList:
    """The rows of a workbook, read as ``batch.reading`` says or, where it says nothing, as it explains itself.

    The second case sets ``batch.reading``; ``sheets`` and ``tcvn3`` count in it. ListRefused where it is not that list
    or cannot be read without asking.
    """
    reading = Reading.of(batch.reading)
    if reading is None:
        opened = open_batch(content, filename, batch)
        reading = settle(opened.found, importer_of(batch).columns, sheets=sheets, tcvn3=tcvn3)
        batch.reading = reading.stored()
    else:
        opened = Opened(open_sheets(content, filename), Survey(), batch)
    return opened.read(reading)


def check_workbook(
    content: bytes,
    filename: str,
    batch: ImportBatch,
    *,
    start: datetime.date,
    progress: Progress | None = None,
    sheets: Collection[str] = (),
    tcvn3: bool | None = None,
) -> Preview:
    """Check every row of a workbook. ``batch`` says of which kind, commune and policy it is; it need not be stored.

    ``sheets`` and ``tcvn3`` count where ``batch.reading`` is not settled yet. Raises ListRefused where the file as a
    whole cannot be taken. A fixed number of queries.
    """
    read = read_batch(content, filename, batch, sheets=sheets, tcvn3=tcvn3)
    return importer_of(batch).check(read, batch, start=start, progress=progress)

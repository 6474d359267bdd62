"""From a workbook's bytes to its preview, for any kind of list."""

import datetime

from beneficiaries.imports.base import Progress
from beneficiaries.imports.checked import Preview
from beneficiaries.imports.kinds import importer_of
from beneficiaries.imports.reading import CommuneList, read_list
from beneficiaries.models import ImportBatch


def read_batch(content: bytes, filename: str, batch: ImportBatch) -> CommuneList:
    """The rows of a workbook as ``batch`` says that it is to be read. ListRefused where it is not that list."""
    importer = importer_of(batch)
    read = read_list(content, filename, importer.columns)
    importer.check_heading(read, batch)
    return read


def check_workbook(
    content: bytes, filename: str, batch: ImportBatch, *, start: datetime.date, progress: Progress | None = None
) -> Preview:
    """Check every row of a workbook. ``batch`` says of which kind, commune and policy it is; it need not be stored.

    Raises ListRefused where the file as a whole cannot be taken. A fixed number of queries.
    """
    read = read_batch(content, filename, batch)
    return importer_of(batch).check(read, batch, start=start, progress=progress)

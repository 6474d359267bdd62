"""Which importer does what kind of list."""

from beneficiaries.imports.accounts.importer import AccountImporter
from beneficiaries.imports.base import Importer
from beneficiaries.imports.people.importer import PeopleImporter
from beneficiaries.models import ImportBatch

_IMPORTERS: dict[str, Importer] = {importer.kind: importer for importer in (PeopleImporter(), AccountImporter())}


def importer_of(batch: ImportBatch) -> Importer:
    return _IMPORTERS[batch.kind]

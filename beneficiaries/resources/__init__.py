"""The columns of people and accounts lists: one declaration for imports, templates and exports.

A resource's field names are those by which the importer knows a column (``imports.columns``).
"""

from beneficiaries.resources.accounts import AccountResource
from beneficiaries.resources.columns import Column, columns, headings
from beneficiaries.resources.people import PersonResource

__all__ = ["AccountResource", "Column", "PersonResource", "columns", "headings"]

"""Lists that leave the portal as .xlsx or .csv, as filtered on their page: at once when short, by a job when long.

Another list is a subclass of ``ListExport`` with its filter, its rows and its resource, registered by name.
"""

from beneficiaries.exports.lists import ListExport, register

__all__ = ["ListExport", "register"]

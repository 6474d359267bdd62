"""The way of a list: uploaded and checked, sent, then accepted or refused by the district."""

from beneficiaries.imports.services.bringing import (
    XLSX,
    check_again,
    check_batch,
    same_file,
    upload_list,
    withdraw_batch,
)
from beneficiaries.imports.services.common import CHECK_JOB, READERS, UPLOADERS, CannotDo
from beneficiaries.imports.services.sending import refuse_batch, send_batch
from beneficiaries.imports.services.writing import (
    ACCEPT_JOB,
    accept_batch,
    can_be_accepted,
    load_directly,
    request_acceptance,
    request_entry,
)

__all__ = [
    "ACCEPT_JOB",
    "CHECK_JOB",
    "READERS",
    "UPLOADERS",
    "XLSX",
    "CannotDo",
    "accept_batch",
    "can_be_accepted",
    "check_again",
    "check_batch",
    "load_directly",
    "refuse_batch",
    "request_acceptance",
    "request_entry",
    "same_file",
    "send_batch",
    "upload_list",
    "withdraw_batch",
]

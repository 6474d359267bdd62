"""The way of a list: uploaded and checked; then sent, and accepted or refused by the district as a first load, or
written by its commune as proposals that wait for their decisions."""

from beneficiaries.imports.services.bringing import (
    XLSX,
    check_again,
    check_batch,
    choose_reading,
    may_choose_reading,
    same_file,
    upload_list,
    withdraw_batch,
)
from beneficiaries.imports.services.common import CHECK_JOB, READERS, UPLOADERS, CannotDo, page_of
from beneficiaries.imports.services.sending import refuse_batch, send_batch
from beneficiaries.imports.services.writing import (
    ACCEPT_JOB,
    accept_batch,
    can_be_accepted,
    can_be_proposed,
    load_directly,
    request_acceptance,
    request_entry,
    request_proposals,
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
    "can_be_proposed",
    "check_again",
    "check_batch",
    "choose_reading",
    "load_directly",
    "may_choose_reading",
    "page_of",
    "refuse_batch",
    "request_acceptance",
    "request_entry",
    "request_proposals",
    "same_file",
    "send_batch",
    "upload_list",
    "withdraw_batch",
]

"""Everything that may be done with reviews, in one place to import from."""

from payments.review.appraising import (
    APPRAISING_ROLES,
    SIGNING_ROLES,
    appraise_lines,
    follow_changes,
    follow_month,
    return_lines,
    sign_off_reviews,
)
from payments.review.lines import LineRefused, Outcome, ReviewRefused
from payments.review.prefill import (
    PREFILL_JOB,
    PREFILLING_ROLES,
    begin_review,
    can_begin,
    month_to_review,
    prefill_reviews,
    queue_prefill,
)
from payments.review.preparing import (
    DEATH,
    PREPARING_ROLES,
    Handling,
    add_person,
    attach,
    detach,
    handle_line,
    keep_lines,
    remove_line,
    restore_line,
    stamp,
)
from payments.review.sending import SENDING_ROLES, send_review

__all__ = [
    "APPRAISING_ROLES",
    "DEATH",
    "PREFILLING_ROLES",
    "PREFILL_JOB",
    "PREPARING_ROLES",
    "SENDING_ROLES",
    "SIGNING_ROLES",
    "Handling",
    "LineRefused",
    "Outcome",
    "ReviewRefused",
    "add_person",
    "appraise_lines",
    "attach",
    "begin_review",
    "can_begin",
    "detach",
    "follow_changes",
    "follow_month",
    "handle_line",
    "keep_lines",
    "month_to_review",
    "prefill_reviews",
    "queue_prefill",
    "remove_line",
    "restore_line",
    "return_lines",
    "send_review",
    "sign_off_reviews",
    "stamp",
]

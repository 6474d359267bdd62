"""Where the program looks; importing this package registers the sources."""

from payments.review.sources import ages, payments, register

__all__ = ["ages", "payments", "register"]

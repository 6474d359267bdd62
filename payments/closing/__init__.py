"""Closing a month: what was approved against what became of it, what keeps it open, and money that goes back."""

from payments.closing.balance import missing_results

__all__ = ["missing_results"]

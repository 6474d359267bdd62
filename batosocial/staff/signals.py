"""What happens to an account besides Django's own sign-in signals; the audit, which stands above, listens."""

from django.dispatch import Signal

#: Sent with ``user`` after somebody has changed their own password.
password_changed = Signal()

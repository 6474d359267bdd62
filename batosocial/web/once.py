"""One form, one record: a double click, a reload or a request sent again lands where the first one did.

A form carries ``TokenField()``; its view does the work between claim and finish, in one transaction:

    with transaction.atomic():
        done = once.claim(request.user, form.cleaned_data["token"])
        if done:
            return redirect(done)
        row = service(…)
        url = row.get_absolute_url()
        once.finish(form.cleaned_data["token"], url)
    return redirect(url)

A form that is not valid asks ``earlier(request)`` first: the second click of two finds what the first has stored.
When the work fails, the exception has to leave the ``atomic`` block, so that the form can be sent again.
"""

import datetime
import uuid
from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.db import connection, transaction
from django.http import HttpRequest
from django.utils import timezone

from batosocial.staff.models import User
from batosocial.web.models import Submission

#: How long a form may be sent again and still be recognised; sessions last 8 hours, a draft in the browser a day.
KEPT = datetime.timedelta(days=2)


class TokenField(forms.UUIDField):
    """A hidden field with a fresh token; the form keeps it when it is shown again with errors."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            label="",
            initial=uuid.uuid4,
            # A browser that remembers a form must not bring back the token of one that was sent.
            widget=forms.HiddenInput(attrs={"autocomplete": "off"}),
            error_messages=dict.fromkeys(("required", "invalid"), "Trang này thiếu mã gửi. Hãy tải lại trang."),
            **options,
        )


def claim(user: User, token: uuid.UUID) -> str | None:
    """None for whoever comes first and does the work; else the page that the first one led to.

    Waits for a first one that is still at work, and takes over from one that failed. Must run in the transaction
    of the work. PermissionDenied for somebody else's token.
    """
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("once.claim needs the transaction of the work it guards")
    with connection.cursor() as cursor:
        # Waits for an uncommitted row of the same token; sees nothing of one that was rolled back.
        cursor.execute(
            "INSERT INTO web_submission (token, user_id, url, at) VALUES (%s, %s, '', %s) ON CONFLICT DO NOTHING",
            [token, user.pk, timezone.now()],
        )
        if cursor.rowcount:
            return None
    earlier = Submission.objects.select_for_update().get(pk=token)
    if earlier.user_id != user.pk:
        raise PermissionDenied
    return earlier.url or None


def finish(token: uuid.UUID, url: str) -> None:
    """Say where the form of ``token`` led to; in the transaction that claimed it."""
    Submission.objects.filter(pk=token).update(url=url)


def arrived(user: User, token: uuid.UUID) -> str:
    """Where the user's form of ``token`` led to; "" while it has not arrived."""
    return Submission.objects.filter(pk=token, user=user).values_list("url", flat=True).first() or ""


def earlier(request: HttpRequest) -> str:
    """Where the form that this request sends again led to; "" for a new one.

    To be asked before a page says what is wrong: of a double click, the second one finds what the first has stored.
    """
    try:
        token = uuid.UUID(request.POST.get("token", ""))
    except ValueError:
        return ""
    user = request.user
    return arrived(user, token) if isinstance(user, User) else ""


def forget_old() -> int:
    """Remove submissions nobody will send again; returns how many."""
    return Submission.objects.filter(at__lt=timezone.now() - KEPT).delete()[0]

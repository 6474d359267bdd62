"""Sign-ins in the audit. Django's own signals are the only way to hear of every one of them."""

from typing import Any

from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.core.signals import request_started

from batosocial.audit import services as audit
from batosocial.staff.addresses import client_address
from batosocial.staff.models import User
from batosocial.staff.signals import password_changed


def connect() -> None:
    """Listen; called once when the apps are ready."""
    request_started.connect(_remember_address, dispatch_uid="audit_address")
    user_logged_in.connect(_signed_in, dispatch_uid="audit_signed_in")
    user_login_failed.connect(_refused, dispatch_uid="audit_refused")
    user_logged_out.connect(_signed_out, dispatch_uid="audit_signed_out")
    password_changed.connect(_password_changed, dispatch_uid="audit_password")


def _remember_address(sender: Any, environ: dict[str, Any] | None = None, **_: Any) -> None:
    audit.remember_address(client_address(environ or {}))


def _signed_in(sender: Any, user: User, **_: Any) -> None:
    audit.record(actor=user, action="Đăng nhập", row=user)


def _refused(sender: Any, credentials: dict[str, Any], **_: Any) -> None:
    # What was typed may be a password in the wrong field: only names that exist are kept.
    user = User.objects.filter(username=str(credentials.get("username", ""))).first()
    audit.record(actor=None, action="Đăng nhập không thành công", row=user)


def _signed_out(sender: Any, user: User | None, **_: Any) -> None:
    if user is not None:
        audit.record(actor=user, action="Đăng xuất", row=user)


def _password_changed(sender: Any, user: User, **_: Any) -> None:
    audit.record(actor=user, action="Đổi mật khẩu", row=user)

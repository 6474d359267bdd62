"""What every administration page does: permission by role, old and new values in the audit, no deletion."""

from collections.abc import Callable
from typing import Any, TypeVar

from django.contrib import admin
from django.db import models
from django.forms import ModelForm
from django.http import HttpRequest

from batosocial.audit import services as audit
from batosocial.staff.models import User
from batosocial.web.admin.site import is_admin, portal_admin

A = TypeVar("A", bound=type[admin.ModelAdmin])


def register(*row_types: type[models.Model]) -> Callable[[A], A]:
    """Put a model on the portal's administration site."""

    def decorate(admin_class: A) -> A:
        portal_admin.register(row_types, admin_class)
        return admin_class

    return decorate


class AuditedModelAdmin(admin.ModelAdmin):
    """Add and change, each with an audit entry of old and new values; nothing is ever deleted."""

    actions = None
    save_as = False
    view_on_site = False
    #: Fields whose values never stand in the audit, only that they changed.
    secret_fields: frozenset[str] = frozenset({"password"})

    def has_module_permission(self, request: HttpRequest) -> bool:
        return is_admin(request.user)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return is_admin(request.user)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return is_admin(request.user)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return is_admin(request.user)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Any, form: ModelForm, change: bool) -> None:
        # Django's view runs in one transaction, so row and audit entry stand or fall together.
        old = type(obj)._default_manager.get(pk=obj.pk) if change else None
        super().save_model(request, obj, form, change)
        names = [field.name for field in obj._meta.concrete_fields if not field.primary_key]
        changes = {
            name: ("", "đã đổi") if name in self.secret_fields else (getattr(old, name, None), getattr(obj, name))
            for name in names
            if getattr(old, name, None) != getattr(obj, name)
        }
        if change and not changes:
            return
        assert isinstance(request.user, User)  # noqa: S101  (the site lets nobody else in)
        audit.record(
            actor=request.user,
            action=f"{'Sửa' if change else 'Thêm'} {obj._meta.verbose_name}",
            row=obj,
            changes=changes,
        )

    # The portal's audit replaces Django's own log of the administration.
    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> None:  # type: ignore[override]
        return None

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> None:  # type: ignore[override]
        return None


class ReadOnlyModelAdmin(AuditedModelAdmin):
    """Rows to look at."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

"""Django's administration for the role admin. Superuser and staff flags mean nothing here."""

from functools import update_wrapper
from typing import Any

from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, URLResolver

from batosocial.staff.models import Role, User


def is_admin(user: object) -> bool:
    return isinstance(user, User) and user.is_active and user.role == Role.ADMIN


class PortalAdminSite(AdminSite):
    site_title = "Quản trị BaToSocial"
    site_header = "Quản trị BaToSocial"
    index_title = "Danh mục quản trị"
    site_url = "/"
    enable_nav_sidebar = True

    def has_permission(self, request: HttpRequest) -> bool:
        return is_admin(request.user)

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """Django sends whoever lacks the permission to a sign-in page; here that is a plain 403."""
        guarded = super().admin_view(view, cacheable)

        def role_checked(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            if request.user.is_authenticated and not self.has_permission(request):
                raise PermissionDenied
            return guarded(request, *args, **kwargs)

        wrapped = update_wrapper(role_checked, view)
        wrapped.roles = frozenset({str(Role.ADMIN)})  # type: ignore[attr-defined]
        return wrapped

    def get_urls(self) -> list[URLPattern | URLResolver]:
        """Signing in and out and changing one's password have their own pages in the portal."""
        own = {"login", "logout", "password_change", "password_change_done", "view_on_site"}
        return [url for url in super().get_urls() if getattr(url, "name", None) not in own]

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return redirect("staff:sign_in")


portal_admin = PortalAdminSite(name="admin")

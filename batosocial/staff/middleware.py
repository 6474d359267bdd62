"""Limits of a session, for every request before its view runs."""

import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, resolve_url
from django.urls import reverse
from django.utils.cache import patch_cache_control
from django.utils.http import url_has_allowed_host_and_scheme

from batosocial.staff.addresses import client_address
from batosocial.staff.models import User
from batosocial.staff.views import change_password, sign_out

#: Session key: when the session began, in seconds since the epoch.
SIGNED_IN_AT = "signed_in_at"


class SessionLimitsMiddleware:
    """Ends a session at its absolute age, sends whoever must change their password to that page, and tells
    an htmx request that has no session any more to open the sign-in page instead of swapping it in.

    The idle limit is the session's own expiry (``SESSION_COOKIE_AGE``, renewed by every request).
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        # One place decides who the client is; lockout (axes) and logs read it from here.
        request.META["REMOTE_ADDR"] = client_address(request.META) or ""
        response = self.get_response(request)
        if request.user.is_authenticated and "Cache-Control" not in response:
            # Officials share computers: after signing out, "back" must not show people and money.
            patch_cache_control(response, private=True, no_store=True)
        return response

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: Any, kwargs: Any
    ) -> HttpResponse | None:
        public = not getattr(view, "login_required", True)
        user = request.user
        if not isinstance(user, User):
            if public:
                return None
            if settings.SESSION_COOKIE_NAME in request.COOKIES:
                idle = settings.SESSION_COOKIE_AGE // 60
                messages.warning(request, f"Phiên làm việc đã hết sau {idle} phút không thao tác. Hãy đăng nhập lại.")
            return _to_sign_in(request)
        now = int(time.time())
        began = request.session.setdefault(SIGNED_IN_AT, now)
        if now - began > settings.SESSION_ABSOLUTE_AGE:
            logout(request)
            if public:
                return None
            hours = settings.SESSION_ABSOLUTE_AGE // 3600
            messages.warning(request, f"Mỗi lần đăng nhập dùng tối đa {hours} giờ. Hãy đăng nhập lại.")
            return _to_sign_in(request)
        if user.must_change_password and not public and view not in (change_password, sign_out):
            return _go(request, reverse("staff:change_password"))
        return None


def _to_sign_in(request: HttpRequest) -> HttpResponse:
    """To the sign-in page and back: to this page, or to the one with the form that was sent or that htmx asked from."""
    if _from_htmx(request):
        back = _path_of(request.headers.get("HX-Current-URL", ""))
    elif request.method in ("GET", "HEAD"):
        back = request.get_full_path()
    else:
        # What was typed there is still in the browser (static/js/draft.js).
        referrer = request.headers.get("Referer", "")
        ours = url_has_allowed_host_and_scheme(
            referrer, allowed_hosts={request.get_host()}, require_https=request.is_secure()
        )
        back = _path_of(referrer) if ours else ""
    response = redirect_to_login(back or resolve_url(settings.LOGIN_REDIRECT_URL), settings.LOGIN_URL)
    return _go(request, response.url)


def _path_of(url: str) -> str:
    return urlsplit(url)._replace(scheme="", netloc="", fragment="").geturl()


def _go(request: HttpRequest, url: str) -> HttpResponse:
    if _from_htmx(request):
        # A redirect would be followed silently and the page swapped into a corner of this one.
        return HttpResponse(headers={"HX-Redirect": url})
    return redirect(url)


def _from_htmx(request: HttpRequest) -> bool:
    return request.headers.get("HX-Request") == "true"

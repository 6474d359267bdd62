"""The home page, the health check and the pages for what went wrong."""

import logging
import uuid

from django.contrib.auth.decorators import login_not_required
from django.core.cache import cache
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import requires_csrf_token
from django.views.decorators.http import require_safe

from batosocial.web import once, panels, todo
from batosocial.web.access import StaffRequest

log = logging.getLogger(__name__)


@require_safe
def home(request: StaffRequest) -> HttpResponse:
    user = request.user
    return render(request, "home/home.html", {"todos": todo.for_user(user), "panels": panels.for_user("home", user)})


@never_cache
@require_safe
def submission(request: StaffRequest, token: uuid.UUID) -> JsonResponse:
    """Whether one's own form arrived: the page that it led to, or "". The browser's draft asks (static/js/draft.js)."""
    return JsonResponse({"url": once.arrived(request.user, token)})


@login_not_required
@never_cache
@require_safe
def health(request: HttpRequest) -> JsonResponse:
    """One query to the database and one to the cache: 200 when both answer, else 503."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        cache.get("health")
    except Exception:
        # Whatever it is, whoever asks needs an answer; the log has the rest.
        log.exception("health check failed")
        return JsonResponse({"status": "unavailable"}, status=503)
    return JsonResponse({"status": "ok"})


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return render(request, "errors/csrf.html", status=403)


@requires_csrf_token
def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return render(request, "errors/400.html", status=400)


@requires_csrf_token
def permission_denied(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return render(request, "errors/403.html", status=403)


@requires_csrf_token
def page_not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return render(request, "errors/404.html", status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    """Rendered without the request: the database or the session may be what failed."""
    return HttpResponse(render_to_string("errors/500.html"), status=500)

"""What every page promises: a signed-in user, headers, no inline script."""

import re
from collections.abc import Iterator

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.resolvers import RoutePattern

from batosocial.staff.models import Role
from tests import factories

PUBLIC = {"web:health", "staff:sign_in"}


def all_urls(resolver: URLResolver, namespace: str = "", path: str = "/") -> Iterator[tuple[str, str, URLPattern]]:
    """Every address as (name, a path that leads there or "", pattern)."""
    for entry in resolver.url_patterns:
        part = entry.pattern
        here = ""
        if path and isinstance(part, RoutePattern):
            here = path + re.sub(r"<(?:(\w+):)?\w+>", lambda m: sample(m[1] or "str"), str(part))
        if isinstance(entry, URLResolver):
            yield from all_urls(entry, entry.namespace or namespace, here)
        else:
            yield f"{namespace}:{entry.name}", here, entry


def sample(converter: str) -> str:
    return {"uuid": "00000000-0000-4000-8000-000000000000", "month": "2024-07"}.get(converter, "1")


URLS = list(all_urls(get_resolver()))


def test_only_sign_in_and_health_check_are_public():
    public = {name for name, _, entry in URLS if not getattr(entry.callback, "login_required", True)}
    assert public == PUBLIC


@pytest.mark.django_db
@pytest.mark.parametrize(("name", "path"), [(n, p) for n, p, _ in URLS if p and n not in PUBLIC])
def test_no_page_without_sign_in(client: Client, name: str, path: str):
    for method in (client.get, client.post):
        answer = method(path)
        assert answer.status_code == 302, name
        assert answer["Location"].startswith("/dang-nhap/"), name


@pytest.mark.django_db
def test_health_check_answers_without_sign_in(client: Client, django_assert_num_queries):
    with django_assert_num_queries(1):
        answer = client.get("/suc-khoe/")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


@pytest.mark.django_db
def test_health_check_tells_of_a_dead_cache(client: Client, settings):
    settings.CACHES = {
        "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": "redis://127.0.0.1:9/0"}
    }
    answer = client.get("/suc-khoe/")
    assert (answer.status_code, answer.json()) == (503, {"status": "unavailable"})


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/dang-nhap/", "/", "/khong-co/", "/quan-tri/"])
def test_headers(client: Client, path: str):
    if path != "/dang-nhap/":
        client.force_login(factories.user(Role.ADMIN))
    answer = client.get(path)
    policy = dict(part.strip().split(" ", 1) for part in answer["Content-Security-Policy"].split(";"))
    assert policy["script-src"] == "'self'"
    assert policy["default-src"] == "'none'"
    assert policy["frame-ancestors"] == "'none'"
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Referrer-Policy"] == "same-origin"


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/dang-nhap/", "/", "/khong-co/", "/doi-mat-khau/", "/quan-tri/"])
def test_no_inline_script_or_style_element(client: Client, path: str):
    if path != "/dang-nhap/":
        client.force_login(factories.user(Role.ADMIN))
    page = client.get(path).content.decode()
    assert not re.search(r"<script(?![^>]*\bsrc=)(?![^>]*type=\"application/json\")", page)
    assert "<style" not in page
    assert not re.search(r"\son\w+=", page)
    assert "hx-on" not in page


@pytest.mark.django_db
def test_cookies_are_out_of_reach_of_scripts(client: Client):
    user = factories.user(Role.ADMIN)
    user.set_password("mat-khau-de-thu-2024")
    user.save()
    client.get("/dang-nhap/")
    client.post("/dang-nhap/", {"username": user.username, "password": "mat-khau-de-thu-2024"})
    for name in ("sessionid", "csrftoken"):
        assert client.cookies[name]["httponly"]
        assert client.cookies[name]["samesite"] == "Lax"


@pytest.mark.django_db
def test_a_form_from_elsewhere_is_refused_in_plain_words():
    client = Client(enforce_csrf_checks=True)
    client.force_login(factories.user(Role.ADMIN))
    answer = client.post("/doi-mat-khau/", {})
    assert answer.status_code == 403
    assert "Trang đã mở quá lâu" in answer.content.decode()

"""The shell around the pages: sidebar, to-do list, errors, access by role, weight."""

import re
from html import unescape
from pathlib import Path
from typing import cast

import pytest
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.template import engines
from django.test import Client, RequestFactory

from batosocial.staff.models import Role
from batosocial.web import navigation, panels, todo, views
from batosocial.web.access import StaffRequest, roles_required
from batosocial.web.navigation import NavItem
from tests import factories

KB = 1024


@pytest.fixture
def officer(db, client: Client):
    user = factories.user(Role.DISTRICT_OFFICER)
    client.force_login(user)
    return user


class TestShell:
    def test_names_user_role_unit_day_and_demo(self, client: Client, officer):
        page = unescape(client.get("/").content.decode())
        for shown in (officer.full_name, officer.get_role_display(), str(officer.unit), "22/07/2024"):
            assert shown in page
        assert "Dữ liệu minh họa" in page

    @pytest.mark.parametrize("path", ["/dang-nhap/", "/khong-co/"])
    def test_demo_is_told_before_sign_in_too(self, db, client: Client, path: str):
        assert "Dữ liệu minh họa" in client.get(path).content.decode()

    def test_without_demo_no_banner(self, client: Client, officer, settings):
        settings.DEMO = False
        assert "Dữ liệu minh họa" not in client.get("/").content.decode()

    def test_page_is_marked_in_the_sidebar(self, client: Client, officer):
        assert re.search(r'<a href="/" aria-current="page">', client.get("/").content.decode())

    def test_has_skip_link_language_and_one_heading(self, client: Client, officer):
        page = client.get("/").content.decode()
        assert '<html lang="vi">' in page
        assert 'href="#noi-dung"' in page
        assert page.count("<h1>") == 1
        assert "<h1>Việc cần làm</h1>" in page

    def test_fixed_number_of_queries(self, client: Client, officer, django_assert_max_num_queries):
        client.get("/")
        with django_assert_max_num_queries(40):
            client.get("/")


class TestNavigation:
    @pytest.fixture(autouse=True)
    def _own_items(self, monkeypatch):
        monkeypatch.setattr(navigation, "_items", {})
        navigation.register(NavItem("Trang đầu", "web:home", "home", {Role.ADMIN, Role.CHAIRMAN}, 0))
        navigation.register(NavItem("Mật khẩu", "staff:change_password", "key", {Role.ADMIN}, 10, "Hệ thống"))

    def test_shows_a_role_only_its_own(self, db):
        request = RequestFactory().get("/doi-mat-khau/")
        groups = navigation.items_for(factories.user(Role.ADMIN), request)
        assert [(g.label, [(i.label, i.active) for i in g.links]) for g in groups] == [
            ("", [("Trang đầu", False)]),
            ("Hệ thống", [("Mật khẩu", True)]),
        ]
        assert [len(g.links) for g in navigation.items_for(factories.user(Role.CHAIRMAN), request)] == [1]

    def test_shows_nothing_to_strangers(self):
        assert navigation.items_for(AnonymousUser(), RequestFactory().get("/")) == []

    def test_registering_again_replaces(self, db):
        navigation.register(NavItem("Khác", "web:home", "home", {Role.CHAIRMAN}, 0))
        groups = navigation.items_for(factories.user(Role.CHAIRMAN), RequestFactory().get("/"))
        assert [i.label for g in groups for i in g.links] == ["Khác"]


class TestTodo:
    def test_home_lists_what_waits_most_urgent_first(self, client: Client, officer, monkeypatch):
        monkeypatch.setattr(todo, "_providers", [])
        todo.register(lambda user: [todo.Todo("danh sách chờ thẩm định", 3, "/chi-tra/", "warning", "Tháng 8/2024")])
        todo.register(lambda user: [todo.Todo("không có gì", 0, "/x/"), todo.Todo("bị trả lại", 1200, "/y/", "danger")])
        page = client.get("/").content.decode()
        assert "không có gì" not in page
        assert page.index("1.200") < page.index("danh sách chờ thẩm định") < page.index("Tháng 8/2024")

    def test_home_says_when_nothing_waits(self, client: Client, officer, monkeypatch):
        monkeypatch.setattr(todo, "_providers", [])
        assert "Không còn việc nào chờ anh/chị" in client.get("/").content.decode()


def test_panels_come_in_order_and_by_role(db, monkeypatch):
    monkeypatch.setattr(panels, "_panels", {})
    panels.register("person", "Sau", "admin:staff_user_change", frozenset({Role.ADMIN}), 20)
    panels.register("person", "Trước", "admin:staff_user_history", frozenset({Role.ADMIN}), 10)
    shown = panels.for_user("person", factories.user(Role.ADMIN), 7)
    assert [(p.label, p.url) for p in shown] == [
        ("Trước", "/quan-tri/staff/user/7/history/"),
        ("Sau", "/quan-tri/staff/user/7/change/"),
    ]
    assert panels.for_user("person", factories.user(Role.CHAIRMAN), 7) == []
    assert panels.for_user("payment", factories.user(Role.ADMIN), 7) == []


class TestRoles:
    def test_other_roles_are_refused(self, db):
        view = roles_required(Role.CHAIRMAN)(lambda request: HttpResponse("ok"))
        request = cast(StaffRequest, RequestFactory().get("/"))
        request.user = factories.user(Role.CHAIRMAN)
        assert view(request).content == b"ok"
        request.user = factories.user(Role.POLICE)
        with pytest.raises(PermissionDenied):
            view(request)
        assert getattr(view, "roles", None) == {"chairman"}

    @pytest.mark.parametrize("roles", [(), ("chairmann",)])
    def test_unknown_or_no_role_is_a_mistake(self, roles):
        with pytest.raises(ValueError, match="existing roles"):
            roles_required(*roles)


class TestErrors:
    def test_missing_page_keeps_the_sidebar(self, client: Client, officer):
        answer = client.get("/khong-co/")
        assert answer.status_code == 404
        assert "Không tìm thấy" in answer.content.decode()
        assert 'id="danh-muc"' in answer.content.decode()

    def test_missing_page_tells_a_stranger_nothing(self, db, client: Client):
        page = client.get("/khong-co/").content.decode()
        assert 'id="danh-muc"' not in page

    def test_other_roles_get_a_plain_403(self, client: Client, officer):
        answer = client.get("/quan-tri/")
        assert answer.status_code == 403
        assert officer.get_role_display() in unescape(answer.content.decode())

    def test_server_error_needs_neither_database_nor_session(self):
        answer = views.server_error(RequestFactory().get("/"))
        assert answer.status_code == 500
        assert "Máy chủ gặp lỗi" in answer.content.decode()


def compressed(url: str, ending: str) -> int:
    """What a static file weighs on the line."""
    name = url.removeprefix(f"/{settings.STATIC_URL.strip('/')}/")
    return Path(settings.STATIC_ROOT, f"{name}.{ending}").stat().st_size


def static_urls(page: str) -> set[str]:
    return set(re.findall(r'(?:src|href)="(/static/[^"#]+)', page))


class TestWeight:
    """Lines in the mountains: 250 KB for a first visit, 30 KB for every page after it."""

    @pytest.fixture
    def pages(self, client: Client, officer) -> list[str]:
        home = client.get("/").content.decode()
        return [Client().get("/dang-nhap/").content.decode(), home]

    def test_first_visit(self, pages: list[str]):
        files = set().union(*(static_urls(page) for page in pages))
        total = sum(compressed(url, "gz") for url in files) + sum(len(page.encode()) for page in pages)
        assert total <= 250 * KB

    def test_first_visit_with_a_chart(self, pages: list[str]):
        library = engines["django"].from_string("{% load static %}{% static 'vendor/echarts.simple.min.js' %}").render()
        files = set().union(*(static_urls(page) for page in pages)) | {library}
        assert sum(compressed(url, "br") for url in files) + sum(len(page.encode()) for page in pages) <= 250 * KB

    def test_later_page(self, pages: list[str]):
        _, home = pages
        assert len(home.encode()) <= 30 * KB

    def test_no_address_outside(self, pages: list[str]):
        for page in pages:
            assert not re.findall(r'(?:src|href)="(?:https?:)?//', page)


def test_every_icon_named_in_templates_is_in_the_sprite():
    names = set(re.findall(r'<symbol id="([\w-]+)"', Path("static/icons.svg").read_text()))
    for file in Path("templates").rglob("*.html"):
        used = set(re.findall(r"{% icon \"([\w-]+)\"", file.read_text()))
        assert used <= names, file
    assert {item.icon for item in navigation._items.values()} <= names

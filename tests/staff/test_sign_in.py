"""Signing in, being locked out, and what the audit keeps of it."""

import pytest
from django.conf import settings
from django.test import Client, override_settings
from django.urls import reverse

from batosocial.audit.models import Entry
from batosocial.staff.addresses import client_address
from batosocial.staff.models import Role, User
from tests import factories

pytestmark = pytest.mark.django_db

PASSWORD = "mat-khau-de-thu-2024"
SIGN_IN = "/dang-nhap/"


@pytest.fixture
def officer() -> User:
    user = factories.user(Role.COMMUNE_OFFICER)
    user.set_password(PASSWORD)
    user.save()
    return user


def sign_in(client: Client, user: User, password: str = PASSWORD, **more: str):
    return client.post(SIGN_IN, {"username": user.username, "password": password, **more})


def test_right_password_opens_home(client: Client, officer: User):
    assert sign_in(client, officer)["Location"] == reverse("web:home")
    assert client.get("/").status_code == 200


def test_passwords_are_kept_as_argon2(officer: User):
    assert officer.password.startswith("argon2$argon2id$")


def test_wrong_password_says_what_to_check_and_keeps_the_name(client: Client, officer: User):
    page = sign_in(client, officer, "sai").content.decode()
    assert "Tên đăng nhập hoặc mật khẩu không đúng" in page
    assert f'value="{officer.username}"' in page


def test_unknown_name_and_wrong_password_look_the_same(client: Client, officer: User):
    def message(answer) -> str:
        return answer.context["form"].non_field_errors()[0]

    known = message(sign_in(client, officer, "sai"))
    unknown = message(client.post(SIGN_IN, {"username": "khong-co-ai", "password": "sai"}))
    assert known == unknown


def test_empty_fields_say_what_to_enter(client: Client):
    page = client.post(SIGN_IN, {}).content.decode()
    assert "Hãy nhập tên đăng nhập." in page
    assert "Hãy nhập mật khẩu." in page


@pytest.mark.parametrize("role", [Role.SYSTEM, Role.COMMUNE_OFFICER])
def test_system_and_inactive_users_cannot_sign_in(client: Client, role: str):
    user = factories.user(role, is_active=role == Role.SYSTEM)
    user.set_password(PASSWORD)
    user.save()
    assert sign_in(client, user).status_code == 200
    assert client.get("/").status_code == 302


@pytest.mark.parametrize(
    ("wanted", "reached"),
    [("/viec/", "/viec/"), ("https://la.example/", "/"), ("//la.example", "/"), ("javascript:alert(1)", "/")],
)
def test_next_leads_only_to_own_pages(client: Client, officer: User, wanted: str, reached: str):
    assert sign_in(client, officer, next=wanted)["Location"] == reached


def test_five_failures_lock_the_account_from_this_address(client: Client, officer: User):
    answers = [sign_in(client, officer, "sai").status_code for _ in range(settings.AXES_FAILURE_LIMIT)]
    assert answers == [200, 200, 200, 200, 429]
    locked = sign_in(client, officer)
    assert locked.status_code == 429
    assert "Hãy thử lại sau 15 phút." in locked.content.decode()


def test_lockout_holds_neither_another_address_nor_another_account(client: Client, officer: User):
    other = factories.user(Role.COMMUNE_OFFICER)
    other.set_password(PASSWORD)
    other.save()
    for _ in range(settings.AXES_FAILURE_LIMIT):
        sign_in(client, officer, "sai")
    assert sign_in(Client(), other).status_code == 302
    assert sign_in(Client(REMOTE_ADDR="10.1.2.3"), officer).status_code == 302


def test_success_clears_the_count(client: Client, officer: User):
    for _ in range(3):
        for _ in range(settings.AXES_FAILURE_LIMIT - 1):
            sign_in(client, officer, "sai")
        assert sign_in(client, officer).status_code == 302
        client.post("/dang-xuat/")


def test_sign_out_needs_post_and_ends_the_session(client: Client, officer: User):
    sign_in(client, officer)
    assert client.get("/dang-xuat/").status_code == 405
    assert client.post("/dang-xuat/")["Location"] == SIGN_IN
    assert client.get("/").status_code == 302


def test_signing_in_gives_a_new_session(client: Client, officer: User):
    client.get(SIGN_IN)
    before = client.session.session_key
    sign_in(client, officer)
    assert client.session.session_key != before


def test_audit_tells_of_sign_in_failure_and_sign_out(client: Client, officer: User):
    sign_in(client, officer, "sai")
    sign_in(client, officer)
    client.post("/dang-xuat/")
    entries = Entry.objects.filter(table="staff_user", row_id=officer.pk).order_by("pk")
    assert [(e.action, e.actor_id, e.ip) for e in entries] == [
        ("Đăng nhập không thành công", None, "127.0.0.1"),
        ("Đăng nhập", officer.pk, "127.0.0.1"),
        ("Đăng xuất", officer.pk, "127.0.0.1"),
    ]


def test_audit_does_not_keep_what_was_typed_for_a_name(client: Client):
    client.post(SIGN_IN, {"username": "mat-khau-go-nham", "password": "x"})
    entry = Entry.objects.latest("pk")
    assert entry.action == "Đăng nhập không thành công"
    assert "mat-khau-go-nham" not in f"{entry.label}{entry.details}{entry.changes}"


class TestAddress:
    def test_is_the_peer_without_proxy(self):
        assert client_address({"REMOTE_ADDR": "10.0.0.5", "HTTP_X_FORWARDED_FOR": "1.2.3.4"}) == "10.0.0.5"

    @override_settings(AXES_IPWARE_PROXY_COUNT=1)
    def test_behind_a_proxy_is_what_the_proxy_saw(self):
        meta = {"REMOTE_ADDR": "10.0.0.5", "HTTP_X_FORWARDED_FOR": "6.6.6.6, 1.2.3.4"}
        assert client_address(meta) == "1.2.3.4"

    @override_settings(AXES_IPWARE_PROXY_COUNT=1)
    @pytest.mark.parametrize("forwarded", ["", "khong-phai-dia-chi"])
    def test_falls_back_to_the_peer(self, forwarded: str):
        assert client_address({"REMOTE_ADDR": "10.0.0.5", "HTTP_X_FORWARDED_FOR": forwarded}) == "10.0.0.5"

    def test_is_unknown_on_a_unix_socket(self):
        assert client_address({"REMOTE_ADDR": ""}) is None

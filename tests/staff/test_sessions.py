"""How long a session lives, and the duty to change a password somebody else set."""

import time
from datetime import timedelta

import pytest
from django.conf import settings
from django.contrib.messages import get_messages
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from batosocial.audit.models import Entry
from batosocial.staff.middleware import SIGNED_IN_AT
from batosocial.staff.models import Role, User
from tests import factories

pytestmark = pytest.mark.django_db

OLD = "mat-khau-de-thu-2024"
NEW = "mot-mat-khau-khac-han"


@pytest.fixture
def officer(client: Client) -> User:
    user = factories.user(Role.COMMUNE_OFFICER)
    user.set_password(OLD)
    user.save()
    client.force_login(user)
    client.get("/")
    return user


def let_idle(client: Client) -> None:
    Session.objects.filter(pk=client.session.session_key).update(expire_date=timezone.now())


def age(client: Client, seconds: int) -> None:
    session = client.session
    session[SIGNED_IN_AT] = int(time.time()) - seconds
    session.save()


def test_every_request_renews_the_idle_limit(client: Client, officer: User):
    Session.objects.update(expire_date=timezone.now() + timedelta(seconds=60))
    client.get("/")
    left = Session.objects.get(pk=client.session.session_key).expire_date - timezone.now()
    assert left.total_seconds() > settings.SESSION_COOKIE_AGE - 60


def test_idle_session_ends_with_a_word(client: Client, officer: User):
    let_idle(client)
    answer = client.get("/viec/")
    assert answer["Location"] == "/dang-nhap/?next=/viec/"
    assert "30 phút không thao tác" in client.get(answer["Location"]).content.decode()


def test_first_visit_has_no_word_of_a_session(client: Client):
    page = client.get("/", follow=True)
    assert not list(get_messages(page.wsgi_request))
    assert "không thao tác" not in page.content.decode()


def test_absolute_age_ends_a_session_in_use(client: Client, officer: User):
    age(client, settings.SESSION_ABSOLUTE_AGE + 1)
    answer = client.get("/viec/?a=1")
    assert answer["Location"] == "/dang-nhap/?next=/viec/%3Fa%3D1"
    assert "tối đa 8 giờ" in client.get(answer["Location"]).content.decode()
    assert client.get("/").status_code == 302


def test_just_below_the_absolute_age_it_goes_on(client: Client, officer: User):
    age(client, settings.SESSION_ABSOLUTE_AGE - 5)
    assert client.get("/").status_code == 200


def test_htmx_opens_the_sign_in_page_instead_of_swapping_it_in(client: Client, officer: User):
    age(client, settings.SESSION_ABSOLUTE_AGE + 1)
    htmx = {"HX-Request": "true", "HX-Current-URL": "http://testserver/viec/?trang=2"}
    answer = client.get("/viec/", headers=htmx)
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer["HX-Redirect"] == "/dang-nhap/?next=/viec/%3Ftrang%3D2"
    let_idle(client)
    assert "HX-Redirect" in client.get("/viec/", headers=htmx)


def test_a_lost_post_does_not_come_back_as_a_page(client: Client, officer: User):
    let_idle(client)
    assert client.post("/doi-mat-khau/", {})["Location"] == "/dang-nhap/?next=/"


def test_after_a_lost_post_the_form_comes_back(client: Client, officer: User):
    let_idle(client)
    answer = client.post("/doi-mat-khau/", {}, headers={"Referer": "http://testserver/doi-mat-khau/?a=1"})
    assert answer["Location"] == "/dang-nhap/?next=/doi-mat-khau/%3Fa%3D1"
    elsewhere = client.post("/doi-mat-khau/", {}, headers={"Referer": "https://example.com/doi-mat-khau/"})
    assert elsewhere["Location"] == "/dang-nhap/?next=/"


def test_signed_in_pages_are_not_kept_by_the_browser(client: Client, officer: User):
    assert "no-store" in client.get("/")["Cache-Control"]


class TestForcedChange:
    @pytest.fixture(autouse=True)
    def _must(self, officer: User):
        User.objects.filter(pk=officer.pk).update(must_change_password=True)

    def test_leads_everywhere_to_the_password_page(self, client: Client, officer: User):
        for path in ("/", "/viec/"):
            assert client.get(path)["Location"] == "/doi-mat-khau/"
        assert client.get("/viec/", headers={"HX-Request": "true"})["HX-Redirect"] == "/doi-mat-khau/"
        assert client.get("/doi-mat-khau/").status_code == 200

    def test_signing_out_stays_possible(self, client: Client, officer: User):
        assert client.post("/dang-xuat/")["Location"] == "/dang-nhap/"

    def test_ends_with_a_new_password(self, client: Client, officer: User):
        form = {"old_password": OLD, "new_password1": NEW, "new_password2": NEW}
        assert client.post("/doi-mat-khau/", form)["Location"] == "/"
        assert client.get("/").status_code == 200
        officer.refresh_from_db()
        assert officer.check_password(NEW)
        assert Entry.objects.filter(action="Đổi mật khẩu", actor=officer, row_id=officer.pk).count() == 1


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({"old_password": "sai", "new_password1": NEW, "new_password2": NEW}, "Mật khẩu đang dùng không đúng"),
        ({"old_password": OLD, "new_password1": NEW, "new_password2": "khac"}, "không giống nhau"),
        ({"old_password": OLD, "new_password1": OLD, "new_password2": OLD}, "phải khác mật khẩu đang dùng"),
        ({"old_password": OLD, "new_password1": "ngan", "new_password2": "ngan"}, "Hãy dùng ít nhất 12 ký tự"),
        ({"old_password": OLD, "new_password1": "9" * 14, "new_password2": "9" * 14}, "Hãy thêm chữ cái"),
    ],
)
def test_password_rules_are_told_at_the_field(client: Client, officer: User, form: dict[str, str], error: str):
    answer = client.post("/doi-mat-khau/", form)
    assert answer.status_code == 200
    assert error in answer.content.decode()
    officer.refresh_from_db()
    assert officer.check_password(OLD)


def test_a_changed_password_ends_the_other_sessions(client: Client, officer: User):
    elsewhere = Client()
    elsewhere.force_login(officer)
    client.post("/doi-mat-khau/", {"old_password": OLD, "new_password1": NEW, "new_password2": NEW})
    assert client.get("/").status_code == 200
    assert elsewhere.get("/").status_code == 302

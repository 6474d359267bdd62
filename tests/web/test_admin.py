"""The administration pages: by role, with old and new values in the audit, without deletion."""

import pytest
from django.test import Client

from batosocial.audit.models import Entry
from batosocial.staff.models import Role, User
from batosocial.territory.models import Unit
from batosocial.web.admin import portal_admin
from tests import factories

pytestmark = pytest.mark.django_db

ADD_USER = "/quan-tri/staff/user/add/"
PASSWORD = "mat-khau-ban-dau-2024"


@pytest.fixture
def admin(client: Client) -> User:
    user = factories.user(Role.ADMIN)
    client.force_login(user)
    return user


def change_url(user: User) -> str:
    return f"/quan-tri/staff/user/{user.pk}/change/"


@pytest.mark.parametrize("role", [r for r in Role.values if r not in (Role.ADMIN, Role.SYSTEM)])
def test_only_the_role_counts_not_the_superuser_flag(client: Client, role: str):
    client.force_login(factories.user(role, is_staff=True, is_superuser=True))
    assert client.get("/quan-tri/").status_code == 403
    assert client.get(ADD_USER).status_code == 403


def test_every_list_and_form_opens(client: Client, admin: User):
    for model, model_admin in portal_admin._registry.items():
        base = f"/quan-tri/{model._meta.app_label}/{model._meta.model_name}/"
        assert client.get(base).status_code == 200, base
        if model_admin.has_add_permission(client.get("/").wsgi_request):
            assert client.get(f"{base}add/").status_code == 200, base


def test_nothing_can_be_deleted(client: Client, admin: User):
    request = client.get("/").wsgi_request
    for model, model_admin in portal_admin._registry.items():
        assert not model_admin.has_delete_permission(request), model
    assert client.post(f"/quan-tri/staff/user/{admin.pk}/delete/", {"post": "yes"}).status_code == 403


def test_new_user_must_change_the_password_and_stands_in_the_audit(client: Client, admin: User):
    commune = factories.commune()
    form = {
        "username": "can.bo.moi",
        "full_name": "Phạm Thị Mới",
        "role": Role.COMMUNE_OFFICER,
        "unit": commune.pk,
        "password1": PASSWORD,
        "password2": PASSWORD,
    }
    answer = client.post(ADD_USER, form)
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    user = User.objects.get(username="can.bo.moi")
    assert user.must_change_password
    assert user.check_password(PASSWORD)
    entry = Entry.objects.get(row_id=user.pk, table="staff_user")
    assert (entry.actor, entry.action) == (admin, "Thêm người dùng")
    assert entry.changes["role"] == [None, "commune_officer"]
    assert entry.changes["password"] == ["", "đã đổi"]


def test_a_role_without_its_unit_is_an_error_at_the_form(client: Client, admin: User):
    form = {
        "username": "khong.don.vi",
        "full_name": "A",
        "role": Role.COMMUNE_OFFICER,
        "password1": PASSWORD,
        "password2": PASSWORD,
    }
    answer = client.post(ADD_USER, form)
    assert answer.status_code == 200
    assert not User.objects.filter(username="khong.don.vi").exists()


def test_change_keeps_old_and_new_values(client: Client, admin: User):
    user = factories.user(Role.COMMUNE_OFFICER, full_name="Tên cũ")
    form = {
        "username": user.username,
        "full_name": "Tên mới",
        "role": user.role,
        "unit": user.unit_id,
        "payer": "",
        "email": "",
        "is_active": "on",
    }
    assert client.post(change_url(user), form).status_code == 302
    entry = Entry.objects.get(row_id=user.pk, table="staff_user")
    assert entry.action == "Sửa người dùng"
    assert entry.changes == {"full_name": ["Tên cũ", "Tên mới"]}


def test_nobody_gets_the_role_of_the_system(client: Client, admin: User):
    assert f'value="{Role.SYSTEM}"' not in client.get(ADD_USER).content.decode()
    system = User.objects.system()
    assert client.get(change_url(system)).status_code == 302  # not found among the rows: back to the index
    assert system.username not in client.get("/quan-tri/staff/user/").content.decode()


def test_password_reset_forces_a_change(client: Client, admin: User):
    user = factories.user(Role.COMMUNE_OFFICER)
    url = f"/quan-tri/staff/user/{user.pk}/password/"
    assert client.get(url).status_code == 200
    form = {"password1": PASSWORD, "password2": PASSWORD, "usable_password": "true"}
    assert client.post(url, form).status_code == 302
    user.refresh_from_db()
    assert user.check_password(PASSWORD)
    assert user.must_change_password
    assert Entry.objects.filter(action="Đặt lại mật khẩu", actor=admin, row_id=user.pk).exists()


def test_password_of_the_system_cannot_be_set(client: Client, admin: User):
    system = User.objects.system()
    form = {"password1": PASSWORD, "password2": PASSWORD, "usable_password": "true"}
    assert client.post(f"/quan-tri/staff/user/{system.pk}/password/", form).status_code in (302, 403, 404)
    system.refresh_from_db()
    assert not system.has_usable_password()


def test_audit_is_read_only(client: Client, admin: User):
    assert client.get("/quan-tri/audit/entry/add/").status_code == 403
    unit = Unit.objects.first()
    assert unit is not None
    client.post(f"/quan-tri/territory/unit/{unit.pk}/change/", {})
    entry = Entry.objects.create(action="Thử")
    assert client.get(f"/quan-tri/audit/entry/{entry.pk}/change/").status_code == 200
    assert client.post(f"/quan-tri/audit/entry/{entry.pk}/change/", {"action": "Khác"}).status_code == 403

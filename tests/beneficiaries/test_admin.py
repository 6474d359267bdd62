"""The catalogue in the administration: for the role admin alone, audited."""

import pytest
from django.test import Client
from django.urls import reverse

from batosocial.audit.models import Entry
from batosocial.staff.models import Role
from beneficiaries.models import Category, Rate
from tests import factories as make

pytestmark = pytest.mark.django_db

MODELS = ["category", "rate", "changereason", "provider"]


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("role", [role for role in Role if role not in (Role.SYSTEM,)])
def test_only_the_role_admin_opens_it(client: Client, model: str, role: Role) -> None:
    client.force_login(make.user(role))
    expected = 200 if role == Role.ADMIN else 403
    assert client.get(reverse(f"admin:beneficiaries_{model}_changelist")).status_code == expected
    assert client.get(reverse(f"admin:beneficiaries_{model}_add")).status_code == expected


@pytest.mark.parametrize("model", MODELS)
def test_search_works(client: Client, model: str) -> None:
    client.force_login(make.user(Role.ADMIN))
    assert client.get(reverse(f"admin:beneficiaries_{model}_changelist"), {"q": "a"}).status_code == 200


def test_a_new_rate_stands_in_the_audit(client: Client) -> None:
    admin = make.user(Role.ADMIN)
    client.force_login(admin)
    category = Category.objects.get(code="BTXH-5C")
    answer = client.post(
        reverse("admin:beneficiaries_rate_add"),
        {
            "category": category.pk,
            "level": 0,
            "amount": 540_000,
            "valid_from": "01/07/2026",
            "known_on": "21/08/2026",
            "legal_basis": "NĐ 335/2026/NĐ-CP",
        },
    )
    assert answer.status_code == 302
    rate = Rate.objects.get(category=category, amount=540_000)
    entry = Entry.objects.get(actor=admin, table="beneficiaries_rate", row_id=rate.pk)
    assert entry.changes["amount"] == [None, 540_000]


def test_a_rate_is_never_deleted(client: Client) -> None:
    client.force_login(make.user(Role.ADMIN))
    rate = Rate.objects.first()
    assert rate is not None
    assert client.post(reverse("admin:beneficiaries_rate_delete", args=[rate.pk]), {"post": "yes"}).status_code == 403
    assert Rate.objects.filter(pk=rate.pk).exists()

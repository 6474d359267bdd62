"""The catalogue in the administration: for the role admin alone, audited."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from batosocial.audit.models import Entry
from batosocial.staff.models import Role
from beneficiaries.models import Category, Provider, Rate
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


class TestProviders:
    """What is known of banks from memory (rules.md 7) is data that the district mends, not code."""

    def post(self, client: Client, **fields: str) -> Any:
        provider = Provider.objects.get(bin="970405")
        values = {
            "bin": provider.bin,
            "short_name": provider.short_name,
            "name": provider.name,
            "payer": provider.payer_id,
            "aliases": "[]",
            "usual_lengths": "[13]",
        }
        client.force_login(make.user(Role.ADMIN))
        return client.post(reverse("admin:beneficiaries_provider_change", args=[provider.pk]), values | fields)

    def test_usual_lengths_and_aliases_are_edited(self, client: Client) -> None:
        assert self.post(client, usual_lengths="[12, 13]", aliases='["NHNo"]').status_code == 302
        provider = Provider.objects.get(bin="970405")
        assert (provider.usual_lengths, provider.aliases) == ([12, 13], ["NHNo"])

    def test_nothing_is_an_empty_list(self, client: Client) -> None:
        assert self.post(client, usual_lengths="", aliases="").status_code == 302
        assert Provider.objects.get(bin="970405").usual_lengths == []

    @pytest.mark.parametrize("lengths", ["13", '["13"]', "[5]", "[20]", "[true]", '{"a": 1}'])
    def test_other_lengths_are_an_error(self, client: Client, lengths: str) -> None:
        answer = self.post(client, usual_lengths=lengths)
        assert answer.status_code == 200
        assert "từ 6 đến 19" in answer.content.decode()

    def test_other_aliases_are_an_error(self, client: Client) -> None:
        assert "trong ngoặc vuông" in self.post(client, aliases='["", 1]').content.decode()

    def test_lengths_as_the_rules_know_them(self) -> None:
        usual = {provider.short_name: provider.usual_lengths for provider in Provider.objects.exclude(usual_lengths=[])}
        assert usual["Agribank"] == [13]
        assert usual["VietinBank"] == [12]
        assert 14 in usual["BIDV"]
        assert usual["LPBank"] == [12, 13]
        assert usual["Vietcombank"] == [10, 13]

"""Corrections of payees and accounts: with a reason, never turning money elsewhere, never over another's edit."""

import datetime
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse

from batosocial.audit.models import Entry
from batosocial.staff.models import Role, User
from beneficiaries.models import Account, Payee, PayoutRoute, Person
from beneficiaries.payout.correcting import CorrectionRefused, EditedMeanwhile, correct_account, edit_payee
from tests import factories as make

pytestmark = pytest.mark.django_db

NEXT_YEAR = datetime.date(2025, 6, 30)


@pytest.fixture
def officer() -> User:
    return make.user(Role.COMMUNE_OFFICER)


@pytest.fixture
def person() -> Person:
    return make.person("Phạm Thị Tuyến")


@pytest.fixture
def guardian(person: Person) -> Payee:
    return make.payee(person, "guardian", "Đinh Văn Hộ", relation="Con", paper_number="12/GXN")


@pytest.fixture
def route(person: Person, guardian: Payee) -> PayoutRoute:
    """The guardian's account carries the person's money."""
    account = make.account("4505205009911", holder_name="DINH VAN HO")
    return make.route(person, account=account, payee=guardian, confirmed_by=make.user())


def edit(actor: User, payee: Payee, reason: str = "", version: int | None = None, **values: Any) -> Payee:
    version = payee.version if version is None else version
    return edit_payee(actor=actor, payee_id=payee.pk, version=version, values=values, reason=reason)


class TestPayee:
    def test_a_renewed_paper_needs_no_new_route(self, officer: User, guardian: Payee, route: PayoutRoute) -> None:
        edit(officer, guardian, paper_number="40/GXN", paper_valid_until=NEXT_YEAR)
        guardian.refresh_from_db()
        route.refresh_from_db()
        assert (guardian.paper_number, guardian.paper_valid_until, guardian.version) == ("40/GXN", NEXT_YEAR, 2)
        assert route.state == "confirmed"
        entry = Entry.objects.get(actor=officer)
        assert entry.changes == {"paper_number": ["12/GXN", "40/GXN"], "paper_valid_until": [None, "2025-06-30"]}

    @pytest.mark.parametrize("confirmed", [True, False])
    def test_another_name_needs_a_new_route(
        self, officer: User, person: Person, guardian: Payee, confirmed: bool
    ) -> None:
        make.route(person, payee=guardian, confirmed_by=make.user() if confirmed else None)
        with pytest.raises(CorrectionRefused, match="nhập nơi nhận mới") as refused:
            edit(officer, guardian, "Đổi người", name="Trần Văn Khác")
        assert refused.value.field == "name"

    def test_another_number_too(self, officer: User, guardian: Payee, route: PayoutRoute) -> None:
        edit(officer, guardian, cccd="051060778899")
        guardian.refresh_from_db()
        with pytest.raises(CorrectionRefused, match="nhập nơi nhận mới") as refused:
            edit(officer, guardian, "Sai", cccd="051060778800")
        assert refused.value.field == "cccd"

    def test_a_spelling_is_corrected_with_a_reason(self, officer: User, guardian: Payee, route: PayoutRoute) -> None:
        with pytest.raises(CorrectionRefused, match="lý do") as refused:
            edit(officer, guardian, name="Đinh Văn Hổ")
        assert refused.value.field == "ly_do"
        edit(officer, guardian, "Sai dấu", name="Đinh Văn Hổ")
        assert Entry.objects.get(actor=officer).details == {"reason": "Sai dấu"}

    def test_one_who_receives_nothing_any_more_is_corrected_freely(
        self, officer: User, person: Person, guardian: Payee
    ) -> None:
        make.route(person, payee=guardian, before=make.THIS_MONTH, confirmed_by=make.user())
        assert edit(officer, guardian, "Ghi nhầm", name="Trần Văn Khác").name == "Trần Văn Khác"

    def test_a_name_unknown_until_now_is_the_confirmed_holders(self, officer: User, person: Person) -> None:
        nameless = Payee.objects.create(person=person, kind="guardian")
        account = make.account(holder_name="DINH VAN HO")
        make.route(person, account=account, payee=nameless, confirmed_by=make.user())
        with pytest.raises(CorrectionRefused, match="nhập nơi nhận mới"):
            edit(officer, nameless, name="Trần Văn Khác")
        assert edit(officer, nameless, name="Đinh Văn Hộ").name == "Đinh Văn Hộ"

    def test_nor_is_it_anybodys_where_the_money_goes_in_cash(self, officer: User, person: Person) -> None:
        nameless = Payee.objects.create(person=person, kind="guardian")
        make.route(person, payee=nameless, confirmed_by=make.user())
        with pytest.raises(CorrectionRefused):
            edit(officer, nameless, name="Đinh Văn Hộ")

    def test_nothing_changed_writes_nothing(self, officer: User, guardian: Payee) -> None:
        assert edit(officer, guardian, name=guardian.name).version == 1
        assert not Entry.objects.filter(actor=officer).exists()

    def test_the_second_editor_is_told_of_the_first(self, officer: User, guardian: Payee) -> None:
        first = make.user(full_name="Trần Văn Trước")
        edit(first, guardian, phone="0912345678")
        with pytest.raises(EditedMeanwhile) as told:
            edit(officer, guardian, version=1, relation="Cháu", reason="Sai")
        (entry,) = told.value.entries
        assert (entry.actor, entry.changes) == (first, {"phone": ["", "0912345678"]})

    def test_the_same_edit_sent_twice_is_one(self, officer: User, guardian: Payee) -> None:
        for _ in range(2):
            assert edit(officer, guardian, version=1, phone="0912345678").version == 2
        assert Entry.objects.filter(actor=officer).count() == 1

    def test_roles_and_scope(self, guardian: Payee, person: Person) -> None:
        for role in (Role.COMMUNE_LEADER, Role.DISTRICT_LEADER, Role.CHAIRMAN):
            with pytest.raises(PermissionDenied):
                edit(make.user(role), guardian, phone="0912345678")
        with pytest.raises(Payee.DoesNotExist):
            edit(make.user(Role.COMMUNE_OFFICER, commune=make.commune(make.BA_TO_TOWN)), guardian, phone="1")
        with pytest.raises(Payee.DoesNotExist):
            edit(make.user(), make.payee(person), phone="0912345678")


class TestAccount:
    def correct(self, actor: User, account: Account, reason: str = "Ngân hàng báo", version: int = 1) -> Account:
        values = {"holder_name": "DINH VAN HOA", "opened_on": None}
        return correct_account(actor=actor, account_id=account.pk, version=version, values=values, reason=reason)

    def test_with_a_reason(self, officer: User, route: PayoutRoute) -> None:
        assert route.account is not None
        assert self.correct(officer, route.account).version == 2
        entry = Entry.objects.get(actor=officer)
        assert entry.changes == {"holder_name": ["DINH VAN HO", "DINH VAN HOA"]}
        assert entry.details == {"reason": "Ngân hàng báo"}

    def test_not_without_one(self, officer: User, route: PayoutRoute) -> None:
        assert route.account is not None
        with pytest.raises(CorrectionRefused, match="lý do"):
            self.correct(officer, route.account, reason=" ")

    def test_the_district_corrects_one_that_serves_two_communes(self, officer: User, route: PayoutRoute) -> None:
        assert route.account is not None
        foreign = make.person(commune=make.commune(make.BA_TO_TOWN))
        make.route(foreign, account=route.account, confirmed_by=make.user())
        with pytest.raises(CorrectionRefused, match="đề nghị Phòng"):
            self.correct(officer, route.account)
        assert self.correct(make.user(), route.account).holder_name == "DINH VAN HOA"

    def test_over_another_edit_not(self, officer: User, route: PayoutRoute) -> None:
        assert route.account is not None
        values = {"holder_name": "DINH VAN HOI", "opened_on": None}
        correct_account(actor=make.user(), account_id=route.account.pk, version=1, values=values, reason="Sai")
        with pytest.raises(EditedMeanwhile):
            self.correct(officer, route.account)

    def test_out_of_scope_there_is_none(self, route: PayoutRoute) -> None:
        assert route.account is not None
        with pytest.raises(Account.DoesNotExist):
            self.correct(make.user(Role.COMMUNE_OFFICER, commune=make.commune(make.BA_TO_TOWN)), route.account)


class TestPages:
    def payee_url(self, payee: Payee) -> str:
        return reverse("beneficiaries:payee_edit", args=[payee.person_id, payee.pk])

    def values(self, payee: Payee, **changed: Any) -> dict[str, Any]:
        return {
            "ho_ten": payee.name,
            "quan_he": payee.relation,
            "so_giay": payee.paper_number,
            "version": payee.version,
            **changed,
        }

    def test_the_number_is_not_shown_and_stays(self, client: Client, officer: User, guardian: Payee) -> None:
        Payee.objects.filter(pk=guardian.pk).update(cccd="051060778899")
        client.force_login(officer)
        page = client.get(self.payee_url(guardian)).content.decode()
        assert "051060778899" not in page
        assert "•••• 8899" in page
        answer = client.post(self.payee_url(guardian), self.values(guardian, hieu_luc_den="30/06/2025"))
        assert answer.status_code == 302
        guardian.refresh_from_db()
        assert (guardian.cccd, guardian.paper_valid_until) == ("051060778899", NEXT_YEAR)

    def test_a_refusal_stands_beside_its_field(
        self, client: Client, officer: User, guardian: Payee, route: PayoutRoute
    ) -> None:
        client.force_login(officer)
        answer = client.post(self.payee_url(guardian), self.values(guardian, ho_ten="Trần Văn Khác", ly_do="Đổi"))
        assert answer.status_code == 422
        assert "nhập nơi nhận mới" in answer.context["form"].errors["ho_ten"][0]
        assert 'value="Trần Văn Khác"' in answer.content.decode()

    def test_the_second_editor_sees_the_first_and_keeps_what_they_typed(
        self, client: Client, officer: User, guardian: Payee
    ) -> None:
        edit(make.user(full_name="Trần Văn Trước"), guardian, phone="0912345678")
        client.force_login(officer)
        values = self.values(guardian, so_giay="40/GXN", dien_thoai="0987654321")
        answer = client.post(self.payee_url(guardian), values)
        page = answer.content.decode()
        assert answer.status_code == 409
        assert "Trần Văn Trước" in page
        assert "điện thoại: (trống) → 0912345678" in page
        assert 'value="40/GXN"' in page
        assert 'name="version" value="2"' in page
        assert client.post(self.payee_url(guardian), values | {"version": 2}).status_code == 302
        guardian.refresh_from_db()
        assert (guardian.phone, guardian.version) == ("0987654321", 3)

    def test_an_account_is_corrected(self, client: Client, officer: User, route: PayoutRoute) -> None:
        assert route.account is not None
        client.force_login(officer)
        url = reverse("beneficiaries:account_correct", args=[route.person_id, route.account.pk])
        page = client.get(url).content.decode()
        assert route.account.number not in page
        assert client.post(url, {"ten_chu": "Đinh Văn Hóa", "version": 1, "ly_do": ""}).status_code == 422
        assert client.post(url, {"ten_chu": "Đinh Văn Hóa", "version": 1, "ly_do": "Sai"}).status_code == 302
        route.account.refresh_from_db()
        assert route.account.holder_name == "DINH VAN HOA"

    def test_somebody_elses_account_is_not_found(self, client: Client, officer: User, route: PayoutRoute) -> None:
        client.force_login(officer)
        other = make.person()
        assert (
            client.get(reverse("beneficiaries:account_correct", args=[other.pk, route.account_id])).status_code == 404
        )
        assert client.get(reverse("beneficiaries:payee_edit", args=[other.pk, route.payee_id])).status_code == 404

    def test_the_persons_page_leads_to_it_and_shows_who_edited(
        self, client: Client, guardian: Payee, route: PayoutRoute
    ) -> None:
        phong = make.user()
        edit(phong, guardian, phone="0912345678")
        client.force_login(phong)
        page = client.get(reverse("beneficiaries:person", args=[guardian.person_id])).content.decode()
        assert self.payee_url(guardian) in page
        assert reverse("beneficiaries:account_correct", args=[guardian.person_id, route.account_id]) in page
        assert "Sửa người nhận tiền" in page

    def test_who_only_reads_sees_no_buttons(self, client: Client, guardian: Payee, route: PayoutRoute) -> None:
        client.force_login(make.user(Role.CHAIRMAN))
        page = client.get(reverse("beneficiaries:person", args=[guardian.person_id])).content.decode()
        assert "Nơi nhận mới" not in page
        assert "gia hạn giấy" not in page
        assert "đính chính" not in page.split("muc-bien-dong")[0]

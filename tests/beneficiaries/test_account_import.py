"""Lists of accounts: who a row means, what it changes, and the way to a confirmed route."""

import datetime
import io
from typing import Any

import pytest
from django.core.management import call_command

from batosocial.audit.models import Entry
from batosocial.staff.models import Role
from beneficiaries.imports import services
from beneficiaries.models import Account, ImportBatch, ImportRow, Payee, PayoutRoute, Person
from beneficiaries.payout.confirming import confirm_routes
from tests import factories as make
from tests.beneficiaries import account_lists as lists
from tests.beneficiaries.account_lists import check, check_one, line, told

pytestmark = pytest.mark.django_db

Outcome = ImportRow.Outcome
AUGUST, SEPTEMBER = make.NEXT_MONTH, datetime.date(2024, 9, 1)


def receiver(name: str = "Phạm Thị Hưởng", category: str = "BTXH-5C", **fields: Any) -> Person:
    """Somebody who receives a monthly benefit."""
    made = make.person(name, **fields)
    make.entitlement(made, category)
    return made


class TestWhoIsMeant:
    def test_by_cccd(self) -> None:
        person = receiver()
        row = check_one(line(person))
        assert (row.person, row.outcome, row.messages) == (person, Outcome.NEW, [])

    def test_by_cmnd_where_the_cccd_is_missing(self) -> None:
        person = receiver(cmnd="212345678", cccd="")
        assert check_one(line(name=person.name, cmnd="212345678")).person == person
        # Many lists have one column for both kinds of card.
        assert check_one(line(name=person.name, cccd="212345678")).person == person

    def test_by_file_number_at_last(self) -> None:
        person = receiver(file_number="QN-0012345")
        assert check_one(line(name=person.name, file_number="QN-0012345")).person == person

    def test_a_cccd_that_lost_its_zero_is_repaired_and_said(self) -> None:
        person = receiver(cccd="051150987650")
        row = check_one(line(person, cccd=51150987650))
        assert row.person == person
        assert "051150987650" in told(row, "warning")

    def test_a_name_alone_never_matches_but_is_offered(self) -> None:
        receiver("Phạm Thị Độc Nhất", birth="1942", hamlet="Thôn Mẫu", cccd="096142000123")
        row = check_one(line(name="PHAM THI DOC NHAT"))
        assert (row.person, row.outcome) == (None, Outcome.ERROR)
        assert told(row) == (
            "Chỉ có họ tên thì chưa đủ để nhận ra người. Có thể là: Phạm Thị Độc Nhất, sinh 1942, Thôn Mẫu, "
            "Xã Ba Động, CCCD •••• 0123: hãy ghi số CCCD của đúng người vào cột."
        )

    def test_many_namesakes_are_counted(self) -> None:
        for _ in range(5):
            receiver("Phạm Thị Độc Nhất")
        assert "và 2 người khác" in told(check_one(line(name="Phạm Thị Độc Nhất")))

    def test_an_unknown_number_says_so_and_offers_by_name(self) -> None:
        receiver("Phạm Thị Độc Nhất")
        row = check_one(line(name="Phạm Thị Độc Nhất", cccd="096150999999"))
        assert row.person is None
        assert "Không có ai trong sổ mang Số CCCD 096150999999. Có thể là: Phạm Thị Độc Nhất" in told(row)
        assert "không có ai tên như vậy" in told(check_one(line(name="Không Ai Tên Này", cccd="096150999999")))

    def test_numbers_of_two_people_contradict(self) -> None:
        one, other = receiver("Phạm Thị Một"), receiver("Phạm Thị Hai", cmnd="212345678")
        row = check_one(line(one, cmnd="212345678"))
        assert row.person is None
        assert f"Số CCCD {one.cccd} là của Phạm Thị Một, Số CMND 212345678 là của Phạm Thị Hai" in told(row)
        assert other.cccd not in told(row)

    def test_another_cccd_than_the_one_in_the_register_is_an_error(self) -> None:
        receiver("Phạm Thị Hai", cmnd="212345678", cccd="096150000777")
        row = check_one(line(name="Phạm Thị Hai", cccd="096150999999", cmnd="212345678"))
        assert row.person is None
        assert "khác trong sổ: Phạm Thị Hai có Số CCCD •••• 0777" in told(row)

    def test_a_file_number_of_several_needs_another_number(self) -> None:
        for _ in range(2):
            receiver(file_number="QN-77", cmnd="")
        mine = receiver(file_number="QN-77", cmnd="212345678")
        assert "đang đứng ở 3 người" in told(check_one(line(file_number="QN-77")))
        assert check_one(line(file_number="QN-77", cccd=mine.cccd)).person == mine
        assert check_one(line(file_number="QN-77", cmnd="212345678")).person == mine

    def test_another_name_is_a_warning(self) -> None:
        person = receiver("Phạm Thị Hưởng", card_name="Phạm Thị Hường")
        assert "hãy chắc chắn là cùng một người" in told(check_one(line(person, name="Đinh Văn Khác")), "warning")
        for name in ("PHAM THI HUONG", "Phạm Thị Hường", ""):
            assert told(check_one(line(person, name=name)), "warning") == ""

    def test_somebody_who_died_is_an_error(self) -> None:
        person = receiver(died_on=datetime.date(2024, 5, 3))
        assert "đã chết ngày 03/05/2024" in told(check_one(line(person)))

    def test_nobody_named_at_all(self) -> None:
        assert "Chưa rõ tài khoản của ai" in told(check_one(line()))


class TestScope:
    def test_a_commune_s_list_does_not_touch_another_s_people(self) -> None:
        foreign = receiver("Đinh Thị Xa", commune=make.commune(make.BA_TO_TOWN), hamlet="Thôn Xa")
        row = check_one(line(foreign, name=""), commune=make.commune(make.BA_DONG))
        assert (row.person, row.outcome) == (None, Outcome.ERROR)
        assert "ngoài phạm vi danh sách này" in told(row)
        for detail in ("Đinh", "Ba Tơ", "Thôn Xa", foreign.birth_text):
            assert detail not in told(row)

    def test_namesakes_of_another_commune_are_not_offered(self) -> None:
        receiver("Phạm Thị Độc Nhất", commune=make.commune(make.BA_TO_TOWN))
        row = check_one(line(name="Phạm Thị Độc Nhất"), commune=make.commune(make.BA_DONG))
        assert "không có ai tên như vậy" in told(row)

    def test_a_contradiction_names_nobody_of_another_commune(self) -> None:
        mine = receiver("Phạm Thị Nhà")
        receiver("Đinh Thị Xa", commune=make.commune(make.BA_TO_TOWN), cmnd="212345678")
        row = check_one(line(mine, cmnd="212345678"), commune=make.commune(make.BA_DONG))
        assert "là của người khác" in told(row)
        assert "Đinh" not in told(row)

    def test_the_district_s_list_reaches_every_commune(self) -> None:
        people = [receiver(commune=make.commune(code)) for code in (make.BA_DONG, make.BA_TO_TOWN)]
        preview = check([line(person) for person in people], by=make.user(Role.DISTRICT_OFFICER))
        assert [row.person for row in preview.rows] == people

    def test_a_title_that_names_another_commune_is_refused(self) -> None:
        from beneficiaries.imports.messages import ListRefused

        with pytest.raises(ListRefused, match="không phải Xã Ba Động"):
            check([line(receiver())], commune=make.commune(make.BA_DONG), title="UBND XÃ BA VÌ")


class TestPoliciesServed:
    def test_every_policy_that_somebody_receives(self) -> None:
        person = receiver()
        make.entitlement(person, "NCC-10.2", start=SEPTEMBER)
        row = check_one(line(person))
        assert row.plan.starts == {"BTXH": AUGUST, "NCC": AUGUST}

    def test_the_row_may_name_one(self) -> None:
        person = receiver()
        make.entitlement(person, "NCC-10.2")
        assert check_one(line(person, policy="Người có công")).plan.starts == {"NCC": AUGUST}
        assert "Không rõ chính sách “khác”" in told(check_one(line(person, policy="khác")))

    def test_without_a_benefit_the_account_is_of_no_use(self) -> None:
        nobody = make.person("Phạm Thị Không")
        ended = make.person("Phạm Thị Hết")
        make.entitlement(ended, before=AUGUST)
        for person in (nobody, ended):
            assert "không có trợ cấp hằng tháng nào hưởng từ tháng 8/2024" in told(check_one(line(person)))
        assert "không có trợ cấp NCC" in told(check_one(line(receiver(), policy="NCC")))

    def test_a_policy_whose_month_is_opened_gets_the_account_from_the_next(self) -> None:
        call_command("open_month", "2024-08", policy="NCC", stdout=io.StringIO())
        person = receiver()
        make.entitlement(person, "NCC-10.2")
        row = check_one(line(person))
        assert row.plan.starts == {"BTXH": AUGUST, "NCC": SEPTEMBER}
        assert "tài khoản nhận tiền NCC từ tháng đó" in told(row, "warning")


class TestAccounts:
    def test_a_destroyed_number_is_an_error_and_an_unusual_length_a_warning(self) -> None:
        person = receiver()
        assert "mất chữ số" in told(check_one(line(person, account="4.50521E+12")))
        assert "6 đến 19 chữ số" in told(check_one(line(person, account="12AB")))
        assert "thường có 13" in told(check_one(line(person, account="45052051234")), "warning")
        assert "Chưa có số tài khoản" in told(check_one(line(person, account="")))

    def test_an_unknown_bank_is_an_error(self) -> None:
        assert "trong danh mục" in told(check_one(line(receiver(), provider="Ngân hàng Ví Dụ")))
        assert "chưa có tên ngân hàng" in told(check_one(line(receiver(), provider="")))

    def test_the_holder_is_compared_without_accents(self) -> None:
        person = receiver("Phạm Thị Hưởng")
        assert told(check_one(line(person, holder_name="PHAM THI HUONG")), "warning") == ""
        row = check_one(line(person, holder_name="NGUYEN VAN KHAC"))
        assert row.outcome == Outcome.NEW
        assert "Tên chủ tài khoản NGUYEN VAN KHAC khác tên người nhận Phạm Thị Hưởng" in told(row, "warning")

    def test_an_account_of_somebody_else_is_a_warning_unless_a_guardian_s(self) -> None:
        other, child = receiver("Phạm Thị Khác"), receiver("Phạm Văn Con", birth="2015", category="BTXH-1A")
        account = make.account(holder_name="PHAM THI KHAC")
        make.route(other, account=account, confirmed_by=make.user())
        assert "đang nhận tiền của Phạm Thị Khác" in told(
            check_one(line(receiver(), account=account.number)), "warning"
        )
        guardian = line(child, account=account.number, owner="Người giám hộ", payee_name="Phạm Thị Khác")
        assert told(check_one(guardian), "warning") == ""

    def test_one_number_for_two_people_of_the_list_is_a_warning_on_both(self) -> None:
        number = make.new_number()
        rows = check([line(receiver(), account=number), line(receiver(), account=number)]).rows
        assert all("còn ghi ở dòng" in told(row, "warning") for row in rows)

    @pytest.mark.parametrize("owner", ["Chính chủ", "Người giám hộ", "ủy quyền"])
    def test_one_number_under_two_names_is_an_error_on_every_row(self, owner: str) -> None:
        number = make.new_number()
        cells: dict[str, Any] = {"account": number, "owner": owner, "payee_name": "Đinh Văn Nhận"}
        names = ("PHAM THI ANH", "PHAM THI BE", "")
        rows = check([line(receiver(), holder_name=name, **cells) for name in names]).rows
        assert [row.outcome for row in rows] == [Outcome.ERROR] * 3
        assert "ghi tên PHAM THI ANH, ở dòng 5" in told(rows[0]) and "ghi tên PHAM THI BE: một tài" in told(rows[0])
        assert "ghi tên PHAM THI BE, ở dòng 4" in told(rows[1])
        assert "chưa ghi tên chủ" in told(rows[2])

    def test_one_number_under_one_name_written_with_and_without_accents_is_no_error(self) -> None:
        children = [receiver(birth="2015", category="BTXH-1A") for _ in range(2)]
        cells = {"account": make.new_number(), "owner": "Người giám hộ", "payee_name": "Phạm Thị Mẹ"}
        names = ("PHAM THI ME", "Phạm Thị Mẹ")
        rows = check([line(c, holder_name=n, **cells) for c, n in zip(children, names, strict=True)]).rows
        assert [(row.outcome, row.messages) for row in rows] == [(Outcome.NEW, [])] * 2

    def test_the_same_person_twice_with_two_accounts_is_an_error_on_both(self) -> None:
        person = receiver()
        one, other = check([line(person), line(person)]).rows
        assert "tài khoản khác với dòng 5" in told(one)
        assert "tài khoản khác với dòng 4" in told(other)

    def test_the_same_row_twice_is_an_error_on_both(self) -> None:
        row = line(receiver())
        assert all("hãy bỏ một dòng" in told(checked) for checked in check([row, row]).rows)

    def test_two_policies_of_one_person_may_go_to_two_accounts(self) -> None:
        person = receiver()
        make.entitlement(person, "NCC-10.2")
        rows = check([line(person, policy="NCC"), line(person, policy="BTXH")]).rows
        assert [row.outcome for row in rows] == [Outcome.NEW, Outcome.NEW]


class TestWhoseAccountItIs:
    def test_untold_it_is_known_from_the_holder(self) -> None:
        person = receiver("Phạm Thị Hưởng")
        payee = make.payee(person, Payee.Kind.GUARDIAN, "Phạm Văn Hộ")
        assert check_one(line(person, owner="", holder_name="PHAM THI HUONG")).values.owner == Payee.Kind.OWN
        row = check_one(line(person, owner="", holder_name="PHAM VAN HO"))
        assert (row.values.owner, row.plan.payee) == (Payee.Kind.GUARDIAN, payee)

    def test_a_stranger_s_account_must_say_what_they_are(self) -> None:
        row = check_one(line(receiver(), owner="", holder_name="NGUYEN VAN KHAC"))
        assert "hãy ghi Chủ tài khoản" in told(row)

    def test_a_guardian_needs_a_name(self) -> None:
        person = receiver(birth="2015", category="BTXH-1A")
        assert "Chưa ghi họ tên người giám hộ" in told(check_one(line(person, owner="Người giám hộ")))
        row = check_one(line(person, owner="Người giám hộ", payee_name="Phạm Văn Cha", relation="Cha"))
        assert row.outcome == Outcome.NEW

    def test_a_known_payee_without_the_number_is_not_changed_by_a_list(self) -> None:
        person = receiver()
        make.payee(person, Payee.Kind.AUTHORISED, "Phạm Văn Nhận")
        told_row = line(person, owner="ủy quyền", payee_name="Phạm Văn Nhận", payee_cccd="096080000001")
        assert check_one(told_row).plan.payee is None


class TestWhatChanges:
    def test_cash_becomes_an_account(self) -> None:
        person = receiver()
        make.route(person, confirmed_by=make.user())
        row = check_one(line(person))
        assert row.outcome == Outcome.NEW
        assert row.changes == {"Hình thức nhận": ["Tiền mặt (Già yếu, ốm đau không đi lại được)", "Tài khoản"]}

    def test_another_account_is_shown_old_and_new(self) -> None:
        person = receiver()
        old = make.account()
        make.route(person, account=old, confirmed_by=make.user())
        row = check_one(line(person, account="4505205777777"))
        assert row.outcome == Outcome.CHANGED
        assert row.changes == {"Số tài khoản": [old.number, "4505205777777"]}

    @pytest.mark.parametrize("confirmed", [True, False])
    def test_what_goes_there_already_is_unchanged(self, confirmed: bool) -> None:
        person, account = receiver(), make.account()
        make.route(person, account=account, confirmed_by=make.user() if confirmed else None)
        assert check_one(line(person, account=account.number)).outcome == Outcome.UNCHANGED

    def test_the_same_account_of_another_kind_is_a_change(self) -> None:
        person, account = receiver(), make.account()
        make.route(person, account=account, confirmed_by=make.user())
        row = check_one(line(person, account=account.number, owner="ủy quyền", payee_name="Phạm Văn Nhận"))
        assert row.changes == {"Chủ tài khoản": ["Chính chủ", "Người được ủy quyền"]}

    def test_a_rival_that_waits_is_said(self) -> None:
        person, account = receiver(), make.account()
        make.route(person, account=account, confirmed_by=make.user())
        make.route(person, account=make.account("4505205888881"), start=AUGUST)
        row = check_one(line(person, account=account.number))
        assert row.outcome == Outcome.UNCHANGED
        assert "đề nghị khác chờ xác nhận (tài khoản •••• 8881)" in told(row, "warning")

    def test_a_route_confirmed_for_later_stands_in_the_way(self) -> None:
        person = receiver()
        make.route(person, account=make.account(), start=SEPTEMBER, confirmed_by=make.user())
        assert "được xác nhận từ tháng 9/2024" in told(check_one(line(person)))


class TestWriting:
    def test_routes_wait_for_somebody_else(self) -> None:
        person, officer = receiver("Phạm Thị Hưởng"), make.user(Role.DISTRICT_OFFICER)
        make.route(person, confirmed_by=make.user())
        cells = line(person, holder_name="PHAM THI HUONG", opened_on="15/07/2024")
        batch = lists.take([cells], by=officer)
        assert batch.state == ImportBatch.State.ACCEPTED
        route = PayoutRoute.objects.get(person=person, state=PayoutRoute.State.ENTERED)
        assert route.account is not None
        assert (route.source, route.entered_by, route.first_month) == (lists.SOURCE, officer, AUGUST)
        assert (route.account.holder_name, route.account.opened_on) == ("PHAM THI HUONG", datetime.date(2024, 7, 15))
        assert confirm_routes(actor=officer, route_ids=[route.pk]).count == 0
        assert confirm_routes(actor=make.user(Role.DISTRICT_LEADER), route_ids=[route.pk]).closed == 1
        # The same list again is unchanged.
        assert check_one(cells).outcome == Outcome.UNCHANGED

    def test_what_waited_before_is_rejected_with_the_reason(self) -> None:
        person = receiver()
        waiting = make.route(person, account=make.account(), start=AUGUST)
        batch = lists.take([line(person)])
        waiting.refresh_from_db()
        assert waiting.state == PayoutRoute.State.REJECTED
        assert waiting.rejection == f"Thay bằng danh sách tài khoản nạp số {batch.pk}."

    def test_a_guardian_is_entered_with_number_and_relation(self) -> None:
        person = receiver(birth="2015", category="BTXH-1A")
        lists.take(
            [line(person, owner="Người giám hộ", payee_name="Phạm Văn Cha", payee_cccd="096080000001", relation="Cha")]
        )
        payee = Payee.objects.get(person=person)
        assert (payee.kind, payee.name, payee.cccd, payee.relation) == (
            "guardian",
            "Phạm Văn Cha",
            "096080000001",
            "Cha",
        )

    def test_one_account_of_a_mother_serves_her_children(self) -> None:
        children = [receiver(birth="2015", category="BTXH-1A") for _ in range(3)]
        number = make.new_number()
        rows = [line(child, account=number, owner="giám hộ", payee_name="Phạm Thị Mẹ") for child in children]
        lists.take(rows)
        assert Account.objects.filter(number=number).count() == 1
        assert PayoutRoute.objects.filter(account__number=number).count() == 3

    def test_two_policies_share_a_new_payee(self) -> None:
        person = receiver()
        make.entitlement(person, "NCC-10.2")
        cells = {"owner": "ủy quyền", "payee_name": "Phạm Văn Nhận"}
        lists.take([line(person, policy="NCC", **cells), line(person, policy="BTXH", **cells)])
        assert Payee.objects.filter(person=person).count() == 1

    def test_a_known_account_learns_its_holder(self) -> None:
        person, account = receiver("Phạm Thị Hưởng"), make.account(holder_name="")
        lists.take([line(person, account=account.number, holder_name="PHAM THI HUONG")])
        account.refresh_from_db()
        assert (account.holder_name, account.version) == ("PHAM THI HUONG", 2)
        lists.take([line(receiver("Phạm Thị Hai"), account=account.number, holder_name="PHAM THI HAI")])
        account.refresh_from_db()
        assert account.holder_name == "PHAM THI HUONG"

    def test_bad_rows_stay_out_only_by_the_user_s_word(self) -> None:
        good = receiver()
        by = make.user(Role.DISTRICT_OFFICER)
        content = lists.workbook([line(good), line(name="Không Ai")])
        batch = services.upload_list(
            actor=by, kind="accounts", commune=None, policy="", source="x", filename="a.xlsx", content=content
        )
        batch = services.check_batch(batch_id=batch.pk)
        with pytest.raises(services.CannotDo, match="1 dòng lỗi"):
            services.request_entry(actor=by, batch=batch)
        services.request_entry(actor=by, batch=batch, good_rows_only=True)
        services.accept_batch(batch_id=batch.pk)
        assert PayoutRoute.objects.filter(source="x").count() == 1

    def test_one_audit_row_with_the_counts(self) -> None:
        batch = lists.take([line(receiver()), line(receiver())])
        entry = Entry.objects.get(action="Nhận danh sách", row_id=batch.pk)
        assert entry.details["written"] == {
            "routes": 2, "people": 2, "accounts": 2, "payees": 2, "completed": 0, "replaced": 0,
        }  # fmt: skip

    def test_a_register_that_changed_since_gives_the_list_back(self) -> None:
        person, by = receiver(), make.user(Role.DISTRICT_OFFICER)
        batch = services.upload_list(
            actor=by, kind="accounts", commune=None, policy="", source="x", filename="a.xlsx",
            content=lists.workbook([line(person)]),
        )  # fmt: skip
        batch = services.check_batch(batch_id=batch.pk)
        services.request_entry(actor=by, batch=batch)
        make.route(person, account=make.account(), start=AUGUST)
        assert "Sổ đối tượng đã thay đổi" in services.accept_batch(batch_id=batch.pk)
        batch.refresh_from_db()
        assert batch.state == ImportBatch.State.PREVIEWED
        assert not PayoutRoute.objects.filter(source="x").exists()


def test_the_demo_s_581_accounts_come_in_unchanged() -> None:
    preview = check(lists.of_the_demo())
    assert preview.counts == {"unchanged": 581, "warning": 0}


def test_they_do_so_with_nothing_but_name_number_and_account() -> None:
    preview = check(lists.of_the_demo(), fields=["name", "cccd", "provider", "account"])
    assert preview.counts == {"unchanged": 581, "warning": 0}


def test_queries_do_not_grow_with_the_list(django_assert_max_num_queries: Any) -> None:
    demo = lists.of_the_demo()
    for rows in (demo[:1], demo):
        # One of them asks for columns that were mapped by hand before.
        with django_assert_max_num_queries(13):
            check([*rows, line(name="Không Ai Tên Này")])

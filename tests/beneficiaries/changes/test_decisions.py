"""The page on which the chairman decides, the head of the Phòng signs and the Phòng records what the Sở decided."""

import datetime
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from batosocial.staff.models import Role, User
from beneficiaries.changes import services
from beneficiaries.changes.docket import docket, waiting
from beneficiaries.changes.outlook import Outlooks
from beneficiaries.changes.proposal import Paper
from beneficiaries.changes.todos import changes as todos
from beneficiaries.models import Change, Person
from tests import factories as make
from tests.beneficiaries.changes import flow
from tests.beneficiaries.changes.test_pages import sent, signed_in
from tests.payments import rows

pytestmark = pytest.mark.django_db
URL = "/doi-tuong/quyet-dinh/"
JULY, AUGUST = make.THIS_MONTH, make.NEXT_MONTH
APRIL, JUNE = datetime.date(2024, 4, 1), datetime.date(2024, 6, 1)
PAPER = Paper("Báo cáo chưa nhận tiền")


def head() -> User:
    return make.user(Role.DISTRICT_LEADER)


def suspended(
    name: str = "Phạm Thị Chưa Nhận", *, code: str = "BTXH-5C", reason: str = "TT02-2.3.a", **fields: Any
) -> Change:
    """An appraised suspension."""
    person = fields.pop("person", None) or make.person(name, commune=fields.pop("commune", None))
    row = make.entitlement(person, code)
    officer = make.user(Role.COMMUNE_OFFICER, commune=person.commune)
    (change,) = services.propose_suspension(
        actor=officer,
        person_id=person.pk,
        entitlement_ids=[row.pk],
        reason=reason,
        month=fields.pop("month", AUGUST),
        paper=PAPER,
        **fields,
    )
    return flow.appraised(change, by=fields.get("by"))


def stopped(person: Person, row: Any) -> Change:
    (change,) = services.propose_stop(
        actor=flow.officer(),
        person_id=person.pk,
        entitlement_ids=[row.pk],
        reason="TT02-2.1.b",
        happened_on=datetime.date(2024, 7, 3),
        paper=PAPER,
    )
    return flow.appraised(change)


def parts(user: User) -> dict[str, Any]:
    return {part.name: part for part in docket(user, waiting(user))[0]}


class TestWhatIsShown:
    def test_the_chairman_sees_what_why_and_how_much(self) -> None:
        change = suspended(month=JUNE)
        row = change.entitlement
        assert row is not None
        # June at 360.000 đ and July still at last year's 360.000 đ, although 500.000 đ is owed for it by now.
        rows.on_list(row, JUNE, 360_000, "paid_cash"), rows.on_list(row, JULY, 360_000, "paid_cash")
        page = signed_in(flow.chairman()).get(URL)
        text = page.text
        assert "Phạm Thị Chưa Nhận" in text and "Tạm dừng BTXH-5C" in text
        assert "Không nhận chế độ liên tục từ 03 tháng trở lên" in text and "đ.a k3 Đ2 TT 02/2021" in text
        assert "−500.000 đ" in text and "đã chi 2 tháng, thu hồi 720.000 đ" in text
        part = page.context["mine"]
        assert (part.name, [line.change.pk for line in part.lines]) == ("chu-tich", [change.pk])
        assert (part.money.monthly, part.money.back, part.money.owed) == (-500_000, 720_000, 0)

    def test_grouped_by_commune_and_kind(self) -> None:
        town = make.commune(make.BA_TO_TOWN)
        person = make.person("Phạm Thị Hết")
        ending = stopped(person, make.entitlement(person))
        pausing, elsewhere = suspended(), suspended(commune=town)
        part = parts(flow.chairman())["chu-tich"]
        found = [
            (place.name, group.title, [line.change.pk for line in group.lines])
            for place in part.places
            for group in place.groups
        ]
        assert found == [
            (str(town), "Tạm dừng", [elsewhere.pk]),
            (str(make.commune()), "Thôi hưởng", [ending.pk]),
            (str(make.commune()), "Tạm dừng", [pausing.pk]),
        ]
        assert [(group.title, len(group.lines)) for group in part.kinds] == [("Thôi hưởng", 1), ("Tạm dừng", 2)]

    def test_merit_is_not_laid_before_the_chairman(self) -> None:
        """Điều 122 to 124 NĐ 131/2021: the Sở decides."""
        change = suspended(code="NCC-9", reason="PL02-55")
        assert parts(flow.chairman())["chu-tich"].lines == []
        own = parts(flow.phong())["so"]
        assert [line.change.pk for line in own.lines] == [change.pk]
        assert own.can_decide

    def test_what_waits_for_a_signature_is_apart(self) -> None:
        change = suspended(needs_sign_off=True)
        chairman = parts(flow.chairman())
        assert (chairman["chu-tich"].lines, chairman["ky"].can_act) == ([], False)
        signing = parts(head())["ky"]
        assert [line.change.pk for line in signing.lines] == [change.pk]
        assert signing.can_sign_off

    def test_the_phong_reads_what_the_chairman_has_before_him(self) -> None:
        suspended()
        page = signed_in(flow.phong()).get(URL)
        assert "BTXH đang chờ Chủ tịch UBND huyện quyết định: 1" in page.text
        assert 'name="chon"' not in page.text

    def test_nothing_waits(self) -> None:
        page = signed_in(flow.chairman()).get(URL)
        assert "Không có đề nghị nào chờ quyết định" in page.text

    def test_filtered_by_commune_and_kind(self) -> None:
        suspended(), suspended(commune=make.commune(make.BA_TO_TOWN))
        client = signed_in(flow.chairman())
        assert len(client.get(f"{URL}?xa={make.BA_TO_TOWN}").context["lines"]) == 1
        assert client.get(f"{URL}?loai=stop").context["lines"] == []

    def test_a_confidential_group_is_not_told(self) -> None:
        suspended(code="BTXH-8")
        text = signed_in(flow.chairman()).get(URL).text
        assert "BTXH-8" not in text and "HIV" not in text and "03 tháng trở lên" not in text

    def test_of_several_of_one_person_the_sum_is_what_is_really_paid(self) -> None:
        """Khoản 2 Điều 6 NĐ 20/2021: within trợ cấp xã hội only the highest, so both together take 750.000 đ."""
        person = make.person()
        for row in (make.entitlement(person, "BTXH-5A1"), make.entitlement(person, "BTXH-5D")):
            stopped(person, row)
        part = parts(flow.chairman())["chu-tich"]
        alone = [line.outlook.difference for line in part.lines if line.outlook]
        before = Outlooks({person.pk}, user=flow.phong()).of(person.pk, "BTXH", AUGUST).before
        assert before is not None
        assert part.money.monthly == -before
        assert sum(amount or 0 for amount in alone) != -before

    def test_what_is_not_paid_yet_is_stopped_and_not_claimed_back(self) -> None:
        change = suspended(month=JUNE)
        row = change.entitlement
        assert row is not None
        rows.on_list(row, JUNE, 360_000, "not_collected"), rows.on_list(row, JULY, 360_000)
        money = parts(flow.chairman())["chu-tich"].money
        assert (money.back, money.stops, money.owed) == (0, 720_000, 0)
        text = signed_in(flow.chairman()).get(URL).text
        assert "đã lập danh sách 2 tháng, chưa chi: sẽ dừng chi 720.000 đ" in text
        assert "Đã lập danh sách, chưa chi" in text and "phải thu hồi" not in text

    def test_a_death_takes_back_what_was_paid_and_not_what_is_owed_by_now(self) -> None:
        """Khoản 2 Điều 8 NĐ 20/2021: nothing is owed after the month of death. July was paid at the old rate."""
        person = make.person("Phạm Văn Bờ")
        row = make.entitlement(person)
        rows.on_list(row, JUNE, 360_000, "paid_cash"), rows.on_list(row, JULY, 360_000, "paid_cash")
        changes = services.propose_stop(
            actor=flow.officer(), person_id=person.pk, died_on=datetime.date(2024, 6, 15), paper=PAPER
        )
        for change in changes:
            flow.appraised(change)
        money = parts(flow.chairman())["chu-tich"].money
        assert (money.monthly, money.back, money.stops, money.owed) == (-500_000, 360_000, 0, 0)

    def test_what_was_already_too_much_is_not_counted_again(self) -> None:
        change = suspended(month=JULY)
        row = change.entitlement
        assert row is not None
        rows.on_list(row, JULY, 800_000, "paid_cash")
        assert parts(flow.chairman())["chu-tich"].money.back == 500_000

    def test_the_number_of_queries_is_fixed(self) -> None:
        def count(user: User) -> int:
            client = signed_in(user)
            with CaptureQueriesContext(connection) as queries:
                assert client.get(URL).status_code == 200
            return len(queries)

        users = [flow.chairman(), head(), flow.phong()]
        suspended(), suspended(code="NCC-9", reason="PL02-55"), suspended(needs_sign_off=True)
        before = [count(user) for user in users]
        for number in range(6):
            place = make.commune(make.BA_TO_TOWN) if number % 2 else None
            suspended(commune=place, month=JUNE, needs_sign_off=number > 3)
            suspended(code="NCC-9", reason="PL02-55")
        assert [count(user) for user in users] == before


class TestDeciding:
    def post(self, user: User, step: str, *changes: Change, **data: Any) -> Any:
        body = {"ve": "quyet-dinh", "phan": "chu-tich", "chon": [change.pk for change in changes], **data}
        return signed_in(user).post(reverse(f"beneficiaries:changes_{step}"), body, follow=True)

    def test_some_of_them(self) -> None:
        one, other = suspended(), suspended("Phạm Thị Khác")
        page = self.post(flow.chairman(), "decide", one, number="12/QĐ-UBND", date="22/07/2024")
        assert page.redirect_chain[-1][0].startswith(URL)
        assert "Đã quyết định 1 đề nghị" in page.text and "Phạm Thị Khác" in page.text
        one.refresh_from_db()
        other.refresh_from_db()
        assert (one.state, one.decision_number, other.state) == ("applied", "12/QĐ-UBND", "appraised")

    def test_every_refusal_is_named(self) -> None:
        unsigned = [suspended(f"Phạm Văn Chờ {number}", needs_sign_off=True) for number in range(10)]
        good = suspended()
        page = self.post(flow.chairman(), "decide", good, *unsigned, number="12/QĐ-UBND", date="22/07/2024")
        told = [str(message) for message in page.context["messages"]]
        names = ", ".join(change.person.name for change in unsigned)
        assert told == [
            "Đã quyết định 1 đề nghị theo quyết định số 12/QĐ-UBND; các biến động đã vào sổ.",
            f"{names}: Trưởng phòng LĐ-TB&XH chưa ký thẩm định; ký xong mới quyết định được.",
        ]

    def test_what_was_typed_stays_where_it_was_typed(self) -> None:
        change = suspended()
        page = self.post(flow.chairman(), "decide", change, number="", date="32/13/2024")
        assert page.status_code == 422
        assert "Hãy ghi số quyết định" in page.text and 'value="32/13/2024"' in page.text
        assert f'value="{change.pk}" id="chon-{change.pk}" checked' in page.text

    def test_a_single_one_is_refused_with_a_reason(self) -> None:
        change, other = suspended(), suspended()
        page = self.post(flow.chairman(), "reject", change, reason="Đã nhận tiền ngày 10/7")
        assert "Đã trả lại 1 đề nghị" in page.text
        change.refresh_from_db()
        other.refresh_from_db()
        assert (change.state, change.rejection, other.state) == ("rejected", "Đã nhận tiền ngày 10/7", "appraised")

    def test_the_head_signs_here(self) -> None:
        change = suspended(needs_sign_off=True)
        user = head()
        page = self.post(user, "sign_off", change)
        assert "Đã ký thẩm định 1 đề nghị" in page.text
        change.refresh_from_db()
        assert change.signed_off_by == user


class TestTodos:
    def test_the_chairman_and_the_head_are_sent_here(self) -> None:
        suspended(), suspended(needs_sign_off=True), suspended(code="NCC-9", reason="PL02-55")
        found = {todo.label: (todo.count, todo.url) for todo in todos(flow.chairman())}
        assert found == {"đề nghị chờ quyết định": (1, URL)}
        found = {todo.label: (todo.count, todo.url) for todo in todos(head())}
        assert found == {"đề nghị chờ ký thẩm định": (1, URL), "đề nghị NCC chờ ghi quyết định của Sở": (1, URL)}


class TestForms:
    """Suspending and going on by hand, from the person's page."""

    def url(self, name: str, person: Person) -> str:
        return reverse(f"beneficiaries:change_{name}", args=[person.pk])

    def test_from_the_persons_page(self) -> None:
        person = make.person()
        row = make.entitlement(person)
        client: Client = signed_in(flow.officer())
        text = client.get(reverse("beneficiaries:person", args=[person.pk])).text
        assert self.url("suspend", person) in text and self.url("resume", person) not in text
        make.suspension(row, APRIL)
        text = client.get(reverse("beneficiaries:person", args=[person.pk])).text
        assert self.url("resume", person) in text and self.url("suspend", person) not in text

    def test_it_shows_the_money_and_the_months_on_lists_before_it_is_sent(self) -> None:
        person = make.person()
        row = make.entitlement(person)
        rows.on_list(row, JUNE, 360_000, "paid_cash"), rows.on_list(row, JULY, 400_000)
        data = {"xem": "1", "entitlements": [row.pk], "reason": "TT02-2.3.a", "month": "6/2024"}
        page = signed_in(flow.officer()).post(self.url("suspend", person), data)
        assert page.status_code == 200 and not Change.objects.filter(person=person, kind="suspend").exists()
        assert "2 tháng đã lập danh sách chi trả" in page.text
        assert "đã chi 1 tháng, phải thu hồi <strong>360.000 đ</strong>" in page.text
        assert "đã lập danh sách 1 tháng, chưa chi: sẽ dừng chi <strong>400.000 đ</strong>" in page.text

    def test_without_a_month_the_first_that_has_no_list(self) -> None:
        person = make.person()
        row = make.entitlement(person)
        sent(signed_in(flow.officer()), self.url("suspend", person), entitlements=[row.pk], reason="TT02-2.3.b")
        assert Change.objects.get(person=person, kind="suspend").effective_month == AUGUST

    def test_merit_by_the_day_of_the_judgment(self) -> None:
        person = make.person()
        row = make.entitlement(person, "NCC-9")
        client, url = signed_in(flow.officer()), self.url("suspend", person)
        page = sent(client, url, entitlements=[row.pk], reason="PL02-54.1")
        assert page.status_code == 422 and "ngày bản án có hiệu lực" in page.text
        sent(client, url, entitlements=[row.pk], reason="PL02-54.1", happened_on="14/06/2024")
        assert Change.objects.get(person=person, kind="suspend").effective_month == JUNE

    def test_going_on_with_arrears(self) -> None:
        person = make.person()
        row = make.entitlement(person)
        make.suspension(row, APRIL)
        page = sent(signed_in(flow.officer()), self.url("resume", person), entitlements=[row.pk], arrears_from="6/2024")
        change = Change.objects.get(person=person, kind="resume")
        assert page.headers["Location"] == reverse("beneficiaries:change", args=[change.pk])
        text = signed_in(flow.phong()).get(page.headers["Location"]).text
        assert "truy lĩnh từ tháng 6/2024" in text and "2 tháng, khoảng 860.000" in text

    def test_sent_twice_it_is_one(self) -> None:
        person = make.person()
        row = make.entitlement(person)
        client, url = signed_in(flow.officer()), self.url("suspend", person)
        token = str(client.get(url).context["form"]["token"].value())
        data = {"token": token, "entitlements": [row.pk], "reason": "TT02-2.3.a", "paper_kind": "Báo cáo"}
        first, again = client.post(url, data), client.post(url, data)
        assert first.headers["Location"] == again.headers["Location"]
        assert Change.objects.filter(person=person, kind="suspend").count() == 1

    def test_errors_stand_beside_their_fields(self) -> None:
        person = make.person()
        make.entitlement(person)
        page = sent(signed_in(flow.officer()), self.url("suspend", person), month="13/2024", note="Ghi chú dở")
        assert page.status_code == 422
        assert {"reason", "entitlements", "month"} <= set(page.context["form"].errors)
        assert "Ghi chú dở" in page.text

    @pytest.mark.parametrize("name", ["suspend", "resume"])
    def test_nobody_to_do_it_for(self, name: str) -> None:
        page = signed_in(flow.officer()).get(self.url(name, make.person()))
        assert page.status_code == 200 and "Không có chế độ nào" in page.text

    def test_the_history_tells_it(self) -> None:
        person = make.person()
        row = make.entitlement(person)
        make.suspension(row, APRIL)
        (change,) = services.propose_resumption(
            actor=flow.officer(), person_id=person.pk, entitlement_ids=[row.pk], month=AUGUST,
            arrears_from=JUNE, paper=PAPER,
        )  # fmt: skip
        flow.decided(change)
        text = signed_in(flow.phong()).get(reverse("beneficiaries:person", args=[person.pk])).text
        assert "Tạm dừng từ tháng 4/2024, hưởng lại từ tháng 8/2024, truy lĩnh từ tháng 6/2024" in text
        assert "Kết thúc tạm dừng" in text and "từ tháng 4/2024 đến tháng 7/2024" in text

    def test_the_export_knows_them(self) -> None:
        suspended("Phạm Thị Xuất Ra")
        page: Any = signed_in(flow.phong()).post("/doi-tuong/bien-dong/xuat/?loai=suspend", {"dang": "csv"})
        content = b"".join(page.streaming_content).decode("utf-8-sig")
        assert "Tạm dừng BTXH-5C" in content and "Phạm Thị Xuất Ra" in content

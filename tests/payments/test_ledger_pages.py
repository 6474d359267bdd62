"""The ledger on a list's page: each number opens as many names; the differences; a list that does not agree with the
register says where and is not sent; making it anew."""

import io
import re
from typing import Any

import openpyxl
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from batosocial.audit.models import Entry
from batosocial.staff.models import BENEFIT_ROLES, Role, User
from beneficiaries.models import Entitlement, Person
from payments import ledger, remaking, states
from payments.ledger import names
from payments.models import Payment, PaymentLine, PaymentList
from payments.opening import open_month
from tests import factories as make
from tests.payments import rows
from tests.payments.rows import AUGUST, State
from tests.racing import together

pytestmark = pytest.mark.django_db


@pytest.fixture
def august() -> PaymentList:
    """Ba Động's social list of August as it is opened, after somebody came, one died and one was suspended."""
    commune = make.commune()
    come = make.person("Đinh Thị Mới")
    make.entitlement(come, "BTXH-5C", start=AUGUST)
    july = Payment.objects.filter(payment_list__period__month="2024-07-01", payment_list__commune=commune)
    july = july.filter(payment_list__period__policy="BTXH").order_by("position")
    dead, paused = july[0], july[1]
    Person.objects.filter(pk=dead.person_id).update(died_on="2024-07-10")
    for entitlement in Entitlement.objects.filter(person=paused.person_id, category__policy="BTXH"):
        make.suspension(entitlement, AUGUST)
    open_month(actor=rows.officer(), month=AUGUST, policies=["BTXH"])
    return PaymentList.objects.get(period__month=AUGUST, period__policy="BTXH", commune=commune)


def page_of(row: PaymentList, user: User | None = None) -> Any:
    return rows.signed_in(user or rows.officer()).get(reverse("payments:list", args=[row.pk]))


# --- the numbers and their names ---------------------------------------------------------------------------------


@pytest.mark.parametrize("side", list(names.SIDE_LABELS))
@pytest.mark.parametrize("measure", list(names.MEASURE_LABELS))
def test_each_number_opens_as_many_names(august: PaymentList, side: str, measure: str) -> None:
    (sides,) = ledger.read_ledger(august)
    number = getattr(getattr(sides, side), measure)
    assert number > 0
    page = page_of(august)
    url = f"{reverse('payments:ledger', args=[august.pk])}?o={side}&tinh={measure}"
    assert url.replace("&", "&amp;") in page.text
    answer = rows.signed_in(rows.officer()).get(url)
    context = answer.context
    assert (context["total"] if measure == "amount" else context["page"].paginator.count) == number
    if measure == "people":
        found = names.names_behind("BTXH", AUGUST, august.commune_id, side, measure)
        assert len({one.person_id for one in found}) == len(found)


def test_every_ledger_of_the_demo_agrees_with_its_names() -> None:
    for row in PaymentList.objects.filter(period__month="2024-07-01").select_related("period")[:6]:
        (sides,) = ledger.read_ledger(row)
        for side in names.SIDE_LABELS:
            for measure in names.MEASURE_LABELS:
                found = names.names_behind(row.period.policy, row.period.month, row.commune_id, side, measure)
                value = sum(one.amount for one in found) if measure == "amount" else len(found)
                assert value == getattr(getattr(sides, side), measure), (row, side, measure)


def test_who_came_and_who_went_are_named(august: PaymentList) -> None:
    client = rows.signed_in(rows.officer())
    url = reverse("payments:ledger", args=[august.pk])
    assert "Đinh Thị Mới" in client.get(url, {"o": "increase", "tinh": "people"}).text
    gone = client.get(url, {"o": "decrease", "tinh": "people"}).context["lines"]
    assert len(gone) == 2
    assert client.get(url, {"o": "nonsense"}).status_code == 404


def test_a_kind_of_line_opens_its_people(august: PaymentList) -> None:
    page = page_of(august)
    for kind in page.context["kinds"]:
        answer = rows.signed_in(rows.officer()).get(reverse("payments:list", args=[august.pk]), {"loai": kind.kind})
        assert answer.context["page"].paginator.count == kind.people
    assert sum(kind.amount for kind in page.context["kinds"]) == page.context["amount"]


def test_a_list_of_two_months_has_two_ledgers_and_two_differences() -> None:
    open_month(actor=rows.officer(), month=AUGUST, policies=["NCC"], with_next=True)
    row = PaymentList.objects.get(period__month=AUGUST, period__policy="NCC", commune=make.commune())
    page = page_of(row)
    assert [one["month"].month for one in page.context["sides"]] == [8, 9]
    september = rows.signed_in(rows.officer()).get(
        reverse("payments:ledger", args=[row.pk]), {"thang": "2024-09", "o": "closing", "tinh": "people"}
    )
    assert september.context["month"].month == 9
    assert september.context["count"] == page.context["people"]


# --- who sees it -------------------------------------------------------------------------------------------------


def test_a_payer_sees_no_ledger(august: PaymentList) -> None:
    rows.put(august, State.HANDED_OVER)
    page = page_of(august, rows.clerk())
    assert page.context["sides"] == []
    assert "so-tang-giam" not in page.text


@pytest.mark.parametrize("sees", [True, False])
def test_a_confidential_group_is_named_by_permission_and_never_on_paper(sees: bool) -> None:
    person = make.person("Đinh Văn Kín")
    make.entitlement(person, "BTXH-3A", start=AUGUST)
    open_month(actor=rows.officer(), month=AUGUST, policies=["BTXH"])
    row = PaymentList.objects.get(period__month=AUGUST, period__policy="BTXH", commune=make.commune())
    client = rows.signed_in(make.user(sees_confidential=sees))
    for name, query in (("ledger", {"o": "increase", "tinh": "people"}), ("differences", {"q": "Kín"})):
        text = client.get(reverse(f"payments:{name}", args=[row.pk]), query).text
        assert "Đinh Văn Kín" in text
        assert ("BTXH-3A" in text) == sees
    answer = client.get(reverse("payments:differences_export", args=[row.pk]), {"q": "Kín"})
    sheet = openpyxl.load_workbook(io.BytesIO(b"".join(answer))).worksheets[0]
    cells = [str(cell.value) for line in sheet.iter_rows() for cell in line]
    assert "Đinh Văn Kín" in cells
    assert not [text for text in cells if "BTXH-3" in text]


# --- differences -------------------------------------------------------------------------------------------------


def test_differences_name_the_cause_and_the_decision(august: PaymentList) -> None:
    client = rows.signed_in(rows.officer())
    url = reverse("payments:differences", args=[august.pk])
    everything = client.get(url)
    causes = {(line.name, line.cause) for line in client.get(url, {"in": "1"}).context["lines"]}
    assert ("Đinh Thị Mới", "first_load") in causes
    assert {"death", "suspend", "rate"} <= {cause for _, cause in causes}
    assert everything.context["all"] == len(ledger.differences(august))
    fewer = client.get(url, {"nguyen_nhan": "death"})
    assert [line.cause for line in fewer.context["lines"]] == ["death"]
    assert [line.name for line in client.get(url, {"q": "dinh thi moi"}).context["lines"]] == ["Đinh Thị Mới"]
    down = client.get(url, {"chieu": "decrease"}).context
    assert down["count"] == 2 and down["increase"] == 0
    assert "Không có dòng nào khớp" in client.get(url, {"q": "khong co ai"}).text


def test_two_of_one_name_are_told_apart(august: PaymentList) -> None:
    for birth, hamlet in (("03/1950", "Thôn Nước Lăng"), ("03/1961", "Thôn Hố Sâu")):
        person = make.person("Phạm Thị Trùng", birth=birth, hamlet=hamlet)
        make.entitlement(person, "BTXH-5C", start=AUGUST)
    remaking.remake(actor=make.user(Role.COMMUNE_OFFICER), list_id=august.pk, seen=None)
    client = rows.signed_in(rows.officer())
    for name, query in (("ledger", {"o": "increase", "tinh": "people"}), ("differences", {"q": "Trùng"})):
        text = client.get(reverse(f"payments:{name}", args=[august.pk]), query).text
        assert "03/1950 · Thôn Nước Lăng" in text and "03/1961 · Thôn Hố Sâu" in text
    answer = client.get(reverse("payments:differences_export", args=[august.pk]), {"q": "Trùng"})
    sheet = openpyxl.load_workbook(io.BytesIO(b"".join(answer))).worksheets[0]
    assert [cell.value for cell in sheet[5]][1:4] == ["Họ và tên", "Ngày sinh", "Thôn, tổ dân phố"]
    assert [[cell.value for cell in line][2:4] for line in sheet.iter_rows(min_row=6, max_row=7)] == [
        ["03/1950", "Thôn Nước Lăng"],
        ["03/1961", "Thôn Hố Sâu"],
    ]
    assert sheet["F8"].value == "=SUM(F6:F7)"


def test_differences_add_up_to_the_ledger(august: PaymentList) -> None:
    (sides,) = ledger.read_ledger(august)
    context = rows.signed_in(rows.officer()).get(reverse("payments:differences", args=[august.pk])).context
    assert (context["increase"], context["decrease"]) == (sides.increase.amount, sides.decrease.amount)


def test_differences_come_as_a_workbook_as_they_are_filtered(august: PaymentList) -> None:
    officer = rows.officer()
    url = reverse("payments:differences_export", args=[august.pk])
    answer = rows.signed_in(officer).get(url, {"chieu": "decrease"})
    sheet = openpyxl.load_workbook(io.BytesIO(b"".join(answer))).worksheets[0]
    rows_of_people = [line for line in sheet.iter_rows(min_row=6) if isinstance(line[0].value, int)]
    assert len(rows_of_people) == 2
    assert sheet.page_setup.orientation == "landscape"
    assert Entry.objects.get(actor=officer, action="tải tăng giảm của danh sách").details == {"số dòng": 2}


def test_a_list_without_differences_says_so() -> None:
    row = PaymentList.objects.filter(period__month="2024-06-01", period__policy="NCC").select_related("period")[0]
    if not ledger.differences(row):
        page = rows.signed_in(rows.officer()).get(reverse("payments:differences", args=[row.pk]))
        assert "Không có tăng giảm" in page.text


# --- agreeing with the register ----------------------------------------------------------------------------------


def test_a_draft_that_no_longer_agrees_says_where_and_is_not_sent(august: PaymentList) -> None:
    leader = make.user(Role.COMMUNE_LEADER)
    assert page_of(august, leader).context["breaks"] == []
    late = make.person("Đinh Thị Muộn")
    make.entitlement(late, "BTXH-5C", start=AUGUST)
    page = page_of(august, leader)
    assert "Đinh Thị Muộn" in page.text
    assert reverse("payments:remake_list", args=[august.pk]) in page.text
    (refused,) = states.submit(actor=leader, list_ids=[august.pk]).refused
    assert "Đinh Thị Muộn" in refused.reason
    assert "lập lại danh sách" in refused.reason
    remaking.remake(actor=make.user(Role.COMMUNE_OFFICER), list_id=august.pk, seen=None)
    assert states.submit(actor=leader, list_ids=[august.pk]).moved


def test_of_many_lists_each_that_does_not_agree_is_named_in_as_many_queries(august: PaymentList) -> None:
    """A leader sends both of the commune's lists at once."""
    open_month(actor=rows.officer(), month=AUGUST, policies=["NCC"])
    ncc = PaymentList.objects.get(period__month=AUGUST, period__policy="NCC", commune=august.commune)
    make.entitlement(make.person("Đinh Thị Muộn"), "BTXH-5C", start=AUGUST)
    outcome = states.submit(actor=make.user(Role.COMMUNE_LEADER), list_ids=[august.pk, ncc.pk])
    assert [row.pk for row in outcome.moved] == [ncc.pk]
    assert [one.list_id for one in outcome.refused] == [august.pk]
    some = list(PaymentList.objects.filter(period__month=AUGUST).order_by("pk"))
    counts = []
    for part in (some[:2] + some[19:21], some):
        with CaptureQueriesContext(connection) as captured:
            states.SUBMIT.holds(part)
        counts.append(len(captured))
    assert counts[0] == counts[1]


# --- making anew -------------------------------------------------------------------------------------------------


def test_making_anew_shows_what_would_change_and_changes_nothing_yet(august: PaymentList) -> None:
    make.entitlement(make.person("Đinh Thị Muộn"), "BTXH-5C", start=AUGUST)
    lines = set(PaymentLine.objects.filter(payment__payment_list=august).values_list("pk", flat=True))
    client = rows.signed_in(make.user(Role.COMMUNE_OFFICER))
    page = client.get(reverse("payments:remake_list", args=[august.pk]))
    plan = page.context["plan"]
    assert [(one.name, one.before, one.after) for one in plan.altered] == [("Đinh Thị Muộn", None, 500_000)]
    assert plan.after[0] == plan.before[0] + 1
    assert "Thêm vào" in page.text
    assert set(PaymentLine.objects.filter(payment__payment_list=august).values_list("pk", flat=True)) == lines
    client.post(reverse("payments:remake_list", args=[august.pk]), {"seen": page.context["seen"]})
    assert august.payments.filter(name="Đinh Thị Muộn").exists()
    assert list(august.events.values_list("step", flat=True))[-1] == "lap-lai"


def test_a_list_that_agrees_needs_not_be_made_anew(august: PaymentList) -> None:
    page = rows.signed_in(make.user(Role.COMMUNE_LEADER)).get(reverse("payments:remake_list", args=[august.pk]))
    assert page.context["plan"].altered == []
    assert "không cần lập lại" in page.text


def test_a_second_click_makes_nothing_anew(august: PaymentList) -> None:
    client = rows.signed_in(make.user(Role.COMMUNE_OFFICER))
    url = reverse("payments:remake_list", args=[august.pk])
    seen = client.get(url).context["seen"]
    client.post(url, {"seen": seen})
    answer = client.post(url, {"seen": seen}, follow=True)
    assert "không làm lại lần nữa" in answer.text
    assert august.events.filter(step="lap-lai").count() == 1


def test_a_list_that_was_sent_is_not_made_anew(august: PaymentList) -> None:
    rows.put(august, State.SUBMITTED)
    client = rows.signed_in(make.user(Role.COMMUNE_OFFICER))
    url = reverse("payments:remake_list", args=[august.pk])
    assert "Chờ thẩm định" in client.get(url).context["refusal"]
    assert "Chờ thẩm định" in client.post(url, {"seen": ""}, follow=True).text
    assert "Lập lại từ sổ" not in page_of(august, make.user(Role.COMMUNE_OFFICER)).text


@pytest.mark.parametrize("role", sorted(BENEFIT_ROLES - {"commune_officer", "commune_leader", "district_officer"}))
def test_other_roles_make_no_list_anew(august: PaymentList, role: str) -> None:
    client = rows.signed_in(make.user(role))
    assert client.post(reverse("payments:remake_list", args=[august.pk])).status_code == 403


def test_a_remark_outlives_the_payment_it_was_made_on(august: PaymentList) -> None:
    from payments import remarks

    phong = rows.officer()
    rows.put(august, State.SUBMITTED)
    payment = august.payments.get(name="Đinh Thị Mới")
    remarks.add_remark(actor=phong, payment_id=payment.pk, text="Chưa đủ tuổi")
    states.return_lists(actor=phong, list_ids=[august.pk], reason="")
    Entitlement.objects.filter(person=payment.person_id).update(months=make.month_range(AUGUST.replace(month=9)))
    remaking.remake(actor=make.user(Role.COMMUNE_OFFICER), list_id=august.pk, seen=None)
    assert not august.payments.filter(person=payment.person_id).exists()
    page = page_of(august, make.user(Role.COMMUNE_OFFICER))
    assert "Chưa đủ tuổi" in page.text
    assert "Đinh Thị Mới" in page.text


# --- carry-overs -------------------------------------------------------------------------------------------------


def test_a_carry_over_is_taken_out_of_a_draft(august: PaymentList) -> None:
    carried = PaymentLine.objects.filter(payment__payment_list__period=august.period, kind="carry_over").first()
    assert carried and carried.carried_line
    row = carried.payment.payment_list
    earlier = carried.carried_line.payment
    client = rows.signed_in(rows.officer())
    listed = client.get(reverse("payments:list", args=[row.pk]), {"loai": "carry_over"})
    url = reverse("payments:cancel_carry_over", args=[earlier.pk])
    assert url in listed.text
    answer = client.post(url, follow=True)
    assert "nhận lại được kết quả" in answer.text
    assert not PaymentLine.objects.filter(carried_line__payment=earlier).exists()
    assert "chưa chuyển sang danh sách nào" in client.post(url, follow=True).text


# --- queries and races -------------------------------------------------------------------------------------------


def _queries(client: Client, url: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert client.get(url).status_code == 200
    return len(captured)


@pytest.mark.parametrize(
    ("name", "query", "most"),
    [
        ("ledger", "?o=closing&tinh=people", 10),
        ("ledger", "?o=increase&tinh=amount", 10),
        ("differences", "", 12),
        ("differences_export", "", 13),
        ("list", "", 21),
    ],
)
def test_the_pages_cost_the_same_for_few_and_for_many(name: str, query: str, most: int) -> None:
    row = rows.sendable_list(people=2)
    client = rows.signed_in(rows.officer())
    url = reverse(f"payments:{name}", args=[row.pk]) + query
    few = _queries(client, url)
    for _ in range(20):
        rows.payment(row, person=make.person(commune=row.commune), amount=500_000)
    ledger.store("BTXH", [AUGUST], [row.commune_id])
    assert _queries(client, url) == few <= most


@pytest.mark.django_db(transaction=True)
def test_of_two_who_make_a_list_anew_at_once_one_does() -> None:
    row = rows.sendable_list(people=3)
    officers = [make.user(Role.COMMUNE_OFFICER, commune=row.commune) for _ in range(2)]
    done: list[bool] = []

    def work(actor: User) -> Any:
        return lambda: done.append(remaking.remake(actor=actor, list_id=row.pk, seen=row.made_at))

    row.refresh_from_db()
    together(*(work(actor) for actor in officers))
    assert sorted(done) == [False, True]
    assert row.payments.count() == 3
    assert row.events.filter(step="lap-lai").count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_list_is_sent_or_made_anew_first_never_half_of_both() -> None:
    row = rows.sendable_list(people=3)
    row.refresh_from_db()
    leader, officer = (make.user(role, commune=row.commune) for role in (Role.COMMUNE_LEADER, Role.COMMUNE_OFFICER))
    outcomes: list[states.Outcome] = []
    refused: list[str] = []

    def remake() -> None:
        try:
            remaking.remake(actor=officer, list_id=row.pk, seen=None)
        except Exception as refusal:
            refused.append(str(refusal))

    together(lambda: outcomes.append(states.submit(actor=leader, list_ids=[row.pk])), remake)
    row.refresh_from_db()
    assert row.payments.count() == 3
    assert row.state == (State.SUBMITTED if outcomes[0].moved else State.DRAFT)
    assert outcomes[0].moved or outcomes[0].refused
    assert all(re.search("Chờ thẩm định", text) for text in refused)
    assert ledger.breaks_of([row.pk]) == {}


@pytest.mark.django_db(transaction=True)
def test_of_two_leaders_who_send_at_once_one_moves_the_list_and_the_other_is_told() -> None:
    row = rows.sendable_list()
    leaders = [make.user(Role.COMMUNE_LEADER, commune=row.commune) for _ in range(2)]
    outcomes: list[states.Outcome] = []
    together(
        *((lambda actor=actor: outcomes.append(states.submit(actor=actor, list_ids=[row.pk]))) for actor in leaders)
    )
    assert sorted((len(one.moved), len(one.unchanged)) for one in outcomes) == [(0, 1), (1, 0)]
    assert row.events.filter(step="gui").count() == 1

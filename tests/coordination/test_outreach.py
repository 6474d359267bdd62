"""Outreach sessions: recording, mending, cancelling, what the register counts after them, and the report."""

import datetime
import io
from typing import Any

import openpyxl
import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from batosocial.audit.models import Entry
from batosocial.coordination.models import OutreachSession, OutreachTerm, SessionForm
from batosocial.coordination.outreach import counting, services
from batosocial.coordination.outreach.services import Refused, sessions_held
from batosocial.coordination.outreach.todos import todos
from batosocial.lib import months
from batosocial.lib.money import rate
from batosocial.staff.models import Role, User
from beneficiaries.models import PayoutRoute
from reporting.models import BOTH, CashlessFigure
from tests import factories as make

pytestmark = pytest.mark.django_db

JULY = datetime.date(2024, 7, 1)
DAY = datetime.date(2024, 7, 10)


@pytest.fixture
def officer() -> User:
    return make.user(Role.COMMUNE_OFFICER)


@pytest.fixture
def phong() -> User:
    return make.user(Role.DISTRICT_OFFICER)


@pytest.fixture(autouse=True)
def no_other_sessions(db: None) -> None:
    """The demo has sessions of its own; these tests count theirs."""
    OutreachSession.objects.all().delete()


def values(**more: Any) -> dict[str, Any]:
    given: dict[str, Any] = {
        "held_on": DAY,
        "hamlets": [],
        "form": SessionForm.objects.all()[0],
        "topic": "Nhận trợ cấp qua tài khoản",
        "reached": 40,
        "held_by": "Hội Phụ nữ xã",
        "accounts_stated": None,
        "note": "",
    }
    return given | more


def opened(hamlet: str, day: str, *, known: bool = True, commune: str = make.BA_DONG) -> PayoutRoute:
    """An account of somebody of the hamlet that begins on a day: the day it was opened, or its route was entered."""
    person = make.person(commune=make.commune(commune), hamlet=hamlet)
    account = make.account(opened_on=day if known else None)
    route = make.route(person, account=account, confirmed_by=make.user())
    PayoutRoute.objects.filter(pk=route.pk).update(entered_at=f"{day if not known else '2024-07-21'} 20:00+07")
    return route


# --- recording ----------------------------------------------------------------------------------------------------


def test_a_session_is_of_the_officers_commune(officer: User) -> None:
    make.person(hamlet="Thôn Thử")
    row = services.record_session(actor=officer, values=values(hamlets=["Thôn Thử"], topic="  Mở   tài khoản "))
    assert (row.commune, row.hamlets, row.topic) == (officer.unit, ["Thôn Thử"], "Mở tài khoản")
    assert Entry.objects.get(action="ghi buổi truyền thông").row_id == row.pk


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"held_on": datetime.date(2024, 7, 23)}, "held_on"),
        ({"held_on": datetime.date(2014, 7, 22)}, "held_on"),
        ({"topic": " "}, "topic"),
        ({"topic": "a" * 201}, "topic"),
        ({"held_by": ""}, "held_by"),
        ({"note": "a" * 2001}, "note"),
        ({"reached": -1}, "reached"),
        ({"accounts_stated": 100_001}, "accounts_stated"),
        ({"hamlets": ["Thôn không có"]}, "hamlets"),
    ],
)
def test_what_cannot_be_is_refused_by_field(officer: User, wrong: dict[str, Any], field: str) -> None:
    with pytest.raises(Refused) as refusal:
        services.record_session(actor=officer, values=values(**wrong))
    assert list(refusal.value.errors) == [field]


def test_the_district_records_nothing_and_a_foreign_session_is_not_there(officer: User, phong: User) -> None:
    with pytest.raises(PermissionDenied):
        services.record_session(actor=phong, values=values())
    foreign = make.outreach_session(make.commune("21538"))
    with pytest.raises(OutreachSession.DoesNotExist):
        services.cancel_session(actor=officer, session_id=foreign.pk, reason="x")


def test_mending_needs_a_reason_and_keeps_old_and_new(officer: User) -> None:
    row = make.outreach_session()
    with pytest.raises(Refused) as refusal:
        services.edit_session(actor=officer, session_id=row.pk, version=1, values=values(reached=50), reason=" ")
    assert list(refusal.value.errors) == ["reason"]
    services.edit_session(actor=officer, session_id=row.pk, version=1, values=values(reached=50), reason="Đếm lại")
    entry = Entry.objects.get(action="sửa buổi truyền thông")
    assert (entry.changes, entry.details) == ({"reached": [40, 50]}, {"lý do": "Đếm lại"})
    with pytest.raises(Refused, match="Người khác vừa sửa"):
        services.edit_session(actor=officer, session_id=row.pk, version=1, values=values(), reason="x")


def test_a_cancelled_session_stays_and_does_not_count(officer: User, client: Client) -> None:
    row = make.outreach_session()
    assert services.cancel_session(actor=officer, session_id=row.pk, reason="Ghi trùng")
    assert not services.cancel_session(actor=officer, session_id=row.pk, reason="Lần nữa")
    with pytest.raises(Refused, match="đã hủy"):
        services.edit_session(actor=officer, session_id=row.pk, version=1, values=values(reached=1), reason="x")
    assert sessions_held([row.commune_id], JULY) == {row.commune_id: 0}
    client.force_login(officer)
    assert "Ghi trùng" in client.get(reverse("coordination:outreach_session", args=[row.pk])).content.decode()
    lists = {q: client.get(reverse("coordination:outreach") + q) for q in ("", "?trang_thai=da-huy")}
    assert [page.context["page"].paginator.count for page in lists.values()] == [0, 1]


def test_sessions_are_counted_by_commune_and_month() -> None:
    own, other = make.commune(), make.commune("21538")
    make.outreach_session(own)
    make.outreach_session(own, held_on=datetime.date(2024, 7, 1))
    make.outreach_session(own, held_on=datetime.date(2024, 6, 30))
    assert sessions_held([own.pk, other.pk], JULY) == {own.pk: 2, other.pk: 0}
    assert sessions_held([], JULY) == {}


# --- accounts after a session ---------------------------------------------------------------------------------------


def test_accounts_of_the_hamlet_that_begin_within_the_days_are_counted() -> None:
    row = make.outreach_session(make.empty_commune(), hamlets=["Thôn Một"])
    code = make.empty_commune().code
    opened("Thôn Một", "2024-07-11", commune=code)
    opened("Thôn Một", "2024-07-15", known=False, commune=code)
    opened("Thôn Một", "2024-07-10", commune=code)  # the same day: not after it
    opened("Thôn Một", "2024-08-10", commune=code)  # the day after the last one
    opened("Thôn Hai", "2024-07-11", commune=code)
    opened("Thôn Một", "2024-07-11", commune="21538")
    assert counting.accounts_after([row.pk]) == {row.pk: 2}
    whole = make.outreach_session(make.empty_commune())
    assert counting.accounts_after([whole.pk]) == {whole.pk: 3}


def test_the_days_are_a_dated_setting() -> None:
    row = make.outreach_session(make.empty_commune())
    opened("Thôn Một", "2024-07-20", commune="21999")
    OutreachTerm.objects.create(valid_from="2024-07-10", days=9)
    assert counting.accounts_after([row.pk]) == {}
    OutreachTerm.objects.create(valid_from="2024-07-11", days=1)
    OutreachTerm.objects.filter(valid_from="2024-07-10").update(days=10)
    assert counting.accounts_after([row.pk]) == {row.pk: 1}


def test_an_account_counts_once_for_a_commune_and_only_when_it_is_confirmed() -> None:
    unit = make.empty_commune()
    rows = [make.outreach_session(unit), make.outreach_session(unit, held_on=datetime.date(2024, 7, 12))]
    route = opened("Thôn Một", "2024-07-15", commune=unit.code)
    make.route(make.person(commune=unit), account=route.account, confirmed_by=make.user())
    waiting = opened("Thôn Một", "2024-07-15", commune=unit.code)
    PayoutRoute.objects.filter(pk=waiting.pk).update(state="entered", confirmed_by=None, confirmed_at=None)
    ids = [row.pk for row in rows]
    assert counting.accounts_after(ids) == dict.fromkeys(ids, 1)
    assert counting.accounts_by_commune(ids, {unit.pk: unit.pk}) == {unit.pk: 1}


# --- pages --------------------------------------------------------------------------------------------------------


def sent(client: Client, **more: Any) -> dict[str, Any]:
    page = client.get(reverse("coordination:outreach_add"))
    form = SessionForm.objects.all()[0].pk
    given = {"held_on": "10/07/2024", "form": form, "whole": "on", "topic": "Mở tài khoản", "reached": "40"}
    return given | {"held_by": "Hội Phụ nữ", "token": str(page.context["form"]["token"].value())} | more


def test_a_double_click_records_one_session(officer: User, client: Client) -> None:
    client.force_login(officer)
    data = sent(client)
    first, second = (client.post(reverse("coordination:outreach_add"), data) for _ in range(2))
    assert first.status_code == second.status_code == 302
    assert first.headers["Location"] == second.headers["Location"]
    assert OutreachSession.objects.get().hamlets == []


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"whole": ""}, "Hãy chọn thôn, hoặc đánh dấu toàn xã."),
        ({"held_on": "hôm qua"}, "Hãy ghi ngày dạng 22/07/2024."),
        ({"held_on": "30/07/2024"}, "Ngày ở sau hôm nay"),
        ({"reached": "nhiều"}, "Hãy ghi một số nguyên."),
    ],
)
def test_a_wrong_form_keeps_what_was_typed(officer: User, client: Client, wrong: dict[str, str], said: str) -> None:
    client.force_login(officer)
    answer = client.post(reverse("coordination:outreach_add"), sent(client, **wrong))
    assert answer.status_code == 422
    assert said in answer.content.decode() and "Hội Phụ nữ" in answer.content.decode()


def test_a_session_is_mended_on_its_page_with_a_reason(officer: User, client: Client) -> None:
    row = make.outreach_session()
    client.force_login(officer)
    url = reverse("coordination:outreach_edit", args=[row.pk])
    page = client.get(url)
    data = sent(client, reached="55", version=page.context["form"]["version"].value(), topic=row.topic)
    data["token"] = str(page.context["form"]["token"].value())
    assert "Hãy ghi vì sao sửa." in client.post(url, data).content.decode()
    assert client.post(url, data | {"reason": "Đếm lại"}).status_code == 302
    row.refresh_from_db()
    assert (row.reached, row.version) == (55, 2)


def test_the_report_sets_sessions_beside_the_rate(phong: User, client: Client) -> None:
    own = make.commune()
    make.outreach_session(own, accounts_stated=3)
    make.outreach_session(own, held_on=datetime.date(2024, 5, 2), reached=10)
    make.outreach_session(own, held_on=datetime.date(2023, 12, 31))
    client.force_login(phong)
    report = client.get(reverse("coordination:outreach_report")).context["report"]
    assert (report.range.start, report.range.end, report.range.month) == (datetime.date(2024, 1, 1), JULY, JULY)
    (line,) = [one for one in report.lines if one.unit == own]
    assert (line.sessions, line.reached, line.stated) == (2, 50, 3)
    assert line.hamlets == line.all_hamlets > 0
    figure = CashlessFigure.objects.get(unit=own, month=JULY, policy=BOTH)
    both = line.rates[-1]
    assert both.counts.r1 == rate(figure.paid_by_account, figure.due)
    before = CashlessFigure.objects.get(unit=own, month=report.range.since, policy=BOTH)
    assert both.change is not None and both.change.people == figure.paid_by_account - before.paid_by_account
    assert (report.total.sessions, report.total.reached) == (2, 50)
    assert report.target is not None and report.target.rate == "R1"
    assert len(report.lines) == 19


def test_every_count_of_the_report_opens_its_sessions(phong: User, client: Client) -> None:
    make.outreach_session()
    make.outreach_session(make.commune("21538"))
    make.outreach_session(held_on=datetime.date(2024, 6, 2))
    client.force_login(phong)
    report = client.get(reverse("coordination:outreach_report"), {"tu": "7/2024", "den": "7/2024"}).context["report"]
    for line in (*report.lines, report.total):
        assert client.get(line.url).context["page"].paginator.count == line.sessions
        for cell in line.rates:
            if cell.url:
                assert client.get(cell.url).context["page"].paginator.count == cell.counts.paid_by_account
    assert report.total.sessions == 2


def test_a_commune_sees_its_own_line_and_the_districts_total(officer: User, client: Client) -> None:
    make.outreach_session()
    make.outreach_session(make.commune("21538"), topic="Buổi của xã khác")
    client.force_login(officer)
    page = client.get(reverse("coordination:outreach_report"))
    report = page.context["report"]
    assert [line.unit for line in report.lines] == [officer.unit]
    assert report.total.sessions == 2 and report.total.url == "" and not any(c.url for c in report.total.rates)
    assert "Ba Xa" not in page.content.decode()
    assert "Buổi của xã khác" not in client.get(reverse("coordination:outreach")).content.decode()


def test_the_month_to_compare_with_is_chosen(phong: User, client: Client) -> None:
    client.force_login(phong)
    report = client.get(reverse("coordination:outreach_report"), {"so_voi": "2024-05"}).context["report"]
    assert report.range.since == datetime.date(2024, 5, 1)
    wrong = client.get(reverse("coordination:outreach_report"), {"tu": "7/2024", "den": "5/2024"})
    assert wrong.status_code == 200 and "Tháng cuối ở trước tháng đầu" in wrong.content.decode()


def test_the_workbook_holds_sums_and_sessions(phong: User, client: Client) -> None:
    make.outreach_session(topic="=1+1", accounts_stated=3, hamlets=["Thôn Một"])
    make.outreach_session(held_on=datetime.date(2024, 6, 2))
    client.force_login(phong)
    answer = client.get(reverse("coordination:outreach_report_download"), {"tu": "7/2024", "den": "7/2024"})
    book = openpyxl.load_workbook(io.BytesIO(answer.getvalue()))
    sums = {row[1]: row for row in book["Tổng hợp"].iter_rows(min_row=6, values_only=True)}
    assert sums["Xã Ba Động"][2:7] == (1, 0, sums["Xã Ba Động"][4], 40, 3)
    assert sums["Toàn huyện"][2] == 1
    (session,) = list(book["Các buổi"].iter_rows(min_row=6, values_only=True))
    assert session[:7] == (1, "Xã Ba Động", "10/07/2024", "Thôn Một", str(SessionForm.objects.all()[0]), "=1+1", 40)
    assert Entry.objects.filter(action="tải báo cáo truyền thông").count() == 1


def test_pages_take_a_fixed_number_of_queries(phong: User, officer: User, client: Client) -> None:
    names = ("coordination:outreach", "coordination:outreach_report", "coordination:outreach_report_download")

    def counted(number: int) -> list[int]:
        for place in range(number):
            make.outreach_session(make.commune(("21496", "21538", "21484")[place % 3]), by=officer)
        counts = []
        for name in names:
            with CaptureQueriesContext(connection) as queries:
                assert client.get(reverse(name)).status_code == 200
            counts.append(len(queries))
        return counts

    client.force_login(phong)
    counted(3)
    assert counted(3) == counted(30)


# --- what waits ---------------------------------------------------------------------------------------------------


def test_a_commune_below_the_target_without_a_session_this_month_is_reminded() -> None:
    low, high = make.commune("21538"), make.commune()
    officer = make.user(Role.COMMUNE_OFFICER, commune=low)
    make.outreach_session(low, held_on=datetime.date(2024, 6, 30))
    (todo,) = todos(officer)
    assert (todo.count, todo.tone) == (1, "info")
    assert "chỉ tiêu 50,0%" in todo.hint and months.title(JULY) in todo.label
    assert todos(make.user(Role.COMMUNE_OFFICER, commune=high)) == []
    assert todos(make.user(Role.DISTRICT_OFFICER)) == []
    make.outreach_session(low)
    assert todos(officer) == []

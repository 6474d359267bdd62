"""What is told of lists, changes, reviews and deadlines, to whom, and until when."""

import datetime
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from batosocial.coordination.notifications import own, sources
from batosocial.coordination.notifications.sources import Notice
from batosocial.staff.models import Role, User
from beneficiaries.changes import services as changes
from beneficiaries.models import Change, Payee
from payments import states
from payments.models import PaymentList
from payments.review import services as reviews
from tests import factories as make
from tests.beneficiaries.changes import flow
from tests.payments import rows
from tests.payments.review import rows as review_rows

pytestmark = pytest.mark.django_db
State = PaymentList.State
OWN = ["list-returned", "list-to-approve", "change-decided", "change-rejected", "review-returned", "hand-over-due",
       "month-to-open", "results-due", "review-due", "papers-due"]  # fmt: skip


@pytest.fixture(autouse=True)
def _registered(monkeypatch: Any) -> None:
    assert own.__all__
    found = sources.sources()
    monkeypatch.setattr(sources, "_sources", {name: found[name] for name in OWN})


def told(source: str, user: User) -> list[Notice]:
    return [notice for notice in sources.sources()[source]() if notice.owner_id == user.pk]


class TestLists:
    def test_a_returned_list_is_told_to_its_commune_until_it_is_sent_again(self):
        row = rows.sendable_list(state=State.SUBMITTED, people=1)
        officer = make.user(Role.COMMUNE_OFFICER, commune=row.commune)
        leader = make.user(Role.COMMUNE_LEADER, commune=row.commune)
        elsewhere = make.user(Role.COMMUNE_OFFICER)
        assert told("list-returned", officer) == []
        states.return_lists(actor=rows.officer(), list_ids=[row.pk], reason="Thiếu 2 người")
        (notice,) = told("list-returned", officer)
        assert notice.title == "Phòng trả lại danh sách BTXH tháng 8/2024 của Xã Ba Vắng"
        assert notice.detail == "Lý do: Thiếu 2 người"
        assert notice.due == datetime.date(2024, 7, 24)
        assert len(told("list-returned", leader)) == 1
        assert told("list-returned", elsewhere) == []
        assert states.submit(actor=leader, list_ids=[row.pk]).moved
        assert told("list-returned", officer) == []

    def test_returned_twice_is_told_twice(self):
        row = rows.sendable_list(state=State.SUBMITTED, people=1)
        leader = make.user(Role.COMMUNE_LEADER, commune=row.commune)
        states.return_lists(actor=rows.officer(), list_ids=[row.pk], reason="Một")
        first = told("list-returned", leader)[0].key
        states.submit(actor=leader, list_ids=[row.pk])
        states.return_lists(actor=rows.officer(), list_ids=[row.pk], reason="Hai")
        PaymentList.objects.filter(pk=row.pk).update(returned_at=timezone.now() + datetime.timedelta(seconds=2))
        assert told("list-returned", leader)[0].key != first

    def test_the_chairman_hears_what_waits_for_approval_by_month(self):
        row = rows.payment_list(state=State.APPRAISED, commune=make.empty_commune())
        rows.payment_list(state=State.APPRAISED)
        unsigned = rows.payment_list(state=State.APPRAISED, policy="NCC")
        rows.put(unsigned, State.APPRAISED, signed_off=False)
        chairman = flow.chairman()
        (notice,) = told("list-to-approve", chairman)
        assert notice.title == "2 danh sách BTXH tháng 8/2024 chờ duyệt"
        states.return_lists(actor=rows.officer(), list_ids=[row.pk], reason="Sai")
        assert told("list-to-approve", chairman)[0].title.startswith("1 danh sách")


class TestChanges:
    def test_a_decision_is_told_to_the_proposer_and_the_commune_not_to_who_decided(self):
        proposer, colleague, elsewhere = flow.officer(), flow.officer(), make.user(
            Role.COMMUNE_OFFICER, commune=make.commune("21538")
        )  # fmt: skip
        chairman = flow.chairman()
        change = flow.decided(flow.start(make.person("Phạm Thị Mới"), by=proposer), by=chairman)
        for owner in (proposer, colleague):
            (notice,) = told("change-decided", owner)
            assert notice.title == f"Quyết định {flow.NUMBER}: hưởng mới, Phạm Thị Mới"
            assert notice.informs
            assert notice.url.endswith(f"/{change.pk}/")
        assert told("change-decided", elsewhere) == told("change-decided", chairman) == []

    def test_one_decision_on_many_is_one_notice(self):
        proposer, phong = flow.officer(), flow.phong()
        made = [flow.start(make.person(), by=proposer) for _ in range(4)]
        changes.appraise_changes(actor=phong, change_ids=[one.pk for one in made])
        changes.decide_changes(
            actor=flow.chairman(), change_ids=[one.pk for one in made], number=flow.NUMBER, date=flow.TODAY
        )
        (notice,) = told("change-decided", proposer)
        assert notice.title == f"Quyết định {flow.NUMBER}: 4 biến động có hiệu lực"
        assert "và" not in notice.title

    def test_a_decision_is_told_for_two_weeks(self):
        proposer = flow.officer()
        change = flow.decided(flow.start(make.person(), by=proposer))
        Change.objects.filter(pk=change.pk).update(applied_at=timezone.now() - datetime.timedelta(days=15))
        assert told("change-decided", proposer) == []

    def test_what_is_not_accepted_is_told_until_it_is_proposed_again(self):
        proposer, person = flow.officer(), make.person("Phạm Thị Lại")
        change = flow.start(person, by=proposer)
        changes.reject_changes(actor=flow.phong(), change_ids=[change.pk], reason="Thiếu giấy tờ")
        (notice,) = told("change-rejected", proposer)
        assert notice.title == "Không chấp nhận đề nghị: hưởng mới, Phạm Thị Lại"
        assert notice.detail == "Lý do: Thiếu giấy tờ"
        flow.start(person, by=proposer)
        assert told("change-rejected", proposer) == []

    def test_what_its_proposer_took_back_is_told_to_nobody(self):
        proposer = flow.officer()
        change = flow.start(make.person(), by=proposer)
        changes.withdraw_change(actor=proposer, change_id=change.pk)
        assert told("change-rejected", proposer) == []


class TestReviews:
    def test_returned_lines_are_told_with_their_review_alone_until_they_are_sent_again(self):
        officer, leader = review_rows.officer(), review_rows.leader()
        review, (line, _) = review_rows.sent("suspend", "keep", by=officer)
        reviews.return_lines(actor=flow.phong(), review_id=review.pk, line_ids=[line.pk], reason="Thiếu biên bản")
        (notice,) = told("review-returned", officer)
        assert notice.title == "Phòng trả lại 1 dòng rà soát tháng 8/2024"
        assert told("change-rejected", officer) == []
        review_rows.suspend(officer, line)
        assert len(told("review-returned", officer)) == 1
        assert not reviews.send_review(actor=leader, review_id=review.pk).refused
        assert told("review-returned", officer) == []


class TestDeadlines:
    def test_each_hears_of_the_lists_that_wait_for_their_step(self):
        draft = rows.payment_list(commune=make.empty_commune())
        leader = make.user(Role.COMMUNE_LEADER, commune=draft.commune)
        phong, chairman = flow.phong(), flow.chairman()
        (notice,) = told("hand-over-due", leader)
        assert notice.title == "1 danh sách tháng 8/2024 chưa gửi Phòng"
        assert notice.due == datetime.date(2024, 7, 24)
        assert told("hand-over-due", phong) == []
        rows.put(draft, State.SUBMITTED)
        assert told("hand-over-due", leader) == []
        assert told("hand-over-due", phong)[0].title == "1 danh sách tháng 8/2024 chưa thẩm định"
        rows.put(draft, State.APPRAISED)
        assert told("hand-over-due", chairman) == told("hand-over-due", phong) == []
        rows.put(draft, State.HANDED_OVER)
        assert told("hand-over-due", phong) == []

    def test_a_deadline_further_than_three_days_is_not_told(self, settings):
        row = rows.payment_list(commune=make.empty_commune())
        settings.BUSINESS_DATE = datetime.date(2024, 7, 20)
        assert told("hand-over-due", make.user(Role.COMMUNE_LEADER, commune=row.commune)) == []

    def test_a_month_that_is_not_opened_is_told_to_the_phong(self):
        (notice,) = told("month-to-open", flow.phong())
        assert (notice.title, notice.due) == ("Chưa mở danh sách chi trả tháng 8/2024", datetime.date(2024, 7, 24))

    def test_a_payer_hears_of_its_own_payments_without_amounts(self):
        rows.handed_over(3, month=datetime.date(2024, 8, 1), payer="AGRIBANK", by_account=True)
        clerk, other = rows.clerk("AGRIBANK"), rows.clerk("BUUDIEN")
        assert told("results-due", clerk) == []
        paid = rows.handed_over(2, month=datetime.date(2024, 7, 1), commune=make.empty_commune(), payer="AGRIBANK")
        (notice,) = told("results-due", clerk)
        assert notice.title == "2 khoản chi trả tháng 7/2024 chưa có kết quả"
        assert str(paid[0].total) not in f"{notice.title}{notice.detail}"
        assert told("results-due", other) == []
        assert told("results-due", flow.phong())[0].title == notice.title

    def test_a_review_is_told_until_it_is_sent(self):
        officer = review_rows.officer()
        (notice,) = told("review-due", officer)
        assert (notice.title, notice.due) == ("Chưa gửi rà soát tháng 8/2024", datetime.date(2024, 7, 23))
        review_rows.sent("keep", by=officer)
        assert told("review-due", officer) == []

    def test_papers_that_run_out_are_told_to_the_commune(self):
        Payee.objects.update(paper_valid_until=None)
        person = make.person()
        payee = make.payee(person, "authorised", paper_valid_until=datetime.date(2024, 7, 25))
        make.route(person, payee=payee, confirmed_by=make.user())
        officer = flow.officer()
        (notice,) = told("papers-due", officer)
        assert (notice.title, notice.due) == ("1 giấy tờ của người nhận thay hết hạn", datetime.date(2024, 7, 25))
        Payee.objects.filter(pk=payee.pk).update(paper_valid_until=datetime.date(2025, 7, 25))
        assert told("papers-due", officer) == []


def test_police_and_payers_hear_nothing_of_people_and_money():
    """Of these sources the police have nothing at all, and a payer the number of its payments."""
    rows.handed_over(1, month=datetime.date(2024, 7, 1), commune=make.empty_commune())
    flow.decided(flow.start(make.person()))
    outside = set(User.objects.filter(role__in=[Role.POLICE, Role.ADMIN]).values_list("pk", flat=True))
    payers = set(User.objects.filter(role=Role.PAYER).values_list("pk", flat=True))
    for name, source in sources.sources().items():
        owners = {notice.owner_id for notice in source()}
        assert not owners & outside, name
        assert name == "results-due" or not owners & payers, name


def test_queries_do_not_grow_with_what_is_open():
    counts = []
    for number in (1, 6):
        for _ in range(number):
            flow.decided(flow.start(make.person()))
            rejected = flow.start(make.person())
            changes.reject_changes(actor=flow.phong(), change_ids=[rejected.pk], reason="Thiếu")
            rows.payment_list(commune=make.commune("21484"), month=_next_month(), state=State.APPRAISED)
        with CaptureQueriesContext(connection) as queries:
            for source in sources.sources().values():
                list(source())
        counts.append(len(queries))
    assert counts[0] == counts[1]


_month = [datetime.date(2024, 7, 1)]


def _next_month() -> datetime.date:
    month = _month[0]
    _month[0] = month.replace(month=month.month + 1) if month.month < 12 else datetime.date(month.year + 1, 1, 1)
    return _month[0]

"""Pages of the review: what each role reads and may press, to-dos, confidentiality, how many queries a page takes."""

import uuid

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from batosocial.jobs.models import Job
from batosocial.staff.models import Role, User
from beneficiaries.models import Change
from payments import tasks
from payments.models import Review, ReviewLine
from payments.review import services
from payments.review.todos import todos
from tests import factories as make
from tests.payments.review.files import PDF
from tests.payments.review.rows import AUGUST, leader, line, officer, review, sent, suspend
from tests.payments.rows import signed_in

pytestmark = pytest.mark.django_db


def url(row: Review, name: str = "payments:review") -> str:
    return reverse(name, args=[row.pk])


def html(client: Client, address: str) -> str:
    return client.get(address).content.decode()


def labels(user: User) -> list[tuple[str, int]]:
    return [(todo.label, todo.count) for todo in todos(user)]


class TestBoard:
    def test_a_commune_comes_to_its_own_review(self) -> None:
        answer = signed_in(officer()).get(reverse("payments:reviews"))
        row = Review.objects.get(commune=make.commune(), month=AUGUST)
        assert answer.headers["Location"] == url(row)

    def test_a_month_far_away_does_not_exist(self) -> None:
        assert signed_in(officer()).get(reverse("payments:reviews") + "?thang=2026-01").status_code == 404

    def test_all_communes_with_what_they_are_at(self) -> None:
        sent("suspend")
        review(commune=make.commune("21538"))
        page = html(signed_in(make.user()), reverse("payments:reviews"))
        assert page.count('scope="row"') == 19
        for words in ("Chờ thẩm định", "Sẵn sàng gửi", "Chưa bắt đầu", "23/07/2024"):
            assert words in page

    def test_looking_at_it_begins_no_review(self) -> None:
        signed_in(make.user()).get(reverse("payments:reviews"))
        assert not Review.objects.exists()

    def test_the_button_fills_all_communes_in_the_background(self) -> None:
        phong = make.user()
        answer = signed_in(phong).post(reverse("payments:reviews_prefill"), {"thang": "2024-08"})
        job = Job.objects.get(kind=services.PREFILL_JOB)
        assert answer.headers["Location"] == reverse("jobs:detail", args=[job.pk])

    def test_the_monthly_task_queues_once(self) -> None:
        for _ in range(2):
            tasks.prefill_reviews_monthly()
        job = Job.objects.get(kind=services.PREFILL_JOB)
        assert job.args == {"month": "2024-08"}

    def test_the_head_signs_many_and_each_refusal_is_named(self) -> None:
        ready, _ = sent()
        draft = review(commune=make.commune("21538"))
        client = signed_in(make.user(Role.DISTRICT_LEADER))
        answer = client.post(
            reverse("payments:reviews_sign_off"), {"thang": "2024-08", "chon": [ready.pk, draft.pk]}, follow=True
        )
        page = answer.content.decode()
        assert "Đã ký thẩm định rà soát của 1 xã" in page
        assert "Xã Ba Xa: Xã chưa gửi rà soát này." in page


class TestReviewPage:
    def test_the_officer_handles_and_does_not_send(self) -> None:
        row = review()
        line(row)
        page = html(signed_in(officer()), url(row))
        assert "Bổ sung người" in page
        assert "Giữ nguyên dòng đã chọn" in page
        assert reverse("payments:review_send", args=[row.pk]) not in page

    def test_the_leader_is_told_which_lines_are_not_handled(self) -> None:
        row = review()
        one = line(row, make.person("Phạm Thị Chưa"))
        answer = signed_in(leader()).post(url(row, "payments:review_send"))
        assert answer.status_code == 422
        assert "Phạm Thị Chưa" in answer.content.decode()
        assert reverse("payments:review_line", args=[one.pk]) in answer.content.decode()

    def test_nothing_typed_is_lost_when_a_return_has_no_reason(self) -> None:
        row, (one,) = sent("suspend")
        answer = signed_in(make.user()).post(url(row, "payments:review_return"), {"chon": [one.pk], "reason": ""})
        page = answer.content.decode()
        assert answer.status_code == 422
        assert "Hãy ghi lý do trả lại" in page
        assert f'value="{one.pk}" aria-label="Chọn {one.person.name}" checked' in page

    def test_a_line_of_another_review_is_not_found(self) -> None:
        row, _ = sent("suspend")
        foreign = line(review(commune=make.commune("21538")))
        answer = signed_in(make.user()).post(url(row, "payments:review_appraise"), {"chon": [foreign.pk]})
        assert answer.status_code == 404

    def test_lines_by_group_and_state(self) -> None:
        row = review()
        line(row, make.person("Phạm Thị Tuổi"), source="age")
        line(row, make.person("Phạm Thị Giấy"), source="paper")
        client = signed_in(officer())
        page = html(client, f"{url(row)}?nhom=paper")
        assert "Phạm Thị Giấy" in page
        assert "Phạm Thị Tuổi" not in page
        assert "Không có dòng nào theo bộ lọc này" in html(client, f"{url(row)}?xem=tra-lai")

    def test_who_when_why(self) -> None:
        row, (one,) = sent("suspend")
        services.return_lines(actor=make.user(), review_id=row.pk, line_ids=[one.pk], reason="Thiếu biên bản.")
        page = html(signed_in(leader()), url(row))
        assert "Xã gửi" in page
        assert f"{one.person.name}: Thiếu biên bản." in page

    def test_adding_finds_only_people_of_the_commune(self) -> None:
        make.person("Phạm Thị Trong")
        make.person("Phạm Thị Trong", commune=make.commune("21538"), hamlet="Thôn Xa")
        page = html(signed_in(officer()), f"{url(review(), 'payments:review_add')}?tim=Phạm Thị Trong")
        assert "Phạm Thị Trong" in page
        assert "Thôn Xa" not in page

    def test_a_double_click_adds_once(self) -> None:
        row, person = review(), make.person()
        client, token = signed_in(officer()), str(uuid.uuid4())
        for _ in range(2):
            client.post(url(row, "payments:review_add"), {"person": person.pk, "token": token})
        assert row.lines.count() == 1


class TestLinePage:
    def test_what_was_typed_stays_and_the_error_stands_beside_its_field(self) -> None:
        one = line(review())
        data = {"action": "stop", "reason": "TT02-2.1.b", "note": "Hộ đã thoát nghèo."}
        answer = signed_in(officer()).post(reverse("payments:review_line", args=[one.pk]), data)
        form = answer.context["form"]
        assert answer.status_code == 422
        assert set(form.errors) >= {"paper", "happened_on", "entitlement"}
        assert "Hộ đã thoát nghèo." in answer.content.decode()

    def test_saving_goes_to_the_next_line_that_nobody_looked_at(self) -> None:
        row = review()
        one, two = line(row), line(row)
        answer = signed_in(officer()).post(
            reverse("payments:review_line", args=[one.pk]), {"action": "keep", "tiep": "1"}
        )
        assert answer.headers["Location"] == reverse("payments:review_line", args=[two.pk])

    def test_two_tabs(self) -> None:
        by, one = officer(), line(review())
        client = signed_in(by)
        seen = client.get(reverse("payments:review_line", args=[one.pk])).context["form"].initial["seen"]
        suspend(by, one)
        answer = client.post(reverse("payments:review_line", args=[one.pk]), {"action": "keep", "seen": seen})
        assert answer.status_code == 422
        assert "cửa sổ khác" in answer.content.decode()

    def test_others_read_without_a_form(self) -> None:
        one = line(review())
        page = html(signed_in(make.user()), reverse("payments:review_line", args=[one.pk]))
        assert "Bỏ dòng này" not in page
        assert 'name="action"' not in page

    def test_only_files(self) -> None:
        from django.core.files.uploadedfile import SimpleUploadedFile

        one = line(review())
        data = {"action": "keep", "note": "Đang viết dở", "dinh_kem": "1", "evidence": SimpleUploadedFile("a.pdf", PDF)}
        answer = signed_in(officer()).post(reverse("payments:review_line", args=[one.pk]), data)
        assert "Đang viết dở" in answer.content.decode()
        one.refresh_from_db()
        assert (one.prepared_by, one.attachments.count()) == (None, 1)

    def test_a_confidential_group_is_not_shown_to_who_may_not_know(self) -> None:
        person, by = make.person(), officer()
        one = line(review(), person, make.entitlement(person, "BTXH-8"))
        suspend(by, one, paper="Giấy của bệnh viện", note="Lý do riêng")
        address = reverse("payments:review_line", args=[one.pk])
        hidden = html(signed_in(make.user()), address) + html(signed_in(make.user()), url(one.review))
        for secret in ("BTXH-8", "HIV", "Giấy của bệnh viện", "Lý do riêng"):
            assert secret not in hidden
        assert "Giấy của bệnh viện" in html(signed_in(make.user(sees_confidential=True)), address)


class TestTodos:
    def test_the_officer_has_suggestions_and_returned_lines(self) -> None:
        by = officer()
        assert labels(by) == [("rà soát tháng 8/2024 chưa bắt đầu", 1)]
        row, (one, two) = sent("suspend", "suspend", by=by)
        assert labels(by) == []
        services.return_lines(actor=make.user(), review_id=row.pk, line_ids=[one.pk], reason="Sai.")
        assert labels(by) == [("dòng rà soát bị Phòng trả lại", 1)]
        # Given back on the page of the change: the commune hears of it, too.
        Change.objects.filter(review_lines=two).update(
            state="rejected", rejection="Sai.", rejected_by=make.user(), proposed_by=by
        )
        assert labels(by) == [("dòng rà soát bị Phòng trả lại", 2)]

    def test_the_leader_has_what_is_ready(self) -> None:
        row = services.begin_review(actor=officer(), month=AUGUST)
        one = line(row)
        by = leader()
        assert labels(by) == []
        ReviewLine.objects.filter(review=row).update(action="keep", prepared_by=officer())
        assert labels(by) == [("rà soát tháng 8/2024 sẵn sàng gửi", 1)]
        assert one.review_id == row.pk

    def test_the_phong_has_lines_and_the_head_reviews(self) -> None:
        phong, head = make.user(), make.user(Role.DISTRICT_LEADER)
        row, (one,) = sent("suspend")
        assert (labels(phong)[0][1], labels(head)[0][1]) == (1, 0)
        services.appraise_lines(actor=phong, review_id=row.pk, line_ids=[one.pk])
        assert (labels(phong)[0][1], labels(head)[0][1]) == (0, 1)


class TestQueries:
    def count(self, client: Client, address: str) -> int:
        client.get(address)
        with CaptureQueriesContext(connection) as captured:
            assert client.get(address).status_code == 200
        return len(captured)

    def test_a_review_takes_as_many_queries_whatever_its_lines(self) -> None:
        by, row = officer(), review()
        client, phong = signed_in(by), signed_in(make.user())
        self.lines(by, row, 2)
        before = [self.count(one, url(row)) for one in (client, phong)]
        self.lines(by, row, 12)
        assert [self.count(one, url(row)) for one in (client, phong)] == before
        assert max(before) <= 20

    def test_a_sent_review_too(self) -> None:
        row, _ = sent("suspend", "keep")
        phong = signed_in(make.user())
        before = self.count(phong, url(row))
        Review.objects.filter(pk=row.pk).update(state="draft", sent_by=None, sent_at=None)
        for _ in range(8):
            suspend(officer(), line(row))
        assert not services.send_review(actor=leader(), review_id=row.pk).refused
        assert self.count(phong, url(row)) == before

    def test_the_board_takes_as_many_queries_whatever_has_begun(self) -> None:
        client = signed_in(make.user())
        before = self.count(client, reverse("payments:reviews"))
        for code in ("21484", "21487", "21490", "21493"):
            line(review(commune=make.commune(code)), make.person(commune=make.commune(code)))
        assert self.count(client, reverse("payments:reviews")) == before

    def lines(self, by: User, row: Review, count: int) -> None:
        for _ in range(count):
            one = line(row)
            suspend(by, one)
            services.attach(actor=by, line_id=one.pk, name="a.pdf", content=PDF)

"""A directive from its draft to the last confirmed report: who may do what, what is kept, what repeats."""

import datetime
from decimal import Decimal

import pytest
from django.conf import LazySettings
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse

from batosocial.audit.models import Entry
from batosocial.coordination.directives import answering, reading, services
from batosocial.coordination.directives.reading import Status
from batosocial.coordination.directives.services import DirectiveRefused, Task
from batosocial.coordination.models import Assignment, AssignmentStep, Directive, DirectiveTask
from batosocial.staff.models import Payer, Role, User
from tests import factories as make
from tests.coordination import directing
from tests.coordination.directing import DUE, JULY, assignments, draft, issued, only

pytestmark = pytest.mark.django_db
State = Assignment.State
REPORT = {"text": "Đã họp 3 thôn", "done": "xong", "percent": "", "on_day": "", "token": ""}
TOKEN = "5f1d7a52-9f0b-4c1e-8a43-6f2f1c7a9d78"


def officer() -> User:
    return make.user(Role.COMMUNE_OFFICER)


def reported(text: str = "Đã xong") -> Assignment:
    row = only(issued())
    return answering.report(actor=officer(), assignment_id=row.pk, text=text, done=True)


# --- drafting and issuing ----------------------------------------------------------------------------------------


def test_nobody_outside_the_district_sees_a_draft() -> None:
    row = draft()
    assert not Directive.objects.visible_to(officer()).filter(pk=row.pk).exists()
    assert not Assignment.objects.filter(task__directive=row).exists()


def test_issuing_gives_each_task_to_each_addressee() -> None:
    units = [make.commune(), make.commune("21484")]
    row = issued(
        Task(text="Một", addressees=directing.to(*units), deadline=DUE),
        Task(text="Hai", addressees=[f"police:{make.district().pk}"], deadline=DUE),
    )
    given = {(one.addressee.name, one.task.position) for one in assignments(row)}
    assert given == {("Xã Ba Động", 1), ("Thị trấn Ba Tơ", 1), ("Công an huyện", 2)}
    assert Entry.objects.filter(action="Giao việc theo văn bản", row_id=row.pk).get().details == {"assignments": 3}


def test_issuing_twice_gives_nothing_twice() -> None:
    actor = make.user()
    row = issued(by=actor)
    assert services.issue_directive(actor=actor, directive_id=row.pk) == 0
    assert len(assignments(row)) == 1


def test_a_directive_without_tasks_is_not_issued() -> None:
    actor = make.user()
    row = services.create_directive(actor=actor, head=directing.HEAD, tasks=[])
    with pytest.raises(DirectiveRefused, match="chưa có việc"):
        services.issue_directive(actor=actor, directive_id=row.pk)


@pytest.mark.parametrize("role", [Role.CHAIRMAN, Role.COMMUNE_LEADER, Role.POLICE, Role.PAYER])
def test_only_the_phong_makes_directives(role: str) -> None:
    with pytest.raises(PermissionDenied):
        services.create_directive(actor=make.user(role), head=directing.HEAD, tasks=[])


def test_a_task_is_not_given_to_another_district() -> None:
    with pytest.raises(PermissionDenied):
        draft(Task(text="Sai", addressees=["commune:999999"], deadline=DUE))


def test_the_police_are_measured_by_nothing_about_payments() -> None:
    with pytest.raises(DirectiveRefused, match="không đo được"):
        draft(Task(text="Sai", addressees=[f"police:{make.district().pk}"], deadline=DUE, measure="r1"))


def test_what_is_issued_is_not_written_anew() -> None:
    actor = make.user()
    row = issued(by=actor)
    with pytest.raises(DirectiveRefused, match="đã giao việc"):
        services.change_directive(actor=actor, directive_id=row.pk, head=directing.HEAD, tasks=[])
    with pytest.raises(DirectiveRefused, match="không xóa được"):
        services.discard_draft(actor=actor, directive_id=row.pk)


def test_a_monthly_task_comes_anew_with_each_month(settings: LazySettings) -> None:
    row = issued(Task(text="Rà soát", addressees=directing.to(make.commune()), from_month=JULY, due_day=20))
    assert [one.due for one in assignments(row)] == [datetime.date(2024, 7, 20)]
    settings.BUSINESS_DATE = datetime.date(2024, 9, 3)
    assert services.open_months(directive_id=row.pk) == 2
    assert services.open_months(directive_id=row.pk) == 0
    assert [one.month for one in assignments(row)] == [JULY, datetime.date(2024, 8, 1), datetime.date(2024, 9, 1)]


def test_a_monthly_task_ends_with_its_last_month(settings: LazySettings) -> None:
    row = issued(
        Task(text="Rà soát", addressees=directing.to(make.commune()), from_month=JULY, to_month=JULY, due_day=20)
    )
    settings.BUSINESS_DATE = datetime.date(2024, 9, 3)
    assert services.open_months(directive_id=row.pk) == 0


# --- reporting ---------------------------------------------------------------------------------------------------


def test_a_report_reaches_its_confirmation(client: Client) -> None:
    row = only(issued())
    client.force_login(officer())
    page = client.get(reverse("coordination:assignment", args=[row.pk]))
    token = page.context["report_form"]["token"].value()
    answer = client.post(reverse("coordination:assignment_report", args=[row.pk]), REPORT | {"token": token})
    assert answer.status_code == 302
    row.refresh_from_db()
    assert (row.state, row.percent) == (State.REPORTED, 100)
    client.force_login(make.user())
    listed = client.get(reverse("coordination:assignments"), {"tinh_trang": Status.REPORTED.value})
    assert row.pk in [one.row.pk for one in listed.context["page"]]
    client.post(reverse("coordination:assignments_confirm"), {"rows": [row.pk]})
    row.refresh_from_db()
    assert row.state == State.CONFIRMED
    assert [step.kind for step in row.steps.all()] == ["done", "confirmed"]
    assert Entry.objects.filter(action="Xác nhận xong việc được giao", row_id=row.pk).count() == 1


def test_a_double_click_reports_once(client: Client) -> None:
    row = only(issued())
    client.force_login(officer())
    for _ in range(2):
        client.post(reverse("coordination:assignment_report", args=[row.pk]), REPORT | {"token": TOKEN})
    assert row.steps.count() == 1


def test_confirming_twice_changes_nothing() -> None:
    row, actor = reported(), make.user()
    assert answering.confirm(actor=actor, assignment_ids=[row.pk]) == 1
    assert answering.confirm(actor=actor, assignment_ids=[row.pk]) == 0
    assert row.steps.count() == 2


def test_a_returned_report_says_why_and_is_reported_again() -> None:
    row, actor = reported(), make.user()
    assert answering.give_back(actor=actor, assignment_id=row.pk, reason="Thiếu danh sách")
    row.refresh_from_db()
    assert (row.state, row.answer) == (State.RETURNED, "Thiếu danh sách")
    answering.report(actor=officer(), assignment_id=row.pk, text="Đã bổ sung", done=True)
    row.refresh_from_db()
    assert (row.state, row.answer) == (State.REPORTED, "")
    assert [step.kind for step in row.steps.all()] == ["done", "returned", "done"]


def test_returning_needs_a_reason(client: Client) -> None:
    row = reported()
    client.force_login(make.user())
    answer = client.post(reverse("coordination:assignment_return", args=[row.pk]), {"reason": ""})
    assert answer.status_code == 422
    assert "Hãy ghi lý do trả lại" in answer.content.decode()


def test_nobody_confirms_their_own_report() -> None:
    head = make.user(Role.DISTRICT_LEADER)
    row = only(issued(Task(text="Phòng", addressees=[f"office:{make.district().pk}"], deadline=DUE)))
    answering.report(actor=head, assignment_id=row.pk, text="Xong", done=True)
    with pytest.raises(PermissionDenied):
        answering.confirm(actor=head, assignment_ids=[row.pk])


def test_the_chairman_confirms_what_the_phong_reports() -> None:
    row = only(issued(Task(text="Phòng", addressees=[f"office:{make.district().pk}"], deadline=DUE)))
    answering.report(actor=make.user(), assignment_id=row.pk, text="Xong", done=True)
    with pytest.raises(PermissionDenied):
        answering.confirm(actor=make.user(), assignment_ids=[row.pk])
    assert answering.confirm(actor=make.user(Role.CHAIRMAN), assignment_ids=[row.pk]) == 1


def test_another_commune_neither_sees_nor_reports_it(client: Client) -> None:
    row = only(issued())
    foreign = make.user(Role.COMMUNE_OFFICER, commune=make.commune("21484"))
    with pytest.raises(Assignment.DoesNotExist):
        answering.report(actor=foreign, assignment_id=row.pk, text="Xong", done=True)
    client.force_login(foreign)
    assert client.get(reverse("coordination:assignment", args=[row.pk])).status_code == 404
    assert client.post(reverse("coordination:assignment_report", args=[row.pk]), REPORT).status_code == 404


def test_the_phong_does_not_report_for_a_commune() -> None:
    with pytest.raises(PermissionDenied):
        answering.report(actor=make.user(), assignment_id=only(issued()).pk, text="Xong", done=True)


def test_a_payer_reports_its_own_task_only() -> None:
    post = Payer.objects.get(code="BUUDIEN")
    row = only(issued(Task(text="Mở tài khoản", addressees=[f"payer:{post.pk}"], deadline=DUE)))
    answering.report(actor=make.user(Role.PAYER), assignment_id=row.pk, text="Đang mở", done=False, percent=10)
    row.refresh_from_db()
    assert (row.state, row.percent) == (State.WORKING, 10)
    with pytest.raises(Assignment.DoesNotExist):
        bank = make.user(Role.PAYER, payer="AGRIBANK")
        answering.report(actor=bank, assignment_id=row.pk, text="Xong", done=True)


def test_a_bad_percent_keeps_what_was_typed(client: Client) -> None:
    row = only(issued())
    client.force_login(officer())
    answer = client.post(
        reverse("coordination:assignment_report", args=[row.pk]), REPORT | {"token": TOKEN, "percent": "170"}
    )
    text = answer.content.decode()
    assert answer.status_code == 422
    assert "Tiến độ từ 0 đến 100" in text
    assert "Đã họp 3 thôn" in text


def test_a_report_keeps_its_file(client: Client) -> None:
    from django.core.files.uploadedfile import SimpleUploadedFile

    row = only(issued())
    client.force_login(officer())
    paper = SimpleUploadedFile("bien-ban.pdf", b"%PDF-1.4 x\n%%EOF\n", content_type="application/pdf")
    client.post(reverse("coordination:assignment_report", args=[row.pk]), REPORT | {"token": TOKEN, "file": paper})
    step = row.steps.get()
    answer = client.get(reverse("coordination:assignment_file", args=[step.pk]))
    assert b"".join(answer.streaming_content).startswith(b"%PDF")  # type: ignore[attr-defined]
    client.force_login(make.user(Role.COMMUNE_OFFICER, commune=make.commune("21484")))
    assert client.get(reverse("coordination:assignment_file", args=[step.pk])).status_code == 404


# --- changing what is issued ---------------------------------------------------------------------------------------


def test_a_new_deadline_moves_what_is_open_and_says_why() -> None:
    actor = make.user()
    row = only(issued(by=actor))
    later = datetime.date(2024, 9, 30)
    assert services.change_deadline(actor=actor, task_id=row.task_id, deadline=later, reason="Chờ tài khoản") == 1
    row.refresh_from_db()
    assert row.due == later
    assert "Chờ tài khoản" in row.steps.get().text


def test_a_cancelled_task_asks_for_nothing(client: Client) -> None:
    actor = make.user()
    row = only(issued(by=actor))
    client.force_login(actor)
    client.post(reverse("coordination:directive_task_cancel", args=[row.task_id]), {"reason": "Trùng kế hoạch"})
    assert DirectiveTask.objects.get(pk=row.task_id).cancel_reason == "Trùng kế hoạch"
    assert not Assignment.objects.open().filter(pk=row.pk).exists()
    with pytest.raises(DirectiveRefused, match="đã hủy"):
        answering.report(actor=officer(), assignment_id=row.pk, text="Xong", done=True)


def test_a_closed_directive_takes_no_more_reports() -> None:
    actor = make.user()
    row = issued(by=actor)
    assert services.close_directive(actor=actor, directive_id=row.pk)
    assert not services.close_directive(actor=actor, directive_id=row.pk)
    with pytest.raises(DirectiveRefused, match="đã kết thúc"):
        answering.report(actor=officer(), assignment_id=only(row).pk, text="Xong", done=True)


# --- begun, overdue, against the figures ---------------------------------------------------------------------------


def _reading(row: Directive) -> reading.Reading:
    return reading.read(reading.loaded(Assignment.objects.filter(task__directive=row)))[0]


@pytest.mark.parametrize(("name", "begun"), [("Ba Xa", False), ("Ba Động", True)])
def test_a_rate_of_zero_without_a_report_has_not_begun(name: str, begun: bool) -> None:
    unit = make.commune_named(name)
    row = issued(Task(text="Chi qua tài khoản", addressees=directing.to(unit), deadline=DUE, measure="r1"))
    one = _reading(row)
    assert one.begun is begun
    assert one.status == (Status.WORKING if begun else Status.NOT_BEGUN)


def test_a_report_begins_whatever_the_rate() -> None:
    unit = make.commune_named("Ba Xa")
    row = issued(Task(text="Chi qua tài khoản", addressees=directing.to(unit), deadline=DUE, measure="r1"))
    actor = make.user(Role.COMMUNE_LEADER, commune=unit)
    answering.report(actor=actor, assignment_id=only(row).pk, text="Đang họp thôn", done=False, percent=5)
    assert _reading(row).status == Status.WORKING


def test_the_share_of_clean_people_begins_above_what_it_was() -> None:
    from beneficiaries.models import Person

    unit = make.commune()
    row = issued(Task(text="Làm sạch", addressees=directing.to(unit), deadline=DUE, measure="clean"))
    assert not _reading(row).begun
    Person.objects.filter(commune=unit, identity_status="unchecked").update(identity_status="clean")
    assert _reading(row).begun


def test_a_report_of_being_done_against_the_figures_is_told() -> None:
    unit = make.commune_named("Ba Vinh")
    row = issued(Task(text="50%", addressees=directing.to(unit), deadline=DUE, measure="r1", target=Decimal(50)))
    actor = make.user(Role.COMMUNE_OFFICER, commune=unit)
    answering.report(actor=actor, assignment_id=only(row).pk, text="Xong", done=True)
    doubt = _reading(row).doubt
    assert doubt.startswith("Báo cáo xong nhưng số liệu cho thấy")
    assert "ít nhất 50%" in doubt
    assert AssignmentStep.objects.get(assignment=only(row)).measured == _reading(row).value.text  # type: ignore[union-attr]


def test_what_is_open_past_its_day_is_overdue(settings: LazySettings) -> None:
    row = only(issued())
    assert not row.is_overdue
    settings.BUSINESS_DATE = datetime.date(2024, 9, 2)
    assert row.is_overdue
    assert row.days_late == 2
    answering.report(actor=officer(), assignment_id=row.pk, text="Xong", done=True)
    assert not only(row.task.directive).is_overdue

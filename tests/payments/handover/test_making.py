"""What payers are given: made once as lists are handed over, the same bytes ever after."""

import io

import openpyxl
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from batosocial.audit.models import Entry
from batosocial.jobs.models import Job, StoredFile
from batosocial.jobs.runner import run_job
from batosocial.staff.models import Role, User
from payments import states
from payments.handover import services
from payments.models import HandOver, Payment, PaymentList
from tests import factories as make
from tests.payments import rows
from tests.payments.rows import State
from tests.racing import together

pytestmark = pytest.mark.django_db


def approved(*, cash: int = 1, by_account: int = 0, payer: str = "AGRIBANK", **fields: object) -> PaymentList:
    row = rows.payment_list(**fields)  # type: ignore[arg-type]
    for _ in range(cash):
        rows.payment(row)
    for _ in range(by_account):
        rows.payment(row, account=make.account(), payer=payer)
    return rows.put(row, State.APPROVED)


def hand_over(*lists: PaymentList, actor: User | None = None) -> list[HandOver]:
    states.hand_over(actor=actor or rows.officer(), list_ids=[row.pk for row in lists])
    return list(HandOver.objects.filter(lists__in=lists).distinct().order_by("pk"))


def content(row: HandOver) -> bytes:
    row.refresh_from_db()
    assert row.file is not None
    return bytes(row.file.content)


def sheets(row: HandOver) -> dict[str, list[tuple[object, ...]]]:
    book = openpyxl.load_workbook(io.BytesIO(content(row)))
    return {sheet.title: list(sheet.values) for sheet in book.worksheets}


def test_each_payer_and_channel_gets_what_is_theirs() -> None:
    first = approved(cash=2, by_account=3)
    second = approved(cash=1, commune=make.commune(make.BA_TO_TOWN))
    made = hand_over(first, second)
    assert sorted((row.payer.code, row.channel, row.count, row.amount, row.sequence) for row in made) == [
        ("AGRIBANK", "account", 3, 1_080_000, 1),
        ("BUUDIEN", "cash", 3, 1_080_000, 1),
    ]
    by_channel = {row.channel: {one.pk for one in row.lists.all()} for row in made}
    assert by_channel == {"account": {first.pk}, "cash": {first.pk, second.pk}}


def test_policies_are_given_apart_and_a_later_list_is_the_second_time() -> None:
    made = hand_over(approved(), approved(policy="NCC"))
    assert [(row.period.policy, row.sequence) for row in made] == [("BTXH", 1), ("NCC", 1)]
    (later,) = hand_over(approved(commune=make.commune(make.BA_TO_TOWN)))
    assert (later.period.policy, later.sequence) == ("BTXH", 2)


def test_handing_over_again_changes_nothing() -> None:
    row = approved()
    (made,) = hand_over(row)
    services.build_file(made.pk)
    first = content(made)
    outcome = states.hand_over(actor=rows.officer(), list_ids=[row.pk])
    assert (outcome.moved, len(outcome.unchanged)) == ([], 1)
    assert HandOver.objects.filter(lists=row).count() == 1
    services.build_file(made.pk)
    assert content(made) == first


def test_a_list_without_anybody_gives_nobody_a_file() -> None:
    assert hand_over(approved(cash=0)) == []


@pytest.mark.parametrize("by_account", [0, 2])
def test_the_same_payments_give_the_same_bytes(by_account: int) -> None:
    (made,) = hand_over(approved(cash=0 if by_account else 2, by_account=by_account))
    services.build_file(made.pk)
    first = content(made)
    HandOver.objects.filter(pk=made.pk).update(file=None)
    services.build_file(made.pk)
    assert content(made) == first


def test_a_file_kept_does_not_follow_the_register_or_the_layout() -> None:
    (made,) = hand_over(approved(cash=0, by_account=1))
    services.build_file(made.pk)
    first = content(made)
    services.layout_of(made.payer)
    from payments.handover import layouts

    columns = (*layouts.DEFAULT.columns, layouts.Column("commune", "Xã"))
    layouts.set_layout(actor=rows.officer(), payer=made.payer, layout=layouts.Layout(columns, "Tro cap {number}"))
    assert bytes(services.file_for(actor=rows.officer(), hand_over_id=made.pk).content) == first  # type: ignore[union-attr]


def test_the_job_makes_every_file_and_says_so() -> None:
    made = hand_over(approved(cash=1, by_account=1))
    job = made[0].job
    assert job is not None
    assert {row.job_id for row in made} == {job.pk}
    run_job(job.pk)
    job.refresh_from_db()
    assert (job.state, job.message) == (Job.State.DONE, "Đã lập 2 tệp giao tổ chức chi trả.")
    assert all(content(row) for row in made)


def test_a_job_that_was_killed_and_runs_again_leaves_one_file_each() -> None:
    made = hand_over(approved(cash=1, by_account=1))
    job = made[0].job
    assert job is not None
    # Killed after the first file: the row says running, nobody holds its lock.
    services.build_file(made[0].pk, job_id=job.pk)
    Job.objects.filter(pk=job.pk).update(state=Job.State.RUNNING, attempts=1)
    before = content(made[0])
    run_job(job.pk)
    assert content(made[0]) == before
    names = [row.file.name for row in HandOver.objects.filter(pk__in=[one.pk for one in made]) if row.file]
    assert StoredFile.objects.filter(name__in=names).count() == len(set(names)) == 2
    assert Entry.objects.filter(action="lập tệp giao tổ chức chi trả", job_id=job.pk).count() == 2


def test_the_account_file_is_what_a_bank_takes() -> None:
    """rules.md 7: one heading row, no merged cells, no total, numbers of accounts as text."""
    row = rows.payment_list()
    person = make.person("Phạm Thị Đền")
    account = make.account(number="0450020512345", holder_name="Phạm Thị Đền")
    payment = rows.payment(row, person=person, account=account, payer="AGRIBANK")
    rows.put(row, State.APPROVED)
    (made,) = hand_over(row)
    services.build_file(made.pk)
    book = openpyxl.load_workbook(io.BytesIO(content(made)))
    sheet, summary = book.worksheets
    assert [cell.value for cell in sheet[1]] == [
        *("STT", "Số tài khoản", "Tên người hưởng", "Số tiền", "Nội dung", "Ngân hàng hưởng", "Ghi chú")
    ]
    assert list(sheet.values)[1:] == [
        (
            1,
            "0450020512345",
            "PHAM THI DEN",
            360_000,
            f"Tro cap BTXH thang 8/2024 {payment.number} PHAM THI DEN",
            "Agribank",
            payment.number,
        )
    ]
    assert (sheet["B2"].data_type, sheet["B2"].number_format) == ("s", "@")
    assert not sheet.merged_cells.ranges
    told = {str(label): value for label, value in summary.values}
    assert (told["Số khoản"], told["Tổng số tiền (đồng)"]) == (1, 360_000)


def test_text_that_looks_like_a_formula_stays_text() -> None:
    row = rows.payment_list()
    person = make.person()
    rows.payment(row, person=person, account=make.account(holder_name="=1+1"), payer="AGRIBANK")
    rows.put(row, State.APPROVED)
    (made,) = hand_over(row)
    services.build_file(made.pk)
    sheet = openpyxl.load_workbook(io.BytesIO(content(made))).worksheets[0]
    assert (sheet["C2"].value, sheet["C2"].data_type) == ("=1+1", "s")


def test_payers_are_told_no_group() -> None:
    for category in ("BTXH-8", "BTXH-5C"):
        row = rows.payment_list(commune=make.commune(make.BA_TO_TOWN if category == "BTXH-8" else make.BA_DONG))
        rows.payment(row, category=category)
        rows.payment(row, category=category, account=make.account(), payer="AGRIBANK")
        rows.put(row, State.APPROVED)
        for made in hand_over(row):
            services.build_file(made.pk)
            text = str(sheets(made))
            assert category not in text
            assert "HIV" not in text


def test_downloading_is_audited_and_the_payers_first_time_is_noted() -> None:
    (made,) = hand_over(approved())
    clerk = rows.clerk()
    services.file_for(actor=rows.officer(), hand_over_id=made.pk)
    made.refresh_from_db()
    assert made.taken_at is None
    answer = rows.signed_in(clerk).get(reverse("payments:download_hand_over", args=[made.pk]))
    assert b"".join(answer) == content(made)
    taken = made.taken_at
    assert (made.taken_by, taken is not None) == (clerk, True)
    rows.signed_in(clerk).get(reverse("payments:download_hand_over", args=[made.pk]))
    made.refresh_from_db()
    assert made.taken_at == taken
    assert Entry.objects.filter(actor=clerk, action="tải tệp giao tổ chức chi trả").count() == 2


def test_a_payer_reaches_its_own_files_only() -> None:
    made = hand_over(approved(cash=1, by_account=1))
    (cash,) = [row for row in made if row.channel == "cash"]
    stranger = rows.signed_in(rows.clerk("AGRIBANK"))
    for name in ("hand_over", "download_hand_over"):
        assert stranger.get(reverse(f"payments:{name}", args=[cash.pk])).status_code == 404
    page = stranger.get(reverse("payments:hand_overs")).text
    assert reverse("payments:hand_over", args=[cash.pk]) not in page
    with pytest.raises(HandOver.DoesNotExist):
        services.file_for(actor=make.user(Role.COMMUNE_OFFICER), hand_over_id=cash.pk)


def test_a_large_file_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "SMALL", 0)
    (made,) = hand_over(approved())
    client = rows.signed_in(rows.clerk())
    answer = client.get(reverse("payments:download_hand_over", args=[made.pk]), follow=True)
    assert "đang được lập" in answer.text
    Job.objects.filter(pk=made.job_id or 0).update(state=Job.State.FAILED, message="Hỏng")
    assert "Lập tệp" in client.get(reverse("payments:hand_over", args=[made.pk])).text
    client.post(reverse("payments:rebuild_hand_over", args=[made.pk]))
    made.refresh_from_db()
    assert made.job is not None
    run_job(made.job.pk)
    assert content(made)


def test_handing_over_and_making_files_cost_the_same_queries_for_few_and_for_many() -> None:
    few, many = approved(cash=1, by_account=1), approved(cash=5, by_account=4, policy="NCC")
    officer = rows.officer()

    def queries(row: PaymentList) -> tuple[int, int]:
        with CaptureQueriesContext(connection) as handing:
            made = hand_over(row, actor=officer)
        with CaptureQueriesContext(connection) as making:
            services.build_files([one.pk for one in made], lambda *_: None)
        return len(handing), len(making)

    assert queries(few) == queries(many)


def test_the_page_costs_the_same_queries_for_few_and_for_many() -> None:
    client = rows.signed_in(rows.officer())
    url = reverse("payments:hand_overs")
    hand_over(approved())
    client.get(url)
    with CaptureQueriesContext(connection) as few:
        client.get(url)
    hand_over(approved(policy="NCC", cash=2, by_account=2))
    with CaptureQueriesContext(connection) as many:
        client.get(url)
    assert len(many) == len(few)


@pytest.mark.django_db(transaction=True)
def test_of_two_who_hand_over_at_once_one_does() -> None:
    row = approved(cash=1, by_account=1)
    actors = [rows.officer(), rows.officer()]
    outcomes = together(*(lambda actor=actor: states.hand_over(actor=actor, list_ids=[row.pk]) for actor in actors))
    assert sorted((len(one.moved), len(one.unchanged)) for one in outcomes) == [(0, 1), (1, 0)]
    assert HandOver.objects.filter(lists=row).count() == 2


@pytest.mark.django_db(transaction=True)
def test_of_two_who_make_a_file_at_once_one_does() -> None:
    (made,) = hand_over(approved())
    together(*2 * [lambda: services.build_file(made.pk)])
    made.refresh_from_db()
    assert made.file is not None
    assert StoredFile.objects.filter(name=made.file.name).count() == 1


def test_payments_of_a_hand_over_are_those_of_its_payer_and_channel() -> None:
    made = hand_over(approved(cash=2, by_account=1))
    for row in made:
        assert {one.planned_channel for one in services.payments_of(row)} == {row.channel}
    assert (
        sum(services.payments_of(row).count() for row in made)
        == Payment.objects.filter(payment_list__in=made[0].lists.all()).count()
    )


def test_the_page_counts_by_list_what_the_payer_got() -> None:
    made = hand_over(approved(cash=2, by_account=3), approved(cash=1, commune=make.commune(make.BA_TO_TOWN)))
    client = rows.signed_in(rows.officer())
    for row in made:
        lists = client.get(reverse("payments:hand_over", args=[row.pk])).context["lists"]
        assert (sum(one.people for one in lists), sum(one.amount for one in lists)) == (row.count, row.amount)

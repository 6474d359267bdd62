"""Every URL × role × own or foreign commune: who gets in, who is told 403, for whom the row does not exist (404)."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from batosocial.coordination.models import (
    AnswerFile,
    AssignmentStep,
    CampaignFile,
    CampaignPerson,
    QuestionFile,
    RoundPerson,
)
from batosocial.demo.accounts import commune_accounts
from batosocial.jobs.models import Job, StoredFile
from batosocial.mergers.views import SAMPLE
from batosocial.staff.models import COMMUNE_ROLES, Payer, Role, User
from batosocial.territory.models import Unit, UnitMerger
from beneficiaries.models import Attachment, ImportBatch, PayoutRoute, Person
from payments.models import (
    HandOver,
    ListRemark,
    Payment,
    PaymentList,
    PayPoint,
    ResultBatch,
    ResultRow,
    Review,
    ReviewLine,
    StopOrder,
)
from reporting.letter.models import Letter, LetterTemplate, SignedLetter
from tests import factories as make
from tests.coordination import campaign_rows, followed
from tests.coordination.asked import identity_round

pytestmark = pytest.mark.django_db

OWN, FOREIGN = "21496", "21538"
OFFICER, LEADER = Role.COMMUNE_OFFICER, Role.COMMUNE_LEADER
PHONG, HEAD, CHAIRMAN = Role.DISTRICT_OFFICER, Role.DISTRICT_LEADER, Role.CHAIRMAN
POLICE, PAYER, ADMIN = Role.POLICE, Role.PAYER, Role.ADMIN

COMMUNE = {OFFICER, LEADER}
DISTRICT = {PHONG, HEAD, CHAIRMAN}
BENEFITS = COMMUNE | DISTRICT
EVERYBODY = BENEFITS | {POLICE, PAYER, ADMIN}

#: URL name → (roles that get in, what its row belongs to). A row of "commune" is out of scope for commune roles of
#: another commune, one of "payer" for the other payer, one of "campaign" for both, one of "asker" for everybody outside
#: the district who did not ask, one of "owner" for everybody else but the admin, one of "self" for everybody else, one
#: of "district" for every other district.
#: another commune, one of "payer" for the other payer, one of "assignee" for whoever it is not given to and for other
#: districts, one of "asker" for everybody outside the district who did not
#: ask, one of "owner" for everybody else but the admin, one of
#: "self" for everybody else, one of "district" for every other district.
TABLE: dict[str, tuple[set[Role], str]] = {
    "web:home": (EVERYBODY, ""),
    "web:submission": (EVERYBODY, ""),
    "staff:change_password": (EVERYBODY, ""),
    "staff:sign_out": (EVERYBODY, ""),
    "beneficiaries:people": (BENEFITS, ""),
    "beneficiaries:people_export": (BENEFITS, ""),
    "beneficiaries:person": (BENEFITS, "commune"),
    "beneficiaries:person_in_full": (BENEFITS, "commune"),
    "beneficiaries:person_add": ({OFFICER, PHONG}, ""),
    "beneficiaries:person_add_form": ({OFFICER, PHONG}, ""),
    "beneficiaries:person_edit": ({OFFICER, PHONG}, "commune"),
    "beneficiaries:person_compare": ({OFFICER, PHONG}, "commune"),
    "beneficiaries:identity": (BENEFITS | {POLICE}, ""),
    "beneficiaries:identity_export": (BENEFITS | {POLICE}, ""),
    "beneficiaries:identity_check": ({PHONG, HEAD}, ""),
    "beneficiaries:identity_issue": (BENEFITS | {POLICE}, "commune"),
    "beneficiaries:identity_issue_in_full": (BENEFITS | {POLICE}, "commune"),
    "beneficiaries:identity_take": (COMMUNE | {PHONG, HEAD, POLICE}, "commune"),
    "beneficiaries:identity_give_back": (COMMUNE | {PHONG, HEAD, POLICE}, "commune"),
    "beneficiaries:identity_recheck": (COMMUNE | {PHONG, HEAD, POLICE}, "commune"),
    "beneficiaries:identity_accept": ({LEADER, PHONG, HEAD}, "commune"),
    "beneficiaries:routes": ({LEADER, PHONG, HEAD}, ""),
    "beneficiaries:routes_in_full": ({LEADER, PHONG, HEAD}, ""),
    "beneficiaries:routes_export": ({LEADER, PHONG, HEAD}, ""),
    "beneficiaries:routes_confirm": ({LEADER, PHONG, HEAD}, ""),
    "beneficiaries:routes_reject": ({LEADER, PHONG, HEAD}, ""),
    "beneficiaries:route_add": ({OFFICER, PHONG}, "commune"),
    "beneficiaries:route_withdraw": ({OFFICER, PHONG}, "commune"),
    "beneficiaries:route_cancel": ({LEADER, PHONG, HEAD}, "commune"),
    "beneficiaries:payee_edit": ({OFFICER, PHONG}, "commune"),
    "beneficiaries:account_correct": ({OFFICER, PHONG}, "commune"),
    "beneficiaries:papers": (COMMUNE | {PHONG, HEAD}, ""),
    "beneficiaries:papers_export": (COMMUNE | {PHONG, HEAD}, ""),
    "beneficiaries:changes": (BENEFITS, ""),
    "beneficiaries:changes_export": (BENEFITS, ""),
    "beneficiaries:changes_appraise": ({PHONG}, ""),
    "beneficiaries:changes_reject": ({PHONG, HEAD, CHAIRMAN}, ""),
    "beneficiaries:changes_decide": ({PHONG, HEAD, CHAIRMAN}, ""),
    "beneficiaries:changes_sign_off": ({HEAD}, ""),
    "beneficiaries:decisions": (DISTRICT, ""),
    "beneficiaries:change": (BENEFITS, "commune"),
    # An officer of the district withdraws what they proposed themselves; the commune proposed this one.
    "beneficiaries:change_withdraw": ({OFFICER}, "commune"),
    "beneficiaries:change_object": ({OFFICER}, "commune"),
    "beneficiaries:change_start": ({OFFICER, PHONG}, "commune"),
    "beneficiaries:change_alive": ({OFFICER, PHONG}, "commune"),
    "beneficiaries:change_stop": ({OFFICER, PHONG}, "commune"),
    "beneficiaries:change_suspend": ({OFFICER, PHONG}, "commune"),
    "beneficiaries:change_resume": ({OFFICER, PHONG}, "commune"),
    "beneficiaries:change_adjust": ({OFFICER, PHONG}, "commune"),
    "beneficiaries:change_correct": ({OFFICER, PHONG}, "commune"),
    "beneficiaries:document_proposal": (BENEFITS, ""),
    "beneficiaries:document_decisions": (DISTRICT, ""),
    "beneficiaries:change_document": (BENEFITS, "commune"),
    "beneficiaries:move_request": ({OFFICER, PHONG}, ""),
    "beneficiaries:imports": (COMMUNE | {PHONG, HEAD}, ""),
    "beneficiaries:import_upload": ({OFFICER, PHONG}, ""),
    "beneficiaries:import_template": ({OFFICER, PHONG}, ""),
    "beneficiaries:import_detail": (COMMUNE | {PHONG, HEAD}, "commune"),
    # As with withdrawing: the commune brought this one.
    "beneficiaries:import_reading": ({OFFICER}, "commune"),
    "beneficiaries:import_marked": (COMMUNE | {PHONG, HEAD}, "commune"),
    "beneficiaries:import_check": ({OFFICER, PHONG}, "commune"),
    "beneficiaries:import_send": ({OFFICER}, "commune"),
    # An officer of the district withdraws what they brought themselves; the commune brought this one.
    "beneficiaries:import_withdraw": ({OFFICER}, "commune"),
    "beneficiaries:import_accept": ({PHONG}, "commune"),
    "beneficiaries:import_enter": ({OFFICER, PHONG}, "commune"),
    "beneficiaries:import_refuse": ({PHONG}, "commune"),
    "payments:board": (BENEFITS | {PAYER}, ""),
    "payments:move_lists": ({LEADER, PHONG, HEAD, CHAIRMAN}, "commune"),
    "payments:open_month": ({PHONG}, ""),
    "payments:list": (BENEFITS | {PAYER}, "commune"),
    "payments:move_list": ({LEADER, PHONG, HEAD, CHAIRMAN}, "commune"),
    "payments:download_list": (BENEFITS | {PAYER}, "commune"),
    "payments:print_list": (BENEFITS | {PAYER}, "commune"),
    "payments:ledger": (BENEFITS, "commune"),
    "payments:differences": (BENEFITS, "commune"),
    "payments:differences_export": (BENEFITS, "commune"),
    "payments:remake_list": (COMMUNE | {PHONG}, "commune"),
    "payments:cancel_carry_over": ({PHONG}, ""),
    "payments:remark_add": ({PHONG, HEAD}, ""),
    "payments:remark_answer": (COMMUNE, "commune"),
    "payments:remark_withdraw": ({PHONG, HEAD}, ""),
    "payments:record_result": ({PHONG, PAYER}, "payer"),
    "payments:person_year": (BENEFITS, "commune"),
    "payments:batches": (DISTRICT | {PAYER}, ""),
    "payments:template": ({PHONG, PAYER}, ""),
    "payments:batch": (DISTRICT | {PAYER}, "payer"),
    "payments:confirm_batch": ({PHONG, PAYER}, "payer"),
    "payments:recheck_batch": ({PHONG, PAYER}, "payer"),
    "payments:withdraw_batch": ({PHONG, PAYER}, "payer"),
    "payments:marked_batch": (DISTRICT | {PAYER}, "payer"),
    "payments:matches": ({PHONG, PAYER}, ""),
    "payments:match": ({PHONG, PAYER}, "payer"),
    # closing
    "payments:closings": (DISTRICT, ""),
    "payments:closing": (DISTRICT, ""),
    "payments:closing_names": (DISTRICT, ""),
    "payments:budget_returns": (DISTRICT, ""),
    "payments:budget_returns_export": (DISTRICT, ""),
    # hand-overs
    "payments:hand_overs": (DISTRICT | {PAYER}, ""),
    "payments:hand_over": (DISTRICT | {PAYER}, "payer"),
    "payments:download_hand_over": (DISTRICT | {PAYER}, "payer"),
    "payments:rebuild_hand_over": ({PHONG, PAYER}, "payer"),
    "payments:layouts": ({PHONG, HEAD}, ""),
    "payments:layout": ({PHONG, HEAD}, ""),
    "payments:pay_points": (COMMUNE | {PHONG, HEAD}, ""),
    "payments:pay_point_add": ({OFFICER, PHONG}, "commune"),
    "payments:pay_point": ({OFFICER, PHONG}, "commune"),
    "payments:pay_point_delete": ({OFFICER, PHONG}, "commune"),
    "beneficiaries:attachment": (BENEFITS, "commune"),
    "payments:reviews": (BENEFITS, ""),
    "payments:reviews_prefill": ({PHONG}, ""),
    "payments:reviews_sign_off": ({HEAD}, ""),
    "payments:review": (BENEFITS, "commune"),
    "payments:review_prefill": ({OFFICER}, "commune"),
    "payments:review_keep": ({OFFICER}, "commune"),
    "payments:review_add": ({OFFICER}, "commune"),
    "payments:review_send": ({LEADER}, "commune"),
    "payments:review_appraise": ({PHONG}, "commune"),
    "payments:review_return": ({PHONG}, "commune"),
    "payments:review_line": (BENEFITS, "commune"),
    "payments:review_line_remove": ({OFFICER}, "commune"),
    "payments:review_line_restore": ({OFFICER}, "commune"),
    "payments:review_line_detach": ({OFFICER}, "commune"),
    # effects of changes
    "payments:stop_orders": (BENEFITS | {PAYER}, ""),
    "payments:stop_order_lift": ({PHONG, HEAD}, ""),
    "payments:stop_order_answer": ({PAYER}, "payer"),
    "payments:receivables": (BENEFITS, ""),
    "payments:receivables_print": (BENEFITS, ""),
    "payments:receivables_download": (BENEFITS, ""),
    "payments:receivables_decide": ({PHONG, HEAD, CHAIRMAN}, ""),
    "payments:receivable": (BENEFITS, "commune"),
    "payments:receivable_receive": ({PHONG}, "commune"),
    "payments:receivable_waive": ({PHONG, HEAD, CHAIRMAN}, "commune"),
    "payments:receivable_reduce": ({PHONG, HEAD, CHAIRMAN}, "commune"),
    "payments:receipt": ({PHONG}, "commune"),
    "payments:grants": (BENEFITS, ""),
    "payments:grant": (BENEFITS, "commune"),
    "payments:grant_propose": ({OFFICER}, "commune"),
    "payments:grant_appraise": ({PHONG}, "commune"),
    "payments:grant_return": ({PHONG, HEAD, CHAIRMAN}, "commune"),
    "payments:grant_decide": ({PHONG, HEAD, CHAIRMAN}, "commune"),
    "payments:grant_decline": ({PHONG, HEAD, CHAIRMAN}, "commune"),
    "payments:grant_reopen": ({PHONG}, "commune"),
    "payments:person_effects": (BENEFITS, "commune"),
    # dashboards
    "reporting:dashboard": (BENEFITS, ""),
    "reporting:headlines": (DISTRICT, ""),
    "reporting:communes": (DISTRICT, ""),
    "reporting:payments": (DISTRICT, ""),
    "reporting:trend": (BENEFITS, ""),
    "reporting:recompute": ({PHONG, HEAD}, ""),
    "reporting:recompute_closed": ({PHONG, HEAD}, ""),
    "reporting:appendix": (DISTRICT, ""),
    "reporting:people": (BENEFITS, "commune"),
    # units and their mergers
    "territory:units": ({ADMIN}, ""),
    "territory:merge": ({ADMIN}, ""),
    "territory:merge_sample": ({ADMIN}, ""),
    "territory:merge_preview": ({ADMIN}, ""),
    "territory:merger": ({ADMIN}, ""),
    "territory:merger_cancel": ({ADMIN}, ""),
    "territory:merger_apply": ({ADMIN}, ""),
    # letter
    "reporting:letters": (BENEFITS, ""),
    "reporting:letter": (DISTRICT, ""),
    "reporting:letter_docx": (DISTRICT, ""),
    "reporting:letter_made": (DISTRICT, "district"),
    "reporting:letter_templates": (DISTRICT, ""),
    "reporting:letter_template_current": (DISTRICT, ""),
    "reporting:letter_template": (DISTRICT, "district"),
    "reporting:letter_template_restore": ({PHONG}, ""),
    "reporting:signed_letter": (BENEFITS, "district"),
    "reporting:signed_letter_add": ({PHONG}, ""),
    "reporting:signed_letter_withdraw": ({PHONG}, "district"),
    # notices
    "reporting:notices": (BENEFITS, ""),
    "reporting:notices_pack": (DISTRICT, ""),
    "reporting:notice": (BENEFITS, "commune"),
    # files of answers
    "coordination:round_workbook": (BENEFITS | {POLICE}, "commune"),
    "coordination:round_report": (BENEFITS | {POLICE}, "commune"),
    "coordination:round_report_xlsx": (BENEFITS | {POLICE}, "commune"),
    "coordination:round_report_docx": (BENEFITS | {POLICE}, "commune"),
    "coordination:answer_files": ({POLICE}, ""),
    "coordination:answer_file_add": ({POLICE}, ""),
    "coordination:answer_file": ({POLICE}, "district"),
    "coordination:answer_file_marked": ({POLICE}, "district"),
    "coordination:answer_file_original": ({POLICE}, "district"),
    "coordination:answer_file_accept": ({POLICE}, "district"),
    "coordination:answer_file_check": ({POLICE}, "district"),
    "coordination:answer_file_withdraw": ({POLICE}, "district"),
    # questions
    "coordination:questions": (EVERYBODY - {ADMIN}, ""),
    "coordination:question_ask": (COMMUNE | {POLICE, PAYER}, ""),
    "coordination:question": (EVERYBODY - {ADMIN}, "asker"),
    "coordination:question_answer": ({PHONG, HEAD}, ""),
    "coordination:question_go_on": (COMMUNE | {POLICE, PAYER}, "asker"),
    "coordination:question_finish": (COMMUNE | {POLICE, PAYER}, "asker"),
    "coordination:question_print": (EVERYBODY - {ADMIN}, "asker"),
    "coordination:question_file": (EVERYBODY - {ADMIN}, "asker"),
    "coordination:questions_of_person": (BENEFITS, "commune"),
    "coordination:questions_of_list": (BENEFITS | {PAYER}, "commune"),
    "coordination:general_answers": (EVERYBODY, ""),
    "coordination:general_answer": (EVERYBODY, ""),
    "coordination:general_answer_add": ({PHONG, HEAD}, ""),
    "coordination:general_answer_edit": ({PHONG, HEAD}, ""),
    "coordination:general_answer_withdraw": ({PHONG, HEAD}, ""),
    # notifications
    "coordination:notifications": (EVERYBODY, ""),
    "coordination:notification_bell": (EVERYBODY, ""),
    "coordination:notifications_acknowledge": (EVERYBODY, ""),
    "coordination:notification": (EVERYBODY, "self"),
    # rounds
    "coordination:rounds": (BENEFITS | {POLICE}, ""),
    "coordination:round_open": ({PHONG, HEAD}, ""),
    "coordination:round": (BENEFITS | {POLICE}, "commune"),
    "coordination:round_match": ({POLICE}, "commune"),
    "coordination:round_person": (BENEFITS | {POLICE}, "commune"),
    "coordination:round_add": ({PHONG, HEAD}, "commune"),
    "coordination:round_extend": ({PHONG, HEAD}, "commune"),
    "coordination:round_close": ({PHONG, HEAD}, "commune"),
    # campaigns
    "coordination:campaigns": (BENEFITS | {PAYER}, ""),
    "coordination:campaign_add": ({PHONG, PAYER}, ""),
    "coordination:campaign": (BENEFITS | {PAYER}, "campaign"),
    "coordination:campaign_edit": ({PHONG, PAYER}, "campaign"),
    "coordination:campaign_confirm": ({PHONG}, "campaign"),
    "coordination:campaign_close": ({PHONG}, "campaign"),
    "coordination:campaign_cancel": ({PHONG, PAYER}, "campaign"),
    "coordination:campaign_print": (BENEFITS | {PAYER}, "campaign"),
    "coordination:campaign_export": (BENEFITS | {PAYER}, "campaign"),
    "coordination:campaign_ready": ({OFFICER}, "campaign"),
    "coordination:campaign_person": ({OFFICER}, "campaign"),
    "coordination:campaign_people": (BENEFITS | {PAYER}, "campaign"),
    "coordination:campaign_withdraw": ({OFFICER}, "campaign"),
    "coordination:campaign_fail": ({PHONG, PAYER}, "campaign"),
    "coordination:campaign_retry": ({PHONG, PAYER}, "campaign"),
    "coordination:campaign_take": ({PAYER}, "campaign"),
    "coordination:campaign_conflicts": (BENEFITS | {PAYER}, "campaign"),
    "coordination:campaign_settle": ({OFFICER, PHONG, PAYER}, "campaign"),
    "coordination:campaign_file_add": ({PHONG, PAYER}, "campaign"),
    "coordination:campaign_file": ({PHONG, HEAD, PAYER}, "campaign"),
    "coordination:campaign_file_reading": ({PHONG, PAYER}, "campaign"),
    "coordination:campaign_file_marked": ({PHONG, HEAD, PAYER}, "campaign"),
    "coordination:campaign_file_check": ({PHONG, PAYER}, "campaign"),
    "coordination:campaign_file_enter": ({PHONG, PAYER}, "campaign"),
    # An officer of the district withdraws what they brought themselves; the payer brought this one.
    "coordination:campaign_file_withdraw": ({PAYER}, "campaign"),
    # what follows from answers of the police
    "coordination:corrections": (BENEFITS, ""),
    "coordination:correction": (BENEFITS, "commune"),
    "coordination:correction_in_full": (BENEFITS, "commune"),
    "coordination:correction_request": (BENEFITS, "commune"),
    "coordination:correction_step": ({OFFICER, PHONG}, "commune"),
    "coordination:correction_take": ({OFFICER, PHONG}, "commune"),
    "coordination:follow_ups": (BENEFITS | {POLICE}, ""),
    "coordination:follow_up": (BENEFITS | {POLICE}, "commune"),
    "coordination:follow_up_recheck": ({OFFICER, PHONG, POLICE}, "commune"),
    "coordination:deaths": (BENEFITS, ""),
    "coordination:death": (BENEFITS, "commune"),
    "coordination:person": (BENEFITS, "commune"),
    # directives
    "coordination:directives": (BENEFITS | {POLICE, PAYER}, ""),
    "coordination:directives_panel": (DISTRICT, ""),
    "coordination:directive_add": ({PHONG, HEAD}, ""),
    "coordination:directive": (BENEFITS | {POLICE, PAYER}, "assignee"),
    "coordination:directive_file": (BENEFITS | {POLICE, PAYER}, "assignee"),
    "coordination:directive_workbook": (DISTRICT, "assignee"),
    "coordination:directive_reminder": (DISTRICT, "assignee"),
    "coordination:directive_edit": ({PHONG, HEAD}, "assignee"),
    "coordination:directive_issue": ({PHONG, HEAD}, "assignee"),
    "coordination:directive_close": ({PHONG, HEAD}, "assignee"),
    "coordination:directive_discard": ({PHONG, HEAD}, "assignee"),
    "coordination:directive_task_deadline": ({PHONG, HEAD}, "assignee"),
    "coordination:directive_task_cancel": ({PHONG, HEAD}, "assignee"),
    "coordination:assignments": (BENEFITS | {POLICE, PAYER}, ""),
    "coordination:assignments_confirm": (DISTRICT, ""),
    "coordination:assignments_remind": (DISTRICT, ""),
    "coordination:assignment": (BENEFITS | {POLICE, PAYER}, "assignee"),
    "coordination:assignment_file": (BENEFITS | {POLICE, PAYER}, "assignee"),
    "coordination:assignment_report": (COMMUNE | {PHONG, HEAD, POLICE, PAYER}, "assignee"),
    "coordination:assignment_return": (DISTRICT, "assignee"),
    # outreach
    "coordination:outreach": (BENEFITS, ""),
    "coordination:outreach_add": (COMMUNE, ""),
    "coordination:outreach_session": (BENEFITS, "commune"),
    "coordination:outreach_edit": (COMMUNE, "commune"),
    "coordination:outreach_cancel": (COMMUNE, "commune"),
    "coordination:outreach_report": (BENEFITS, ""),
    "coordination:outreach_report_download": (BENEFITS, ""),
    "jobs:index": (EVERYBODY, ""),
    "jobs:detail": (EVERYBODY, "owner"),
    "jobs:progress": (EVERYBODY, "owner"),
    "jobs:result": (EVERYBODY, "owner"),
}
#: Answers a GET by sending back to the page it belongs to; what counts is the POST.
POSTED = {
    "beneficiaries:person_in_full",
    "beneficiaries:identity_issue_in_full",
    "coordination:correction_in_full",
}
#: The step of the workflow that each role takes.
STEPS = {LEADER: "gui", PHONG: "tham-dinh", HEAD: "ky-tham-dinh", CHAIRMAN: "duyet"}
#: What is done with a question.
QUESTION_STEPS = ("answer", "go_on", "finish", "print")
#: Open to whoever is not signed in.
PUBLIC = {"web:health", "staff:sign_in"}


def _named_urls(resolver: URLResolver, namespace: str = "") -> Iterator[str]:
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLResolver):
            yield from _named_urls(pattern, pattern.namespace or namespace)
        elif isinstance(pattern, URLPattern) and namespace != "admin":
            yield f"{namespace}:{pattern.name}"


@dataclass
class Rows:
    """What a URL points at: rows of our commune or payer and owner, or of others."""

    person: int
    payment_list: int
    payment: int
    remark: int
    batch: int
    results: int
    issue: int
    job: int
    stop_order: int
    receivable: int
    receipt: int
    grant: int
    correction: int
    follow_up: int
    place: str
    route: PayoutRoute
    entitlement: int
    change: int
    move: int
    payer: int
    hand_over: int
    result_row: int
    pay_point: int
    line: ReviewLine
    attachment: int
    merger: int
    merger_file: int
    signed: SignedLetter
    template: int
    assignment: AssignmentStep
    question_file: QuestionFile
    general_answer: int
    notification: int
    asked: RoundPerson
    campaign: CampaignFile
    campaign_person: int
    outreach: int
    answer_file: AnswerFile


def _rows(user: User, *, own: bool) -> Rows:
    code = OWN if own else FOREIGN
    payer = Payer.objects.get(code="BUUDIEN" if own else "AGRIBANK")
    officer = User.objects.get(username=commune_accounts(code)[0])
    file = StoredFile.keep(name="ds.xlsx", content_type="x", content=_workbook(), created_by=officer)
    owner = user if own else User.objects.get(username="phong2")
    july = PaymentList.objects.filter(period__month="2024-07-01", period__policy="NCC")
    person = Person.objects.filter(commune__code=code).order_by("pk")[0]
    review = Review.objects.create(commune=person.commune, month="2024-08-01")
    line = ReviewLine.objects.create(review=review, person=person, source="added", finding="Thử", key="thu")
    paper = Attachment.objects.create(person=person, file=file, uploaded_by=officer)
    line.attachments.add(paper)
    payment = Payment.objects.filter(payment_list__in=july, payer=payer).order_by("pk")[0]
    receivable = make.receivable(Payment.objects.filter(payment_list__in=july, person=person)[0], found_by=officer)
    results = ResultBatch.objects.create(
        payer=payer, file=file, uploaded_by=User.objects.get(username="phong"), state="previewed"
    )
    place = make.district() if own else Unit.objects.create(code="536", name="Khác", kind="Huyện", level="district")
    letter = Letter.objects.create(
        district=place, month="2024-07-01", facts={"communes": []}, digest="thu", file=file, made_by=officer
    )
    asker = _asker(user, code, payer)
    question = make.question(by=asker)
    campaign = campaign_rows.campaign(person.commune, payer=payer.code)
    named = CampaignPerson.objects.create(
        campaign=campaign, person=person, commune=person.commune, named_by=officer, named_at=campaign.planned_at
    )
    clerk = User.objects.get(username="buudien" if own else "agribank")
    opened = ImportBatch.objects.create(
        kind="accounts", payer=payer, upper=campaign.upper, file=file, uploaded_by=clerk, state="previewed"
    )
    return Rows(
        asked=RoundPerson.objects.get(round=identity_round(person), person=person),
        assignment=make.assignment_step(user, own=own, place=place, file=file),
        question_file=QuestionFile.objects.create(message=question.messages.get(), file=file),
        general_answer=make.general_answer().pk,
        notification=make.notification(owner).pk,
        campaign=CampaignFile.objects.create(campaign=campaign, batch=opened),
        campaign_person=named.pk,
        outreach=make.outreach_session(commune=make.commune(code)).pk,
        answer_file=AnswerFile.objects.create(
            round=identity_round(person), unit=place, file=file, uploaded_by=officer, state="previewed"
        ),
        merger=UnitMerger.objects.create(day="2024-08-01", upper=make.district(), planned_by=officer).pk,
        # It is opened by whoever brought it.
        merger_file=StoredFile.keep(
            name="a.csv", content_type="text/csv", content=SAMPLE.read_bytes(), created_by=user
        ).pk,
        template=LetterTemplate.objects.create(district=place, from_month="2024-07-01", made_by=officer).pk,
        signed=SignedLetter.objects.create(
            letter=letter, number="01/UBND", signed_on="2024-07-20", signer="Thử", file=file, kept_by=officer
        ),
        line=line,
        attachment=paper.pk,
        stop_order=StopOrder.objects.create(payment=payment, reason="Thử", ordered_by=officer).pk,
        receivable=receivable.pk,
        receipt=make.receipt(receivable, 1_000).pk,
        grant=make.grant(person).pk,
        correction=followed.correction(person).pk,
        follow_up=followed.follow_up(person).pk,
        person=person.pk,
        entitlement=make.entitlement(make.person(commune=person.commune)).pk,
        change=make.proposal(person, by=officer).pk,
        move=make.proposal(
            person, kind="move", policy="", from_commune=person.commune, to_commune=make.commune("21484")
        ).pk,
        route=make.route(person, account=make.account(), payee=make.payee(person, "guardian"), entered_by=officer),
        payment_list=july.get(commune__code=code).pk,
        payment=payment.pk,
        remark=ListRemark.objects.create(
            payment_list=july.get(commune__code=code), person=person, text="Sai", by=officer
        ).pk,
        batch=ImportBatch.objects.create(
            commune=make.commune(code), policy="NCC", file=file, uploaded_by=officer, state="previewed"
        ).pk,
        results=results.pk,
        issue=make.identity_issue(Person.objects.filter(commune__code=code).order_by("pk")[0]).pk,
        job=Job.objects.create(kind="x", title="Thử", owner=owner, state="done", result_file=file).pk,
        place=code,
        payer=payer.pk,
        hand_over=HandOver.objects.filter(payer=payer).order_by("pk").values_list("pk", flat=True)[0],
        result_row=ResultRow.objects.create(
            batch=results,
            sheet="Kết quả",
            row=2,
            outcome="unmatched",
            data={"cells": {}, "letters": {}, "candidates": [], "values": {}},
        ).pk,
        pay_point=PayPoint.objects.create(commune=make.commune(code), name="Điểm thử").pk,
    )


def _asker(user: User, code: str, payer: Payer) -> User:
    """Somebody of the user's kind: of the own commune, payer or police, or of another one."""
    if user.role == PAYER:
        return User.objects.filter(payer=payer)[0]
    if user.role == POLICE:
        return make.user(POLICE, commune=make.district() if code == OWN else make.commune(code))
    return User.objects.get(username=commune_accounts(code)[0])


def _workbook() -> bytes:
    return (Path(__file__).parent / "data" / "ds_ncc_ba_to_loi.xlsx").read_bytes()


def _url(name: str, rows: Rows) -> str:
    arguments: dict[str, dict[str, Any]] = {
        "web:submission": {"token": "5f1d7a52-9f0b-4c1e-8a43-6f2f1c7a9d11"},
        "beneficiaries:person": {"pk": rows.person},
        "beneficiaries:person_in_full": {"pk": rows.person},
        "beneficiaries:change": {"pk": rows.change},
        "beneficiaries:change_document": {"pk": rows.change},
        "beneficiaries:change_withdraw": {"pk": rows.change},
        "beneficiaries:change_object": {"pk": rows.move},
        "beneficiaries:change_start": {"pk": rows.person},
        "beneficiaries:change_alive": {"pk": rows.person},
        "beneficiaries:change_stop": {"pk": rows.person},
        "beneficiaries:change_suspend": {"pk": rows.person},
        "beneficiaries:change_resume": {"pk": rows.person},
        "beneficiaries:change_adjust": {"pk": rows.entitlement},
        "beneficiaries:change_correct": {"pk": rows.entitlement},
        "beneficiaries:route_add": {"pk": rows.person},
        "beneficiaries:route_withdraw": {"pk": rows.route.pk},
        "beneficiaries:route_cancel": {"pk": rows.route.pk},
        "beneficiaries:payee_edit": {"pk": rows.person, "payee_pk": rows.route.payee_id},
        "beneficiaries:account_correct": {"pk": rows.person, "account_pk": rows.route.account_id},
        "beneficiaries:person_edit": {"pk": rows.person},
        "beneficiaries:person_compare": {"pk": rows.person},
        "payments:person_effects": {"person_id": rows.person},
        "payments:receipt": {"pk": rows.receipt},
        "payments:open_month": {"month": "2024-08"},
        "payments:list": {"pk": rows.payment_list},
        "payments:move_list": {"pk": rows.payment_list},
        "payments:download_list": {"pk": rows.payment_list},
        "payments:print_list": {"pk": rows.payment_list},
        "payments:ledger": {"pk": rows.payment_list},
        "payments:differences": {"pk": rows.payment_list},
        "payments:differences_export": {"pk": rows.payment_list},
        "payments:remake_list": {"pk": rows.payment_list},
        "payments:cancel_carry_over": {"pk": rows.payment},
        "payments:remark_add": {"pk": rows.payment},
        "payments:remark_answer": {"pk": rows.remark},
        "payments:remark_withdraw": {"pk": rows.remark},
        "payments:record_result": {"pk": rows.payment},
        "payments:person_year": {"person_id": rows.person},
        "payments:match": {"pk": rows.result_row},
        "payments:closing": {"month": "2024-07"},
        "payments:closing_names": {"month": "2024-07", "policy": "NCC", "part": "approved"},
        "payments:hand_over": {"pk": rows.hand_over},
        "payments:download_hand_over": {"pk": rows.hand_over},
        "payments:rebuild_hand_over": {"pk": rows.hand_over},
        "payments:layout": {"pk": rows.payer},
        "payments:pay_point_add": {"code": rows.place},
        "payments:pay_point": {"pk": rows.pay_point},
        "payments:pay_point_delete": {"pk": rows.pay_point},
        "reporting:recompute": {"month": "2024-07"},
        "reporting:communes": {"month": "2024-07", "policy": "NCC"},
        "reporting:payments": {"month": "2024-07", "policy": "NCC", "payer": "BUUDIEN", "part": "da-giao"},
        "reporting:recompute_closed": {"month": "2024-06"},
        "reporting:appendix": {"month": "2024-07"},
        "reporting:letter": {"month": "2024-07"},
        "reporting:letter_docx": {"month": "2024-07"},
        "reporting:signed_letter_add": {"month": "2024-07"},
        "reporting:letter_made": {"pk": rows.signed.letter_id},
        "reporting:letter_template": {"pk": rows.template},
        "reporting:signed_letter": {"pk": rows.signed.pk},
        "reporting:signed_letter_withdraw": {"pk": rows.signed.pk},
        "reporting:notices": {"month": "2024-07"},
        "reporting:notices_pack": {"month": "2024-07"},
        "reporting:notice": {"month": "2024-07", "place": rows.place},
        "reporting:people": {"month": "2024-07", "policy": "NCC", "place": rows.place, "measure": "due"},
        "coordination:outreach_session": {"pk": rows.outreach},
        "coordination:outreach_edit": {"pk": rows.outreach},
        "coordination:outreach_cancel": {"pk": rows.outreach},
        "coordination:question_file": {"pk": rows.question_file.pk},
        "coordination:questions_of_person": {"person_id": rows.person},
        "coordination:questions_of_list": {"list_id": rows.payment_list},
    }
    group = name.split(":")[0]
    if name.startswith("coordination:campaign_file") and name != "coordination:campaign_file_add":
        return reverse(name, kwargs={"pk": rows.campaign.pk})
    if name == "coordination:campaign_person":
        return reverse(name, kwargs={"pk": rows.campaign_person})
    if name == "coordination:campaign" or (
        name.startswith("coordination:campaign_") and name != "coordination:campaign_add"
    ):
        return reverse(name, kwargs={"pk": rows.campaign.campaign_id})
    if name in ("coordination:death", "coordination:person"):
        return reverse(name, kwargs={"person_id": rows.person})
    if name.startswith("coordination:correction") and name != "coordination:corrections":
        step = {"what": "requested"} if name.endswith("_step") else {}
        return reverse(name, kwargs={"pk": rows.correction} | step)
    if name.startswith("coordination:follow_up") and name != "coordination:follow_ups":
        return reverse(name, kwargs={"pk": rows.follow_up})
    if name == "payments:review_line_detach":
        return reverse(name, kwargs={"pk": rows.line.pk, "attachment_pk": rows.attachment})
    if name == "coordination:round_person":
        return reverse(name, kwargs={"pk": rows.asked.round_id, "row_pk": rows.asked.pk})
    if name.startswith("coordination:round") and name not in ("coordination:rounds", "coordination:round_open"):
        return reverse(name, kwargs={"pk": rows.asked.round_id})
    if name.startswith("payments:review_line"):
        return reverse(name, kwargs={"pk": rows.line.pk})
    if name.startswith("payments:review") and not name.startswith("payments:reviews"):
        return reverse(name, kwargs={"pk": rows.line.review_id})
    if name == "beneficiaries:attachment":
        return reverse(name, kwargs={"pk": rows.attachment})
    if name == "coordination:assignment_file":
        return reverse(name, kwargs={"pk": rows.assignment.pk})
    if name.startswith("coordination:assignment") and not name.startswith("coordination:assignments"):
        return reverse(name, kwargs={"pk": rows.assignment.assignment_id})
    if name.startswith("coordination:directive_task_"):
        return reverse(name, kwargs={"pk": rows.assignment.assignment.task_id})
    if name == "coordination:directive" or (name.startswith("coordination:directive_") and not name.endswith("_add")):
        return reverse(name, kwargs={"pk": rows.assignment.assignment.task.directive_id})
    if name == "payments:template":
        return f"{reverse(name)}?thang=2024-07&to-chuc=BUUDIEN"
    if name in arguments:
        return _reverse(name, arguments[name])
    if name in ("coordination:question", *(f"coordination:question_{step}" for step in QUESTION_STEPS)):
        return reverse(name, kwargs={"pk": rows.question_file.message.question_id})
    if name.startswith("coordination:answer_file") and name.rpartition("_")[2] not in ("files", "add"):
        return reverse(name, kwargs={"pk": rows.answer_file.pk})
    if name.startswith("coordination:general_answer") and name.rpartition("_")[2] not in ("answers", "add"):
        return reverse(name, kwargs={"pk": rows.general_answer})
    if name == "territory:merge_preview":
        return f"{reverse(name, kwargs={'pk': rows.merger_file})}?ngay=2025-07-01"
    if name.startswith("territory:merger"):
        return reverse(name, kwargs={"pk": rows.merger})
    if name.startswith("payments:grant_") or name == "payments:grant":
        return reverse(name, kwargs={"pk": rows.grant})
    if name.startswith("payments:receivable_") or name == "payments:receivable":
        return reverse(name, kwargs={"pk": rows.receivable})
    if name.startswith("payments:stop_order_"):
        return reverse(name, kwargs={"pk": rows.stop_order})
    if name == "coordination:notification":
        return reverse(name, kwargs={"pk": rows.notification})
    if group == "jobs" and name != "jobs:index":
        return reverse(name, kwargs={"pk": rows.job})
    if name.startswith("beneficiaries:import_") and name not in (
        "beneficiaries:import_upload",
        "beneficiaries:import_template",
    ):
        return reverse(name, kwargs={"pk": rows.batch})
    if name.startswith("beneficiaries:identity_") and name.rpartition("_")[2] not in ("check", "export"):
        return reverse(name, kwargs={"pk": rows.issue})
    if name.startswith("payments:") and name.endswith("batch"):
        return reverse(name, kwargs={"pk": rows.results})
    return reverse(name)


def _reverse(name: str, kwargs: dict[str, Any]) -> str:
    from batosocial.lib import months

    try:
        return reverse(name, kwargs=kwargs)
    except Exception:  # a converter that takes the month as a date
        return reverse(name, kwargs=kwargs | {"month": months.parse(kwargs["month"])})


def _user(role: Role) -> User:
    if role in COMMUNE_ROLES:
        return User.objects.get(username=commune_accounts(OWN)[0 if role == OFFICER else 1])
    names = {
        PHONG: "phong",
        HEAD: "truongphong",
        CHAIRMAN: "chutich",
        POLICE: "congan",
        PAYER: "buudien",
        ADMIN: "quantri",
    }
    return User.objects.get(username=names[role])


def _expected(role: Role, name: str, *, own: bool) -> str:
    roles, belongs_to = TABLE[name]
    if role not in roles:
        return "forbidden"
    foreign_for = {
        "commune": COMMUNE_ROLES,
        "payer": {PAYER},
        "campaign": COMMUNE_ROLES | {PAYER},
        "owner": EVERYBODY - {ADMIN},
        "asker": COMMUNE | {POLICE, PAYER},
        "": set(),
        "district": EVERYBODY,
        "self": EVERYBODY,
        "assignee": EVERYBODY,
    }[belongs_to]
    return "missing" if not own and role in foreign_for else "allowed"


def test_the_table_names_every_url() -> None:
    named = set(_named_urls(get_resolver()))
    assert named == set(TABLE) | PUBLIC


@pytest.mark.parametrize("own", [True, False], ids=["own", "foreign"])
@pytest.mark.parametrize("role", sorted(EVERYBODY))
@pytest.mark.parametrize("name", sorted(TABLE))
def test_access(name: str, role: Role, own: bool, client: Client) -> None:
    user = _user(role)
    rows = _rows(user, own=own)
    url = _url(name, rows)
    client.force_login(user)
    response = client.get(url)
    if response.status_code == 405 or name in POSTED:
        step = STEPS.get(role, "gui")
        response = client.post(url, {"step": step, "lists": [rows.payment_list], "reason": "thử", "thang": "2024-08"})
    expected = _expected(role, name, own=own)
    if expected == "allowed":
        assert response.status_code in (200, 302, 400, 409, 422), response.status_code
    else:
        assert response.status_code == {"forbidden": 403, "missing": 404}[expected]


@pytest.mark.parametrize("name", sorted(TABLE))
def test_nobody_gets_in_without_signing_in(name: str, client: Client) -> None:
    url = _url(name, _rows(_user(PHONG), own=True))
    for response in (client.get(url), client.post(url)):
        assert response.status_code == 302
        assert response.headers["Location"].startswith(reverse("staff:sign_in"))


@pytest.mark.parametrize("role", sorted(EVERYBODY - {ADMIN}))
def test_administration_is_for_the_admin(role: Role, client: Client) -> None:
    client.force_login(_user(role))
    assert client.get("/quan-tri/staff/user/").status_code in (302, 403)
    client.force_login(_user(ADMIN))
    assert client.get("/quan-tri/staff/user/").status_code == 200


@pytest.mark.parametrize("role", [OFFICER, LEADER])
def test_a_commune_never_reads_a_foreign_row_in_its_lists(role: Role, client: Client) -> None:
    """Pages that list rows name the own commune's people only."""
    client.force_login(_user(role))
    foreign = list(Person.objects.filter(commune__code=FOREIGN).values_list("pk", flat=True))
    for url in ("/doi-tuong/", "/chi-tra/", "/bao-cao/2024-07/NCC/huyen/due/"):
        text = client.get(url).content.decode()
        assert not any(f"/doi-tuong/{pk}/" in text for pk in foreign), url


@pytest.mark.parametrize("role", [POLICE, ADMIN])
def test_police_and_admin_cause_no_query_on_money(role: Role, client: Client) -> None:
    client.force_login(_user(role))
    with CaptureQueriesContext(connection) as queries:
        assert client.get("/").status_code == 200
    assert not [query for query in queries if "payments_payment" in query["sql"]]


@pytest.mark.parametrize(
    "url",
    [
        "/chi-tra/ket-qua/mau/?to-chuc=a%00b",
        "/bao-cao/2024-07/BTXH/%00/due/",
        "/doi-tuong/?tim=%00",
        "/chi-tra/ket-qua/mau/?danh-sach=%C2%B2&to-chuc=BUUDIEN",
    ],
)
def test_characters_no_page_can_use_are_a_bad_request_or_unknown(url: str, client: Client) -> None:
    client.force_login(_user(PHONG))
    assert client.get(url).status_code in (400, 404)
    form = "application/x-www-form-urlencoded"
    assert client.post("/chi-tra/39/chuyen-buoc/", "step=tra-lai&reason=a%00b", content_type=form).status_code == 400


def test_somebody_who_left_sees_nothing() -> None:
    gone = make.user(PHONG, is_active=False)
    assert not Person.objects.visible_to(gone).exists()
    assert not PaymentList.objects.visible_to(gone).exists()

"""A payer takes the list of who is ready, and says for whom no account could be opened."""

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import xlsxwriter
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from batosocial.audit import services as audit
from batosocial.coordination.campaigns.counting import with_progress
from batosocial.coordination.campaigns.planning import locked_open
from batosocial.coordination.campaigns.refusal import CampaignRefused
from batosocial.coordination.models import Campaign, CampaignPerson
from batosocial.coordination.notifications import fresh
from batosocial.lib import clock
from batosocial.staff.models import Role, User
from beneficiaries.models import Payee
from beneficiaries.resources import AccountResource, headings

State = CampaignPerson.State
_A4 = 9
_HEAD = 3
_NAMES = headings(AccountResource)
#: The columns that the payer fills in are those of an account-opening file, so that the sheet comes back as one.
_COLUMNS = (
    ("TT", 5), (_NAMES["name"], 24), ("Ngày sinh", 12), ("Giới tính", 9), (_NAMES["cccd"], 15), ("Thôn, tổ", 18),
    ("Xã, thị trấn", 18), ("Điện thoại", 13), (_NAMES["owner"], 18), (_NAMES["payee_name"], 24),
    (_NAMES["payee_cccd"], 15), ("Cần đến nhà", 12), ("Đến đâu", 24), ("Ghi chú của xã", 24), (_NAMES["provider"], 14),
    (_NAMES["account"], 18), (_NAMES["holder_name"], 24),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Taken:
    content: bytes
    count: int
    name: str


@transaction.atomic
def take_list(*, actor: User, campaign_id: int, again: bool = False) -> Taken:
    """The workbook of those who are ready and were not taken yet, who are now; ``again``: of everybody taken before.

    Only people named as ready stand in it; no account and no amount of anybody. CampaignRefused where nobody is there.
    """
    if actor.role != Role.PAYER or not actor.is_active:
        raise PermissionDenied
    campaign = locked_open(actor, campaign_id)
    rows = CampaignPerson.objects.visible_to(actor).filter(campaign=campaign)
    rows = rows.filter(state__in=[State.LISTED, State.FAILED]) if again else rows.filter(state=State.READY)
    people = list(rows.select_related("person", "commune"))
    if not people:
        raise CampaignRefused(
            "Chưa nhận danh sách nào của đợt này." if again else "Không có ai mới sẵn sàng; danh sách đã nhận hết."
        )
    if not again:
        CampaignPerson.objects.filter(pk__in=[row.pk for row in people]).update(
            state=State.LISTED, taken_by=actor, taken_at=timezone.now()
        )
    fresh.touch()
    audit.record(
        actor=actor,
        action="Tải lại danh sách sẵn sàng mở tài khoản" if again else "Nhận danh sách sẵn sàng mở tài khoản",
        row=campaign,
        details={"count": len(people), "people": [row.person_id for row in people]},
    )
    name = f"danh-sach-mo-tai-khoan-{campaign.pk}-{clock.today():%Y%m%d}.xlsx"
    return Taken(_workbook(campaign, people), len(people), name)


def _workbook(campaign: Campaign, people: Iterable[Any]) -> bytes:
    output = io.BytesIO()
    with xlsxwriter.Workbook(
        output, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    ) as book:
        base = {"font_name": "Times New Roman", "font_size": 10}
        bold, note = book.add_format(base | {"bold": True, "font_size": 13}), book.add_format(base | {"italic": True})
        head = book.add_format(
            base | {"bold": True, "border": 1, "text_wrap": True, "valign": "vcenter", "bg_color": "#EAF0F6"}
        )
        text = book.add_format(base | {"border": 1, "num_format": "@", "valign": "top", "text_wrap": True})
        number = book.add_format(base | {"border": 1, "valign": "top"})
        sheet = book.add_worksheet("Mở tài khoản")
        sheet.set_landscape()
        sheet.set_paper(_A4)
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(_HEAD)
        sheet.set_footer("&CTrang &P/&N" + ("&RDữ liệu minh họa" if settings.DEMO else ""))
        sheet.write_string(0, 0, "DANH SÁCH NGƯỜI HƯỞNG SẴN SÀNG MỞ TÀI KHOẢN", bold)
        demo = " · Dữ liệu minh họa" if settings.DEMO else ""
        sheet.write_string(1, 0, f"{campaign.name} · hạn {campaign.deadline:%d/%m/%Y}{demo}", note)
        for place, (heading, width) in enumerate(_COLUMNS):
            sheet.set_column(place, place, width)
            sheet.write_string(_HEAD, place, heading, head)
        sheet.freeze_panes(_HEAD + 1, 2)
        for count, row in enumerate(people, start=1):
            sheet.write_number(_HEAD + count, 0, count, number)
            for place, value in enumerate(_cells(row), start=1):
                sheet.write_string(_HEAD + count, place, value, text)
    return output.getvalue()


def _cells(row: CampaignPerson) -> list[str]:
    person = row.person
    return [
        person.card_name or person.name, person.birth_text, person.get_sex_display(), person.cccd, person.hamlet,
        str(row.commune), row.phone, str(Payee.Kind(row.opener).label), row.opener_name, row.opener_cccd,
        "Có" if row.home_visit else "", row.home_place, row.note, "", "", "",
    ]  # fmt: skip


FAILERS = frozenset({Role.PAYER, Role.DISTRICT_OFFICER})


@transaction.atomic
def mark_failed(*, actor: User, campaign_id: int, row_ids: Sequence[int], failure: str, note: str = "") -> int:
    """Say why no account could be opened for people whom the payer has taken; how many. Whoever has one by now, is not
    taken or is marked already stays."""
    rows = _chosen(actor, campaign_id, row_ids)
    failed = [row for row in rows if row.state == State.LISTED and not row.opened]
    CampaignPerson.objects.filter(pk__in=[row.pk for row in failed]).update(
        state=State.FAILED,
        failure=CampaignPerson.Failure(failure),
        failure_note=note[:300],
        failed_by=actor,
        failed_at=timezone.now(),
    )
    return _recorded(actor, rows, failed, "Không mở được tài khoản", {"failure": failure, "note": note})


@transaction.atomic
def try_again(*, actor: User, campaign_id: int, row_ids: Sequence[int]) -> int:
    """Put people back on the payer's list; how many."""
    rows = _chosen(actor, campaign_id, row_ids)
    back = [row for row in rows if row.state == State.FAILED]
    CampaignPerson.objects.filter(pk__in=[row.pk for row in back]).update(
        state=State.LISTED, failure="", failure_note="", failed_by=None, failed_at=None
    )
    return _recorded(actor, rows, back, "Mở lại cho người chưa mở được tài khoản", {})


def _chosen(actor: User, campaign_id: int, row_ids: Sequence[int]) -> list[Any]:
    if actor.role not in FAILERS or not actor.is_active:
        raise PermissionDenied
    campaign = locked_open(actor, campaign_id)
    people = CampaignPerson.objects.visible_to(actor).filter(campaign=campaign, pk__in=row_ids)
    rows = list(with_progress(people).select_related("campaign").order_by("pk"))
    if len(rows) != len(set(row_ids)):
        raise CampaignPerson.DoesNotExist
    return rows


def _recorded(actor: User, rows: list[Any], done: list[Any], action: str, details: dict[str, Any]) -> int:
    if done:
        people = [row.person_id for row in done]
        audit.record(actor=actor, action=action, row=rows[0].campaign, details=details | {"people": people})
    return len(done)

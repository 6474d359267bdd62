"""What of campaigns waits for somebody on the home page: a fixed number of queries for each role."""

from django.db.models import Exists, OuterRef, QuerySet
from django.urls import reverse

from batosocial.coordination.models import Campaign, CampaignCommune, CampaignConflict, CampaignPerson
from batosocial.lib import clock
from batosocial.staff.models import Role, User
from batosocial.web.todo import Todo, Tone
from beneficiaries.models import ImportBatch

State = CampaignPerson.State
_WAITS: Tone = "warning"
_LATE: Tone = "danger"


def todos(user: User) -> list[Todo]:
    """A commune: campaigns for which it has named nobody; a payer: who is ready and not taken; the Phòng: proposals;
    and conflicts for whoever settles them."""
    if user.role == Role.COMMUNE_OFFICER:
        return [_unnamed(user), _conflicts(user)]
    if user.role == Role.PAYER:
        return [_ready(user), _unentered(user), _conflicts(user)]
    if user.role == Role.DISTRICT_OFFICER:
        return [_proposals(user), _conflicts(user)]
    return []


def _page(campaigns: list[int], name: str = "coordination:campaign") -> str:
    """The one campaign's page, or the list of all."""
    return reverse(name, args=campaigns) if len(set(campaigns)) == 1 else reverse("coordination:campaigns")


def _unnamed(user: User) -> Todo:
    rows = list(unnamed().filter(commune=user.unit_id).order_by("campaign__deadline"))
    hint, tone = "", _WAITS
    if rows:
        deadline = rows[0].campaign.deadline
        tone = _LATE if clock.today() > deadline else _WAITS
        hint = f"Hạn {deadline:%d/%m/%Y}: chọn người chưa có tài khoản đã đồng ý mở."
    url = _page([row.campaign_id for row in rows], "coordination:campaign_ready")
    return Todo("đợt mở tài khoản: chưa báo ai sẵn sàng", len(rows), url, tone, hint)


def unnamed() -> QuerySet[CampaignCommune]:
    """Communes of running campaigns that have named nobody."""
    named = CampaignPerson.objects.taking_part().filter(campaign=OuterRef("campaign"), commune=OuterRef("commune"))
    rows = CampaignCommune.objects.filter(~Exists(named), campaign__state=Campaign.State.OPEN)
    return rows.select_related("campaign")


def _ready(user: User) -> Todo:
    rows = CampaignPerson.objects.visible_to(user).filter(state=State.READY, campaign__state=Campaign.State.OPEN)
    found = list(rows.order_by().values_list("campaign", flat=True))
    return Todo(
        "người trong danh sách sẵn sàng chờ nhận",
        len(found),
        _page(list(set(found))),
        "warning",
        "Nhận danh sách để mở tài khoản; xã thấy là đã nhận.",
    )


def _unentered(user: User) -> Todo:
    rows = ImportBatch.objects.visible_to(user).filter(payer__isnull=False, state=ImportBatch.State.PREVIEWED)
    mine = rows.filter(uploaded_by__role=user.role).exclude(new_count=0, changed_count=0)
    files = list(mine.values_list("campaign_file", flat=True)[:2])
    count = mine.count() if len(files) > 1 else len(files)
    url = reverse("coordination:campaign_file", args=files) if len(files) == 1 else reverse("coordination:campaigns")
    return Todo("tệp mở tài khoản đã kiểm tra, chưa nhập vào sổ", count, url, "info")


def _proposals(user: User) -> Todo:
    rows = Campaign.objects.visible_to(user).filter(state=Campaign.State.PROPOSED)
    found = list(rows.values_list("pk", flat=True))
    return Todo("đợt mở tài khoản chờ Phòng xác nhận", len(found), _page(found), "warning")


def _conflicts(user: User) -> Todo:
    rows = CampaignConflict.objects.visible_to(user).waiting()
    found = list(rows.order_by().values_list("campaign", flat=True))
    url = _page(list(set(found)), "coordination:campaign_conflicts")
    if len(set(found)) == 1:
        url += "?trang_thai=cho"
    return Todo("xung đột tài khoản cần xử lý", len(found), url, "danger", "Tên, số giấy tờ, nơi nhận không khớp.")

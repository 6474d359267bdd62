"""Planning campaigns, and what waits for whom."""

import datetime
import io
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from openpyxl import load_workbook

from batosocial.coordination.campaigns import notices, taking
from batosocial.coordination.campaigns.todos import todos
from batosocial.coordination.models import Campaign, CampaignPerson
from batosocial.staff.models import Payer, Role, User
from batosocial.web.todo import Todo
from tests import factories as make
from tests.coordination import campaign_rows as rows

pytestmark = pytest.mark.django_db


def plan(client: Client, **fields: Any) -> Any:
    """Post the form with one commune, its token as the page gave it."""
    url = reverse("coordination:campaign_add")
    form = client.get(url).context["form"]
    unit = make.commune()
    data: dict[str, Any] = {
        "token": str(form["token"].value()),
        "name": "Agribank mở, 9/2024",
        "payer": Payer.objects.get(code="AGRIBANK").pk,
        "month": "9/2024",
        "deadline": "20/08/2024",
        "source": "Agribank mở, 9/2024",
        f"planned_{unit.pk}": "25",
        f"opens_on_{unit.pk}": "05/08/2024",
        f"opens_until_{unit.pk}": "06/08/2024",
        f"place_{unit.pk}": "Trụ sở UBND xã",
    }
    return client.post(url, data | fields)


def waiting(user: User) -> list[Todo]:
    return [todo for todo in todos(user) if todo.count]


class TestPlanning:
    def test_the_district_s_plan_is_open_at_once(self, client: Client) -> None:
        client.force_login(make.user())
        assert plan(client).status_code == 302
        campaign = Campaign.objects.latest("pk")
        assert (campaign.state, campaign.payer.code, str(campaign.month)) == ("open", "AGRIBANK", "2024-09-01")
        (place,) = campaign.communes.all()
        assert (place.planned, str(place.opens_on), place.place) == (25, "2024-08-05", "Trụ sở UBND xã")

    def test_a_payer_s_waits_for_the_district(self, client: Client) -> None:
        client.force_login(make.user(Role.PAYER, payer="AGRIBANK"))
        assert plan(client).status_code == 302
        campaign = Campaign.objects.latest("pk")
        assert (campaign.state, campaign.payer.code) == ("proposed", "AGRIBANK")
        officer = make.user()
        assert [todo.label for todo in waiting(officer)] == ["đợt mở tài khoản chờ Phòng xác nhận"]
        client.force_login(officer)
        client.post(reverse("coordination:campaign_confirm", args=[campaign.pk]))
        campaign.refresh_from_db()
        assert (campaign.state, campaign.confirmed_by) == ("open", officer)

    def test_a_double_click_plans_one(self, client: Client) -> None:
        client.force_login(make.user())
        before = Campaign.objects.count()
        token = str(client.get(reverse("coordination:campaign_add")).context["form"]["token"].value())
        first, second = plan(client, token=token), plan(client, token=token)
        assert first["Location"] == second["Location"]
        assert Campaign.objects.count() == before + 1

    @pytest.mark.parametrize(
        ("fields", "told"),
        [
            ({"month": "7/2024"}, "Sớm nhất là 8/2024"),
            ({"deadline": "hôm nào"}, "Hãy ghi ngày theo dạng"),
            ({"name": ""}, "Hãy ghi tên đợt"),
        ],
    )
    def test_what_is_wrong_stands_beside_the_field(self, client: Client, fields: dict[str, str], told: str) -> None:
        client.force_login(make.user())
        answer = plan(client, **fields)
        assert answer.status_code == 422
        page = answer.content.decode()
        assert told in page and "Trụ sở UBND xã" in page

    def test_a_plan_needs_a_commune(self, client: Client) -> None:
        client.force_login(make.user())
        unit = make.commune()
        answer = plan(client, **{f"{key}_{unit.pk}": "" for key in ("planned", "opens_on", "opens_until", "place")})
        assert answer.status_code == 422 and "ít nhất một xã" in answer.content.decode()

    def test_a_commune_that_named_somebody_stays(self, client: Client) -> None:
        campaign = rows.campaign(make.commune(), make.commune(make.BA_TO_TOWN))
        rows.named(campaign, rows.without_account())
        client.force_login(make.user())
        url = reverse("coordination:campaign_edit", args=[campaign.pk])
        form = client.get(url).context["form"]
        values = {field.html_name: field.value() for field in form if field.value() not in (None, "")}
        values |= {"month": "8/2024", "deadline": "15/08/2024"}
        values.pop(f"planned_{make.commune().pk}")
        answer = client.post(url, values)
        assert answer.status_code == 422 and "phải ở lại trong đợt" in answer.content.decode()

    def test_cancelling_says_why(self, client: Client) -> None:
        campaign = rows.campaign()
        client.force_login(make.user())
        url = reverse("coordination:campaign_cancel", args=[campaign.pk])
        assert client.post(url).status_code == 422
        client.post(url, {"ly_do_bo": "Trùng đợt khác"})
        campaign.refresh_from_db()
        assert (campaign.state, campaign.reason) == ("cancelled", "Trùng đợt khác")

    def test_one_with_people_is_closed_not_cancelled(self, client: Client) -> None:
        campaign = rows.campaign()
        rows.named(campaign, rows.without_account())
        client.force_login(make.user())
        page = client.post(
            reverse("coordination:campaign_cancel", args=[campaign.pk]), {"ly_do_bo": "Thử"}, follow=True
        )
        assert "hãy kết thúc đợt" in page.content.decode()
        client.post(reverse("coordination:campaign_close", args=[campaign.pk]))
        campaign.refresh_from_db()
        assert campaign.state == "closed"


class TestReadyPage:
    def test_many_are_ticked_at_once(self, client: Client) -> None:
        campaign = rows.campaign()
        people = [rows.without_account(f"Phạm Thị Thử {number}") for number in range(3)]
        client.force_login(rows.officer())
        url = reverse("coordination:campaign_ready", args=[campaign.pk])
        page = client.get(url, {"tim": "Phạm Thị Thử"}).content.decode()
        assert page.count('name="chon"') >= 1
        data = {"chon": [p.pk for p in people], "dong_y": "on", "dong_y_ngay": "20/07/2024", "nguoi_mo": "so"}
        answer = client.post(url, data, follow=True)
        assert "Đã báo 3 người" in answer.content.decode()
        assert campaign.people.filter(state="ready").count() == 3

    def test_without_consent_nobody_is_named_and_the_ticks_stay(self, client: Client) -> None:
        campaign, person = rows.campaign(), rows.without_account("Phạm Thị Đồng Ý")
        client.force_login(rows.officer())
        url = reverse("coordination:campaign_ready", args=[campaign.pk]) + "?tim=Phạm Thị Đồng Ý"
        answer = client.post(url, {"chon": [person.pk], "dong_y_ngay": "20/07/2024", "nguoi_mo": "so"})
        page = answer.content.decode()
        assert answer.status_code == 422 and "Chỉ báo người đã đồng ý" in page
        assert f'value="{person.pk}" aria-label="Chọn Phạm Thị Đồng Ý" checked' in page
        assert not CampaignPerson.objects.filter(person=person).exists()

    def test_a_name_for_many_is_refused(self, client: Client) -> None:
        campaign = rows.campaign()
        people = [rows.without_account(), rows.without_account()]
        client.force_login(rows.officer())
        data = {"chon": [p.pk for p in people], "dong_y": "on", "dong_y_ngay": "20/07/2024", "nguoi_mo": "guardian"}
        answer = client.post(
            reverse("coordination:campaign_ready", args=[campaign.pk]), data | {"ho_ten": "Phạm Thị Mẹ"}
        )
        assert answer.status_code == 422 and "chỉ ghi khi báo một người" in answer.content.decode()

    def test_filters_by_hamlet_and_reason(self, client: Client) -> None:
        campaign = rows.campaign()
        rows.without_account("Phạm Thị Ở Đây", hamlet="Thôn Thử Một")
        client.force_login(rows.officer())
        url = reverse("coordination:campaign_ready", args=[campaign.pk])
        assert client.get(url, {"thon": "Thôn Thử Một"}).context["page"].paginator.count == 1
        found = client.get(url, {"thon": "Thôn Thử Một", "ly_do": "away"})
        assert found.context["page"].paginator.count == 0

    def test_a_hidden_group_is_not_named(self, client: Client) -> None:
        campaign, person = rows.campaign(), make.person("Phạm Thị Kín", hamlet="Thôn Kín")
        make.entitlement(person, "BTXH-8")
        make.route(person, confirmed_by=make.user())
        client.force_login(rows.officer())
        page = client.get(reverse("coordination:campaign_ready", args=[campaign.pk]), {"thon": "Thôn Kín"})
        assert "Phạm Thị Kín" in page.content.decode() and "BTXH-8" not in page.content.decode()

    def test_one_person_is_corrected(self, client: Client) -> None:
        campaign, person = rows.campaign(), rows.without_account()
        (row,) = rows.named(campaign, person)
        client.force_login(rows.officer())
        url = reverse("coordination:campaign_person", args=[row.pk])
        data = {"nguoi_mo": "authorised", "dong_y_ngay": "20/07/2024", "den_nha": "on", "den_dau": "Cuối thôn"}
        assert client.post(url, data).status_code == 422
        client.post(url, data | {"ho_ten": "Phạm Văn Con"})
        row.refresh_from_db()
        assert (row.opener, row.opener_name, row.home_place) == ("authorised", "Phạm Văn Con", "Cuối thôn")


class TestWhatWaits:
    def test_a_commune_that_has_named_nobody(self) -> None:
        campaign = rows.campaign()
        by = rows.officer()
        (todo,) = waiting(by)
        assert (todo.label, todo.count, todo.tone) == ("đợt mở tài khoản: chưa báo ai sẵn sàng", 1, "warning")
        assert todo.url == reverse("coordination:campaign_ready", args=[campaign.pk])
        rows.named(campaign, rows.without_account())
        assert not waiting(by)

    def test_a_payer_with_a_list_to_take(self) -> None:
        campaign = rows.campaign()
        rows.named(campaign, rows.without_account())
        by = make.user(Role.PAYER)
        assert [todo.label for todo in waiting(by)] == ["người trong danh sách sẵn sàng chờ nhận"]
        assert [n.owner_id for n in notices.lists() if n.owner_id == by.pk] == [by.pk]
        assert not waiting(make.user(Role.PAYER, payer="AGRIBANK"))
        taking.take_list(actor=by, campaign_id=campaign.pk)
        assert not waiting(by) and not list(notices.lists())

    def test_conflicts_for_district_payer_and_their_commune(self) -> None:
        campaign, person = rows.campaign(), rows.without_account()
        rows.named(campaign, person)
        clerk = make.user(Role.PAYER)
        taking.take_list(actor=clerk, campaign_id=campaign.pk)
        rows.bring(campaign, [rows.line(person, holder_name="NGUOI KHAC")], clerk)
        for user in (make.user(), clerk, rows.officer()):
            assert "xung đột tài khoản cần xử lý" in [todo.label for todo in waiting(user)], user.role
        assert not waiting(rows.officer(make.commune(make.BA_TO_TOWN)))

    def test_a_deadline_that_is_near_is_told(self) -> None:
        by = rows.officer()
        rows.campaign(deadline=datetime.date(2024, 7, 25))
        rows.campaign(deadline=datetime.date(2024, 7, 26))
        told = [notice for notice in notices.deadlines() if notice.owner_id == by.pk]
        assert [notice.due for notice in told] == [datetime.date(2024, 7, 25)]

    def test_what_is_late_is_marked(self, client: Client) -> None:
        campaign = rows.campaign(deadline=datetime.date(2024, 7, 10))
        client.force_login(User.objects.get(username="chutich"))
        page = client.get(reverse("coordination:campaign", args=[campaign.pk])).content.decode()
        assert page.count("Quá hạn") >= 2


def test_the_workbook_has_the_page_s_numbers(client: Client) -> None:
    campaign = Campaign.objects.get(source="Bưu điện mở, 7/2024")
    client.force_login(User.objects.get(username="chutich"))
    answer: Any = client.get(reverse("coordination:campaign_export", args=[campaign.pk]))
    book = load_workbook(io.BytesIO(b"".join(answer.streaming_content)))
    assert book.sheetnames == ["Tiến độ", "Tác động tỷ lệ R1"]
    *_, last = book["Tiến độ"].iter_rows(values_only=True)
    assert last[1] == "Tổng cộng" and last[4:11] == (581, 581, 0, 0, 581, 581, 0)
    client.force_login(User.objects.get(username="buudien"))
    answer = client.get(reverse("coordination:campaign_export", args=[campaign.pk]))
    assert load_workbook(io.BytesIO(b"".join(answer.streaming_content))).sheetnames == ["Tiến độ"]


class TestThePage:
    def test_nobody_named_is_not_everybody_taken(self, client: Client) -> None:
        campaign = rows.campaign()
        client.force_login(User.objects.get(username="phong"))
        url = reverse("coordination:campaign", args=[campaign.pk])
        page = client.get(url).content.decode()
        assert "chưa xã nào báo ai" in page and "đã nhận hết" not in page
        rows.named(campaign, rows.without_account())
        assert "1 chờ nhận" in client.get(url).content.decode()
        taking.take_list(actor=make.user(Role.PAYER, payer="BUUDIEN"), campaign_id=campaign.pk)
        assert "đã nhận hết" in client.get(url).content.decode()

    def test_the_effect_follows_the_totals_and_a_phone_has_a_line_for_each_commune(self, client: Client) -> None:
        campaign = Campaign.objects.get(source="Bưu điện mở, 7/2024")
        client.force_login(User.objects.get(username="phong"))
        page = client.get(reverse("coordination:campaign", args=[campaign.pk]))
        text = page.content.decode()
        assert text.index('class="figures') < text.index('id="tac-dong"') < text.index('id="theo-xa"')
        # Once for the effect, once for the progress.
        name = page.context["rows"][0].unit.full_name
        assert text.count(f'<span class="place-name">{name}</span>') == 2
        phone = text[text.rindex('class="places phone-only"') : text.index('aria-label="Tiến độ theo xã"')]
        assert phone.count("<details>") == len(page.context["rows"])
        # What is 0 is not told.
        assert "<dt>Đã mở</dt>" in phone and "<dt>Không mở được</dt>" not in phone

    def test_on_paper_policies_are_called_as_on_the_page(self, client: Client) -> None:
        campaign = Campaign.objects.get(source="Bưu điện mở, 7/2024")
        client.force_login(User.objects.get(username="phong"))
        text = client.get(reverse("coordination:campaign_print", args=[campaign.pk])).content.decode()
        for name in ("NCC", "BTXH", "Cả hai"):
            assert f'<th scope="col" class="num">{name}: nay</th>' in text

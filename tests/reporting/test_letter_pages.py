"""Pages of the letter, its signed copies and the command."""

import datetime
import io
import re
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.db.models import ProtectedError
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.html import strip_tags

from batosocial.audit.models import Entry
from batosocial.staff.models import Role, User
from beneficiaries.attachments.checking import FileRefused
from payments.models import Payment
from reporting import rollup
from reporting.letter import services
from reporting.letter.models import Letter, LetterTemplate, SignedLetter
from reporting.models import CashlessFigure
from tests import factories
from tests.reporting import rows
from tests.reporting.docx_files import docx, text_of

pytestmark = pytest.mark.django_db
JULY = datetime.date(2024, 7, 1)
PAGE = "/bao-cao/cong-van/2024-07/"
PDF = b"%PDF-1.7\n%ban quet\n%%EOF\n"


def signed_in(client: Client, role: str, **fields: Any) -> User:
    user = factories.user(role, **fields)
    client.force_login(user)
    return user


def words(response: Any) -> str:
    return " ".join(strip_tags(re.sub(r"</(?!a>|strong>|em>)", " </", response.content.decode())).split())


def keep(officer: User | None = None, **fields: Any) -> SignedLetter:
    officer = officer or factories.user(Role.DISTRICT_OFFICER)
    given: dict[str, Any] = {
        "month": JULY, "letter_id": None, "number": "123/UBND-LĐTBXH", "signed_on": datetime.date(2024, 7, 19),
        "signer": "Lữ Đình Tích", "name": "ban-ky.pdf", "content": PDF,
    }  # fmt: skip
    return services.keep_signed(actor=officer, **(given | fields))


# --- the letter ----------------------------------------------------------------------------------------------------


def test_the_page_shows_the_letter_as_it_will_be_printed(client: Client) -> None:
    signed_in(client, Role.DISTRICT_OFFICER)
    text = words(client.get(PAGE))
    for expected in (
        "ỦY BAN NHÂN DÂN HUYỆN BA TƠ",
        "443/1.492 đối tượng, đạt tỷ lệ: 29,7%",
        "đạt 581 tài khoản",
        "KT. CHỦ TỊCH PHÓ CHỦ TỊCH",
        "Chưa có bản đã ký",
        "BTXH và NCC tháng 7/2024 chưa khóa sổ",
        "Chỉ tiêu R1 50% (đã chi qua tài khoản / tổng số đối tượng): người có công còn thiếu 303 người.",
    ):
        assert expected in text.replace("NCC và BTXH", "BTXH và NCC"), expected


def test_every_number_on_the_page_opens_as_many_people(client: Client) -> None:
    signed_in(client, Role.CHAIRMAN)
    html = client.get(PAGE).content.decode()
    paper = html[html.index('class="paper"') : html.index("</article>")]
    found = re.findall(r'<a href="([^"]+)">([\d.]+)</a>', paper)
    assert [number for _, number in found] == ["443", "1.492", "684", "2.320", "581", "01"]
    for url, number in found:
        page = client.get(url)
        assert page.context["page"].paginator.count == int(number.replace(".", ""))


def test_the_docx_downloads_and_is_kept_with_its_facts(client: Client) -> None:
    leader = signed_in(client, Role.DISTRICT_LEADER)
    answer = client.get("/bao-cao/cong-van/2024-07.docx")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="cong-van-2024-07.docx"'
    assert "443/1.492" in text_of(answer.content)
    letter = Letter.objects.get()
    assert bytes(letter.file.content) == answer.content and letter.made_by == leader
    assert sum(row["paid_by_account"] for row in letter.facts["communes"] if row["policy"] == "NCC") == 443
    assert Entry.objects.filter(action="Lập công văn", actor=leader).count() == 1


def test_the_same_facts_give_the_same_file_others_another(client: Client) -> None:
    signed_in(client, Role.DISTRICT_OFFICER)
    first = client.get("/bao-cao/cong-van/2024-07.docx").content
    assert client.get("/bao-cao/cong-van/2024-07.docx").content == first
    CashlessFigure.objects.filter(month=JULY, policy="NCC", unit__code="21538").update(paid_by_account=1)
    assert "444/1.492" in text_of(client.get("/bao-cao/cong-van/2024-07.docx").content)
    assert Letter.objects.count() == 2


def test_links_lead_to_the_portal_of_the_settings() -> None:
    with override_settings(PORTAL_URL="https://cong.batovn.example/"):
        letter = services.make_letter(actor=factories.user(Role.CHAIRMAN), month=JULY)
    from docx import Document

    said = "".join(Document(io.BytesIO(bytes(letter.file.content))).element.xpath("//w:instrText/text()"))
    assert 'HYPERLINK "https://cong.batovn.example/bao-cao/2024-07/NCC/huyen/due/"' in said


def test_figures_older_than_the_data_are_told(client: Client) -> None:
    signed_in(client, Role.DISTRICT_OFFICER)
    assert "Số liệu cũ hơn" not in words(client.get(PAGE))
    paid = Payment.objects.filter(payment_list__period__month=JULY, result="paid_account")[:1].values("pk")
    rows.record(Payment.objects.get(pk__in=paid), Payment.Result.RETURNED)
    assert "Số liệu cũ hơn dữ liệu chi trả" in words(client.get(PAGE))


def test_a_letter_older_than_what_it_cites_is_told(client: Client) -> None:
    signed_in(client, Role.DISTRICT_OFFICER)
    april = words(client.get("/bao-cao/cong-van/2024-04/"))
    assert "Mẫu nêu văn bản ngày 22/5/2024, sau tháng 4/2024. Hãy xem lại căn cứ trước khi ký." in april
    for month in ("2024-05", "2024-07"):
        assert "Mẫu nêu văn bản" not in words(client.get(f"/bao-cao/cong-van/{month}/"))


def test_of_the_page_only_the_letter_is_printed(client: Client) -> None:
    signed_in(client, Role.DISTRICT_OFFICER)
    html = client.get(PAGE).content.decode()
    before = html[html.index('class="stack"') : html.index('class="paper"')]
    assert "Xem trước khi trình ký" in before
    assert all("no-print" in found for found in re.findall(r'class="(notice [^"]*)"', before))


def test_a_month_without_figures_is_no_page(client: Client) -> None:
    signed_in(client, Role.DISTRICT_OFFICER)
    for address in ("/bao-cao/cong-van/2035-01/", "/bao-cao/cong-van/2035-01.docx", "/bao-cao/cong-van/2035-01/da-ky/"):
        assert client.get(address).status_code == 404


def test_the_months_are_listed_with_their_signed_letters(client: Client) -> None:
    keep()
    signed_in(client, Role.CHAIRMAN)
    text = words(client.get("/bao-cao/cong-van/"))
    assert "Công văn tháng 7/2024 Đã ký số 123/UBND-LĐTBXH, ngày 19/07/2024" in text
    assert "Công văn tháng 6/2024 Chưa có bản ký" in text


@pytest.mark.parametrize(("address", "most"), [(PAGE, 22), ("/bao-cao/cong-van/", 12), ("/bao-cao/cong-van/mau/", 20)])
def test_pages_take_a_fixed_number_of_queries(client: Client, address: str, most: int) -> None:
    officer = signed_in(client, Role.DISTRICT_OFFICER)

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(address).status_code == 200
        return len(captured)

    def add(number: int) -> None:
        keep(officer, number=f"{number}/UBND", content=PDF + bytes([number]) + b"%%EOF")
        LetterTemplate.objects.create(district=factories.district(), from_month=JULY, made_by=officer)

    add(10)
    client.get(address)
    few = queries()
    for number in range(20, 25):
        add(number)
    assert queries() == few <= most


# --- templates -----------------------------------------------------------------------------------------------------


def upload(client: Client, content: bytes, **fields: Any) -> Any:
    page = client.get("/bao-cao/cong-van/mau/").content.decode()
    token = re.search(r'name="token" value="([^"]+)"', page)
    given: dict[str, Any] = {
        "token": token[1] if token else "", "from_month": "7/2024", "note": "",
        "file": SimpleUploadedFile("mau.docx", content),
    }  # fmt: skip
    return client.post("/bao-cao/cong-van/mau/", given | fields)


def test_the_page_names_every_placeholder_with_its_value(client: Client) -> None:
    signed_in(client, Role.CHAIRMAN)
    response = client.get("/bao-cao/cong-van/mau/")
    text = words(response)
    assert "{{ ncc_da_chi }} Số đối tượng người có công đã chi qua tài khoản 443" in text
    assert (
        "{{ chua_co_cccd }} Đối tượng chưa có căn cước công dân, theo xã; trống khi không có 01 đối tượng tại" in text
    )
    assert "Đang dùng mẫu mặc định" in text
    assert "Tải mẫu lên" not in text


def test_every_number_of_the_placeholders_opens_as_many_people(client: Client) -> None:
    signed_in(client, Role.CHAIRMAN)
    html = client.get("/bao-cao/cong-van/mau/").content.decode()
    found = re.findall(r'<a href="(/bao-cao/2024-07/[^"]+)">([\d.]+)</a>', html)
    assert len(found) == 12
    for url, number in found:
        assert client.get(url).context["page"].paginator.count == int(number.replace(".", "")), url


def test_the_template_goes_out_is_edited_and_comes_back(client: Client) -> None:
    from docx import Document

    signed_in(client, Role.DISTRICT_OFFICER)
    document = Document(io.BytesIO(client.get("/bao-cao/cong-van/mau/dang-dung.docx").content))
    for run in (run for line in document.paragraphs for run in line.runs):
        run.text = run.text.replace("còn khoán trắng cho công chức xã", "chưa phân công rõ")
    stream = io.BytesIO()
    document.save(stream)
    answer = upload(client, stream.getvalue(), note="nhẹ lời hơn")
    assert answer.status_code == 302
    text = words(client.get(PAGE))
    assert "chưa phân công rõ" in text and "khoán trắng" not in text
    assert "443/1.492 đối tượng" in text
    assert "nhẹ lời hơn" in words(client.get("/bao-cao/cong-van/mau/"))


def test_an_error_stands_beside_the_field_with_the_known_placeholders(client: Client) -> None:
    signed_in(client, Role.DISTRICT_OFFICER)
    answer = upload(client, docx("{{ ncc_da_ch }}"), note="giữ lại")
    assert answer.status_code == 422
    errors = answer.context["form"].errors["file"]
    assert errors[0] == "Không có chỗ điền {{ ncc_da_ch }}. Có phải {{ ncc_da_chi }}?"
    assert "Các chỗ điền dùng được: thang, " in errors[1]
    assert 'value="giữ lại"' in answer.content.decode()
    assert not LetterTemplate.objects.exists()


def test_a_double_click_makes_one_version(client: Client) -> None:
    signed_in(client, Role.DISTRICT_OFFICER)
    token = "5f1d7a52-9f0b-4c1e-8a43-6f2f1c7a9d11"
    for _ in range(2):
        assert upload(client, docx("{{ thang }}"), token=token).status_code == 302
    assert LetterTemplate.objects.count() == 1


def test_going_back_from_the_page(client: Client) -> None:
    signed_in(client, Role.DISTRICT_OFFICER)
    upload(client, docx("Một {{ thang }}"))
    assert "Một 7/2024" in words(client.get(PAGE))
    client.post("/bao-cao/cong-van/mau/dung-lai/", {})
    assert "443/1.492" in words(client.get(PAGE))
    first = LetterTemplate.objects.order_by("pk")[0]
    client.post("/bao-cao/cong-van/mau/dung-lai/", {"phien-ban": first.pk})
    assert "Một 7/2024" in words(client.get(PAGE))


def test_a_leader_may_not_bring_one(client: Client) -> None:
    signed_in(client, Role.DISTRICT_LEADER)
    assert client.post("/bao-cao/cong-van/mau/", {"from_month": "7/2024"}).status_code == 403


# --- signed copies -------------------------------------------------------------------------------------------------


def test_a_signed_copy_is_kept_beside_what_it_was_made_from(client: Client) -> None:
    officer = signed_in(client, Role.DISTRICT_OFFICER)
    client.get("/bao-cao/cong-van/2024-07.docx")
    letter = Letter.objects.get()
    form = client.get(f"{PAGE}da-ky/")
    assert [value for value, _ in form.context["form"].fields["letter"].choices] == [str(letter.pk)]
    answer = client.post(f"{PAGE}da-ky/", {
        "token": form.context["form"]["token"].value(), "letter": letter.pk, "number": "123/UBND-LĐTBXH",
        "signed_on": "19/07/2024", "signer": "Lữ Đình Tích", "file": SimpleUploadedFile("ky.pdf", PDF),
    })  # fmt: skip
    assert answer.status_code == 302
    row = SignedLetter.objects.get()
    assert (row.letter, row.kept_by, bytes(row.file.content)) == (letter, officer, PDF)
    assert Entry.objects.filter(action="Lưu công văn đã ký", actor=officer).count() == 1
    text = words(client.get(PAGE))
    assert "Đã ký, số 123/UBND-LĐTBXH, ngày 19/07/2024." in text
    assert "Số liệu đã khác" not in text


def test_the_page_says_when_the_figures_changed_since(client: Client) -> None:
    signed_in(client, Role.CHAIRMAN)
    keep()
    CashlessFigure.objects.filter(month=JULY, policy="NCC", unit__code="21538").update(paid_by_account=1)
    text = words(client.get(PAGE))
    assert "Số liệu đã khác công văn số 123/UBND-LĐTBXH:" in text
    assert "NCC, toàn huyện: đã chi qua tài khoản 443 → 444" in text
    assert "NCC, xã Ba Xa: đã chi qua tài khoản 0 → 1" in text


def test_without_a_download_the_facts_of_now_are_kept() -> None:
    row = keep(letter_id=None)
    assert row.letter.month == JULY and "443/1.492" in text_of(bytes(row.letter.file.content))


def test_a_wrong_one_is_withdrawn_with_a_reason_and_stays_to_be_read(client: Client) -> None:
    signed_in(client, Role.DISTRICT_OFFICER)
    row = keep()
    address = reverse("reporting:signed_letter_withdraw", args=[row.pk])
    assert client.post(address, {"reason": " "}).status_code == 422
    assert client.post(address, {"reason": "quét nhầm trang"}).status_code == 302
    row.refresh_from_db()
    assert row.withdrawn_at is not None and row.withdrawn_why == "quét nhầm trang"
    assert Entry.objects.filter(action="Rút công văn đã ký").count() == 1
    text = words(client.get(PAGE))
    assert "Đã rút" in text and "quét nhầm trang" in text and "Đã ký, số" not in text
    assert client.get(reverse("reporting:signed_letter", args=[row.pk])).status_code == 200
    client.post(address, {"reason": "lần nữa"})
    assert Entry.objects.filter(action="Rút công văn đã ký").count() == 1
    keep(content=PDF + b"%%EOF")
    assert "Đã ký, số 123/UBND-LĐTBXH" in words(client.get(PAGE))


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"number": "abc"}, "Hãy ghi số và ký hiệu"),
        ({"number": "5/UBND-LĐTBXH"}, "số dưới 10 thêm số 0"),
        ({"signed_on": datetime.date(2024, 7, 30)}, "sau hôm nay"),
        ({"signed_on": datetime.date(2024, 6, 30)}, "trước tháng 7/2024"),
    ],
)
def test_what_cannot_be_is_refused(fields: dict[str, Any], said: str) -> None:
    with pytest.raises(services.SigningRefused, match=said):
        keep(**fields)
    assert not SignedLetter.objects.exists()


def test_a_number_or_a_file_is_kept_once() -> None:
    keep()
    with pytest.raises(services.SigningRefused, match="đã có bản ký"):
        keep(content=PDF + b"%%EOF")
    with pytest.raises(services.SigningRefused, match="đã được lưu rồi"):
        keep(number="124/UBND-LĐTBXH")


def test_the_database_keeps_what_was_made_and_what_was_signed() -> None:
    row = keep()
    for change in (
        lambda: Letter.objects.update(facts={}),
        lambda: Letter.objects.filter(pk=row.letter_id).delete(),
        lambda: SignedLetter.objects.update(number="124/UBND"),
        lambda: SignedLetter.objects.filter(pk=row.pk).delete(),
    ):
        with pytest.raises((IntegrityError, ProtectedError)), transaction.atomic():
            change()
    services.withdraw_signed(actor=row.kept_by, signed_id=row.pk, reason="nhầm")
    with pytest.raises(IntegrityError), transaction.atomic():
        SignedLetter.objects.update(withdrawn_why="lý do khác")


@pytest.mark.parametrize("content", [b"<html>", b"PK\x03\x04", b"%PDF-1.7 cut off"])
def test_a_scan_is_told_by_its_content(content: bytes) -> None:
    with pytest.raises(FileRefused):
        keep(content=content)


@pytest.mark.parametrize("role", [Role.DISTRICT_LEADER, Role.CHAIRMAN, Role.COMMUNE_OFFICER, Role.ADMIN])
def test_only_the_districts_officer_keeps_and_withdraws(role: str) -> None:
    row = keep()
    with pytest.raises(PermissionDenied):
        keep(factories.user(role), number="124/UBND")
    with pytest.raises(PermissionDenied):
        services.withdraw_signed(actor=factories.user(role), signed_id=row.pk, reason="thử")


def test_communes_read_the_signed_letter_but_not_a_withdrawn_one(client: Client) -> None:
    row, officer = keep(), factories.user(Role.DISTRICT_OFFICER)
    signed_in(client, Role.COMMUNE_LEADER)
    assert "123/UBND-LĐTBXH" in words(client.get("/bao-cao/cong-van/"))
    answer: Any = client.get(reverse("reporting:signed_letter", args=[row.pk]))
    assert b"".join(answer.streaming_content) == PDF
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert client.get(PAGE).status_code == 403
    services.withdraw_signed(actor=officer, signed_id=row.pk, reason="nhầm")
    assert client.get(reverse("reporting:signed_letter", args=[row.pk])).status_code == 404
    assert "Chưa có công văn nào đã ký" in words(client.get("/bao-cao/cong-van/"))


def test_a_commune_of_another_district_reads_none(client: Client) -> None:
    row = keep()
    signed_in(client, Role.COMMUNE_OFFICER, commune=rows.commune(rows.district()))
    assert client.get(reverse("reporting:signed_letter", args=[row.pk])).status_code == 404


# --- command -------------------------------------------------------------------------------------------------------


def test_the_command_writes_the_letter_of_a_month_brought_up_to_date(tmp_path: Path) -> None:
    CashlessFigure.objects.filter(month=JULY).delete()
    target = tmp_path / "cong-van.docx"
    out = io.StringIO()
    call_command("letter", "2024-07", "-o", str(target), stdout=out)
    assert out.getvalue() == f"Đã ghi công văn tháng 7/2024 vào {target}.\n"
    assert "443/1.492" in text_of(target.read_bytes())
    entry = Entry.objects.filter(action="Lập công văn").latest("pk")
    assert entry.actor is not None and entry.actor.username == "he-thong"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["2035-01", "-o", "x.docx"], 1),
        (["2024", "-o", "x.docx"], 2),
        (["2024-07", "-o", "x.doc"], 2),
        (["2024-07", "-o", "/khong/co/x.docx"], 2),
    ],
)
def test_exit_codes(arguments: list[str], code: int) -> None:
    with pytest.raises(CommandError) as raised:
        call_command("letter", *arguments, stdout=io.StringIO())
    assert raised.value.returncode == code


def test_a_closed_month_keeps_its_letter(tmp_path: Path) -> None:
    upper = rows.district()
    listed = rows.payment_list(rows.commune(upper))
    rows.pay(listed, rows.person(listed.commune))
    officer = rows.officer(upper)
    rollup.roll_up(actor=officer, month=rows.MONTH)
    first = services.make_letter(actor=officer, month=rows.MONTH)
    rows.close()
    rollup.roll_up(actor=officer, month=rows.MONTH)
    assert services.make_letter(actor=officer, month=rows.MONTH).pk == first.pk

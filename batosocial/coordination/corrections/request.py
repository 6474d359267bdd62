"""The family's request to correct an NCC file (Điều 130 NĐ 131/2021, Mẫu số 26), filled in as far as it is known.

The words of the form in the decree's annex were not at hand: this holds what Điều 130 asks for, under the form's
number; what nobody knows here stays dotted.
"""

from django.core.exceptions import PermissionDenied
from django.db import transaction

from batosocial.audit import services as audit
from batosocial.coordination.corrections import law
from batosocial.coordination.corrections.services import right_values
from batosocial.coordination.models import Correction
from batosocial.lib import clock
from batosocial.lib.national_id import SEX_NAMES
from batosocial.lib.text import clean
from batosocial.staff.models import BENEFIT_ROLES, User
from beneficiaries.documents.content import in_text
from beneficiaries.documents.layout import CENTER, Page, Signer
from beneficiaries.models import Person

_DOTS = "…" * 12
_HEADS = ("TT", "Thông tin", "Ghi trong hồ sơ", "Đề nghị đính chính thành")
_WIDTHS = (10, 35, 60, 60)
_TITLES = {"name": "Họ và tên", "birth": "Ngày, tháng, năm sinh"}


@transaction.atomic
def make_request(*, actor: User, correction_id: int) -> tuple[str, bytes]:
    """The docx and its name; it holds full numbers, so that the audit says who made it.

    PermissionDenied without the role, Correction.DoesNotExist out of scope or for a path without Mẫu 26.
    """
    if actor.role not in BENEFIT_ROLES or not actor.is_active:
        raise PermissionDenied
    rows = Correction.objects.visible_to(actor).filter(path=Correction.Path.FILE)
    found = rows.select_related("person__commune__parent__parent", "answer").get(pk=correction_id)
    name = f"don-mau-26-{found.pk}.docx"
    audit.record(actor=actor, action="In đơn Mẫu 26", row=found, details={"file": name, "person": found.person_id})
    return name, request_document(found)


def request_document(correction: Correction) -> bytes:
    """Needs the person with commune, district and province, and the answer."""
    person = correction.person
    district = person.commune.parent
    province = district.parent if district else None
    page = Page()
    page.text("Mẫu số 26", italic=True, align=CENTER, before=0)
    page.text("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", bold=True, align=CENTER)
    page.text("Độc lập - Tự do - Hạnh phúc", bold=True, align=CENTER, before=0)
    page.title("Đơn đề nghị", "Đính chính thông tin trong hồ sơ người có công")
    page.text(f"Kính gửi: Sở Lao động - Thương binh và Xã hội {in_text(province)}.", align=CENTER)
    page.text("1. Người có công", bold=True)
    page.text(f"Họ và tên (theo hồ sơ): {person.name}. Giới tính: {SEX_NAMES[person.sex]}.")
    page.text(f"Ngày, tháng, năm sinh (theo hồ sơ): {person.birth_text}.")
    page.text(f"CCCD/CMND số: {person.cccd or person.cmnd or _DOTS}, ngày cấp {_DOTS}, nơi cấp {_DOTS}.")
    page.text(f"Số hồ sơ: {person.file_number or _DOTS}. Điện thoại: {person.phone or _DOTS}.")
    page.text(f"Nơi thường trú: {_place(person)}.")
    page.text("2. Thông tin đề nghị đính chính", bold=True)
    right = right_values(correction.answer, correction.fields)
    old = {"name": person.name, "birth": person.birth_text}
    lines = [
        [str(number), _TITLES[field], old[field], clean(str(right.get(field, ""))) or _DOTS]
        for number, field in enumerate((field for field in correction.fields if field in _TITLES), 1)
    ]
    page.table(_HEADS, _WIDTHS, lines, centre=(0,))
    page.text("Lý do: thông tin trong hồ sơ khác với giấy tờ hộ tịch và cơ sở dữ liệu quốc gia về dân cư.", before=6)
    page.text(f"3. Giấy tờ kèm theo: {law.PAPERS} ({law.BASIS}).")
    page.text("Tôi cam đoan lời khai trên là đúng sự thật và chịu trách nhiệm trước pháp luật về lời khai của mình.")
    year = clock.today().year
    page.signatures(
        Signer((f"Xác nhận của UBND {in_text(person.commune)}",)),
        Signer(("Người đề nghị",), dated=f"……, ngày … tháng … năm {year}"),
    )
    return page.save()


def _place(person: Person) -> str:
    district = person.commune.parent
    units = [person.commune, district, district.parent if district else None]
    return ", ".join([person.hamlet] * bool(person.hamlet) + [in_text(unit) for unit in units if unit])

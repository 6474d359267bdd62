"""The template that is in force until the district brings its own: the district's letter of 7/2024 with placeholders.

Laid out by Phụ lục I NĐ 30/2020 (Mẫu 1.5, công văn) with the measures of the decree's own file. What is no figure, as
the tasks of those addressed, is text of the template: the district edits it in Word. Documents are cited as the decree
has it: in full the first time, then by type and number.
"""

import re
from functools import lru_cache
from typing import Any

from docx.shared import Length, Pt, Twips

from beneficiaries.documents.layout import LEFT, Agency, Page, Signer

#: Columns of the head and of the signatures, and where the list of those addressed begins, in the decree's file.
HEAD = (Twips(3852), Twips(5402))
SIGNATURES = (Twips(3510), Twips(5812))
ADDRESSED = Twips(2552)
RIGHT_MARGIN_MM = 15

ABOUT = (
    "V/v tiếp tục rà soát thông tin",
    "mở tài khoản thanh toán chi trả",
    "trợ cấp không dùng tiền mặt",
    "cho đối tượng an sinh xã hội",
)
TO = (
    "- Phòng Lao động - Thương binh và Xã hội;",
    "- Công an huyện;",
    "- Chủ tịch UBND các {{ xa_thi_tran }}.",
)
RECEIVERS = ("Như trên", "CT, PCT UBND huyện", "VP HĐND&UBND huyện", "Lưu: VT, BTXH")

GROUNDS = (
    "Thực hiện Chỉ thị số 21/CT-TTg ngày 25/11/2022 của Thủ tướng Chính phủ về thúc đẩy chuyển đổi số trong chi trả an "
    "sinh xã hội không dùng tiền mặt; Kế hoạch số 23/KH-UBND ngày 14/02/2023 và Kế hoạch số 40/KH-UBND ngày 29/02/2024 "
    "của UBND {{ huyen }} về triển khai chi trả trợ giúp xã hội không dùng tiền mặt cho đối tượng "
    "bảo trợ xã hội và đối "
    "tượng người có công trên địa bàn huyện; Thông báo Kết luận số 157/TB-UBND ngày 22/5/2024 của Chủ tịch UBND huyện "
    "tại cuộc họp tổ chức triển khai chi trả trợ cấp không dùng tiền mặt cho đối tượng an sinh xã hội trên địa bàn "
    "huyện."
)
RESULTS = (
    "Trong thời gian qua, UBND huyện đã ban hành Kế hoạch và nhiều văn bản để chỉ đạo thực hiện chi trả chính sách an "
    "sinh xã hội; bên cạnh đó là sự vào cuộc quyết liệt của cả hệ thống chính trị từ huyện đến xã, đã thực hiện tốt "
    "công tác tuyên truyền, vận động, hướng dẫn triển khai thực hiện chi trả không dùng tiền mặt đến các đối tượng "
    "hưởng chính sách an sinh xã hội{% if nhom_cao %} đạt tỷ lệ cao như {{ nhom_cao }}{% endif %}. Các địa phương đã "
    "triển khai thực hiện chi trả không dùng tiền mặt đến các đối tượng hưởng chính sách an sinh xã "
    "hội và bước đầu đạt "
    "kết quả cụ thể: Đến tháng {{ thang }}, {% if ncc_tong %}chính sách đối với người có công số đối tượng đã chi qua "
    "tài khoản: {{ ncc_da_chi }}/{{ ncc_tong }} đối tượng, đạt tỷ lệ: {{ ncc_ty_le }}{% endif %}"
    "{% if ncc_tong and btxh_tong %}; {% endif %}{% if btxh_tong %}chính sách bảo trợ xã hội số đối tượng đã chi qua "
    "tài khoản: {{ btxh_da_chi }}/{{ btxh_tong }} đối tượng, đạt tỷ lệ: {{ btxh_ty_le }}{% endif %}."
    "{% if tai_khoan_moi %} Đồng thời đã phối hợp với Bưu điện {{ tinh }} thực hiện mở tài khoản cho các đối tượng an "
    "sinh xã hội tại {{ so_xa_tai_khoan_moi }} {{ xa_thi_tran }} đạt {{ tai_khoan_moi }} và đang thực hiện cập nhật, "
    "chi qua tài khoản trong tháng {{ thang_tai_khoan_moi }}.{% endif %}"
)
SHORTCOMINGS = (
    "Tuy nhiên bên cạnh kết quả đạt được vẫn còn một số tồn tại hạn chế đó là: Lãnh đạo một số địa "
    "phương chưa chủ động, "
    "quan tâm đến công tác tổ chức triển khai thực hiện chi trả không dùng tiền mặt cho các đối "
    "tượng an sinh xã hội tại "
    "địa phương, còn khoán trắng cho công chức xã, chưa đẩy mạnh công tác tuyên truyền, vận động và chưa có giải pháp "
    "tốt trong việc triển khai, thực hiện dẫn đến tỷ lệ {% if dat_chi_tieu %}của một số địa phương {% endif %}còn thấp "
    "so với yêu cầu. **Cụ thể{% if nhom_trung_binh %} đạt tỷ lệ trung bình như {{ nhom_trung_binh }}{% endif %}"
    "{% if nhom_trung_binh and nhom_thap %};{% endif %}{% if nhom_thap %} đạt tỷ lệ chi trả không dùng tiền mặt thấp "
    "như {{ nhom_thap }}{% endif %}{% if chua_thuc_hien and (nhom_trung_binh or nhom_thap) %};{% endif %}"
    "{% if chua_thuc_hien %} các {{ loai_chua_thuc_hien }} chưa thực hiện gồm {{ chua_thuc_hien }}{% endif %} (Có phụ "
    "lục đính kèm).**"
)
NO_SHORTCOMINGS = (
    "Tất cả các địa phương đều đạt tỷ lệ cao trong chi trả chính sách bảo trợ xã hội không dùng tiền mặt (Có phụ lục "
    "đính kèm)."
)
ORDERS = (
    "{% if dat_chi_tieu %}Để duy trì và tiếp tục nâng cao kết quả đã đạt được{% else %}Để thực hiện "
    "đạt chỉ tiêu theo Kế "
    "hoạch và tiến độ đề ra{% endif %}, Chủ tịch UBND huyện yêu cầu Chủ tịch UBND các {{ xa_thi_tran }}, Trưởng phòng "
    "Lao động - Thương binh và Xã hội, Công an huyện _(cơ quan thường trực Đề án 06 huyện)_ thực hiện một số nội dung "
    "sau:"
)
TASKS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "1. Chủ tịch UBND các {{ xa_thi_tran }}",
        (
            "- Phối hợp với Phòng Lao động - Thương binh và Xã hội, Bưu điện {{ huyen }}, Ngân hàng thương mại "
            "Agribank... tiếp tục thực hiện chi trả không dùng tiền mặt cho các đối tượng an sinh xã hội trên địa bàn; "
            "rà soát đối tượng, bám sát các văn bản hướng dẫn của Trung ương, tỉnh, huyện để đẩy nhanh tiến độ thực "
            "hiện chi trả không dùng tiền mặt đến các đối tượng an sinh xã hội.",
            "- Truyền thông xuyên suốt, liên tục với nhiều hình thức khác nhau nhằm nâng cao nhận thức về những lợi "
            "ích của việc nhận tiền trợ cấp không dùng tiền mặt cho đối tượng hưởng chính sách an sinh xã hội; tiếp "
            "tục rà soát thông tin đối tượng, mở tài khoản người thụ hưởng chính sách, người giám hộ, người được ủy "
            "quyền để tăng tỷ lệ chi trả chính sách an sinh xã hội không dùng tiền mặt.",
            "- Hàng tháng thường xuyên rà soát, lập danh sách đối tượng được quy định tại các khoản 1, 2 và 3 Điều 2 "
            "Thông tư số 02/2021/TT-BLĐTBXH ngày 24/6/2021 của Bộ trưởng Bộ Lao động - Thương binh và Xã hội gửi Phòng "
            "Lao động - Thương binh và Xã hội tổng hợp, thẩm định trình Chủ tịch UBND huyện quyết định thôi hưởng, tạm "
            "dừng trợ cấp xã hội, hỗ trợ kinh phí chăm sóc, nuôi dưỡng hàng tháng kịp thời. Đồng thời hàng tháng rà "
            "soát, báo cáo đối tượng người có công đã từ trần theo quy định.",
        ),
    ),
    (
        "2. Phòng Lao động - Thương binh và Xã hội",
        (
            "- Thường xuyên cập nhật, bám sát các văn bản hướng dẫn của Trung ương, tỉnh để tham mưu chỉ đạo đẩy nhanh "
            "tiến độ thực hiện chi trả không dùng tiền mặt đến các đối tượng an sinh xã hội theo Chỉ thị số 21/CT-TTg"
            "{% if chi_tieu_r3 %}; thực hiện chi trả qua tài khoản tối thiểu đạt từ {{ chi_tieu_r3 }} trở lên cho đối "
            "tượng thụ hưởng, người giám hộ, người được ủy quyền đã có tài khoản{% endif %}.",
            "- Phối hợp với Bưu điện tỉnh, Bưu điện {{ huyen }}, Ngân hàng thương mại Agribank... và Ủy ban nhân dân "
            "các {{ xa_thi_tran }} tiếp tục triển khai chi trả không dùng tiền mặt cho đối tượng hưởng chính sách an "
            "sinh xã hội. Theo dõi, đôn đốc, kiểm tra, giám sát, tổng hợp báo cáo đánh giá kết quả thực hiện và hướng "
            "dẫn các địa phương triển khai thực hiện, kịp thời giải đáp các vướng mắc trong quá trình thực hiện. Định "
            "kỳ hàng tháng tổng hợp kết quả và thông báo cho các địa phương biết để đôn đốc thực hiện. Thường xuyên "
            "theo dõi, cập nhật đối tượng phát sinh tăng, phát sinh giảm hàng tháng, lập danh sách chi trả đảm bảo "
            "chính xác và đúng theo quy định.",
        ),
    ),
    (
        "3. Công an huyện",
        (
            "- Phối hợp Phòng Lao động - Thương binh và Xã hội làm việc cụ thể với UBND các {{ xa_thi_tran }}; chỉ đạo "
            "Công an xã phối hợp với UBND các {{ xa_thi_tran }} khẩn trương hoàn thành việc làm sạch, cập nhật, điều "
            "chỉnh thông tin, giải quyết vướng mắc liên quan đến vấn đề người có công sai lệch thông tin mà không điều "
            "chỉnh chính sách được dẫn đến chưa làm sạch dữ liệu, nhất là đối tượng người có công theo quy định"
            "{% if chua_co_cccd %}, đồng thời vận động, tuyên truyền {{ chua_co_cccd }} nhưng hiện nay chưa làm căn "
            "cước công dân theo quy định{% endif %}.",
            "- Tham mưu tổng hợp kết quả thực hiện, báo cáo về Công an tỉnh và đồng chí Chủ tịch "
            "UBND huyện - Tổ trưởng "
            "Tổ Đề án 06 cấp huyện để theo dõi, chỉ đạo đẩy mạnh trong công tác chi trả trợ cấp không dùng tiền mặt "
            "cho đối tượng an sinh xã hội trên địa bàn huyện.",
        ),
    ),
)
CLOSING = (
    "Đề nghị Công an huyện, Trưởng phòng Lao động - Thương binh và Xã hội, Chủ tịch UBND các {{ xa_thi_tran }} nghiêm "
    "túc triển khai thực hiện./."
)
_STRESSED = re.compile(r"(\*\*.+?\*\*|_\(.+?\)_)")


@lru_cache(maxsize=1)
def default_template() -> bytes:
    """The docx. It is made by code, so what it lays out is laid out as the other documents of the portal are."""
    page = Page(right_margin=RIGHT_MARGIN_MM)
    page.headed(
        Agency("", "Ủy ban nhân dân\n{{ huyen }}", "{{ dia_danh }}"),
        "       /UBND-LĐTBXH",
        "{{ dia_danh }}, {{ ngay_thang }}",
        about=ABOUT,
        columns=HEAD,
        agency_rule=18,
    )
    _indented(page.text("Kính gửi:", align=LEFT, before=12, keep=True), Twips(1701))
    for number, line in enumerate(TO):
        addressed = page.text(line, align=LEFT, before=0 if number else 3, keep=True)
        _indented(addressed, ADDRESSED)
    _paragraph(page, GROUNDS, before=12)
    _paragraph(page, RESULTS)
    _when(page, "nhom_trung_binh or nhom_thap or chua_thuc_hien", SHORTCOMINGS, NO_SHORTCOMINGS)
    _paragraph(page, ORDERS)
    for heading, tasks in TASKS:
        page.text(heading, bold=True, keep=True)
        for task in tasks:
            _paragraph(page, task)
    _paragraph(page, CLOSING).paragraph_format.keep_with_next = True
    page.signatures(RECEIVERS, Signer(("{{ chuc_vu_ky }}",), "{{ nguoi_ky }}"), columns=SIGNATURES, keep=True)
    return page.save()


def _indented(paragraph: Any, left: Length) -> None:
    paragraph.paragraph_format.left_indent = left


def _when(page: Page, condition: str, text: str, other: str) -> None:
    """One paragraph or another one; the tags stand in paragraphs of their own and go with them."""
    page.text(f"{{%p if {condition} %}}", indent=False)
    _paragraph(page, text)
    page.text("{%p else %}", indent=False)
    _paragraph(page, other)
    page.text("{%p endif %}", indent=False)


def _paragraph(page: Page, text: str, *, before: float = 6) -> Any:
    """A paragraph of the body; "**…**" is bold, "_(…)_" italic."""
    pieces = [piece for piece in _STRESSED.split(text) if piece]
    paragraph = page.text("", before=before)
    paragraph.paragraph_format.widow_control = True
    for piece in pieces:
        bold, italic = piece.startswith("**"), piece.startswith("_(")
        run = paragraph.add_run(piece.strip("*") if bold else piece.strip("_") if italic else piece)
        run.font.size, run.bold, run.italic = Pt(14), bold, italic
    return paragraph

"""What a file of answers has, as the portal writes it and as people type it by hand."""

from collections.abc import Collection

from beneficiaries.imports.columns import NAMES, ORDINAL, ColumnSet

#: Fields of the table in the order in which the portal writes them, with their headings.
HEADINGS = {
    "code": "Mã dòng",
    "ordinal": "STT",
    "name": "Họ và tên",
    "birth": "Ngày sinh",
    "sex": "Giới tính",
    "cccd": "Số CCCD",
    "hamlet": "Thôn, tổ dân phố",
    "commune": "Xã, thị trấn",
    "answer": "Kết quả",
    "right_name": "Họ và tên đúng",
    "right_birth": "Ngày sinh đúng",
    "right_sex": "Giới tính đúng",
    "right_cccd": "Số CCCD đúng",
    "died": "Ngày chết",
    "note": "Ghi chú",
}
#: The column that says what is right of each field that can be asked.
RIGHT = {"name": "right_name", "birth": "right_birth", "sex": "right_sex", "cccd": "right_cccd"}
#: What somebody of the police fills in.
FILLED = ("answer", *RIGHT.values(), "died", "note")
EXPECTED = "Mã dòng (hoặc Số CCCD), Họ và tên, Kết quả"

_NAMES = {
    "code": ("ma dong", "ma so dong", "ma tra cuu", "ma xac minh"),
    "commune": ("xa thi tran", "xa phuong", "xa phuong thi tran", "ten xa", "xa", "don vi"),
    "answer": (
        "ket qua", "ket qua xac minh", "ket qua doi chieu", "ket qua tra loi", "tra loi", "cong an tra loi",
        "ket qua ra soat",
    ),
    "right_name": (
        "ho va ten dung", "ho ten dung", "ho va ten theo cccd", "ho ten theo cccd", "ho va ten tren cccd",
        "ho ten tren cccd", "ho va ten theo csdl", "ho ten theo csdl", "ten dung",
    ),
    "right_birth": (
        "ngay sinh dung", "nam sinh dung", "ngay thang nam sinh dung", "ngay sinh theo cccd", "ngay sinh tren cccd",
        "ngay thang nam sinh theo cccd", "ngay sinh theo csdl", "nam sinh theo cccd",
    ),
    "right_sex": ("gioi tinh dung", "gioi tinh theo cccd", "gioi tinh tren cccd", "gioi tinh theo csdl"),
    "right_cccd": (
        "so cccd dung", "cccd dung", "so can cuoc dung", "so dinh danh dung", "so cccd theo csdl", "so cccd moi",
        "cccd moi",
    ),
    "died": ("ngay chet", "chet ngay", "ngay mat", "mat ngay", "ngay tu tran", "thang chet", "ngay thang nam chet"),
    "note": ("ghi chu",),
}  # fmt: skip


def _missing(columns: Collection[str]) -> list[str]:
    missing = [HEADINGS[name] for name in ("name", "answer") if name not in columns]
    if not {"code", "cccd"} & set(columns):
        missing.append(f"{HEADINGS['code']} hoặc {HEADINGS['cccd']}")
    return missing


COLUMNS = ColumnSet(
    headings=HEADINGS | ORDINAL,
    expected=EXPECTED,
    missing=_missing,
    anchors=frozenset({"answer"}),
    evidence=("code", "birth", "male", "female", "sex", "cccd", "answer", *RIGHT.values(), "died"),
    names={field: NAMES[field] for field in ("ordinal", "name", "birth", "sex", "cccd", "hamlet", "ignored")} | _NAMES,
)

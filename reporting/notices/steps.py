"""What a commune does next about people without an account, by the reason for it: in words that fit one line."""

from beneficiaries.models import PayoutRoute

Reason = PayoutRoute.CashReason
#: By reason; "" is for whoever has an account and was not paid by it.
NEXT: dict[str, str] = {
    "": "Đối chiếu số, tên tài khoản; sửa nơi nhận",
    Reason.NO_CCCD: "Cùng Công an xã vận động, làm căn cước",
    Reason.DATA_DIFFERS: "Cùng Công an xã đối chiếu, đính chính hồ sơ",
    Reason.FRAIL: "Mở tài khoản tại nhà hoặc lập giấy ủy quyền",
    Reason.NO_GUARDIAN: "Làm thủ tục công nhận người giám hộ",
    Reason.NOT_WILLING: "Tuyên truyền, vận động tại thôn",
    Reason.AWAY: "Xác minh nơi ở; ủy quyền hoặc đề nghị chuyển",
    Reason.OTHER: "Rà soát, ghi rõ lý do trên phần mềm",
}
#: The reasons as the lines of a table.
LABEL: dict[str, str] = {
    Reason.NO_CCCD: "chưa có CCCD",
    Reason.DATA_DIFFERS: "sai lệch thông tin",
    Reason.FRAIL: "già yếu, ốm đau",
    Reason.NO_GUARDIAN: "trẻ em chưa có giám hộ",
    Reason.NOT_WILLING: "không có nhu cầu, chưa đồng ý",
    Reason.AWAY: "đi khỏi địa phương",
    Reason.OTHER: "khác, chưa rõ",
}
#: The same reasons beside a name, in a few words.
WHY: dict[str, str] = {
    "": "Có TK, chưa chi qua TK",
    Reason.NO_CCCD: "Chưa có CCCD",
    Reason.DATA_DIFFERS: "Sai lệch thông tin",
    Reason.FRAIL: "Già yếu, ốm đau",
    Reason.NO_GUARDIAN: "Chưa có người giám hộ",
    Reason.NOT_WILLING: "Chưa đồng ý",
    Reason.AWAY: "Đi khỏi địa phương",
    Reason.OTHER: "Chưa rõ lý do",
}
PENDING = "Trong đó đã mở TK, chưa dùng"
ACCOUNT_NOT_PAID = "Có tài khoản, chưa chi qua"

"""What a commune does next about somebody without an account, or whose account was not used."""

from beneficiaries.models import PayoutRoute
from payments.models import Payment

Why = PayoutRoute.CashReason

#: By the reason why there is no account (rules.md 3, 3.2).
NEXT_STEPS = {
    Why.NO_CCCD: "Báo công an xã, hẹn ngày làm căn cước cho người này; có căn cước thì mở tài khoản.",
    Why.DATA_DIFFERS: "Đối chiếu căn cước với hồ sơ, sửa chỗ sai lệch, rồi mở tài khoản.",
    Why.FRAIL: "Đề nghị Bưu điện, ngân hàng đến nhà mở tài khoản, hoặc lập giấy ủy quyền cho người thân.",
    Why.NO_GUARDIAN: "Lập giấy cử người giám hộ, rồi mở tài khoản của người giám hộ.",
    Why.NOT_WILLING: "Thôn và hội, đoàn thể đến nhà vận động; chỉ cách rút tiền và nơi rút gần nhất.",
    Why.AWAY: "Liên hệ gia đình: còn ở địa phương thì hẹn mở tài khoản, đã chuyển đi thì báo biến động.",
    Why.OTHER: "Gặp người này, hỏi rõ vì sao chưa có tài khoản và ghi lại lý do.",
}
UNKNOWN = NEXT_STEPS[Why.OTHER]


def step_without_account(reason: str) -> str:
    return NEXT_STEPS.get(reason, UNKNOWN)  # type: ignore[call-overload]


def step_with_account(payment: Payment | None) -> str:
    """For somebody who has an account and was not paid by it this month."""
    result = payment.result if payment else ""
    match result:
        case Payment.Result.RETURNED:
            reason = str(payment.get_return_reason_display()).lower() if payment else ""
            return f"Ngân hàng trả lại tiền ({reason}): kiểm tra và sửa tài khoản."
        case Payment.Result.NOT_COLLECTED:
            return "Chưa đến nhận: tìm hiểu vì sao; từ tháng sau chi qua tài khoản."
        case Payment.Result.PAID_CASH:
            return "Tháng này vẫn nhận tiền mặt: xem lại nơi nhận tiền để tháng sau chi qua tài khoản."
    return "Chưa có kết quả: chờ tổ chức chi trả báo."

"""What in the lists themselves keeps them from a step, with the remedy: found for all lists of the step at once."""

from payments import ledger, remarks
from payments.models import PaymentList

#: How many people a refusal names.
_NAMED = 3


def nothing(rows: list[PaymentList]) -> dict[int, str]:
    """Of steps that look at the state alone."""
    return {}


def not_ready(rows: list[PaymentList]) -> dict[int, str]:
    """Drafts that do not balance or no longer say what the register says, or whose remarks have no answer yet."""
    held = {pk: f"Danh sách không khớp với sổ. {' '.join(found)}" for pk, found in _breaks(rows).items()}
    for pk, words in _unanswered(rows).items():
        held[pk] = f"{held[pk]} {words}" if pk in held else words
    return held


def _breaks(rows: list[PaymentList]) -> dict[int, list[str]]:
    return ledger.breaks_of([row.pk for row in rows])


def _unanswered(rows: list[PaymentList]) -> dict[int, str]:
    """Drafts with remarks of the Phòng that the commune has not answered."""
    return _named_remarks(
        rows, "Còn {count} ý kiến của Phòng chưa trả lời ({names}); hãy ghi đã sửa gì ở từng ý kiến rồi gửi."
    )


def remarked(rows: list[PaymentList]) -> dict[int, str]:
    """Lists in which the Phòng has just said what must be mended: they go back, not on."""
    return _named_remarks(
        rows, "Có {count} ý kiến cần sửa ({names}); hãy trả danh sách về xã hoặc bỏ ý kiến trước khi chuyển tiếp."
    )


def _named_remarks(rows: list[PaymentList], words: str) -> dict[int, str]:
    names: dict[int, list[str]] = {}
    for remark in remarks.open_remarks(row.pk for row in rows):
        names.setdefault(remark.payment_list_id, []).append(remark.person.name)
    return {
        pk: words.format(count=len(found), names=", ".join(found[:_NAMED]) + (", …" if len(found) > _NAMED else ""))
        for pk, found in names.items()
    }

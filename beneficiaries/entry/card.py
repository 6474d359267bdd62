"""What stands in the box for a number: typed digits, or the QR code of an ID card as a scanner types it."""

from dataclasses import asdict, dataclass, field
from typing import Any

from batosocial.lib import clock
from batosocial.lib.dates import parse_partial
from batosocial.lib.national_id import check_cccd, check_cmnd, describe, normalize, parse_qr
from batosocial.lib.text import clean

#: Nobody types so much where twelve digits are asked for: it is a scanner, its keys in another layout.
_LONGEST_TYPED = 25

_LAYOUT = (
    "Máy quét đã gõ mã QR nhưng các ký tự bị đổi, do kiểu bàn phím hoặc bộ gõ tiếng Việt (Unikey). "
    "Hãy tắt bộ gõ, chọn bàn phím tiếng Anh (US), bấm vào ô này rồi quét lại."
)
_ACCENTS = (
    "Mã QR quét được nhưng mất dấu tiếng Việt. Hãy tắt bộ gõ, đặt máy quét ở chế độ Unicode (UTF-8) rồi quét lại; "
    "hoặc chỉ gõ 12 số CCCD."
)


@dataclass(frozen=True)
class Given:
    """What is known before the form is filled in. ``birth`` as people write it, ``scanned`` from a card."""

    cccd: str = ""
    cmnd: str = ""
    name: str = ""
    birth: str = ""
    sex: str = ""
    address: str = ""
    scanned: bool = False
    notes: list[str] = field(default_factory=list)

    def stored(self) -> dict[str, Any]:
        return asdict(self)


def read_box(text: str) -> Given:
    """Read a CCCD, an old CMND or a QR code. ValueError, with what to do, for anything else."""
    text = _with_letters(text)
    if "|" in text:
        return _from_card(text)
    written = normalize(text)
    if len(written) > _LONGEST_TYPED:
        raise ValueError(_LAYOUT)
    if len(written) == 9 and not check_cmnd(written).problems:
        return Given(cmnd=written)
    check = check_cccd(written)
    if not check.number:
        raise ValueError(
            f"“{clean(text)}” không phải số CCCD: cần đúng 12 chữ số. Hãy gõ lại, quét mã QR trên thẻ, "
            "hoặc chọn “Chưa có số CCCD”."
        )
    _, sex, year = describe(check.number)
    notes = [problem.message_vi for problem in check.problems]
    plausible = 1900 < year <= clock.today().year
    return Given(cccd=check.number, sex=sex, birth=str(year) if plausible else "", notes=notes)


def _from_card(text: str) -> Given:
    # A text cut off or in another layout still has some of its fields; the first is always the number.
    if text.count("|") < 6 or not normalize(text.split("|")[0]).isdigit():
        raise ValueError(_LAYOUT)
    card = parse_qr(text)
    words = f"{card.name} {card.address}"
    if any(char in words for char in "?\ufffd") or (card.address and words.isascii()):
        raise ValueError(_ACCENTS)
    birth, _ = parse_partial(str(card.birth), today=clock.today())
    return Given(card.number, card.cmnd, card.name, str(birth), card.sex, card.address, scanned=True)


def _with_letters(text: str) -> str:
    """The text as it was meant, where a scanner sent the bytes of UTF-8 one by one ("Pháº¡m" → "Phạm")."""
    for encoding in ("cp1252", "latin-1"):
        try:
            return text.encode(encoding).decode("utf-8")
        except UnicodeError:
            continue
    return text

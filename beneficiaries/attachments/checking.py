"""What an uploaded file is, told by its content: neither its name nor what the browser says of it counts."""

from dataclasses import dataclass
from pathlib import PurePath

from django.conf import settings

from batosocial.lib.text import clean

#: A PDF ends with this mark; scanners leave little behind it.
_PDF_END, _PDF_TAIL = b"%%EOF", 4096
#: Longer names are cut; the ending always stays.
_LONGEST_NAME = 150


class FileRefused(Exception):
    """The file cannot be evidence; the message says in Vietnamese why and what to do."""


@dataclass(frozen=True)
class Kind:
    label: str
    content_type: str
    endings: tuple[str, ...]


PDF = Kind("PDF", "application/pdf", (".pdf",))
JPEG = Kind("JPEG", "image/jpeg", (".jpg", ".jpeg"))
PNG = Kind("PNG", "image/png", (".png",))
KINDS = (PDF, JPEG, PNG)
#: For the ``accept`` of a file field.
ENDINGS = tuple(ending for kind in KINDS for ending in kind.endings)


def kind_of(content: bytes) -> Kind | None:
    """The kind that the first and the last bytes tell; None for everything else, and for a file that is cut off."""
    if content.startswith(b"%PDF-") and _PDF_END in content[-_PDF_TAIL:]:
        return PDF
    if content.startswith(b"\xff\xd8\xff") and b"\xff\xd9" in content[-_PDF_TAIL:]:
        return JPEG
    if content.startswith(b"\x89PNG\r\n\x1a\n") and content[12:16] == b"IHDR" and b"IEND" in content[-_PDF_TAIL:]:
        return PNG
    return None


def check_file(name: str, content: bytes) -> tuple[str, Kind]:
    """The name under which to keep the file, and its kind. Raises FileRefused."""
    shown = clean(PurePath(name.replace("\\", "/")).name) or "tệp"
    limit = settings.EVIDENCE_MAX_BYTES
    if not content:
        raise FileRefused(f"{shown}: tệp trống. Hãy chọn lại tệp.")
    if len(content) > limit:
        raise FileRefused(
            f"{shown}: tệp lớn hơn {limit // 1024**2} MB. Hãy quét ở độ phân giải thấp hơn, hoặc tách thành nhiều tệp."
        )
    kind = kind_of(content)
    if kind is None:
        raise FileRefused(f"{shown}: không phải PDF, JPEG, PNG hoặc tệp bị hỏng. Hãy quét hay chụp lại giấy tờ.")
    path = PurePath(shown)
    stem = path.stem if path.suffix.lower() in ENDINGS else shown
    ending = path.suffix.lower() if path.suffix.lower() in kind.endings else kind.endings[0]
    return stem[:_LONGEST_NAME] + ending, kind

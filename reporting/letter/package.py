"""Whether a file is a docx that may become a template: looked at as a package of parts, before anything reads it."""

import io
import re
import zipfile

from reporting.letter.language import LONGEST_TAG

MAX_BYTES = 2 * 1024 * 1024
_MAX_UNPACKED = 20 * 1024 * 1024
#: A letter's text takes some 100 KB in 40 paragraphs; so much is still filled in a moment.
_MAX_TEXT, _MAX_PARAGRAPHS = 600 * 1024, 600
_TEXT = re.compile(r"word/(document|header|footer|footnotes|endnotes)\d*\.xml")
_MAX_PARTS = 200
_MAIN = b"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
_OLD = b"\xd0\xcf\x11\xe0"
#: Fields that fetch or start something on the computer of whoever opens the letter.
_FIELDS = re.compile(rb"\b(DDE|DDEAUTO|INCLUDETEXT|INCLUDEPICTURE|MACROBUTTON|IMPORT|LINK|DATABASE)\b\s")
_INSTRUCTION = re.compile(rb"<w:instrText[^>]*>([^<]*)<|w:instr=\"([^\"]*)\"")
_OUTSIDE = re.compile(rb"<Relationship\s[^>]*TargetMode=\"External\"[^>]*>")
#: A line of spaces this long slows down whoever looks for tags; no letter has one.
_GAP = re.compile(rb"[ \t\r\n]{%d}" % LONGEST_TAG)


class TemplateRefused(Exception):
    """The file cannot be a template; ``problems`` say in Vietnamese why and what to do."""

    def __init__(self, *problems: str) -> None:
        super().__init__(" ".join(problems))
        self.problems = list(problems)


def check_package(content: bytes) -> None:
    """Raises TemplateRefused for what is no docx, is too large, or carries what a letter must not."""
    if not content:
        raise TemplateRefused("Tệp trống. Hãy chọn lại tệp.")
    if len(content) > MAX_BYTES:
        raise TemplateRefused(f"Tệp lớn hơn {MAX_BYTES // 1024**2} MB. Hãy bỏ hình ảnh lớn trong mẫu.")
    if content.startswith(_OLD):
        raise TemplateRefused(
            "Tệp là .doc (Word 97-2003) hoặc có mật khẩu. Hãy mở bằng Word, bỏ mật khẩu và lưu thành .docx."
        )
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as package:
            _check_parts(package)
    except (zipfile.BadZipFile, KeyError, EOFError, OSError, ValueError, NotImplementedError, RuntimeError) as error:
        raise TemplateRefused("Tệp không phải là .docx hoặc bị hỏng. Hãy mở bằng Word và lưu lại thành .docx.") from (
            error
        )


def _check_parts(package: zipfile.ZipFile) -> None:
    parts = package.infolist()
    if len(parts) > _MAX_PARTS or sum(part.file_size for part in parts) > _MAX_UNPACKED:
        raise TemplateRefused("Tệp quá lớn khi mở ra. Hãy bắt đầu từ mẫu tải về ở trang này.")
    names = {part.filename for part in parts}
    types = package.read("[Content_Types].xml")
    if any(name.lower().endswith("vbaproject.bin") for name in names) or b"macroEnabled" in types:
        raise TemplateRefused("Tệp có macro. Hãy lưu thành .docx (không phải .docm) rồi tải lên lại.")
    if _MAIN not in types or "word/document.xml" not in names:
        raise TemplateRefused("Tệp không phải là văn bản Word .docx. Hãy bắt đầu từ mẫu tải về ở trang này.")
    if any(name.startswith(("word/embeddings/", "word/activeX/", "word/afchunk")) for name in names):
        raise TemplateRefused("Mẫu có đối tượng nhúng (bảng Excel, tệp, nút bấm). Hãy bỏ đối tượng đó.")
    for part in parts:
        if part.filename.endswith((".xml", ".rels")):
            xml = package.read(part)
            if _TEXT.fullmatch(part.filename) and (
                len(xml) > _MAX_TEXT or len(re.findall(rb"<w:p[ >]", xml)) > _MAX_PARAGRAPHS
            ):
                raise TemplateRefused("Nội dung mẫu quá dài. Hãy bắt đầu từ mẫu tải về ở trang này.")
            _check_xml(xml)
    for name in names & {"word/footnotes.xml", "word/endnotes.xml"}:
        if re.search(rb"\{[{%#]", re.sub(rb"<[^>]*>", b"", package.read(name))):
            raise TemplateRefused("Chú thích cuối trang không dùng được chỗ điền. Hãy đưa chỗ điền vào thân công văn.")


def _check_xml(xml: bytes) -> None:
    if b"<!DOCTYPE" in xml or b"<!ENTITY" in xml:
        raise TemplateRefused("Tệp có khai báo lạ, không do Word lưu. Hãy mở bằng Word và lưu lại thành .docx.")
    if any(b"/hyperlink" not in link for link in _OUTSIDE.findall(xml)):
        raise TemplateRefused("Mẫu lấy nội dung từ nơi khác (ảnh liên kết, mẫu đính kèm). Hãy chèn hẳn vào văn bản.")
    if b"<w:altChunk" in xml:
        raise TemplateRefused("Mẫu nhúng một văn bản khác. Hãy chép hẳn nội dung vào mẫu.")
    if any(_FIELDS.search((one or other) + b" ") for one, other in _INSTRUCTION.findall(xml)):
        raise TemplateRefused("Mẫu có trường lấy dữ liệu từ nơi khác (DDE, INCLUDE, LINK). Hãy bỏ trường đó.")
    if re.search(rb"<w:(ins|del|moveFrom|moveTo) ", xml):
        raise TemplateRefused(
            "Mẫu còn theo dõi sửa đổi. Hãy chấp nhận hoặc từ chối hết (Review, Accept All) rồi tải lên lại."
        )
    if b"<w:commentReference" in xml:
        raise TemplateRefused("Mẫu còn ghi chú bên lề. Hãy xóa hết (Review, Delete All Comments) rồi tải lên lại.")
    if _GAP.search(xml):
        raise TemplateRefused("Mẫu có quá nhiều dấu cách liền nhau. Hãy canh dòng bằng lề hoặc bảng.")

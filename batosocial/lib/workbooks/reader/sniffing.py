"""What kind of file it is, and whether it is safe, before anything of it is unpacked."""

import io
import posixpath
import re
import zipfile

from .refusal import Refusal

_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
MAIN_PART = "xl/workbook.xml"
_MAX_PARTS = 10_000
#: An old workbook's record of a password, which follows its first one (and perhaps "write protected").
_FILE_PASS = re.compile(rb"\x09\x08(?:\x10\x00.{16}|\x08\x00.{8})(?:\x86\x00\x00\x00)?\x2f\x00", re.DOTALL)
#: Below this a high ratio of compression does no harm.
_HARMLESS_BYTES = 16 * 2**20


def sniff(content: bytes, filename: str, limits: dict[str, int]) -> str:
    """ "xlsx", "xls" or "csv" by what the file holds, whatever its name says; Refusal where it is unsafe."""
    if content.startswith(_ZIP):
        _check_archive(content, limits)
        return "xlsx"
    if content.startswith(_OLE):
        # Stream names stand in the file's directory as UTF-16.
        if _utf16("EncryptedPackage") in content or _FILE_PASS.search(content):
            raise Refusal("encrypted")
        if _utf16("_VBA_PROJECT") in content:
            raise Refusal("macros")
        if _utf16("Workbook") not in content and _utf16("Book") not in content:
            raise Refusal("not_a_workbook")
        return "xls"
    if filename.lower().endswith((".csv", ".txt", ".tsv")):
        return "csv"
    raise Refusal("not_a_workbook")


def _utf16(name: str) -> bytes:
    return name.encode("utf-16-le")


def _check_archive(content: bytes, limits: dict[str, int]) -> None:
    """Judge an archive by its directory alone, before anything is unpacked."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise Refusal("damaged") from error
    names = {part.filename for part in parts}
    unpacked = sum(part.file_size for part in parts)
    packed = sum(part.compress_size for part in parts) or 1
    if (
        len(parts) > _MAX_PARTS
        or unpacked > limits["unpacked_bytes"]
        or (unpacked > _HARMLESS_BYTES and unpacked > packed * limits["ratio"])
    ):
        raise Refusal("bomb")
    if any(part.flag_bits & 1 for part in parts):
        raise Refusal("encrypted")
    if any(posixpath.basename(name).lower() == "vbaproject.bin" for name in names):
        raise Refusal("macros")
    if MAIN_PART not in names:
        raise Refusal("not_a_workbook")

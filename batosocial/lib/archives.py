"""Zip files that are the same bytes whenever the same is put into them."""

import io
import zipfile
from collections.abc import Iterable

#: The first moment that a zip file can name: no file says when it was made.
_NO_TIME = (1980, 1, 1, 0, 0, 0)


def pack(files: Iterable[tuple[str, bytes]]) -> bytes:
    """A zip file of names and contents, in their order."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files:
            info = zipfile.ZipInfo(name, _NO_TIME)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            archive.writestr(info, content)
    return stream.getvalue()


def undated(content: bytes) -> bytes:
    """A zip file (a docx, an xlsx) without the times at which its parts were written."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return pack((info.filename, archive.read(info)) for info in archive.infolist())

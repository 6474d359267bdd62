"""CSV files, in the encodings that Vietnamese Excel writes."""

import csv
import io
import posixpath
import re
from collections.abc import Iterator
from typing import Any

from .refusal import Refusal

_DELIMITERS = ",;\t|"

#: Bytes between letters that TCVN3 has for letters and Windows' Vietnamese code page only for signs; and that code
#: page's combining tones.
_TCVN3_SIGNS = re.compile(rb"(?<=[A-Za-z])[\xa8-\xae\xb5-\xb9\xbb-\xbe]|[\xa8-\xae\xb5-\xb9\xbb-\xbe](?=[A-Za-z])")
_CP1258_TONES = re.compile(rb"[\xcc\xd2\xde\xec\xf2]")

Row = list[Any]


def read_csv(content: bytes, filename: str) -> Iterator[dict[str, Any]]:
    text = _decode(content)
    head = text.splitlines()[:50]
    try:
        counts = {mark: sum(map(len, csv.reader(head, delimiter=mark))) for mark in _DELIMITERS}
        delimiter = max(counts, key=counts.__getitem__)
        rows: list[Row] = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    except csv.Error as error:
        raise Refusal("damaged") from error
    # Excel names the only sheet of such a file by the file.
    name = posixpath.splitext(posixpath.basename(filename.replace("\\", "/")))[0][:31]
    yield {"name": name or "Sheet1", "hidden": False, "rows": rows, "legacy": []}


def _decode(content: bytes) -> str:
    """Text of a CSV file: UTF-16 or UTF-8 by its mark, else UTF-8, else TCVN3 or Windows' Vietnamese code page."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = ["utf-16"]
    elif b"\0" in content[:4096]:
        raise Refusal("not_a_workbook")
    else:
        signs, tones = (len(found.findall(content)) for found in (_TCVN3_SIGNS, _CP1258_TONES))
        # Latin-1 keeps TCVN3's bytes as they are, for those who know how to convert them.
        encodings = ["utf-8-sig", "latin-1" if signs and signs * 2 >= tones else "cp1258"]
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise Refusal("damaged")

"""A line of JSON (what to do, within which limits) and the file come in, one byte and an answer go out.

The byte is "+" before the result, "-" before the code of a refusal.
"""

import datetime
import gc
import json
import resource
import sys

from .marking import mark
from .refusal import Refusal
from .sheets import CellError, read
from .sniffing import sniff

#: Answers are held in memory by the caller; 100,000 rows of 15 columns take about 20 MB.
_MAX_ANSWER_BYTES = 160 * 2**20


def main() -> None:
    request = json.loads(sys.stdin.buffer.readline())
    limits = request["limits"]
    resource.setrlimit(resource.RLIMIT_AS, (limits["memory_bytes"],) * 2)
    resource.setrlimit(resource.RLIMIT_CPU, (limits["seconds"], limits["seconds"] + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # Millions of cells and no cycles: collecting garbage only costs time.
    gc.disable()
    content = sys.stdin.buffer.read()
    try:
        kind = sniff(content, request["filename"], limits)
        if request["action"] == "mark":
            answer = mark(content, kind, request)
        else:
            answer = json.dumps(
                list(read(content, kind, request["filename"], limits)),
                ensure_ascii=False,
                separators=(",", ":"),
                default=_encode,
            ).encode("utf-8", "replace")
        if len(answer) > _MAX_ANSWER_BYTES:
            raise Refusal("exhausted")
    except Refusal as refusal:
        sys.stdout.buffer.write(f"-{refusal}".encode())
    else:
        sys.stdout.buffer.write(b"+" + answer)


def _encode(value: object) -> dict[str, str] | str:
    """What JSON has no type for."""
    if isinstance(value, datetime.date | datetime.time):
        return {type(value).__name__: value.isoformat()}
    return {"error": value.code} if isinstance(value, CellError) else str(value)

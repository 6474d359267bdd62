"""Rows of a file of answers as its page shows them."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from batosocial.coordination.models import AnswerFileRow
from batosocial.coordination.rounds.files.columns import HEADINGS, RIGHT
from batosocial.lib.national_id import SEX_NAMES
from batosocial.web.templatetags.vietnamese import masked

_TONES = {
    AnswerFileRow.Outcome.NEW: "success",
    AnswerFileRow.Outcome.CHANGED: "info",
    AnswerFileRow.Outcome.UNCHANGED: "neutral",
    AnswerFileRow.Outcome.WAITING: "neutral",
    AnswerFileRow.Outcome.ERROR: "danger",
}
_LABELS = tuple(HEADINGS[name] for name in ("answer", *RIGHT.values(), "died", "note"))


@dataclass(frozen=True, slots=True)
class ShownRow:
    row: AnswerFileRow
    tone: str
    #: Label and value of what the row says beside its answer.
    told: list[tuple[str, str]]
    changes: list[tuple[str, str, str]]
    #: (severity, place, text)
    messages: list[tuple[str, str, str]]

    @property
    def data(self) -> dict[str, Any]:
        return self.row.data


def show_rows(rows: Iterable[AnswerFileRow]) -> list[ShownRow]:
    return [
        ShownRow(
            row,
            _TONES[AnswerFileRow.Outcome(row.outcome)],
            list(_told(row.data)),
            [(label, *_values(label, pair)) for label in _LABELS if (pair := row.changes.get(label))],
            [(m["severity"], _place(m), m["message"]) for m in row.messages],
        )
        for row in rows
    ]


def _told(data: dict[str, Any]) -> Iterable[tuple[str, str]]:
    right = data.get("right", {})
    for name in RIGHT:
        if value := right.get(name):
            yield HEADINGS[RIGHT[name]], masked(value) if name == "cccd" else SEX_NAMES.get(value, value)
    if data.get("died"):
        yield HEADINGS["died"], data["died"]
    if data.get("note"):
        yield HEADINGS["note"], data["note"]


def _values(label: str, pair: list[str]) -> tuple[str, str]:
    old, new = (masked(value) if value and label == HEADINGS["right_cccd"] else value for value in pair)
    return old or "(chưa có)", new or "(trống)"


def _place(message: dict[str, str]) -> str:
    if not message.get("column"):
        return ""
    return f"Cột {message['column']}" + (f" ({message['label']})" if message.get("label") else "")

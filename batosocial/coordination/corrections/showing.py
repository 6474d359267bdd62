"""Paths as their list and page show them: card beside file, the timeline, whose turn it is."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from batosocial.coordination.corrections import law
from batosocial.coordination.models import Correction, CorrectionStep
from batosocial.lib import clock
from batosocial.lib.dates import PartialDate
from batosocial.lib.national_id import SEX_NAMES
from batosocial.web.todo import Tone
from beneficiaries.identity.showing import Cell, Comparison, Head, Line
from beneficiaries.models import IdentityAnswer, Person

State, Path, What = Correction.State, Correction.Path, CorrectionStep.What

TONES: dict[str, Tone] = {
    State.OPEN: "warning",
    State.REQUESTED: "warning",
    State.SENT: "info",
    State.FORWARDED: "info",
    State.RETURNED: "info",
    State.DECIDED: "warning",
    State.REFUSED: "danger",
    State.DONE: "success",
}
#: Whose turn it is, by state.
TURNS = {
    State.OPEN: "Xã lập đơn Mẫu 26 với gia đình",
    State.REQUESTED: "Phòng chuyển Sở LĐ-TB&XH",
    State.SENT: "Sở LĐ-TB&XH chuyển cơ quan cấp hồ sơ",
    State.FORWARDED: "Cơ quan cấp hồ sơ trả lời Sở",
    State.RETURNED: "Sở LĐ-TB&XH ra quyết định Mẫu 75",
    State.DECIDED: "Phòng xem lại: sổ theo quyết định vẫn khác dữ liệu dân cư",
    State.REFUSED: "Xã bổ sung giấy tờ, lập lại đơn",
    State.DONE: "",
}
#: A path's way, for the line of steps.
WAY = (State.OPEN, State.REQUESTED, State.SENT, State.FORWARDED, State.RETURNED, State.DECIDED, State.DONE)


def state_label(correction: Correction) -> str:
    if correction.state == State.OPEN:
        return "Chờ xã sửa hồ sơ" if correction.path == Path.REGISTER else "Chờ xã lập Mẫu 26"
    return correction.get_state_display()


def turn_of(correction: Correction) -> str:
    if correction.path == Path.REGISTER:
        return "" if correction.state == State.DONE else "Xã sửa hồ sơ, rồi kiểm tra lại"
    return TURNS[State(correction.state)]


def is_overdue(correction: Correction) -> bool:
    return correction.is_open and correction.due is not None and correction.due < clock.today()


@dataclass(frozen=True)
class CorrectionRow:
    correction: Correction
    label: str
    tone: Tone
    turn: str
    overdue: bool
    what: str
    days: int


def rows_of(corrections: Sequence[Correction]) -> list[CorrectionRow]:
    return [row_of(one) for one in corrections]


def row_of(correction: Correction) -> CorrectionRow:
    differing = ", ".join(law.FIELD_LABELS[field] for field in correction.fields)
    return CorrectionRow(
        correction,
        state_label(correction),
        TONES[correction.state],
        turn_of(correction),
        is_overdue(correction),
        differing[:1].upper() + differing[1:],
        (clock.today() - correction.since).days if correction.is_open else 0,
    )


def comparison(person: Person, answer: IdentityAnswer) -> Comparison:
    """The file as it is, the population database, what stood in the file when the police were asked, and the card."""
    right_birth = PartialDate(answer.birth_year, answer.birth_month, answer.birth_day) if answer.birth_year else None
    now = {
        "name": person.name,
        "birth": person.birth_text,
        "sex": SEX_NAMES[person.sex],
        "cccd": person.cccd,
    }
    right = {
        "name": answer.name,
        "birth": str(right_birth or ""),
        "sex": SEX_NAMES.get(answer.sex, ""),
        "cccd": answer.cccd,
    }
    asked = dict(answer.asked)
    if asked.get("sex") in SEX_NAMES:
        asked["sex"] = SEX_NAMES[asked["sex"]]
    card = {"name": person.card_name, "birth": person.card_birth_text, "sex": "", "cccd": ""}
    titles = {"name": "Họ và tên", "birth": "Ngày sinh", "sex": "Giới tính", "cccd": "Số CCCD"}
    lines = []
    for field, title in titles.items():
        if field not in answer.fields:
            continue
        number = field == "cccd"
        same = now[field] == right[field]
        lines.append(
            Line(
                title,
                [
                    Cell(right[field] or "-", number=number and bool(right[field])),
                    Cell(
                        now[field] or "Chưa có",
                        "Khớp" if same else "Khác",
                        "success" if same else "danger",
                        number=number and bool(now[field]),
                    ),
                    Cell(str(asked.get(field) or ""), number=number and bool(asked.get(field))),
                    Cell(card[field]),
                ],
            )
        )
    if person.cmnd:
        lines.append(Line("CMND cũ", [Cell(""), Cell(person.cmnd, number=True), Cell(""), Cell("")]))
    heads = [Head("Công an (dữ liệu dân cư)"), Head("Sổ hiện nay", person.pk), Head("Sổ khi hỏi"), Head("Trên thẻ")]
    return Comparison(heads, lines)


@dataclass(frozen=True)
class TimelineStep:
    label: str
    day: datetime.date | None
    by: Any = None
    words: str = ""
    done: bool = True
    due: datetime.date | None = None


def timeline(correction: Correction, steps: Sequence[CorrectionStep]) -> list[TimelineStep]:
    """What happened, and what is still to come."""
    found = [
        TimelineStep(
            step.get_what_display(),
            step.day,
            step.actor,
            ". ".join(part for part in (f"Số {step.number}" if step.number else "", step.words) if part),
        )
        for step in steps
    ]
    if not correction.is_open:
        return found
    if correction.path == Path.REGISTER:
        return [*found, TimelineStep("Xã sửa hồ sơ; kiểm tra lại đạt", None, done=False)]
    if correction.state == State.REFUSED:
        return [*found, TimelineStep("Xã bổ sung, lập lại đơn Mẫu 26", None, done=False)]
    coming = {
        State.OPEN: What.REQUESTED,
        State.REQUESTED: What.SENT,
        State.SENT: What.FORWARDED,
        State.FORWARDED: What.RETURNED,
        State.RETURNED: What.DECIDED,
        State.DECIDED: What.CLOSED,
    }
    place = list(coming).index(State(correction.state))
    for number, what in enumerate(list(coming.values())[place:]):
        found.append(TimelineStep(str(what.label), None, done=False, due=correction.due if number == 0 else None))
    return found

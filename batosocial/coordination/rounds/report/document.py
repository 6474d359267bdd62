"""The report as a document of NĐ 30/2020/NĐ-CP: what was asked, what was found, what is still to do, by commune.

Number and day stay blank for the văn thư; numbers open the lists of names in the portal.
"""

import datetime
from dataclasses import dataclass

from django.conf import settings
from django.utils import timezone

from batosocial.coordination.models import IdentityRound
from batosocial.coordination.rounds.report.addresses import absolute_names_url
from batosocial.coordination.rounds.report.figures import ANSWERED, ASKED, DIFFERS, WAITING, Line, RoundFigures
from batosocial.lib.money import format_number, format_rate
from batosocial.staff.models import BENEFIT_ROLES, COMMUNE_ROLES, Role, User
from batosocial.territory.models import Unit
from beneficiaries.documents.layout import CENTER, Agency, Link, Page, Rich, Signer
from beneficiaries.models import IdentityAnswer

Answer = IdentityAnswer.Answer
_SYMBOLS = {Role.POLICE: "CAH", Role.DISTRICT_OFFICER: "LĐTBXH"}


@dataclass(frozen=True, slots=True)
class Sender:
    """Who reports to whom."""

    agency: Agency
    symbol: str
    to: str
    copies: tuple[str, ...]
    signer: Signer


def sender_of(user: User, round_: IdentityRound) -> Sender:
    """The police of the district to those of the province (letter of 7/2024, mục 3), those of a commune to the
    district's; the Phòng and a commune's UBND to whoever is above them."""
    upper = round_.upper
    unit = user.unit if user.unit is not None else upper
    province = upper.parent
    if user.role in BENEFIT_ROLES:
        return _office(user, unit, upper)
    if unit.level == Unit.Level.COMMUNE:
        return Sender(
            Agency(f"Công an\n{upper}", f"Công an\n{unit}", unit.name),
            "CAX",
            f"Công an {_in_text(upper)}",
            (f"Ủy ban nhân dân {_in_text(unit)}",),
            Signer((f"Trưởng Công an {_in_text(unit).split()[0]}",)),
        )
    above = f"Công an\n{province}" if province else "Bộ Công an"
    return Sender(
        Agency(above, f"Công an\n{upper}", upper.name),
        "CAH" if upper.level == Unit.Level.DISTRICT else "CAT",
        f"Công an {_in_text(province)}" if province else "Bộ Công an",
        (
            f"Chủ tịch Ủy ban nhân dân {_in_text(upper)} (Tổ trưởng Tổ Đề án 06)",
            "Phòng Lao động - Thương binh và Xã hội",
        ),
        Signer((f"Trưởng Công an {_in_text(upper).split()[0]}",)),
    )


def _office(user: User, unit: Unit, upper: Unit) -> Sender:
    if user.role in COMMUNE_ROLES:
        return Sender(
            Agency(f"Ủy ban nhân dân\n{upper}", f"Ủy ban nhân dân\n{unit}", unit.name),
            "UBND",
            f"Phòng Lao động - Thương binh và Xã hội {_in_text(upper)}",
            (f"Công an {_in_text(unit)}",),
            Signer(tuple(settings.SIGNER_COMMUNE)),
        )
    return Sender(
        Agency(f"Ủy ban nhân dân\n{upper}", "Phòng Lao động -\nThương binh và Xã hội", upper.name),
        "LĐTBXH",
        f"Chủ tịch Ủy ban nhân dân {_in_text(upper)}",
        (f"Công an {_in_text(upper)}",),
        Signer(tuple(settings.SIGNER_HEAD), settings.SIGNER_HEAD_NAME),
    )


def write_document(figures: RoundFigures, *, sender: Sender, today: datetime.date) -> bytes:
    round_, total = figures.round, figures.total
    page = Page()
    page.head(sender.agency, f"       /BC-{sender.symbol}", None, today.year)
    page.title("Báo cáo", "Kết quả xác minh thông tin người hưởng chính sách an sinh xã hội")
    page.text(f"Kính gửi: {sender.to}.", align=CENTER, before=12)
    page.text(
        f"Thực hiện yêu cầu của Phòng Lao động - Thương binh và Xã hội {_in_text(round_.upper)} tại đợt xác minh "
        f"“{round_.name}” (đối chiếu {round_.asked_for} với cơ sở dữ liệu quốc gia về dân cư, hạn trả lời "
        f"{round_.until:%d/%m/%Y}), {_agency_in_text(sender.agency)} báo cáo kết quả đến ngày {today:%d/%m/%Y} như sau:"
    )
    page.text("1. Tiến độ", bold=True, keep=True)
    page.text(
        [
            "Tổng số người được đề nghị xác minh: ", _link(figures, ASKED), " người; đã trả lời: ",
            _link(figures, ANSWERED), f" người, đạt {format_rate(total.answered_rate)}; còn chờ: ",
            _link(figures, WAITING), " người.",
        ]
    )  # fmt: skip
    page.text("2. Kết quả", bold=True, keep=True)
    for answer, words in (
        (Answer.MATCH, "Thông tin khớp"),
        (Answer.DIFFERS, "Có thông tin khác với cơ sở dữ liệu dân cư"),
        (Answer.NOT_FOUND, "Không tìm thấy trong cơ sở dữ liệu"),
        (Answer.DEAD, "Đã chết"),
        (Answer.NO_CCCD, "Chưa có căn cước công dân"),
    ):
        page.text(
            [f"- {words}: ", _link(figures, answer), f" người{_parts(figures) if answer == Answer.DIFFERS else ''};"]
        )
    page.text(
        f"(Chi tiết theo {'xã, thị trấn' if len(figures.lines) != 1 else 'đơn vị'} tại Phụ lục kèm theo.)", italic=True
    )
    page.text(f"{_agency_in_text(sender.agency)} kính báo cáo {sender.to}./.")
    page.signatures(("Như trên", *sender.copies, "Lưu: VT"), sender.signer)
    page.annex()
    page.heading_of_annex(
        "Phụ lục",
        f"Kết quả xác minh theo xã, thị trấn: {round_.name}",
        f"(Kèm theo Báo cáo số       /BC-{sender.symbol} ngày       tháng       năm {today.year})",
    )
    _table(page, figures)
    page.describe(
        title=f"Báo cáo kết quả xác minh: {round_.name}",
        author=sender.agency.name.replace("\n", " "),
        made_at=timezone.now(),
    )
    return page.save()


def _table(page: Page, figures: RoundFigures) -> None:
    measures = figures.measures
    heads = ["TT", "Xã, thị trấn", *(measure.label for measure in measures), "Tỷ lệ trả lời"]
    widths = [12, 36, *([18] * len(measures)), 18]
    rows: list[list[Rich]] = []
    for number, line in enumerate(figures.lines, 1):
        rows.append([str(number), str(line.unit), *_cells(figures, line)])
    rows.append(["", "Cộng", *_cells(figures, figures.total)])
    page.table(heads, widths, rows, size=11, right=tuple(range(2, len(heads))), centre=(0,))


def _cells(figures: RoundFigures, line: Line) -> list[Rich]:
    counts: list[Rich] = [
        [_link(figures, measure.key, line)] if line.counts[measure.key] else "0" for measure in figures.measures
    ]
    return [*counts, format_rate(line.answered_rate)]


def _link(figures: RoundFigures, measure: str, line: Line | None = None) -> Link:
    line = line or figures.total
    return Link(format_number(line.counts[measure]), absolute_names_url(figures.round, measure, line.unit))


def _parts(figures: RoundFigures) -> str:
    """ " (trong đó khác họ tên 02, khác ngày sinh 05)"."""
    parts = [
        f"{measure.label[:1].lower()}{measure.label[1:]}: {figures.total.counts[measure.key]}"
        for measure in figures.measures
        if measure.key.startswith(DIFFERS) and figures.total.counts[measure.key]
    ]
    return f" (trong đó {', '.join(parts)})" if parts else ""


def _in_text(unit: Unit | None) -> str:
    return f"{unit.kind.lower()} {unit.name}" if unit else ""


def _agency_in_text(agency: Agency) -> str:
    words = agency.name.replace("\n", " ").split(" ")
    kinds = {"Huyện", "Xã", "Thị", "Tỉnh", "Phường"}
    return " ".join(word.lower() if word in kinds else word for word in words)

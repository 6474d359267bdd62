"""What an issue says and what to do about it, as people read it. Nothing here names numbers in full, or money."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from batosocial.lib.dates import PartialDate
from batosocial.lib.national_id import SEX_NAMES
from beneficiaries.identity.comparison import MISMATCHES
from beneficiaries.models import IdentityIssue, Person

Kind, Rule = IdentityIssue.Kind, IdentityIssue.Rule

KIND_TONES = {
    Kind.MISSING: "warning",
    Kind.MALFORMED: "warning",
    Kind.DUPLICATE: "danger",
    Kind.CONTRADICTING: "danger",
    Kind.DIFFERING: "danger",
}
#: Where there is little room.
SHORT_KINDS = {
    Kind.MISSING: "Chưa có CCCD",
    Kind.MALFORMED: "Số sai quy cách",
    Kind.DUPLICATE: "Trùng",
    Kind.CONTRADICTING: "Trái giới, năm sinh",
    Kind.DIFFERING: "Hồ sơ khác CCCD",
}
STATE_TONES = {
    IdentityIssue.State.OPEN: "warning",
    IdentityIssue.State.IN_HAND: "info",
    IdentityIssue.State.CLOSED: "success",
    IdentityIssue.State.ACCEPTED: "neutral",
}

#: Found in an answer of the police.
BY_POLICE = frozenset({Rule.POLICE_DIFFERS, Rule.POLICE_UNKNOWN, Rule.POLICE_DEAD, Rule.POLICE_NO_CCCD})

_STRONG, _POSSIBLE = "Nhiều khả năng là một người", "Có thể là một người"


def kind_label(issue: IdentityIssue) -> str:
    """What the worklist calls an issue: what the police have said of somebody is named as such."""
    return str(issue.get_rule_display() if issue.rule in BY_POLICE else issue.get_kind_display())


def describe_line(line: Mapping[str, Any]) -> str:
    """One line of evidence as a clause without full stop: "số CCCD là của Nam, hồ sơ ghi Nữ"."""
    match line["what"]:
        case "missing":
            reason = dict(Person.MissingReason.choices).get(line["reason"], "")
            return f"chưa có số CCCD: {reason[:1].lower()}{reason[1:]}" if reason else "chưa có số CCCD, chưa ghi lý do"
        case "province":
            return f"mã tỉnh {line['code']} của số CCCD không có trong bảng 63 tỉnh, thành phố"
        case "filler":
            return "số CCCD giống số ghi tạm"
        case "cmnd_filler":
            return "số CMND giống số ghi tạm"
        case "payee":
            return f"số CCCD của người nhận thay {line['name'] or '(chưa rõ họ tên)'} {_digits(line['length'])}"
        case "dependant":
            return f"số định danh của người phụ thuộc {line['name'] or '(chưa rõ họ tên)'} {_digits(line['length'])}"
        case "sex":
            return f"số CCCD là của {SEX_NAMES[line['number']]}, hồ sơ ghi {SEX_NAMES[line['file']]}"
        case "year":
            return f"số CCCD là của người sinh năm {line['number']}, hồ sơ ghi {line['file']}"
        case "name":
            return f"{MISMATCHES[line['how']]}: hồ sơ ghi “{line['file']}”, CCCD ghi “{line['card']}”"
        case "birth":
            return f"{MISMATCHES[line['how']]}: hồ sơ ghi {_birth(line['file'])}, CCCD ghi {_birth(line['card'])}"
    return _said_by_police(line)


def _said_by_police(line: Mapping[str, Any]) -> str:
    match line["what"]:
        case "police_name":
            return f"Công an: họ tên đúng là “{line['right']}”, hồ sơ ghi “{line['file']}”"
        case "police_birth":
            return f"Công an: ngày sinh đúng là {_birth(line['right'])}, hồ sơ ghi {_birth(line['file'])}"
        case "police_sex":
            return f"Công an: giới tính đúng là {SEX_NAMES[line['right']]}, hồ sơ ghi {SEX_NAMES[line['file']]}"
        case "police_cccd":
            file = f"hồ sơ ghi số có cuối {line['file']}" if line["file"] else "hồ sơ chưa có số"
            return f"Công an: số CCCD đúng có cuối {line['right']}, {file}"
        case "police_unknown":
            return "Công an không tìm thấy người này trong cơ sở dữ liệu dân cư"
        case "police_dead":
            year, month, day = line["on"]
            return f"Công an: đã chết {f'ngày {day:02}/{month:02}/{year}' if day else f'tháng {month}/{year}'}"
        case "police_no_cccd":
            return "Công an: chưa có CCCD, hồ sơ lại ghi một số"
    raise ValueError(line["what"])


def _digits(length: int) -> str:
    hint = " (có thể Excel làm mất số 0 ở đầu)" if length == 11 else ""
    return f"có {length} ký tự, phải đúng 12 chữ số{hint}"


def _birth(parts: list[int | None]) -> str:
    year, month, day = parts
    return str(PartialDate(year or 0, month, day))


def said(issue: IdentityIssue) -> list[str]:
    """What the last check found, as sentences without full stop."""
    if issue.kind != Kind.DUPLICATE:
        clauses = [describe_line(line) for line in issue.evidence.get("lines", [])]
        return [clause[:1].upper() + clause[1:] for clause in clauses]
    count = len(issue.evidence.get("others", []))
    return [f"{issue.get_rule_display()} với {count} người khác"]


def grade(issue: IdentityIssue) -> str:
    """How likely people who share something are one; "" for other kinds."""
    if issue.kind != Kind.DUPLICATE:
        return ""
    if issue.rule == Rule.SAME_CHILD:
        return "Một người phụ thuộc được tính hai lần"
    return _STRONG if issue.evidence.get("strong") else _POSSIBLE


@dataclass(frozen=True)
class Step:
    """Something to do, by whom, and the text that says so."""

    who: str
    what: str
    basis: str = ""


def next_steps(issue: IdentityIssue, *, police_only: bool = False) -> list[Step]:
    """What to do about an issue, in order; what concerns benefits is nothing for the police."""
    steps = _steps(issue)
    return [step for step in steps if step.who == IdentityIssue.Side.POLICE.label] if police_only else steps


def _steps(issue: IdentityIssue) -> list[Step]:
    commune, police, office = (str(side.label) for side in IdentityIssue.Side)
    match issue.kind:
        case Kind.MISSING:
            return _missing(issue, commune, police)
        case Kind.MALFORMED:
            return [
                Step(commune, "Đối chiếu với thẻ CCCD (hoặc giấy khai sinh có số định danh) rồi sửa số trong hồ sơ."),
                Step(police, "Nếu trên thẻ đúng là số này (ví dụ đăng ký khai sinh ở nước ngoài), xác nhận số."),
            ]
        case Kind.CONTRADICTING:
            return [
                Step(commune, "Xem lại thẻ CCCD: nếu gõ nhầm số, giới tính hoặc năm sinh thì sửa hồ sơ."),
                Step(police, "Nếu hồ sơ đúng như thẻ, đối chiếu với cơ sở dữ liệu dân cư và cho biết thông tin đúng."),
                Step(office, "Chưa xong thì vẫn chi trả bình thường; cấu trúc 12 số chỉ để đối chiếu."),
            ]
        case Kind.DIFFERING:
            return _by_answer(issue, commune, police) or _differing(issue, commune, police, office)
    return _duplicate(issue, commune, police, office)


def _missing(issue: IdentityIssue, commune: str, police: str) -> list[Step]:
    if issue.side == IdentityIssue.Side.COMMUNE:
        return [
            Step(commune, "Lấy số định danh ở giấy khai sinh hoặc ở bộ phận hộ tịch của xã rồi ghi vào hồ sơ."),
            Step(police, "Nếu trẻ chưa có số định danh, cấp số theo đề nghị của xã."),
        ]
    return [
        Step(police, "Gặp, vận động và làm CCCD cho người này; người già yếu thì làm tại nhà."),
        Step(commune, "Có thẻ thì ghi số CCCD vào hồ sơ; kiểm tra lại đạt thì việc này tự đóng."),
    ]


def _by_answer(issue: IdentityIssue, commune: str, police: str) -> list[Step]:
    """Steps for what the police have answered, where they are others than for any difference."""
    match issue.rule:
        case Rule.POLICE_DEAD:
            return [
                Step(commune, "Lấy trích lục khai tử rồi đề nghị thôi hưởng; ghi ngày chết thì việc này tự đóng."),
                Step(police, "Nếu trả lời nhầm, sửa trả lời trong đợt xác minh."),
            ]
        case Rule.POLICE_UNKNOWN:
            return [
                Step(commune, "Gặp người hưởng, xem giấy tờ gốc, sửa hồ sơ nếu ghi nhầm."),
                Step(police, "Tra lại theo thông tin đã sửa và trả lời lại."),
            ]
        case Rule.POLICE_NO_CCCD:
            return [
                Step(commune, "Xem số trong hồ sơ lấy từ đâu; ghi nhầm thì sửa, chưa có thẻ thì bỏ số."),
                Step(police, "Nếu người này đã có CCCD, sửa trả lời trong đợt xác minh."),
            ]
    return []


def _differing(issue: IdentityIssue, commune: str, police: str, office: str) -> list[Step]:
    steps = [Step(police, "Xác nhận thông tin đúng theo cơ sở dữ liệu dân cư.")]
    if "NCC" in issue.policies:
        steps += [
            Step(
                commune,
                "Hướng dẫn gia đình lập đơn Mẫu 26 kèm bản sao chứng thực CCCD hoặc giấy tờ hộ tịch, gửi Phòng.",
                "Điều 130 NĐ 131/2021/NĐ-CP",
            ),
            Step(
                office,
                "Chuyển Sở LĐ-TB&XH; khi có quyết định Mẫu 75 thì sửa họ tên, ngày sinh trong hồ sơ theo quyết định.",
                "Điều 130 NĐ 131/2021/NĐ-CP",
            ),
        ]
    if "NCC" not in issue.policies or "BTXH" in issue.policies:
        steps.append(Step(commune, "Hồ sơ BTXH: xã sửa hồ sơ theo CCCD hoặc giấy tờ hộ tịch."))
    return steps


def _duplicate(issue: IdentityIssue, commune: str, police: str, office: str) -> list[Step]:
    match issue.rule:
        case Rule.SAME_CHILD:
            return [
                Step(commune, "Hỏi ai đang trực tiếp nuôi; mỗi người con chỉ tính cho một người.", "k4 Đ5 NĐ 20/2021"),
                Step(office, "Đề nghị điều chỉnh chế độ của người không còn nuôi."),
            ]
        case Rule.SAME_ACCOUNT:
            return [
                Step(commune, "Hỏi tài khoản đứng tên ai; người kia là nhận thay thì sửa người nhận cho đúng."),
                Step(office, "Nếu là một người có hai hồ sơ, dừng chi một hồ sơ và xử lý phần đã chi trùng."),
            ]
    first = "So hai hồ sơ, gặp người hưởng; số nào ghi nhầm thì sửa."
    if issue.rule == Rule.SAME_NAME:
        first = "So hai hồ sơ, gặp người hưởng: trùng họ tên và ngày sinh là chuyện thường, chưa phải là một người."
    return [
        Step(commune, first),
        Step(police, "Xác nhận số CCCD của từng người theo cơ sở dữ liệu dân cư."),
        Step(
            office,
            "Nếu là một người có hai hồ sơ, dừng chi một hồ sơ và xử lý phần đã chi trùng; nếu là hai người, "
            "giữ nguyên và ghi lý do.",
        ),
    ]

"""Who a row means: by CCCD, then CMND, then file number. A name alone never tells, but offers whom it may mean."""

from batosocial.lib.text import fold, holder_key
from beneficiaries.imports.accounts.register import KEYS, Register, Scope, load_namesakes
from beneficiaries.imports.checked import CheckedRow
from beneficiaries.imports.messages import shown
from beneficiaries.models import Person
from beneficiaries.resources.widgets import masked

#: Beyond this many namesakes, a message names the first ones and counts the rest.
_OFFERED = 3
#: What somebody has to settle: numbers that do not tell one person, and whom the payer was not told of.
PERSON, NOT_NAMED = "person", "not_named"


def match_people(rows: list[CheckedRow], register: Register, scope: Scope) -> None:
    """Set each row's ``person``, or say why nobody or not one could be told. One query for the names."""
    nameless = [row for row in rows if not _find(row, register, scope) and not _unreadable(row)]
    load_namesakes(register, {fold(row.values.name) for row in nameless if row.values.name}, scope)
    for row in nameless:
        _offer(row, register, scope)
    for row in rows:
        if row.person is not None:
            _check_person(row, row.person)


def _find(row: CheckedRow, register: Register, scope: Scope) -> bool:
    """True where the row's numbers told a person, or that there is something wrong with them."""
    found = {key: people for key in KEYS if (people := _people(row, key, register))}
    if scope.told is not None:
        known = [person for people in found.values() for person in people]
        found = {key: held for key, people in found.items() if (held := [p for p in people if scope.holds(p)])}
        if known and not found:
            row.beyond = known[0]
    if not found:
        return False
    first = next(iter(found))
    person = _one_of(row, first, found)
    if person is None:
        return True
    for key, people in found.items():
        if person not in people:
            row.say(
                "error",
                key,
                f"{KEYS[first]} {getattr(row.values, first)} là của {_whose(person, scope)}, {KEYS[key]} "
                f"{getattr(row.values, key)} là của {_whose(people[0], scope)}; hãy ghi đúng số của cùng một người.",
                code=PERSON,
            )
            return True
    if not scope.holds(person):
        row.say(
            "error",
            first,
            f"{KEYS[first]} {getattr(row.values, first)} là của người ngoài phạm vi danh sách này; hãy bỏ dòng này, "
            "hoặc gửi cho nơi đang quản lý người đó.",
        )
        return True
    if _contradicts(row, person, first):
        return True
    row.person = person
    return True


def _unreadable(row: CheckedRow) -> bool:
    """Whether a number that would tell the person was complained about already."""
    layout = row.source.layout
    wrong = {message.column for message in row.messages if message.severity == "error" and message.column}
    return any(key in layout.columns and layout.letter(key) in wrong for key in KEYS)


def _people(row: CheckedRow, key: str, register: Register) -> list[Person]:
    number = getattr(row.values, key)
    return register.by_key[key].get(number, []) if number else []


def _one_of(row: CheckedRow, first: str, found: dict[str, list[Person]]) -> Person | None:
    """The one whom the strongest number names; a CMND or file number of several needs another number beside it."""
    people = found[first]
    if len(people) > 1 and first != "cccd":
        for others in list(found.values())[1:]:
            narrowed = [person for person in people if person in others]
            people = narrowed or people
    if len(people) == 1:
        return people[0]
    what = "đính chính trong sổ trước" if first == "cccd" else "ghi số CCCD của đúng người"
    row.say(
        "error",
        first,
        f"{KEYS[first]} {getattr(row.values, first)} đang đứng ở {len(people)} người trong sổ; hãy {what}.",
        code=PERSON,
    )
    return None


def _contradicts(row: CheckedRow, person: Person, first: str) -> bool:
    """A number of the row that nobody has, while the register has another one for the person: a CCCD is an error."""
    for key, label in KEYS.items():
        written, known = getattr(row.values, key), getattr(person, key)
        if not written or written == known:
            continue
        if not known:
            if key == "cccd":
                row.say(
                    "warning",
                    key,
                    f"Nhận ra {shown(person.name)} theo {KEYS[first]}; trong sổ chưa có số CCCD {written}, "
                    "hãy cập nhật sổ.",
                )
            continue
        severe = key == "cccd"
        row.say(
            "error" if severe else "warning",
            key,
            f"{label} {written} khác trong sổ: {shown(person.name)} có {label} {masked(known)}; "
            + ("hãy kiểm tra lại là ai." if severe else "hãy kiểm tra lại."),
            code=PERSON if severe else "",
        )
        if severe:
            return True
    return False


def _whose(person: Person, scope: Scope) -> str:
    return shown(person.name) if scope.holds(person) else "người khác"


def _offer(row: CheckedRow, register: Register, scope: Scope) -> None:
    """The error of a row whose numbers tell nobody, with the people whom its name may mean."""
    values = row.values
    key = next((key for key in KEYS if getattr(values, key)), None)
    code = PERSON if scope.told is None else NOT_NAMED
    if key is not None:
        known = "sổ" if scope.told is None else scope.place
        problem = f"Không có ai trong {known} mang {KEYS[key]} {getattr(values, key)}"
    elif values.name:
        problem = "Chỉ có họ tên thì chưa đủ để nhận ra người"
    else:
        row.say("error", "cccd", "Chưa rõ tài khoản của ai; hãy ghi số CCCD, số CMND hoặc số hồ sơ.")
        return
    namesakes = register.namesakes.get(fold(values.name), []) if values.name else []
    if not namesakes:
        row.say(
            "error",
            key or "name",
            f"{problem}, và trong {scope.place} không có ai tên như vậy; hãy kiểm tra lại, hoặc "
            + ("thêm người này vào sổ trước." if scope.told is None else "đề nghị xã báo sẵn sàng trước."),
            code=code,
        )
        return
    offered = "; ".join(_described(person, scope) for person in namesakes[:_OFFERED])
    more = f" và {len(namesakes) - _OFFERED} người khác" if len(namesakes) > _OFFERED else ""
    text = f"{problem}. Có thể là: {offered}{more}: hãy ghi số CCCD của đúng người vào cột."
    row.say("error", key or "name", text, code=code)


def _described(person: Person, scope: Scope) -> str:
    parts = [shown(person.name), f"sinh {person.birth_text}"]
    parts += [person.hamlet] if person.hamlet else []
    parts += [person.commune.full_name] if scope.commune_id is None else []
    parts.append(f"CCCD {masked(person.cccd)}" if person.cccd else "chưa có CCCD")
    if not person.cccd and person.file_number:
        parts.append(f"số hồ sơ {person.file_number}")
    return ", ".join(parts)


def _check_person(row: CheckedRow, person: Person) -> None:
    if person.died_on:
        row.say(
            "error",
            "name",
            f"{shown(person.name)} trong sổ đã chết {person.death}; hãy bỏ dòng này, hoặc đính chính trong sổ "
            "nếu ghi nhầm.",
        )
    elif row.values.name and holder_key(row.values.name) not in names_of(person):
        row.say(
            "warning",
            "name",
            f"Danh sách ghi {shown(row.values.name)}, trong sổ là {shown(person.name)}, sinh {person.birth_text}; "
            "hãy chắc chắn là cùng một người.",
        )


def names_of(person: Person) -> set[str]:
    """A person's names as banks write them: in the file, on the card, as they are called."""
    return {holder_key(name) for name in (person.name, person.card_name, person.other_name) if name}

"""The little that a template may say: placeholders and conditions. No loop, no call, no attribute, no arithmetic.

A template is what somebody brings. What is not on the list below is refused before anything is rendered, so that no
template can run without end, fill the memory or look behind the values; the sandbox stands behind that.
"""

import difflib
import re
from collections.abc import Iterable
from functools import lru_cache

from jinja2 import StrictUndefined, TemplateError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from reporting.letter.placeholders import NAMES

_ALLOWED = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.If, nodes.And, nodes.Or, nodes.Not,
    nodes.Compare, nodes.Operand, nodes.Const,
)  # fmt: skip
_KNOWN = "if", "elif", "else", "endif"
LONGEST_TAG = 300
_TAG = re.compile(r"\{\{(?P<output>.*?)\}\}|\{%(?P<unit>tr|p)?(?P<block>.*?)%\}|\{#.*?#\}", re.DOTALL)
_MARK = re.compile(r"\{\{|\{%|\{#|\}\}|%\}|#\}")
_STRAIGHT = str.maketrans("“”„‘’", '"""\'\'')


class Tag:
    """A tag of a template: ``text`` as Jinja reads it; ``unit`` "p" or "tr" where it stands for a whole paragraph or
    row, ``word`` the first word of a block ("if", "endif"), "" for a placeholder or a remark."""

    def __init__(self, match: re.Match[str]) -> None:
        self.start, self.end = match.span()
        self.typed = match[0]
        self.unit = match["unit"] or ""
        self.is_remark = self.typed.startswith("{#")
        block = _plain(match["block"] or "")
        self.word = block.partition(" ")[0]
        if match["output"] is not None:
            self.text = f"{{{{ {_plain(match['output'])} }}}}"
        elif self.is_remark:
            self.text = ""
        else:
            self.text = f"{{%{self.unit} {block} %}}"


def _plain(text: str) -> str:
    """Word puts in spaces that do not break and curly quotation marks."""
    return " ".join(text.translate(_STRAIGHT).split())


def tags_of(text: str) -> tuple[list[Tag], list[str]]:
    """The tags of a paragraph's text, and what is wrong with them."""
    tags, wrong = [Tag(match) for match in _TAG.finditer(text)], []
    rest = _TAG.sub(lambda match: " " * len(match[0]), text)
    for mark in _MARK.finditer(rest):
        nearby = " ".join(text[max(0, mark.start() - 25) : mark.end() + 25].split())
        wrong.append(f"Dấu {mark[0]} thiếu dấu đóng hoặc mở đi cùng, ở chỗ “…{nearby}…”.")
    for tag in tags:
        wrong += _wrong_with(tag)
    return tags, wrong


def _wrong_with(tag: Tag) -> Iterable[str]:
    shown = tag.typed if len(tag.typed) <= 80 else f"{tag.typed[:80]}…"
    if len(tag.typed) > LONGEST_TAG:
        return [f"“{shown}” dài quá {LONGEST_TAG} ký tự. Hãy viết ngắn lại."]
    if tag.is_remark:
        return []
    if tag.typed.startswith("{%") and tag.word not in _KNOWN:
        return [f"Không dùng được “{shown}”: mẫu chỉ dùng chỗ điền {{{{ … }}}} và điều kiện if, elif, else, endif."]
    try:
        parsed = environment().parse(_as_whole(tag))
    except TemplateError:
        return [f"Không đọc được “{shown}”. Hãy viết như trong bảng chỗ điền, ví dụ {{{{ ncc_da_chi }}}}."]
    for node in parsed.find_all(nodes.Node):
        if not isinstance(node, _ALLOWED):
            return [f"Không dùng được “{shown}”: chỉ ghi tên chỗ điền, không có dấu chấm, dấu | hay phép tính."]
    if not tag.word and not isinstance(_first_output(parsed), nodes.Name):
        return [f"Không dùng được “{shown}”: chỉ ghi tên chỗ điền, không có dấu chấm, dấu | hay phép tính."]
    return [_unknown(name) for name in sorted(_names(parsed) - NAMES)]


def _first_output(parsed: nodes.Template) -> nodes.Node | None:
    outputs = [one for output in parsed.find_all(nodes.Output) for one in output.nodes]
    return outputs[0] if len(outputs) == 1 else None


def _as_whole(tag: Tag) -> str:
    """A tag alone as a whole template, for the parser."""
    inner = tag.text.removeprefix(f"{{%{tag.unit}").removesuffix("%}").strip() if tag.word else ""
    match tag.word:
        case "if":
            return f"{{% {inner} %}}{{% endif %}}"
        case "elif" | "else" | "endif":
            before = "{% if thang %}"
            return f"{before}{{% {inner} %}}" + ("" if tag.word == "endif" else "{% endif %}")
        case _:
            return tag.text


def _names(parsed: nodes.Template) -> set[str]:
    return {node.name for node in parsed.find_all(nodes.Name)}


def _unknown(name: str) -> str:
    near = difflib.get_close_matches(name, NAMES, n=1, cutoff=0.6)
    hint = f" Có phải {{{{ {near[0]} }}}}?" if near else ""
    return f"Không có chỗ điền {{{{ {name} }}}}.{hint}"


@lru_cache(maxsize=1)
def environment() -> ImmutableSandboxedEnvironment:
    """Without globals, filters and tests; values are escaped, as they come to stand inside XML."""
    made = ImmutableSandboxedEnvironment(autoescape=True, undefined=StrictUndefined)
    made.globals.clear()
    made.filters.clear()
    made.tests.clear()
    return made

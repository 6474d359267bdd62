"""Numbers of people as links in a docx: complex fields, whose runs stay what they are.

A ``w:hyperlink`` would take the runs away from the paragraph; a field leaves the number where it stands, black and not
underlined, so that paper looks like paper.
"""

import copy
from typing import Any

from docx.oxml import OxmlElement
from docx.oxml.ns import qn

from reporting.letter import marks

_R, _T, _RPR, _P = qn("w:r"), qn("w:t"), qn("w:rPr"), qn("w:p")
#: Order of the properties that follow a colour or an underline (CT_RPr); what is set stands before them.
_AFTER_COLOR = ("spacing", "w", "kern", "position", "sz", "szCs", "highlight", "u", "effect", "bdr", "shd", "fitText",
                "vertAlign", "rtl", "cs", "em", "lang", "eastAsianLayout", "specVanish", "oMath")  # fmt: skip
_AFTER_U = _AFTER_COLOR[_AFTER_COLOR.index("u") + 1 :]


def link(element: Any, portal_url: str) -> None:
    """Turn every marked number below ``element`` into a link to the portal."""
    for run in list(element.iter(_R)):
        if any(marks.has_marks(text.text or "") for text in run.findall(_T)):
            _split(run, portal_url)
    # A mark that Word parted, as nobody types one, would be left over.
    for text in element.iter(_T):
        if text.text and marks.has_marks(text.text):
            text.text = marks.plain(text.text)


def _split(run: Any, portal_url: str) -> None:
    properties = run.find(_RPR)
    made = [_run(properties)]
    for child in list(run):
        if child.tag == _RPR:
            continue
        if child.tag != _T:
            made[-1].append(child)
            continue
        for piece, path in marks.parts(child.text or ""):
            if path:
                made += [*_field(properties, piece, portal_url + path), _run(properties)]
            else:
                made[-1].append(_text(piece))
    for new in made:
        if len(new) > (new.find(_RPR) is not None):
            run.addprevious(new)
    run.getparent().remove(run)


def _field(properties: Any, piece: str, address: str) -> list[Any]:
    begin, instruction, separate, shown, end = (_run(properties) for _ in range(5))
    for each, kind in ((begin, "begin"), (separate, "separate"), (end, "end")):
        mark = OxmlElement("w:fldChar")
        mark.set(qn("w:fldCharType"), kind)
        each.append(mark)
    said = OxmlElement("w:instrText")
    said.set(qn("xml:space"), "preserve")
    said.text = f' HYPERLINK "{address}" '
    instruction.append(said)
    shown.append(_text(piece))
    _as_paper(shown)
    return [begin, instruction, separate, shown, end]


def _as_paper(run: Any) -> None:
    """Black and not underlined, whatever the program makes of a link."""
    properties = run.get_or_add_rPr()
    for name, value, later in (("color", "000000", _AFTER_COLOR), ("u", "none", _AFTER_U)):
        for old in properties.findall(qn(f"w:{name}")):
            properties.remove(old)
        new = OxmlElement(f"w:{name}")
        new.set(qn("w:val"), value)
        following = next((child for child in properties if child.tag in {qn(f"w:{one}") for one in later}), None)
        if following is None:
            properties.append(new)
        else:
            following.addprevious(new)


def _run(properties: Any) -> Any:
    run = OxmlElement("w:r")
    if properties is not None:
        run.append(copy.deepcopy(properties))
    return run


def _text(content: str) -> Any:
    text = OxmlElement("w:t")
    text.set(qn("xml:space"), "preserve")
    text.text = content
    return text

"""A template with the facts of a month becomes the letter: a docx whose numbers of people are links, or text."""

import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from docx import Document
from docx.oxml.ns import qn
from docxtpl import DocxTemplate
from jinja2 import TemplateError
from lxml import etree

from batosocial.lib import months
from reporting.letter import links
from reporting.letter.facts import Facts
from reporting.letter.language import Tag, environment, tags_of
from reporting.letter.package import TemplateRefused, check_package
from reporting.letter.placeholders import ESSENTIAL, PLACEHOLDERS, context_of

_P, _R, _T, _TC, _TR = (qn(name) for name in ("w:p", "w:r", "w:t", "w:tc", "w:tr"))
_PARTS = ("/header", "/footer")


class _Template(DocxTemplate):
    """docxtpl mends broken XML by leaving out what it cannot read; a letter must not lose a paragraph that way."""

    def fix_tables(self, xml: str) -> Any:
        etree.fromstring(xml)
        return super().fix_tables(xml)


def render(template: bytes, facts: Facts) -> bytes:
    """The letter as a docx. Raises TemplateRefused; a template that was checked once is rendered without."""
    document = Document(io.BytesIO(_filled(template, facts)))
    for element in _elements(document):
        links.link(element, settings.PORTAL_URL.rstrip("/"))
    return _saved(document)


def render_marked(template: bytes, facts: Facts) -> Any:
    """The letter as a python-docx document whose numbers of people still carry their marks, for the page."""
    return Document(io.BytesIO(_filled(template, facts)))


def check_template(content: bytes, facts: Facts) -> list[str]:
    """Whether a file can be the template, tried with a month's facts; what to warn of. Raises TemplateRefused with
    everything that is wrong, the unknown placeholders by their names."""
    check_package(content)
    used = {tag.text.strip("{} ") for tag in _read_tags(_opened(content)) if not tag.word}
    # The other way of every condition, too: what this month has, another one may have not.
    known = context_of(facts)
    _filled(content, facts, {name: 0 if isinstance(value, int) else "" for name, value in known.items()})
    text = "".join(paragraph.text for paragraph in render_marked(content, facts).paragraphs)
    if not text.strip():
        raise TemplateRefused("Mẫu không có chữ nào. Hãy bắt đầu từ mẫu tải về ở trang này.")
    missing = [name for name in ESSENTIAL if name not in used]
    if not missing:
        return []
    listed = ", ".join(f"{{{{ {name} }}}}" for name in missing)
    return [f"Mẫu không có chỗ điền {listed}: công văn sẽ không nêu các số liệu này."]


def known_placeholders() -> str:
    return ", ".join(one.name for one in PLACEHOLDERS)


# --- filling -----------------------------------------------------------------------------------------------------


def _opened(content: bytes) -> _Template:
    template = _Template(io.BytesIO(content))
    try:
        template.init_docx()
    except Exception as error:  # whatever a broken package makes the reader stumble over
        raise TemplateRefused("Word không đọc được tệp này. Hãy mở bằng Word và lưu lại thành .docx.") from error
    return template


def _filled(content: bytes, facts: Facts, context: dict[str, Any] | None = None) -> bytes:
    template = _opened(content)
    _read_tags(template)
    properties = template.docx.core_properties
    district = facts.district
    # What Word keeps of whoever edited the template does not go out with the letter, and is not rendered.
    for name in ("author", "last_modified_by", "comments", "identifier", "language", "subject", "title", "keywords",
                 "category"):  # fmt: skip
        setattr(properties, name, "")
    properties.author = f"UBND {district}"
    properties.title = f"Công văn chi trả không dùng tiền mặt {months.title(facts.month)}"
    properties.comments = "Dữ liệu minh họa" if settings.DEMO else ""
    try:
        template.render(context or context_of(facts), jinja_env=environment(), autoescape=True)
    except (TemplateError, etree.XMLSyntaxError, ValueError, AttributeError, TypeError) as error:
        raise TemplateRefused("Không điền được mẫu: điều kiện if và endif đặt sai chỗ. Hãy xem lại các thẻ.") from (
            error
        )
    stream = io.BytesIO()
    template.save(stream)
    return stream.getvalue()


@dataclass
class _Opened:
    """A condition that is not closed yet: its tag, and where it stands."""

    tag: Tag
    place: Any
    words: list[str] = field(default_factory=list)


def _read_tags(template: _Template) -> list[Tag]:
    """All tags; each is put whole into one run, as Word parts what is typed. Raises TemplateRefused with everything
    that is wrong."""
    found: list[Tag] = []
    wrong: list[str] = []
    for element in _elements(template.docx):
        opened: list[_Opened] = []
        for paragraph in element.iter(_P):
            texts = [text for text in paragraph.iter(_T) if _paragraph_of(text) is paragraph]
            whole = "".join(text.text or "" for text in texts)
            if not any(mark in whole for mark in ("{", "}")):
                continue
            tags, problems = tags_of(whole)
            wrong += problems or _misplaced(tags, whole, paragraph, opened)
            found += tags
            if not problems:
                _gather(texts, tags)
        wrong += [f"“{one.tag.typed}” thiếu endif." for one in opened]
        _refuse_hidden(element, wrong)
    if wrong:
        raise TemplateRefused(*dict.fromkeys(wrong))
    return found


def _elements(document: Any) -> Iterator[Any]:
    """Body, headers and footers."""
    yield document.element.body
    for relation in document.part.rels.values():
        if not relation.is_external and relation.reltype.endswith(_PARTS):
            yield relation.target_part.element


def _paragraph_of(text: Any) -> Any:
    return next(parent for parent in text.iterancestors() if parent.tag == _P)


def _misplaced(tags: list[Tag], whole: str, paragraph: Any, opened: list[_Opened]) -> list[str]:
    """Conditions that are not closed where they are opened: in the paragraph; those for whole paragraphs or rows in
    the same text or cell, each tag in a paragraph of its own."""
    wrong: list[str] = []
    inline: list[_Opened] = []
    for tag in tags:
        if tag.is_remark or not tag.word:
            continue
        if tag.unit and whole.strip() != tag.typed:
            wrong.append(f"“{tag.typed}” phải đứng riêng một đoạn.")
            continue
        stack = opened if tag.unit else inline
        place = _place(paragraph, tag.unit)
        if tag.word == "if":
            stack.append(_Opened(tag, place))
        elif not stack or stack[-1].place is not place or stack[-1].tag.unit != tag.unit:
            where = "cùng một ô hoặc cùng phần văn bản" if tag.unit else "cùng một đoạn"
            wrong.append(f"“{tag.typed}” không có if tương ứng trong {where}.")
        elif tag.word == "endif":
            stack.pop()
        elif "else" in stack[-1].words:
            wrong.append(f"“{tag.typed}” đứng sau else. Hãy để else cuối cùng.")
        else:
            stack[-1].words.append(tag.word)
    wrong += [f"“{one.tag.typed}” thiếu endif trong cùng một đoạn." for one in inline]
    return wrong


def _place(paragraph: Any, unit: str) -> Any:
    if unit == "tr":
        return next((parent for parent in paragraph.iterancestors() if parent.tag == _TR), paragraph).getparent()
    return paragraph.getparent() if unit == "p" else paragraph


def _gather(texts: list[Any], tags: list[Tag]) -> None:
    """Put each tag whole, as Jinja reads it, where it begins, and take the rest of it out of the later runs."""
    starts, at = [], 0
    for text in texts:
        starts.append(at)
        at += len(text.text or "")
    for tag in reversed(tags):
        for index in reversed(range(len(texts))):
            content = texts[index].text or ""
            begin, end = max(tag.start - starts[index], 0), min(tag.end - starts[index], len(content))
            if begin >= end:
                continue
            first = starts[index] <= tag.start
            texts[index].text = content[:begin] + (tag.text if first else "") + content[end:]
            texts[index].set(qn("xml:space"), "preserve")


def _refuse_hidden(element: Any, wrong: list[str]) -> None:
    """Tags stand in the text and nowhere else: not in attributes, fields or hidden parts."""
    for node in element.iter():
        values = [value for value in node.attrib.values() if isinstance(value, str)]
        # Paragraphs and runs say what their parts say, so only what has no part of its own is asked.
        if node.tag != _T and len(node) == 0 and node.text:
            values.append(node.text)
        if any(mark in value for value in values for mark in ("{{", "{%", "{#")):
            wrong.append("Có thẻ {{ hoặc {% ngoài phần chữ của mẫu (trong hình, trường hoặc thuộc tính). Hãy bỏ đi.")
            return


def _saved(document: Any) -> bytes:
    stream = io.BytesIO()
    document.save(stream)
    return stream.getvalue()

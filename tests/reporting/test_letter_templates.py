"""Templates that the district brings: what they may say, what is refused and how, versions and going back."""

import datetime
import io
import zipfile

import pytest
from django.core.exceptions import PermissionDenied
from docx import Document
from docx.oxml.ns import qn

from batosocial.audit.models import Entry
from batosocial.staff.models import Role
from reporting.letter import templates
from reporting.letter.default import default_template
from reporting.letter.facts import Facts, read_facts
from reporting.letter.models import LetterTemplate
from reporting.letter.package import MAX_BYTES, TemplateRefused
from reporting.letter.placeholders import PLACEHOLDERS
from reporting.letter.rendering import check_template, render
from tests import factories
from tests.reporting import rows
from tests.reporting.docx_files import changed, docx, text_of, with_part

pytestmark = pytest.mark.django_db
JULY = datetime.date(2024, 7, 1)
AUGUST = datetime.date(2024, 8, 1)
BODY = "word/document.xml"


@pytest.fixture
def july() -> Facts:
    return read_facts(factories.user(Role.CHAIRMAN), JULY)


def problems(content: bytes, facts: Facts) -> str:
    with pytest.raises(TemplateRefused) as refused:
        check_template(content, facts)
    return "\n".join(refused.value.problems)


# --- what is refused -----------------------------------------------------------------------------------------------


def test_the_default_is_a_template_without_a_fault(july: Facts) -> None:
    assert check_template(default_template(), july) == []


def test_unknown_placeholders_are_all_named_with_what_may_be_meant(july: Facts) -> None:
    said = problems(docx("{{ ncc_da_ch }} và {{ khong_co_dau }}", "{% if nhom_ca %}a{% endif %}"), july)
    assert "Không có chỗ điền {{ ncc_da_ch }}. Có phải {{ ncc_da_chi }}?" in said
    assert "{{ khong_co_dau }}" in said and "{{ nhom_ca }}" in said


@pytest.mark.parametrize(
    "text",
    [
        "{{ ''.__class__ }}",
        "{{ ncc_da_chi.__class__.__mro__ }}",
        "{{ thang.bit_length }}",
        "{% for a in range(99999) %}{% for b in range(99999) %}x{% endfor %}{% endfor %}",
        "{{ 'a' * 1000000000 }}",
        "{{ 10 ** 10 ** 10 }}",
        "{% if 10 ** 10 ** 10 %}a{% endif %}",
        "{{ lipsum(100000) }}",
        "{% include '/etc/passwd' %}",
        "{% set a = thang %}",
        "{{ thang|upper }}",
        "{{ self }}",
        "{% raw %}{{ thang }}{% endraw %}",
        "{{ ncc_da_chi if thang else 1 }}",
        "{% colspan thang %}",
        "{{r thang }}",
    ],
)
def test_what_is_no_placeholder_and_no_condition_is_refused(text: str, july: Facts) -> None:
    assert "Không" in problems(docx(text), july)
    with pytest.raises(TemplateRefused):
        render(docx(text), july)


@pytest.mark.parametrize(
    ("paragraphs", "said"),
    [
        (["Tháng {{ thang"], "Dấu {{ thiếu dấu đóng"),
        (["Tháng {{", "thang }}"], "Dấu {{ thiếu dấu đóng"),
        (["thang }}"], "Dấu }} thiếu dấu đóng hoặc mở"),
        (["{{ }}"], "Không đọc được “{{ }}”"),
        (["{% if thang %}a"], "“{% if thang %}” thiếu endif"),
        (["a{% endif %}"], "“{% endif %}” không có if"),
        (["{% if thang %}a", "b{% endif %}"], "trong cùng một đoạn"),
        (["{%p if thang %}", "a"], "thiếu endif"),
        (["{%p if thang %} a", "{%p endif %}"], "phải đứng riêng một đoạn"),
        (["{% if thang %}a{% else %}b{% else %}c{% endif %}"], "đứng sau else"),
        (["{% if thang and %}a{% endif %}"], "Không đọc được"),
        ([""], "Mẫu không có chữ nào"),
    ],
)
def test_a_broken_tag_is_shown_where_it_stands(paragraphs: list[str], said: str, july: Facts) -> None:
    assert said in problems(docx(*paragraphs), july)


def test_files_that_are_no_docx(july: Facts) -> None:
    assert "Tệp trống" in problems(b"", july)
    assert "không phải là .docx" in problems(b"%PDF-1.7", july)
    assert ".doc (Word 97-2003)" in problems(b"\xd0\xcf\x11\xe0" + b"0" * 100, july)
    assert "không phải là .docx" in problems(default_template()[:2000], july)
    assert "lớn hơn 2 MB" in problems(b"PK" + b"0" * MAX_BYTES, july)


def test_a_workbook_is_no_docx(july: Facts) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as package:
        package.writestr("[Content_Types].xml", "<Types/>")
        package.writestr("xl/workbook.xml", "<x/>")
    assert "không phải là văn bản Word" in problems(stream.getvalue(), july)


def test_a_file_that_unpacks_to_very_much(july: Facts) -> None:
    bomb = with_part(docx("a"), "word/media/a.xml", b" " * 30_000_000)
    assert "quá lớn khi mở ra" in problems(bomb, july)


def test_a_text_that_is_far_too_long(july: Facts) -> None:
    assert "quá dài" in problems(docx(*["Dòng"] * 1000), july)
    assert "dấu cách liền nhau" in problems(docx("{% colspan" + " " * 5000 + "x"), july)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (lambda: with_part(docx("a"), "word/vbaProject.bin"), "có macro"),
        (lambda: changed(docx("a"), "[Content_Types].xml",
                         lambda types: types.replace(b"wordprocessingml.document.main",
                                                     b"macroEnabled.main")), "có macro"),
        (lambda: with_part(docx("a"), "word/embeddings/oleObject1.bin"), "đối tượng nhúng"),
        (lambda: changed(docx("a"), BODY, lambda xml: b"<!DOCTYPE a>" + xml), "khai báo lạ"),
        (lambda: changed(docx("a"), "word/_rels/document.xml.rels", lambda xml: xml.replace(
            b"</Relationships>",
            b'<Relationship Id="z" Type="http://x/attachedTemplate" Target="http://x/" TargetMode="External"/>'
            b"</Relationships>")), "lấy nội dung từ nơi khác"),
        (lambda: changed(docx("a"), BODY, lambda xml: xml.replace(
            b"<w:t>", b"<w:instrText>DDEAUTO c:\\x</w:instrText><w:t>")), "DDE"),
        (lambda: changed(docx("a"), BODY, lambda xml: xml.replace(
            b"<w:r>", b'<w:ins w:id="1" w:author="x"/><w:r>')), "theo dõi sửa đổi"),
        (lambda: changed(docx("a"), BODY, lambda xml: xml.replace(
            b"<w:r>", b'<w:r><w:commentReference w:id="1"/></w:r><w:r>')), "ghi chú bên lề"),
        (lambda: changed(docx("a"), BODY, lambda xml: xml.replace(
            b"<w:p>", b'<w:p w:rsidR="{{ thang }}">')), "ngoài phần chữ"),
        (lambda: with_part(docx("a"), "word/footnotes.xml", b"<a>{<b/>{ x }}</a>"), "Chú thích cuối trang"),
        (lambda: changed(docx("a"), BODY, lambda xml: xml[:-40]), "không đọc được tệp này"),
    ],
)  # fmt: skip
def test_what_a_letter_must_not_carry(content: object, said: str, july: Facts) -> None:
    assert said in problems(content(), july)  # type: ignore[operator]


def test_a_condition_across_other_structure_is_refused_and_loses_no_paragraph(july: Facts) -> None:
    crossed = changed(
        docx("{% if chi_tieu_r1 %}a", "sau"), BODY,
        lambda xml: xml.replace(b"</w:r></w:p>", b'</w:r><w:hyperlink w:anchor="x"><w:r><w:t>b{% endif %}</w:t></w:r>'
                                b"</w:hyperlink></w:p>", 1),
    )  # fmt: skip
    assert "if và endif đặt sai chỗ" in problems(crossed, july)


# --- what is taken -------------------------------------------------------------------------------------------------


def test_placeholders_and_conditions_are_filled(july: Facts) -> None:
    content = docx(
        "Tháng {{thang}}: {{ ncc_da_chi }}/{{ ncc_tong }}{# ghi chú #}",
        "{% if ncc_da_chi > 400 and not dat_chi_tieu %}nhiều{% elif thang %}vừa{% else %}ít{% endif %}",
        "{%p if nhom_cao %}", "có {{ nhom_cao }}", "{%p else %}", "không", "{%p endif %}",
    )  # fmt: skip
    assert text_of(render(content, july)).splitlines() == [
        "Tháng 7/2024: 443/1.492",
        "nhiều",
        "có xã: Ba Động, Ba Nam, Ba Khâm, thị trấn Ba Tơ",
    ]


def test_tags_that_word_parted_are_put_together(july: Facts) -> None:
    document = Document()
    line = document.add_paragraph()
    for piece in ("Đã chi {", "{ ncc_", "da_chi }", "} người, {% if “a” == “a” %}", "đúng{% end", "if\xa0%}."):
        line.add_run(piece)
    line.runs[1].bold = True
    stream = io.BytesIO()
    document.save(stream)
    made = Document(io.BytesIO(render(stream.getvalue(), july)))
    assert made.paragraphs[0].text == "Đã chi 443 người, đúng."


def test_a_number_keeps_the_look_of_its_run_and_so_does_the_text_around(july: Facts) -> None:
    document = Document()
    run = document.add_paragraph().add_run("trước {{ ncc_da_chi }} sau")
    run.bold = run.italic = True
    stream = io.BytesIO()
    document.save(stream)
    runs = Document(io.BytesIO(render(stream.getvalue(), july))).paragraphs[0].runs
    assert [run.text for run in runs if run.text] == ["trước ", "443", " sau"]
    assert all(run.bold and run.italic for run in runs if run.text)


def test_tables_and_headers_are_filled_too(july: Facts) -> None:
    document = Document()
    document.add_paragraph("{{ thang }}")
    document.add_table(1, 1).rows[0].cells[0].text = "{{ btxh_da_chi }}"
    document.sections[0].header.paragraphs[0].text = "{{ huyen }} {{ ncc_tong }}"
    stream = io.BytesIO()
    document.save(stream)
    made = Document(io.BytesIO(render(stream.getvalue(), july)))
    assert made.tables[0].rows[0].cells[0].text == "684"
    assert made.sections[0].header.paragraphs[0].text == "huyện Ba Tơ 1.492"
    assert [part.text for part in made.sections[0].header._element.iter(qn("w:instrText"))]


def test_what_stands_in_values_is_text(july: Facts) -> None:
    import dataclasses

    given = dataclasses.replace(july, signer_name="<w:b/> & {{ thang }}")
    assert text_of(render(docx("{{ nguoi_ky }}"), given)) == "<w:b/> & {{ thang }}"


def test_a_template_without_figures_is_taken_with_a_warning(july: Facts) -> None:
    (warning,) = check_template(docx("Công văn {{ thang }}"), july)
    assert "{{ ncc_da_chi }}" in warning and "{{ thang }}" not in warning


def test_every_placeholder_has_a_meaning_and_a_value(july: Facts) -> None:
    assert len({one.name for one in PLACEHOLDERS}) == len(PLACEHOLDERS)
    for one in PLACEHOLDERS:
        assert one.meaning and f"{{{{ {one.name} }}}}"
        assert text_of(render(docx(f"[{{{{ {one.name} }}}}]"), july)).startswith("[")


# --- versions ------------------------------------------------------------------------------------------------------


def add(content: bytes, month: datetime.date = JULY, **fields: object) -> LetterTemplate:
    given = {"actor": factories.user(Role.DISTRICT_OFFICER), "name": "mau.docx", "note": "thử"} | fields
    return templates.add_template(content=content, from_month=month, **given)[0]  # type: ignore[arg-type]


def in_force(month: datetime.date) -> str:
    return text_of(templates.content_of(templates.version_for(factories.district(), month)))


def test_a_version_holds_from_its_month_on() -> None:
    add(docx("một {{ thang }}"), JULY)
    add(docx("hai {{ thang }}"), AUGUST)
    assert in_force(JULY) == "một {{ thang }}"
    assert in_force(AUGUST) == "hai {{ thang }}"
    assert in_force(datetime.date(2024, 6, 1)).startswith("Kính gửi:")


def test_a_version_says_who_when_and_why() -> None:
    officer = factories.user(Role.DISTRICT_OFFICER)
    row = add(docx("{{ thang }}"), actor=officer, note="thay Kế hoạch")
    assert (row.made_by, row.note, row.file and row.file.name) == (officer, "thay Kế hoạch", "mau.docx")
    entry = Entry.objects.get(action="Thay mẫu công văn")
    assert entry.actor == officer and entry.details["từ tháng"] == "2024-07"


def test_going_back_to_an_older_version_and_to_the_default() -> None:
    officer = factories.user(Role.DISTRICT_OFFICER)
    first = add(docx("một {{ thang }}"))
    add(docx("hai {{ thang }}"))
    templates.restore_template(actor=officer, version_id=first.pk, from_month=JULY)
    assert in_force(JULY) == "một {{ thang }}"
    templates.restore_template(actor=officer, version_id=None, from_month=JULY)
    assert in_force(JULY).startswith("Kính gửi:")
    assert LetterTemplate.objects.count() == 4
    assert Entry.objects.filter(action="Dùng lại mẫu công văn").count() == 2


def test_what_is_in_force_already_changes_nothing() -> None:
    content = docx("{{ thang }}")
    add(content)
    with pytest.raises(templates.AlreadySo):
        add(content)
    with pytest.raises(templates.AlreadySo):
        templates.restore_template(
            actor=factories.user(Role.DISTRICT_OFFICER),
            version_id=LetterTemplate.objects.get().pk,
            from_month=JULY,
        )
    assert LetterTemplate.objects.count() == 1


def test_a_refused_file_leaves_nothing_behind() -> None:
    with pytest.raises(TemplateRefused):
        add(docx("{{ sai }}"))
    with pytest.raises(TemplateRefused, match=r"\.docx"):
        add(docx("{{ thang }}"), name="mau.docm")
    assert not LetterTemplate.objects.exists() and not Entry.objects.filter(action="Thay mẫu công văn").exists()


@pytest.mark.parametrize("role", [Role.DISTRICT_LEADER, Role.CHAIRMAN, Role.COMMUNE_OFFICER])
def test_only_the_districts_officer_changes_it(role: str) -> None:
    with pytest.raises(PermissionDenied):
        add(docx("{{ thang }}"), actor=factories.user(role))
    with pytest.raises(PermissionDenied):
        templates.restore_template(actor=factories.user(role), version_id=None, from_month=JULY)


def test_another_districts_version_is_none_of_ours() -> None:
    row = add(docx("{{ thang }}"))
    stranger = rows.officer(rows.district())
    with pytest.raises(LetterTemplate.DoesNotExist):
        templates.restore_template(actor=stranger, version_id=row.pk, from_month=JULY)
    assert templates.version_for(stranger.unit, JULY) is None  # type: ignore[arg-type]

"""How a form is rendered, and the fields that the portal adds."""

import datetime
from typing import Any

import pytest
from django import forms
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import override_settings
from django.utils.datastructures import MultiValueDict

from batosocial.web.forms import DayInput, MonthField, WorkbookField


class Sample(forms.Form):
    name = forms.CharField(label="Họ tên", help_text="Như trên CCCD.")
    month = MonthField(label="Từ tháng", required=False)
    day = forms.DateField(label="Ngày", widget=DayInput, required=False)
    policy = forms.ChoiceField(label="Chính sách", choices=[("a", "A")], required=False)
    channel = forms.ChoiceField(label="Kênh", choices=[("a", "A")], widget=forms.RadioSelect, required=False)
    note = forms.CharField(label="Ghi chú", widget=forms.Textarea, required=False)
    sure = forms.BooleanField(label="Đã đối chiếu", required=False)
    token = forms.CharField(widget=forms.HiddenInput, required=False)


def test_widgets_get_their_classes():
    form = Sample()
    for name, css in {
        "name": "form-control",
        "policy": "form-select",
        "note": "form-control",
        "sure": "form-check-input",
        "channel": "form-check-input",
    }.items():
        assert f'class="{css}"' in str(form[name]), name
    assert "class" not in str(form["token"])


def test_own_class_of_a_widget_stays():
    class Wide(forms.Form):
        name = forms.CharField(widget=forms.TextInput(attrs={"class": "wide"}))

    assert 'class="wide form-control"' in str(Wide()["name"])


def test_error_stands_at_the_field_and_is_tied_to_it():
    html = str(Sample({"name": ""}))
    assert 'class="form-control is-invalid"' in html
    assert 'aria-invalid="true"' in html
    assert 'aria-describedby="id_name_helptext id_name_error"' in html
    assert 'id="id_name_helptext"' in html
    assert 'id="id_name_error"' in html
    assert "Hãy điền hoặc chọn mục này." in html
    assert '<a href="#id_name">Họ tên</a>' in html


def test_what_was_typed_stays():
    html = str(Sample({"name": "", "month": "tháng 13", "day": "31/02/2024", "note": "đã gõ"}))
    for typed in ('value="tháng 13"', 'value="31/02/2024"', "đã gõ"):
        assert typed in html


def test_errors_say_what_to_do():
    errors = Sample({"name": "A", "month": "tháng 13", "day": "31/02/2024", "policy": "z"}).errors
    assert "Hãy ghi theo dạng 7/2024" in errors["month"][0]
    assert "Hãy ghi theo dạng 22/07/2024" in errors["day"][0]
    assert "Hãy chọn lại" in errors["policy"][0]


def test_month_is_its_first_day_and_shown_as_people_write_it():
    form = Sample({"name": "A", "month": "Tháng 7 năm 2024"})
    assert form.is_valid()
    assert form.cleaned_data["month"] == datetime.date(2024, 7, 1)
    assert 'value="7/2024"' in str(Sample(initial={"month": datetime.date(2024, 7, 22)})["month"])


def test_days_are_read_and_shown_day_first():
    form = Sample({"name": "A", "day": "05/07/2024"})
    assert form.is_valid()
    assert form.cleaned_data["day"] == datetime.date(2024, 7, 5)
    assert 'value="05/07/2024"' in str(Sample(initial={"day": datetime.date(2024, 7, 5)})["day"])


class TestWorkbook:
    class Upload(forms.Form):
        file = WorkbookField(label="Danh sách")

    def errors(self, name: str, content: bytes = b"x") -> list[str]:
        files: MultiValueDict[str, Any] = MultiValueDict({"file": [SimpleUploadedFile(name, content)]})
        return [str(error) for error in self.Upload({}, files).errors.get("file", [])]

    def test_takes_a_workbook(self):
        assert not self.errors("DS.XLSX")

    def test_refuses_another_kind(self):
        assert "Hãy chọn tệp khác" in self.errors("ds.pdf")[0]

    @override_settings(UPLOAD_MAX_BYTES=10)
    def test_refuses_what_is_too_large(self):
        assert "Hãy tách" in self.errors("ds.xlsx", b"x" * 11)[0]

    def test_refuses_an_empty_one(self):
        assert "trống" in self.errors("ds.xlsx", b"")[0]

    def test_tells_the_browser_what_to_offer(self):
        assert 'accept=".xlsx,.xls"' in str(self.Upload()["file"])


@pytest.mark.parametrize("name", ["name", "month", "sure"])
def test_every_field_has_a_label(name: str):
    assert f'for="id_{name}"' in str(Sample()[name].as_field_group())

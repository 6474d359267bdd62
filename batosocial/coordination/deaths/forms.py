"""The filter of told deaths, and the form of the trích lục khai tử."""

from typing import Any

from django import forms

from batosocial.coordination.deaths import showing
from batosocial.coordination.filters import PersonFilter, search_field
from batosocial.lib import clock
from batosocial.web import once
from batosocial.web.forms import DayInput
from beneficiaries.forms import choices_with_all, commune_field

_DAY = dict.fromkeys(("invalid", "required"), "Hãy ghi ngày dạng 22/07/2024.")
CONFLICT, CERTIFICATE, UNPROPOSED = "khac", "trich-luc", "chua-de-nghi"


class DeathFilter(PersonFilter):
    tim = search_field()
    viec = forms.ChoiceField(
        label="Việc",
        required=False,
        choices=choices_with_all(
            [
                (CONFLICT, "Công an nói khác, Phòng xem lại"),
                (CERTIFICATE, "Chờ trích lục khai tử"),
                (UNPROPOSED, "Chưa có đề nghị thôi hưởng"),
            ],
            "Tất cả",
        ),
    )
    xa = commune_field()

    def apply(self, rows: showing.Answers) -> showing.Answers:
        rows = self.narrowed(rows)
        match self.cleaned_data.get("viec"):
            case "khac":
                return showing.conflicting(rows)
            case "trich-luc":
                return showing.lacking_certificate(rows)
            case "chua-de-nghi":
                return showing.unproposed(rows)
        return rows


class CertificateForm(forms.Form):
    """Ngày chết, số và ngày của trích lục khai tử."""

    use_required_attribute = False

    died_on = forms.DateField(
        label="Ngày chết (theo trích lục)", widget=DayInput(), error_messages=_DAY, help_text="Dạng 22/07/2024."
    )
    number = forms.CharField(
        label="Số trích lục khai tử",
        max_length=50,
        error_messages={"required": "Hãy ghi số của trích lục khai tử."},
    )
    paper_date = forms.DateField(label="Ngày của trích lục", widget=DayInput(), error_messages=_DAY)
    token = once.TokenField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("died_on", "paper_date"):
            self.fields[name].widget.attrs["max"] = clock.today().isoformat()

    def refuse(self, errors: dict[str, str]) -> None:
        for name, why in errors.items():
            self.add_error(name if name in self.fields else None, why)

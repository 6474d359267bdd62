"""Bringing a file of answers, filtering its preview, and accepting it."""

import hashlib
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils.html import format_html

from batosocial.coordination.models import AnswerFile, AnswerFileRow, IdentityRound
from batosocial.coordination.models.answer_files import AnswerFileQuerySet
from batosocial.coordination.rounds.files.checking import read_answers
from batosocial.coordination.rounds.files.columns import COLUMNS
from batosocial.coordination.rounds.files.services import same_file
from batosocial.lib.money import format_number
from batosocial.staff.models import User
from batosocial.web.forms import WorkbookField
from batosocial.web.once import TokenField
from beneficiaries.imports.forms import RowFilter as ListRowFilter
from beneficiaries.imports.messages import ListRefused, shown
from beneficiaries.imports.survey import open_sheets, survey


class BringForm(forms.Form):
    """A workbook of answers. It is read here already, so that what is wrong with it stands beside the field."""

    token = TokenField()
    dot = forms.ModelChoiceField(
        IdentityRound.objects.none(),
        label="Đợt xác minh",
        empty_label="Chọn đợt",
        error_messages={"required": "Hãy chọn đợt xác minh mà tệp trả lời."},
    )
    file = WorkbookField(
        label="Tệp trả lời",
        endings=(".xlsx", ".xls", ".csv"),
        error_messages={
            "required": "Hãy chọn tệp trả lời.",
            "empty": "Tệp trống. Hãy kiểm tra lại tệp đã chọn.",
            "max_length": "Tên tệp quá dài. Hãy đổi tên ngắn hơn.",
        },
        max_length=200,
    )
    tcvn3 = forms.BooleanField(label="Chuyển chữ TCVN3 sang Unicode như ví dụ", required=False)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        #: Set by ``clean``: the file has text in TCVN3, and the user is to say whether it is converted.
        self.asks_tcvn3 = False
        rounds = self.fields["dot"]
        assert isinstance(rounds, forms.ModelChoiceField)  # noqa: S101
        rounds.queryset = IdentityRound.objects.visible_to(user).filter(state=IdentityRound.State.OPEN)

    @property
    def visible(self) -> list[Any]:
        """Fields to show: the last box only once the file turned out to be in TCVN3."""
        return [field for field in self.visible_fields() if field.name != "tcvn3" or self.asks_tcvn3]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        file, round_ = cleaned.get("file"), cleaned.get("dot")
        if not file or round_ is None:
            return cleaned
        content = cleaned["content"] = file.read()
        try:
            legacy = survey(open_sheets(content, file.name), COLUMNS).legacy
            if legacy and not cleaned.get("tcvn3"):
                self.asks_tcvn3 = True
                example = legacy.examples[0]
                raise ListRefused(
                    f"{format_number(legacy.count)} ô dùng bảng mã TCVN3, ví dụ ô {example.place}: "
                    f"“{shown(example.before)}” sẽ thành “{shown(example.after)}”. Nếu đúng, hãy đánh dấu ô bên dưới "
                    "và chọn lại tệp."
                )
            read_answers(content, file.name, tcvn3=bool(legacy) or None)
            cleaned["tcvn3"] = bool(legacy)
        except ListRefused as refused:
            self.add_error("file", str(refused))
            return cleaned
        self._refuse_known(content, round_)
        return cleaned

    def _refuse_known(self, content: bytes, round_: IdentityRound) -> None:
        known = same_file(actor=self.user, round_=round_, sha256=hashlib.sha256(content).hexdigest())
        if known is not None:
            link = format_html(
                '<a href="{}">tệp số {}</a>', reverse("coordination:answer_file", args=[known.pk]), known.pk
            )
            state = known.get_state_display().lower()
            self.add_error("file", ValidationError(format_html("Tệp này đã nạp rồi: {} ({}).", link, state)))


class FileFilter(forms.Form):
    """The list of files."""

    dot = forms.ModelChoiceField(
        IdentityRound.objects.none(), required=False, label="Đợt xác minh", empty_label="Mọi đợt"
    )
    trang_thai = forms.ChoiceField(
        label="Trạng thái", required=False, choices=[("", "Mọi trạng thái"), *AnswerFile.State.choices]
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rounds = self.fields["dot"]
        assert isinstance(rounds, forms.ModelChoiceField)  # noqa: S101
        rounds.queryset = IdentityRound.objects.visible_to(user)

    def apply(self, files: AnswerFileQuerySet) -> AnswerFileQuerySet:
        if not self.is_valid():
            return files.none()
        if round_ := self.cleaned_data["dot"]:
            files = files.filter(round=round_)
        if state := self.cleaned_data["trang_thai"]:
            files = files.filter(state=state)
        return files


class RowFilter(ListRowFilter):
    ket_qua = forms.ChoiceField(
        label="So với đợt",
        required=False,
        choices=[("", "Mọi dòng"), *AnswerFileRow.Outcome.choices, (ListRowFilter.WARNING, "Có cảnh báo")],
    )


class AcceptForm(forms.Form):
    """The box stands there only where rows stay out."""

    good_rows_only = forms.BooleanField(label="Chỉ nhận dòng đúng", required=False)

    def __init__(self, *args: Any, file: AnswerFile, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not file.error_count:
            del self.fields["good_rows_only"]
        else:
            self.fields[
                "good_rows_only"
            ].help_text = f"{format_number(file.error_count)} dòng lỗi sẽ không được ghi; sửa xong thì nạp lại sau."

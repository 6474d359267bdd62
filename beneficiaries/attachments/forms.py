"""The field in which evidence is brought: several files at once."""

from typing import Any

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile

from beneficiaries.attachments.checking import ENDINGS, FileRefused, check_file


class _Files(forms.ClearableFileInput):
    allow_multiple_selected = True
    template_name = "django/forms/widgets/file.html"


class EvidenceField(forms.FileField):
    """Files of known types; cleaned to a list of (name, content). Each one that is refused is named."""

    widget = _Files

    def __init__(self, **options: Any) -> None:
        limit = settings.EVIDENCE_MAX_BYTES // 1024**2
        options.setdefault("required", False)
        options.setdefault("help_text", f"Bản quét hoặc ảnh chụp: PDF, JPEG, PNG, mỗi tệp tối đa {limit} MB.")
        super().__init__(**options)

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        accepted = {
            "accept": ",".join(ENDINGS),
            "data-max-bytes": settings.EVIDENCE_MAX_BYTES,
            "data-too-large": "Hãy quét hoặc chụp ở độ phân giải thấp hơn.",
        }
        return {**super().widget_attrs(widget), **accepted}

    def clean(self, data: Any, initial: Any = None) -> Any:
        given = [one for one in (data if isinstance(data, list | tuple) else [data]) if one]
        found, refused = [], []
        for file in given:
            try:
                found.append(_read(file))
            except FileRefused as why:
                refused.append(str(why))
        if refused:
            raise forms.ValidationError(refused)
        return found


def _read(file: UploadedFile) -> tuple[str, bytes]:
    # One byte more than allowed is enough to know.
    content = file.read(settings.EVIDENCE_MAX_BYTES + 1)
    name, _ = check_file(str(file.name or ""), content)
    return name, content

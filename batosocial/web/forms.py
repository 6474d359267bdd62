"""How forms look: label, hint, field, error, one below the other, tied together for screen readers.

Nothing has to be set in a form class: ``PortalFormRenderer`` is the project's renderer, so ``{{ form }}``,
``{{ form.some_field.as_field_group }}`` and ``{{ form.some_field }}`` come out right by themselves.
"""

import datetime
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.forms.boundfield import BoundField
from django.forms.renderers import DjangoTemplates
from django.template.backends.base import BaseEngine
from django.utils.functional import cached_property

from batosocial.lib import clock, months
from batosocial.lib.dates import PartialDate, parse_partial

_CHECKS = (forms.CheckboxInput, forms.RadioSelect, forms.CheckboxSelectMultiple)


def _css_class(widget: forms.Widget) -> str:
    if widget.is_hidden:
        return ""
    if isinstance(widget, _CHECKS):
        return "form-check-input"
    if isinstance(widget, forms.Select):
        return "form-select"
    return "form-control"


class PortalBoundField(BoundField):
    """Gives a widget its Bootstrap class, and ``is-invalid`` where the field has an error."""

    def build_widget_attrs(self, attrs: dict[str, Any], widget: forms.Widget | None = None) -> dict[str, Any]:
        widget = widget or self.field.widget
        built: dict[str, Any] = super().build_widget_attrs(attrs, widget)
        own = str(attrs.get("class") or widget.attrs.get("class") or "")
        names = [*own.split(), *(name for name in [_css_class(widget)] if name and name not in own.split())]
        if self.errors and not widget.is_hidden:
            names.append("is-invalid")
        if names:
            built["class"] = " ".join(names)
        if self.warnings and self.auto_id:
            said = [built.get("aria-describedby") or self.aria_describedby or "", f"{self.auto_id}_warning"]
            built["aria-describedby"] = " ".join(filter(None, said))
        return built

    @property
    def warnings(self) -> list[str]:
        """What looks doubtful but does not stand in the way; see ``web.doubts.DoubtForm``."""
        found: dict[str, list[str]] = getattr(self.form, "doubts", {})
        return found.get(self.name, [])

    @property
    def is_check(self) -> bool:
        """A single checkbox: its label stands behind it."""
        return isinstance(self.field.widget, forms.CheckboxInput)


class PortalFormRenderer(DjangoTemplates):
    """Django's renderer with the project's templates (``templates/forms``) before Django's own."""

    form_template_name = "forms/form.html"
    field_template_name = "forms/field.html"
    bound_field_class = PortalBoundField

    @cached_property
    def engine(self) -> BaseEngine:
        standard = super().engine
        pages: dict[str, Any] = settings.TEMPLATES[0]
        return self.backend(
            {
                "APP_DIRS": True,
                "DIRS": [*pages["DIRS"], *standard.dirs],
                "NAME": "portalforms",
                "OPTIONS": {"builtins": pages["OPTIONS"]["builtins"]},
            }
        )


class MonthInput(forms.TextInput):
    """A month as people write it, "7/2024": the browser's own month field speaks the browser's language."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__({"placeholder": "7/2024", "autocomplete": "off", "size": 8, **(attrs or {})})

    def format_value(self, value: Any) -> str | None:
        if isinstance(value, datetime.date):
            return months.label(value)
        return super().format_value(value)


class MonthField(forms.Field):
    """A month, cleaned to the ``date`` of its first day."""

    widget = MonthInput
    default_error_messages = {"required": "Hãy ghi tháng, ví dụ 7/2024."}

    def to_python(self, value: Any) -> datetime.date | None:
        if value in self.empty_values:
            return None
        if isinstance(value, datetime.date):
            return months.first(value)
        try:
            return months.parse(str(value))
        except ValueError as error:
            raise ValidationError(str(error), code="invalid") from None

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return self.to_python(initial) != self.to_python(data)
        except ValidationError:
            return True


class PartialDateField(forms.Field):
    """A date as people say it, "1942", "5/1942" or "12/5/1942", cleaned to a ``PartialDate``; see rules.md 9.6."""

    default_error_messages = {"required": "Hãy ghi ngày sinh: 1942, 5/1942 hoặc 12/5/1942."}

    def __init__(self, **options: Any) -> None:
        options.setdefault("widget", forms.TextInput(attrs={"autocomplete": "off", "size": 12}))
        super().__init__(**options)

    def to_python(self, value: Any) -> PartialDate | None:
        if isinstance(value, PartialDate):
            return value
        text = str(value or "").strip()
        if not text:
            return None
        try:
            return parse_partial(text, today=clock.today())[0]
        except ValueError as error:
            raise ValidationError(str(error), code="invalid") from None


class DayInput(forms.DateInput):
    """A day as people write it, "22/07/2024"."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__({"placeholder": "22/07/2024", "autocomplete": "off", "size": 10, **(attrs or {})})


class WorkbookField(forms.FileField):
    """An uploaded file of at most ``settings.UPLOAD_MAX_BYTES``, with one of the ``endings``."""

    def __init__(self, *, endings: tuple[str, ...] = (".xlsx", ".xls"), **options: Any) -> None:
        self.endings = endings
        options.setdefault("help_text", f"Tệp {', '.join(endings)}, tối đa {settings.UPLOAD_MAX_BYTES // 1024**2} MB.")
        super().__init__(**options)

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        return {
            **super().widget_attrs(widget),
            "accept": ",".join(self.endings),
            # The page says so before a large file is sent over a slow line (portal.js).
            "data-max-bytes": settings.UPLOAD_MAX_BYTES,
        }

    def clean(self, data: Any, initial: Any = None) -> Any:
        file = super().clean(data, initial)
        if file and not str(file.name).lower().endswith(self.endings):
            raise ValidationError(f"Tệp phải là {' hoặc '.join(self.endings)}. Hãy chọn tệp khác.", code="ending")
        if file and file.size > settings.UPLOAD_MAX_BYTES:
            limit = settings.UPLOAD_MAX_BYTES // 1024**2
            raise ValidationError(f"Tệp lớn hơn {limit} MB. Hãy tách thành nhiều tệp nhỏ hơn.", code="size")
        return file

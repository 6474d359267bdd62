"""Forms of the layout of account files and of pay points."""

from collections.abc import Iterable, Iterator
from typing import Any

from django import forms

from batosocial.lib.text import clean
from batosocial.territory.models import Unit
from batosocial.web import once
from payments.handover import layouts
from payments.handover.layouts import FIELDS, Column, Layout
from payments.models import PayPoint


class LayoutForm(forms.Form):
    """For each thing that a file can hold: whether it is a column, which one, under what heading, in plain capitals."""

    content_text = forms.CharField(
        label="Nội dung chuyển tiền",
        required=False,
        max_length=layouts.MAX_CONTENT,
        help_text="Không dấu, điền vào tối đa 140 ký tự. Chỗ điền sẵn: "
        + ", ".join(f"{{{name}}} {label}" for name, label in layouts.PLACEHOLDERS.items())
        + ".",
    )

    def __init__(self, *args: Any, layout: Layout, **kwargs: Any) -> None:
        places = {column.field: place for place, column in enumerate(layout.columns, 1)}
        columns = {column.field: column for column in layout.columns}
        initial: dict[str, Any] = {"content_text": layout.content}
        for code, field in FIELDS.items():
            column = columns.get(code)
            initial |= {
                f"{code}_on": column is not None,
                f"{code}_order": places.get(code),
                f"{code}_heading": column.heading if column else field.label,
                f"{code}_plain": bool(column and column.plain),
            }
        super().__init__(*args, **kwargs, initial=initial)  # type: ignore[misc]
        for code, field in FIELDS.items():
            self.fields[f"{code}_on"] = forms.BooleanField(label=f"Đưa {field.label.lower()} vào tệp", required=False)
            self.fields[f"{code}_order"] = forms.IntegerField(
                label=f"Thứ tự cột {field.label.lower()}",
                required=False,
                min_value=1,
                max_value=99,
                error_messages=dict.fromkeys(("invalid", "min_value", "max_value"), "Hãy ghi số từ 1 đến 99."),
            )
            self.fields[f"{code}_heading"] = forms.CharField(
                label=f"Tiêu đề cột {field.label.lower()}", required=False, max_length=layouts.MAX_HEADING
            )
            self.fields[f"{code}_plain"] = forms.BooleanField(label=f"{field.label}: chữ hoa không dấu", required=False)

    def lines(self) -> Iterator[dict[str, Any]]:
        """A line of the table for each field, those in use first and in their order."""
        used = {column.field: place for place, column in enumerate(self.shown_layout().columns)}
        for code in sorted(FIELDS, key=lambda code: (used.get(code, len(used)), list(FIELDS).index(code))):
            yield {
                "label": FIELDS[code].label,
                "on": self[f"{code}_on"],
                "order": self[f"{code}_order"],
                "heading": self[f"{code}_heading"],
                "plain": self[f"{code}_plain"] if code not in ("position", "amount") else None,
                "errors": [*self[f"{code}_order"].errors, *self[f"{code}_heading"].errors],
            }

    def shown_layout(self) -> Layout:
        """The layout as the fields stand, checked or not."""
        chosen = []
        for place, code in enumerate(FIELDS):
            if self[f"{code}_on"].value() in (True, "on", "1", "true"):
                order = self[f"{code}_order"].value()
                number = int(order) if str(order).isdecimal() else 99
                heading = clean(str(self[f"{code}_heading"].value() or ""))
                plain = self[f"{code}_plain"].value() in (True, "on", "1", "true")
                chosen.append((number, place, Column(code, heading, plain and code not in ("position", "amount"))))
        columns = tuple(column for _, _, column in sorted(chosen, key=lambda one: one[:2]))
        return Layout(columns, clean(str(self["content_text"].value() or "")))

    def refuse(self, errors: dict[str, str]) -> None:
        for name, message in errors.items():
            field = "content_text" if name == "content_text" else f"{name}_heading"
            self.add_error(field if field in self.fields else None, message)

    def clean(self) -> dict[str, Any]:
        if not self.errors:
            self.refuse(layouts.objections(self.shown_layout()))
        return self.cleaned_data


class PointForm(forms.Form):
    token = once.TokenField()
    name = forms.CharField(
        label="Tên điểm chi trả", required=False, max_length=150, help_text="Ví dụ: Nhà văn hóa thôn Tân Long."
    )
    hamlets = forms.MultipleChoiceField(
        label="Người của các thôn",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="Không chọn thôn nào: điểm này nhận mọi người còn lại của xã.",
    )

    def __init__(self, *args: Any, hamlets: Iterable[str], point: PayPoint | None = None, **kwargs: Any) -> None:
        initial = {"name": point.name, "hamlets": point.hamlets} if point else {}
        super().__init__(*args, **kwargs, initial=initial)  # type: ignore[misc]
        field = self.fields["hamlets"]
        assert isinstance(field, forms.MultipleChoiceField)  # noqa: S101 (for the type checker)
        # A hamlet in which nobody lives any more stays while it is chosen.
        names = dict.fromkeys([*hamlets, *(point.hamlets if point else [])])
        field.choices = [(name, name) for name in names]

    def refuse(self, errors: dict[str, str]) -> None:
        for name, message in errors.items():
            self.add_error(name if name in self.fields else None, message)


class CommuneForm(forms.Form):
    """Whose points are shown."""

    xa = forms.ModelChoiceField(
        label="Xã, thị trấn", queryset=Unit.objects.none(), required=False, to_field_name="code"
    )

    def __init__(self, *args: Any, communes: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["xa"]
        assert isinstance(field, forms.ModelChoiceField)  # noqa: S101 (for the type checker)
        field.queryset = communes
        field.empty_label = "Tất cả"
        field.label_from_instance = lambda unit: unit.full_name  # type: ignore[method-assign,assignment]

    def value(self) -> Unit | None:
        return self.cleaned_data.get("xa") if self.is_valid() else None

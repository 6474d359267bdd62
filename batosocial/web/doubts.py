"""Forms that ask once more: what looks doubtful stands beside its field, and a second sending confirms it.

    form = SomeForm(request.POST)
    if form.is_valid() and form.doubts_confirmed(): service(…)

``clean`` calls ``doubt``; the page shows ``form.doubts`` beside the fields (``templates/forms/field.html``), renders
the hidden field, and says on its button that sending again confirms.
"""

from typing import Any

from django import forms
from django.utils.crypto import constant_time_compare, salted_hmac


class DoubtForm(forms.Form):
    """``doubts`` are messages by field; they count as confirmed when the same ones were on the page that was sent."""

    doubts_seen = forms.CharField(required=False, widget=forms.HiddenInput(attrs={"data-no-draft": ""}))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.doubts: dict[str, list[str]] = {}
        self._facts: list[tuple[str, str]] = []

    def doubt(self, field: str, message: str, *, about: str = "") -> None:
        """Doubt a field; ``about`` names what the message stands for, where the same words may stand for another."""
        self.doubts.setdefault(field, []).append(message)
        self._facts.append((field, about or message))

    def doubts_confirmed(self) -> bool:
        """Whether there are none, or all were shown before. Otherwise the page is prepared to confirm them."""
        if not self.doubts:
            return True
        seen = self.data.get(self.add_prefix("doubts_seen"), "")
        now = salted_hmac("batosocial.web.doubts", repr(sorted(self._facts))).hexdigest()
        if constant_time_compare(seen, now):
            return True
        data: Any = self.data.copy()  # type: ignore[attr-defined]
        data[self.add_prefix("doubts_seen")] = now
        self.data = data
        return False

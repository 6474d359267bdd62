"""What the filters of lists of people have in common."""

from typing import Any, TypeVar

from django import forms
from django.db.models import Q, QuerySet

from batosocial.lib.text import fold
from batosocial.staff.models import Role
from batosocial.territory.models import Unit
from beneficiaries.forms import CommuneFilter
from beneficiaries.models import Person

Rows = TypeVar("Rows", bound=QuerySet[Any])


def search_field() -> forms.CharField:
    return forms.CharField(
        label="Tìm người",
        required=False,
        max_length=100,
        widget=forms.TextInput(attrs={"type": "search", "placeholder": "Tên, CCCD, thôn…"}),
    )


class PersonFilter(CommuneFilter):
    """A filter by person (``tim``) and commune (``xa``) of rows that have a ``person``; its fields are the URL's."""

    @property
    def is_used(self) -> bool:
        return any(self.data.get(name) for name in self.fields)

    def narrowed(self, rows: Rows) -> Rows:
        """The rows that fit; none where the filter itself is wrong."""
        if not self.is_valid():
            return rows.none()
        if self.cleaned_data.get("xa"):
            place = Unit.objects.of_commune(self.cleaned_data["xa"].pk)
            rows = rows.filter(person__commune__in=place.values("pk"))
        if text := self.cleaned_data.get("tim", "").strip():
            people = Person.objects.all()
            if self.user.role == Role.POLICE:
                # The usual search finds by account, too, which is nothing for them.
                people = people.filter(Q(search_key__contains=fold(text)) | Q(cccd=text))
            else:
                people = people.visible_to(self.user).matching(text).order_by()
            rows = rows.filter(person__in=people.values("pk"))
        return rows

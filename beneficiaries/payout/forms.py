"""The list of waiting routes: its filter, and the reason for which one is not confirmed."""

from typing import Any

from django import forms

from batosocial.staff.models import User
from beneficiaries.forms import CommuneFilter, choices_with_all, commune_field
from beneficiaries.models import PayoutRoute, Policy


class RouteFilter(CommuneFilter):
    """Routes that wait for a confirmation."""

    #: A source that stands for "entered by hand".
    BY_HAND = "-"

    chinh_sach = forms.ChoiceField(
        label="Chính sách", required=False, choices=choices_with_all(Policy.choices, "Cả hai chính sách")
    )
    xa = commune_field()
    nguon = forms.ChoiceField(label="Nguồn", required=False)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, user=user, **kwargs)
        waiting = PayoutRoute.objects.visible_to(user).waiting().order_by("source").distinct()
        sources = [
            (source or self.BY_HAND, source or "Nhập trên cổng") for source in waiting.values_list("source", flat=True)
        ]
        field = self.fields["nguon"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101
        field.choices = choices_with_all(sources, "Mọi nguồn")

    @property
    def is_used(self) -> bool:
        return any(self.data.get(name) for name in self.fields)

    def apply(self, routes: Any) -> Any:
        """The routes that fit; none where the filter itself is wrong."""
        if not self.is_valid():
            return routes.none()
        chosen = self.cleaned_data
        if chosen["chinh_sach"]:
            routes = routes.filter(policy=chosen["chinh_sach"])
        if chosen.get("xa"):
            routes = routes.filter(person__commune=chosen["xa"])
        if chosen["nguon"]:
            routes = routes.filter(source="" if chosen["nguon"] == self.BY_HAND else chosen["nguon"])
        return routes


class RejectionForm(forms.Form):
    # It shares its <form> with the button that confirms, which needs no reason.
    use_required_attribute = False

    ly_do_tu_choi = forms.CharField(
        label="Lý do không xác nhận",
        max_length=300,
        error_messages={"required": "Hãy ghi lý do, để người nhập biết phải sửa gì."},
    )

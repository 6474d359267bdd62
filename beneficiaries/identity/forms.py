"""The filter of the worklist, and the reason for which things are left as they are."""

from typing import Any

from django import forms
from django.db.models import Q

from batosocial.lib.text import clean, fold
from batosocial.staff.models import Role, User
from batosocial.territory.models import Unit
from beneficiaries.forms import choices_with_all, commune_field
from beneficiaries.identity.elsewhere import only_here
from beneficiaries.models import IdentityIssue, Policy
from beneficiaries.models.identity import IdentityIssueQuerySet

#: Shorter runs of digits are parts of names of hamlets, not of numbers.
_SHORTEST_NUMBER = 4

ALL = "tat_ca"
#: Open, and no task of another part of the portal: what the home page counts.
ONLY_HERE = "chua_ai_lam"


class IssueFilter(forms.Form):
    """The worklist; the names of its fields are those of the URL, which other pages link to."""

    tim = forms.CharField(
        label="Tìm",
        required=False,
        max_length=100,
        widget=forms.TextInput(attrs={"type": "search", "placeholder": "Tên, CCCD, thôn…"}),
    )
    loai = forms.ChoiceField(
        label="Loại việc", required=False, choices=choices_with_all(IdentityIssue.Kind.choices, "Mọi loại")
    )
    ben = forms.ChoiceField(
        label="Bên xử lý", required=False, choices=choices_with_all(IdentityIssue.Side.choices, "Mọi bên")
    )
    trang_thai = forms.ChoiceField(
        label="Trạng thái",
        required=False,
        choices=[("", "Đang chờ"), *IdentityIssue.State.choices, (ONLY_HERE, "Chưa xử lý ở đâu"), (ALL, "Tất cả")],
    )
    xa = commune_field()
    chinh_sach = forms.ChoiceField(
        label="Chính sách", required=False, choices=choices_with_all(Policy.choices, "Cả hai chính sách")
    )
    cua_toi = forms.BooleanField(label="Việc tôi đang giữ", required=False)
    hai_lan = forms.BooleanField(label="Cùng đang được chi", required=False)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        communes = self.fields["xa"]
        assert isinstance(communes, forms.ModelChoiceField)  # noqa: S101
        if user.unit is not None and user.unit.level != Unit.Level.COMMUNE:
            communes.queryset = Unit.objects.current().communes().filter(parent=user.unit_id)
        else:
            del self.fields["xa"]
        if user.role == Role.POLICE:
            # Whether and what somebody is paid is not theirs to know.
            del self.fields["chinh_sach"]
            del self.fields["hai_lan"]

    @property
    def is_used(self) -> bool:
        return any(self.data.get(name) for name in self.fields)

    def apply(self, issues: IdentityIssueQuerySet) -> IdentityIssueQuerySet:
        """The issues that fit, the most urgent first; none where the filter itself is wrong."""
        if not self.is_valid():
            return issues.none()
        chosen = self.cleaned_data
        if not chosen["trang_thai"]:
            issues = issues.waiting()
        elif chosen["trang_thai"] == ONLY_HERE:
            issues = issues.filter(only_here(), state=IdentityIssue.State.OPEN)
        elif chosen["trang_thai"] != ALL:
            issues = issues.filter(state=chosen["trang_thai"])
        for name, field in (("loai", "kind"), ("ben", "side"), ("xa", "person__commune")):
            if chosen.get(name):
                issues = issues.filter(**{field: chosen[name]})
        if chosen.get("chinh_sach"):
            issues = issues.filter(policies__contains=chosen["chinh_sach"])
        if chosen["cua_toi"]:
            issues = issues.filter(owner=self.user, state=IdentityIssue.State.IN_HAND)
        if chosen.get("hai_lan"):
            issues = issues.filter(paid_twice=True)
        if chosen["tim"]:
            issues = issues.filter(_found_by(chosen["tim"]))
        elif chosen.get("xa"):
            issues = issues.filter(place__lte=1)
        else:
            issues = issues.once_each(self.user)
        return issues.order_by("rank", "person__sort_key", "pk")


def _found_by(text: str) -> Q:
    """Name, card number or hamlet of the issue's own person; never by anything about money."""
    found = Q()
    for word in fold(text).split():
        found &= Q(person__search_key__startswith=word) | Q(person__search_key__contains=f" {word}")
    digits = "".join(text.split()).replace(".", "")
    if digits.isascii() and digits.isdigit() and len(digits) >= _SHORTEST_NUMBER:
        found |= Q(person__cccd__contains=digits) | Q(person__cmnd__contains=digits)
    return found | Q(person__hamlet__icontains=clean(text))


class AcceptForm(forms.Form):
    ly_do = forms.CharField(
        label="Vì sao giữ nguyên",
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Ví dụ: đã gặp cả hai, là hai người khác nhau; đã đối chiếu thẻ gốc ngày 20/7/2024.",
        error_messages={"required": "Hãy ghi vì sao giữ nguyên, để người sau không phải kiểm tra lại."},
    )

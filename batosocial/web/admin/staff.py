"""Users and payers. A user is never deleted, only made inactive: the audit names them for good."""

from typing import Any

from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.db.models import QuerySet
from django.forms import ChoiceField, ModelForm
from django.http import HttpRequest

from batosocial.audit import services as audit
from batosocial.staff.models import Payer, Role, User
from batosocial.territory.models import Unit
from batosocial.web.admin.base import AuditedModelAdmin, register


class RoleChoices:
    """The system's own role is given to nobody."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        role = self.fields.get("role")  # type: ignore[attr-defined]
        if isinstance(role, ChoiceField):
            role.choices = [("", "---------"), *(c for c in Role.choices if c[0] != Role.SYSTEM)]


class NewUserForm(RoleChoices, AdminUserCreationForm):
    class Meta:
        model = User
        fields = ("username", "full_name", "role", "unit", "payer")


class UserForm(RoleChoices, UserChangeForm):
    class Meta:
        model = User
        fields = "__all__"


@register(User)
class UserAdmin(AuditedModelAdmin, DjangoUserAdmin):
    form = UserForm
    add_form = NewUserForm
    list_display = ["username", "full_name", "role", "unit", "payer", "is_active", "last_login"]
    list_filter = ["role", "is_active"]
    list_select_related = ["unit", "payer"]
    search_fields = ["username", "full_name"]
    ordering = ["username"]
    filter_horizontal = ()
    readonly_fields = ["last_login", "date_joined"]
    fieldsets = [
        (None, {"fields": ["username", "password", "must_change_password", "is_active"]}),
        ("Người dùng", {"fields": ["full_name", "email", "role", "unit", "payer", "sees_confidential"]}),
        ("Thời điểm", {"fields": ["last_login", "date_joined"]}),
    ]
    add_fieldsets = [
        (
            None,
            {
                "classes": ("wide",),
                "fields": ["username", "full_name", "role", "unit", "payer", "password1", "password2"],
                "description": "Người dùng phải đổi mật khẩu này ở lần đăng nhập đầu tiên.",
            },
        ),
    ]

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **options: Any) -> Any:
        if db_field.name == "unit":
            # Nobody works for a unit that has merged, or has not begun.
            options["queryset"] = Unit.objects.current().order_by("-level", "position", "code")
        return super().formfield_for_foreignkey(db_field, request, **options)

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        return super().get_queryset(request).exclude(role=Role.SYSTEM)

    def save_model(self, request: HttpRequest, obj: User, form: ModelForm, change: bool) -> None:
        if not change:
            # Somebody else knows this password.
            obj.must_change_password = True
        super().save_model(request, obj, form, change)

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> Any:
        before = User.objects.filter(pk=id).values_list("password", flat=True).first()
        response = super().user_change_password(request, id, form_url)
        user = User.objects.filter(pk=id).exclude(password=before or "").first()
        if user is not None and request.method == "POST":
            user.must_change_password = user.pk != request.user.pk
            user.save(update_fields=["must_change_password"])
            assert isinstance(request.user, User)  # noqa: S101
            audit.record(actor=request.user, action="Đặt lại mật khẩu", row=user)
        return response


@register(Payer)
class PayerAdmin(AuditedModelAdmin):
    list_display = ["code", "name", "pays_cash"]

"""Signing in and changing one's password."""

from typing import Any

from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm
from django.core.exceptions import ValidationError

from batosocial.staff.models import Role, User


class SignInForm(AuthenticationForm):
    """User name and password. It never tells whether the name or the password was wrong."""

    error_messages = {
        "invalid_login": "Tên đăng nhập hoặc mật khẩu không đúng. Hãy kiểm tra bộ gõ tiếng Việt và phím Caps Lock.",
        "inactive": "Tên đăng nhập hoặc mật khẩu không đúng. Hãy kiểm tra bộ gõ tiếng Việt và phím Caps Lock.",
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        username, password = self.fields["username"], self.fields["password"]
        username.label, password.label = "Tên đăng nhập", "Mật khẩu"
        username.error_messages["required"] = "Hãy nhập tên đăng nhập."
        password.error_messages["required"] = "Hãy nhập mật khẩu."
        username.widget.attrs["spellcheck"] = "false"

    def confirm_login_allowed(self, user: User) -> None:
        super().confirm_login_allowed(user)
        if user.role == Role.SYSTEM:
            raise self.get_invalid_login_error()


class OwnPasswordForm(PasswordChangeForm):
    """The old password once, the new one twice, by the rules in the settings."""

    error_messages = {
        "password_mismatch": "Hai lần nhập mật khẩu mới không giống nhau. Hãy nhập lại.",
        "password_incorrect": "Mật khẩu đang dùng không đúng. Hãy nhập lại.",
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, label, missing in (
            ("old_password", "Mật khẩu đang dùng", "Hãy nhập mật khẩu đang dùng."),
            ("new_password1", "Mật khẩu mới", "Hãy nhập mật khẩu mới."),
            ("new_password2", "Nhập lại mật khẩu mới", "Hãy nhập lại mật khẩu mới."),
        ):
            self.fields[name].label = label
            self.fields[name].error_messages["required"] = missing
        new, again = self.fields["new_password1"], self.fields["new_password2"]
        new.help_text = "Ít nhất 12 ký tự, không chỉ gồm chữ số, không phổ biến, không giống tên đăng nhập hay họ tên."
        again.help_text = ""

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        new = cleaned.get("new_password1")
        if new and new == cleaned.get("old_password"):
            self.add_error("new_password1", ValidationError("Mật khẩu mới phải khác mật khẩu đang dùng.", code="same"))
        return cleaned

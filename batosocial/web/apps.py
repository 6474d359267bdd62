from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "batosocial.web"
    label = "web"
    verbose_name = "Giao diện"

    def ready(self) -> None:
        from batosocial.staff.models import Role
        from batosocial.web import sign_in_audit
        from batosocial.web.navigation import NavItem, register

        sign_in_audit.connect()
        everybody = frozenset(Role.values) - {Role.SYSTEM}
        register(NavItem("Việc cần làm", "web:home", "home", everybody, 0))
        register(NavItem("Quản trị", "admin:index", "settings", {Role.ADMIN}, 900, "Hệ thống"))

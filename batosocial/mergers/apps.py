from django.apps import AppConfig


class MergersConfig(AppConfig):
    """What a merger of units does to everything that hangs on a commune; it stands above all that it touches."""

    name = "batosocial.mergers"
    label = "mergers"
    verbose_name = "Sáp nhập đơn vị"

    def ready(self) -> None:
        from batosocial.mergers.todos import todos
        from batosocial.staff.models import Role
        from batosocial.web import todo
        from batosocial.web.navigation import NavItem, register

        register(NavItem("Đơn vị hành chính", "territory:units", "map", {Role.ADMIN}, 890, "Hệ thống"))
        todo.register(todos)

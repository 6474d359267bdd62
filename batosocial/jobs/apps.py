from django.apps import AppConfig


class JobsConfig(AppConfig):
    name = "batosocial.jobs"
    label = "jobs"
    verbose_name = "Việc chạy nền"

    def ready(self) -> None:
        # Tasks declared with shared_task need the application to exist in web processes too.
        from batosocial.celery import app  # noqa: F401
        from batosocial.staff.models import Role
        from batosocial.web import navigation

        everybody = [role for role in Role.values if role != Role.SYSTEM]
        navigation.register(navigation.NavItem("Việc chạy nền", "jobs:index", "clock", everybody, 900, "Hệ thống"))

from django.apps import AppConfig


class JobsConfig(AppConfig):
    name = "batosocial.jobs"
    label = "jobs"
    verbose_name = "Việc chạy nền"

    def ready(self) -> None:
        # Tasks declared with shared_task need the application to exist in web processes too.
        from batosocial.celery import app  # noqa: F401

from django.apps import AppConfig


class StaffConfig(AppConfig):
    name = "batosocial.staff"
    label = "staff"
    verbose_name = "Người dùng"

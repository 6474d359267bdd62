from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "batosocial.audit"
    label = "audit"
    verbose_name = "Nhật ký"

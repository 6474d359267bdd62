from django.apps import AppConfig


class TerritoryConfig(AppConfig):
    name = "batosocial.territory"
    label = "territory"
    verbose_name = "Đơn vị hành chính"

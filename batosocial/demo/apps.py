from django.apps import AppConfig


class DemoConfig(AppConfig):
    name = "batosocial.demo"
    label = "demo"
    verbose_name = "Minh họa"

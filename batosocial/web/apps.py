from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "batosocial.web"
    label = "web"
    verbose_name = "Giao diện"

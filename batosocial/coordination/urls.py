"""Addresses of the parts, each with a module of its own."""

from django.urls import URLPattern, URLResolver, include, path

app_name = "coordination"

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("batosocial.coordination.questions.urls")),
    # notifications
    path("", include("batosocial.coordination.notifications.urls")),
    path("", include("batosocial.coordination.rounds.urls")),
    path("mo-tai-khoan/", include("batosocial.coordination.campaigns.urls")),
]

"""Addresses of the parts, each with a module of its own."""

from django.urls import URLPattern, URLResolver, include, path

from batosocial.coordination.corrections import panel

app_name = "coordination"

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("batosocial.coordination.questions.urls")),
    # notifications
    path("", include("batosocial.coordination.notifications.urls")),
    path("", include("batosocial.coordination.rounds.urls")),
    path("mo-tai-khoan/", include("batosocial.coordination.campaigns.urls")),
    path("dinh-chinh/", include("batosocial.coordination.corrections.urls")),
    path("theo-doi/", include("batosocial.coordination.follow_ups.urls")),
    path("bao-chet/", include("batosocial.coordination.deaths.urls")),
    path("nguoi/<int:person_id>/", panel.person, name="person"),
    path("", include("batosocial.coordination.directives.urls")),
    path("", include("batosocial.coordination.outreach.urls")),
    path("", include("batosocial.coordination.rounds.files.urls")),
    path("", include("batosocial.coordination.rounds.report.urls")),
]
